//! Where the things under test are.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The repository's root.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests package stands in the repository")
        .to_owned()
}

/// A program that `scripts/setup-tools` installs.
pub fn tool(path: &str) -> PathBuf {
    let tool = repository().join(".tools").join(path);
    assert!(
        tool.exists(),
        "{} is missing: run scripts/setup-tools",
        tool.display()
    );
    tool
}

/// The binary `rehearse`, built from what is in the working tree.
pub fn rehearse() -> PathBuf {
    let test = std::env::current_exe().expect("the test binary has a path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("the test binary stands in target/<profile>/deps");
    let binary = profile.join("rehearse");
    let built = fs::metadata(&binary).and_then(|metadata| metadata.modified());
    let Ok(built) = built else {
        panic!("{} is missing: run `cargo build -p rehearse`", binary.display());
    };
    let newest = newest_source(&repository().join("crates"));
    assert!(
        newest <= built,
        "{} is older than the sources: run `cargo build -p rehearse`",
        binary.display()
    );
    binary
}

fn newest_source(directory: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    let entries = fs::read_dir(directory).expect("the sources can be listed");
    for entry in entries {
        let path = entry.expect("the sources can be listed").path();
        // Tests do not go into the binary.
        let is_test = path
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs");
        if path.is_dir() {
            if !path.ends_with("testkit") && !is_test {
                newest = newest.max(newest_source(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
            newest = newest.max(modified.expect("a source has a time"));
        }
    }
    newest
}
