//! Which files a suite is made of.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The largest file.
pub(crate) const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;
/// The most files.
const MAX_FILES: usize = 2_000;
/// The most bytes in all files together.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;
/// How deep directories are searched.
const MAX_DIRECTORY_DEPTH: usize = 32;

/// A text and what it is called in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text that is called `name`.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// Reads what `-f` names: files, `-` for standard input, and directories, of which every `*.yaml` and `*.yml` below counts, in the
/// order of their paths. Hidden files and directories do not count, nor do directories behind symbolic links.
///
/// # Errors
/// What cannot be read, is too large, or holds no suite at all.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let mut files = Vec::new();
    let mut stdin = None;
    for path in paths {
        if path.as_os_str() == "-" {
            if stdin.is_none() {
                stdin = Some(read_stdin()?);
            }
            continue;
        }
        let metadata =
            fs::metadata(path).map_err(|source| Failure::at_path(path, "cannot be read", &source))?;
        if metadata.is_dir() {
            let n_before = files.len();
            search(path, 0, &mut files)?;
            if files.len() == n_before {
                return Err(Failure::configuration(format!(
                    "{}: holds no *.yaml or *.yml file",
                    path.display()
                ))
                .help("`rehearse init` makes a suite to start from."));
            }
        } else {
            files.push(path.clone());
        }
        if files.len() > MAX_FILES {
            return Err(Failure::configuration(format!(
                "these are more than {MAX_FILES} files"
            )));
        }
    }
    // The same file under two names would hold every object twice.
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(fs::canonicalize(file).unwrap_or_else(|_gone| file.clone())));
    let mut sources: Vec<Source> = stdin.into_iter().collect();
    let mut total: usize = sources.iter().map(|source| source.text.len()).sum();
    for file in files {
        let source = read_file(&file)?;
        total = total.saturating_add(source.text.len());
        if total > MAX_TOTAL_BYTES {
            let megabytes = MAX_TOTAL_BYTES / (1024 * 1024);
            return Err(Failure::configuration(format!(
                "these files are larger than {megabytes} MiB together"
            )));
        }
        sources.push(source);
    }
    Ok(sources)
}

fn search(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if depth > MAX_DIRECTORY_DEPTH {
        return Err(Failure::configuration(format!(
            "{}: directories are searched {MAX_DIRECTORY_DEPTH} levels deep",
            directory.display()
        )));
    }
    let failed = |source: io::Error| Failure::at_path(directory, "cannot be read", &source);
    let mut entries = fs::read_dir(directory)
        .map_err(failed)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            search(&path, depth + 1, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
            && path.is_file()
        {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            return Err(Failure::configuration(format!(
                "{}: holds more than {MAX_FILES} files",
                directory.display()
            )));
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Source, Failure> {
    let failed = |source: io::Error| Failure::at_path(path, "cannot be read", &source);
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    source(path.display().to_string(), bytes)
}

fn read_stdin() -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| Failure::at_path(Path::new("<stdin>"), "cannot be read", &source))?;
    source("<stdin>".to_owned(), bytes)
}

fn source(name: String, bytes: Vec<u8>) -> Result<Source, Failure> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        let megabytes = MAX_FILE_BYTES / (1024 * 1024);
        return Err(Failure::configuration(format!(
            "{name}: is larger than {megabytes} MiB; split it"
        )));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { name, text }),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..valid).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            let in_line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            let column = 1 + String::from_utf8_lossy(in_line).chars().count();
            Err(
                Failure::configuration(format!("{name}:{line}:{column}: this is not UTF-8 text"))
                    .help("Save the file as UTF-8."),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sources: &[Source], below: &Path) -> Vec<String> {
        let name = |source: &Source| {
            Path::new(source.name())
                .strip_prefix(below)
                .expect("it stands below")
                .display()
                .to_string()
        };
        sources.iter().map(name).collect()
    }

    #[test]
    fn directories_are_searched_in_order() {
        let temp = tempfile::tempdir().expect("a directory");
        let root = temp.path();
        fs::create_dir_all(root.join("b/.git")).expect("directories");
        fs::create_dir_all(root.join("a/deep")).expect("directories");
        for file in [
            "b/two.yml",
            "b/.git/no.yaml",
            "a/deep/one.yaml",
            "z.yaml",
            "notes.txt",
            ".hidden.yaml",
        ] {
            fs::write(root.join(file), "a: 1\n").expect("a file");
        }
        let sources = find(&[root.to_owned()]).expect("they can be read");
        assert_eq!(names(&sources, root), ["a/deep/one.yaml", "b/two.yml", "z.yaml"]);
    }

    #[test]
    fn a_file_counts_once() {
        let temp = tempfile::tempdir().expect("a directory");
        let file = temp.path().join("a.yaml");
        fs::write(&file, "a: 1\n").expect("a file");
        let sources = find(&[file, temp.path().to_owned()]).expect("they can be read");
        assert_eq!(sources.len(), 1);
    }

    #[test]
    fn what_cannot_be_a_suite_is_refused() {
        let temp = tempfile::tempdir().expect("a directory");
        let empty = find(&[temp.path().to_owned()]).expect_err("it is empty");
        assert!(
            empty.message.ends_with("holds no *.yaml or *.yml file"),
            "{empty}"
        );
        let missing = find(&[temp.path().join("none.yaml")]).expect_err("it is missing");
        assert!(missing.message.contains("none.yaml: cannot be read"), "{missing}");
        let binary = temp.path().join("binary.yaml");
        fs::write(&binary, b"a: 1\nb: \xff\n").expect("a file");
        let refused = find(std::slice::from_ref(&binary)).expect_err("it is no text");
        assert!(
            refused
                .message
                .ends_with("binary.yaml:2:4: this is not UTF-8 text"),
            "{refused}"
        );
        let large = usize::try_from(MAX_FILE_BYTES).expect("it fits") + 1;
        fs::write(&binary, vec![b'#'; large]).expect("a file");
        let refused = find(&[binary]).expect_err("it is large");
        assert!(
            refused.message.ends_with("is larger than 5 MiB; split it"),
            "{refused}"
        );
    }
}
