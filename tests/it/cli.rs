//! What the command line prints, and how it behaves among other programs.

mod http;
mod import;
mod pipes;
mod stopping;

use std::fs;

use harness::{Finished, Up, repository, run, run_in};
use serde_json::Value;

/// What differs from run to run.
const FILTERS: &[(&str, &str)] = &[
    (r"\b[0-9a-f]{64}\b", "[sha256]"),
    (r"\b[0-9a-f]{24}\b", "[id]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
    (r"\b\d+ ms\b", "[n] ms"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
    (r"/\S*/\.tmp\w+", "[temporary]"),
    (concat!(r"\b", env!("CARGO_PKG_VERSION"), r"\b"), "[version]"),
];

/// Everything that a command said, and its exit code.
fn told(finished: &Finished) -> String {
    let mut text = format!("exit code {}\n", finished.code);
    for (name, said) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
        if !said.is_empty() {
            let said: Vec<&str> = said.lines().map(str::trim_end).collect();
            text.extend(["--- ", name, "\n", &said.join("\n"), "\n"]);
        }
    }
    let repository = repository();
    text.replace(repository.to_str().unwrap(), "[repository]")
}

macro_rules! assert_told {
    ($name:literal, $finished:expr) => {{
        let finished = $finished;
        insta::with_settings!({ filters => FILTERS.to_vec(), omit_expression => true }, {
            insta::assert_snapshot!($name, told(&finished));
        });
        finished
    }};
}

#[test]
fn help_says_what_there_is() {
    assert_told!("help", run(&["--help"]).expect(0));
    assert_told!("help_apply", run(&["apply", "--help"]).expect(0));
    assert_told!("help_run", run(&["run", "--help"]).expect(0));
    assert_told!("help_runs", run(&["runs", "--help"]).expect(0));
}

#[test]
fn a_suite_is_checked_without_a_server() {
    assert_told!(
        "validate",
        run(&["validate", "-f", "tests/suites/mixed"]).expect(0)
    );
    let directory = tempfile::tempdir().unwrap();
    let suite = fs::read_to_string(repository().join("tests/suites/mixed/suite.yaml")).unwrap();
    let faulty = suite
        .replace("persona: Maria", "person: Maria")
        .replace("atLeast: 10", "atLeast: ten");
    fs::write(directory.path().join("suite.yaml"), faulty).unwrap();
    assert_told!(
        "validate_faulty",
        run_in(directory.path(), &["validate", "-f", "suite.yaml"]).expect(96)
    );
}

#[test]
fn settings_are_shown_with_where_they_come_from() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("mine.toml"),
        "[worker]\nconcurrency = 3\n[nats]\nserver = \"nats-server\"\n",
    )
    .unwrap();
    // The harness names a nats-server, whose path differs between machines.
    let mut command = harness::command(directory.path(), &["config", "show", "--config", "mine.toml"]);
    let shown = Finished::from_output(command.env("REHEARSE_NATS_SERVER", "").output().unwrap());
    assert_told!("config_show", shown.expect(0));
}

#[test]
fn a_session_from_the_first_diff_to_the_last_look() {
    let up = Up::start(1);
    let suite = "tests/suites/mixed";
    assert_told!("diff", up.run(&["diff", "-f", suite, "--exit-code"]).expect(100));
    assert_told!("apply", up.run(&["apply", "-f", suite]).expect(0));
    assert_told!("apply_again", up.run(&["apply", "-f", suite]).expect(0));
    assert_told!("get", up.run(&["get", "persona"]).expect(0));
    assert_told!(
        "get_yaml",
        up.run(&["get", "persona", "Maria", "--output", "yaml"]).expect(0)
    );
    assert_told!(
        "describe",
        up.run(&["describe", "unit_test", "talks for long"]).expect(0)
    );
    let ran = assert_told!(
        "run",
        up.run(&["run", "mixed", "--seed", "7", "--quiet"]).expect(101)
    );
    assert!(
        !ran.stdout.contains("verdict"),
        "for people the verdict is no data"
    );
    assert_told!("runs_list", up.run(&["runs", "list"]).expect(0));
    assert_told!("runs_show", up.run(&["runs", "show", "latest"]).expect(0));
    assert_told!(
        "transcript",
        up.run(&["transcript", "latest/talks for long/0"]).expect(0)
    );
    assert_told!(
        "transcript_errored",
        up.run(&["transcript", "latest/is there/0"]).expect(0)
    );
    assert_told!("history", up.run(&["history", "persona", "Maria"]).expect(0));
    assert_told!("events", up.run(&["events"]).expect(0));
    assert_told!(
        "delete_in_use",
        up.run(&["delete", "unit_test", "is there"]).expect(2)
    );
    assert_told!("delete", up.run(&["delete", "unit_test_set", "mixed"]).expect(0));
}

#[test]
fn the_example_suite_passes() {
    let up = Up::start(1);
    let suite = up.path("suite");
    let suite = suite.to_str().unwrap();
    assert_told!("init", up.run(&["init", suite]).expect(0));
    up.run(&["init", suite])
        .refused(2, &["exists already; nothing was written"]);
    let applied = up.run(&["apply", "-f", suite, "--output", "json"]).expect(0);
    assert!(
        applied.json()["changes"]
            .as_array()
            .is_some_and(|changes| changes.len() >= 7),
        "{}",
        applied.stdout
    );
    assert!(applied.stderr.contains("applied: "), "{}", applied.stderr);

    // Data goes to stdout, the rest to stderr.
    let ran = up.run(&["run", "first", "--output", "json"]).expect(0);
    assert_eq!(ran.json()["verdict"], "passed", "{}", ran.stdout);
    assert!(ran.stderr.contains("started"), "{}", ran.stderr);
    let quiet = up.run(&["run", "first", "--quiet", "--output", "json"]).expect(0);
    assert!(!quiet.stderr.contains("started"), "{}", quiet.stderr);
    let lines = up.run(&["events", "--output", "json"]).expect(0);
    assert!(lines.stdout.lines().count() > 7);
    for line in lines.stdout.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    assert_eq!(lines.stderr, "");
}

#[test]
fn the_schema_is_about_the_suites_there_are() {
    let schema = run(&["schema"]).expect(0).json();
    let schema = schema.to_string();
    for word in [
        "$schema",
        "Persona",
        "UnitTestSet",
        "openaiChat",
        "appliedToServices",
        "rehearse/v1",
    ] {
        assert!(schema.contains(word), "{word} is not in the schema");
    }
    run(&["validate", "-f", "tests/suites/alice"]).expect(0);
}

#[test]
fn shells_are_told_what_can_be_typed() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).expect(0).stdout;
        for word in ["rehearse", "transcript", "max-concurrency"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
}
