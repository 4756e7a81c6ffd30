//! The examples of docs/http-api.md and of the README: each runs, and the documents show exactly what runs.

use std::{collections::BTreeSet, fs, path::PathBuf};

use harness::{Up, repository};

use super::python;

fn examples() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join("docs/examples")).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    files.sort();
    assert!(files.len() >= 8, "{files:?}");
    files
}

/// The blocks of Python in a document.
fn shown(document: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(repository().join(document)).unwrap();
    text.split("```python\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_guide_shows_every_example_as_it_is() {
    let shown = shown("docs/http-api.md");
    let run: BTreeSet<String> = examples()
        .iter()
        .map(|example| fs::read_to_string(example).unwrap())
        .collect();
    for example in &run {
        assert!(
            shown.contains(example),
            "docs/http-api.md does not show\n{example}"
        );
    }
    for block in &shown {
        assert!(run.contains(block), "docs/examples has no\n{block}");
    }
}

#[test]
fn the_readme_shows_the_example_of_the_sdk() {
    let example = fs::read_to_string(repository().join("docs/examples/sdk.py")).unwrap();
    assert_eq!(shown("README.md"), BTreeSet::from([example]));
}

/// In the order of their names, on one server that holds the suite of `rehearse init`.
#[test]
fn every_example_runs() {
    let environment = [
        ("REHEARSE__HTTP__SIGN_INS_PER_MINUTE", "0"),
        // The example of webhooks listens on this machine.
        ("REHEARSE__WEBHOOKS__ALLOW_HTTP", "true"),
        ("REHEARSE__WEBHOOKS__ALLOW_PRIVATE_ADDRESSES", "true"),
    ];
    let up = Up::start_with(2, &[], &environment);
    let suite = up.path("my-suite");
    let suite = suite.to_str().unwrap();
    harness::run(&["init", suite]).expect(0);
    up.run(&["apply", "-f", suite]).expect(0);
    for example in examples() {
        let output = python(&up)
            .arg(&example)
            .arg(up.data_dir().join("credentials.json"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{told}\n{errors}", example.display());
        assert!(!told.is_empty(), "{} says nothing", example.display());
    }
}
