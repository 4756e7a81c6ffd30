//! What the README says works.

use std::fs;

use harness::{repository, run};

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The blocks of a language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_suite_of_the_readme_is_valid() {
    let directory = tempfile::tempdir().unwrap();
    let suite = blocks(&readme(), "yaml")
        .into_iter()
        .find(|block| block.starts_with("apiVersion"))
        .unwrap();
    let file = directory.path().join("suite.yaml");
    fs::write(&file, &suite).unwrap();
    let validated = run(&["validate", "-f", file.to_str().unwrap()]).expect(0);
    assert!(
        validated.stdout.contains("7 documents") || validated.stderr.contains("7 documents"),
        "{validated:?}"
    );
}

#[test]
fn the_connections_of_the_readme_are_valid() {
    let directory = tempfile::tempdir().unwrap();
    let connections: Vec<String> = blocks(&readme(), "yaml")
        .into_iter()
        .filter(|block| block.starts_with("connection:"))
        .collect();
    assert_eq!(connections.len(), 2);
    for connection in connections {
        let indented: String = connection.lines().map(|line| format!("  {line}\n")).collect();
        let document =
            format!("apiVersion: rehearse/v1\nkind: Agent\nmetadata: {{name: a}}\nspec:\n{indented}");
        let file = directory.path().join("agent.yaml");
        fs::write(&file, document).unwrap();
        run(&["validate", "-f", file.to_str().unwrap()]).expect(0);
    }
}

#[test]
fn every_command_of_the_readme_exists() {
    let text = readme();
    let mut n_commands = 0;
    for line in blocks(&text, "console").iter().flat_map(|block| block.lines()) {
        let Some(command) = line.strip_prefix("$ ") else {
            continue;
        };
        n_commands += 1;
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            [script, ..] if script.starts_with("scripts/") => {
                assert!(repository().join(script).exists(), "{script}")
            }
            ["rehearse", verb, ..] => {
                run(&[*verb, "--help"]).expect(0);
            }
            other => panic!("what is {other:?}?"),
        }
    }
    assert!(n_commands >= 6, "{n_commands}");
    for code in [0, 1, 2, 96, 97, 98, 100, 101] {
        assert!(
            text.contains(&format!("| {code} |")),
            "exit code {code} is not explained"
        );
    }
}
