//! Commands that cannot be, or ask for what does not exist.

use harness::{Up, run, write_suite};

use super::events;

#[test]
fn what_cannot_be_typed_is_told_with_what_can() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["frobnicate"], &["unrecognized subcommand 'frobnicate'"]),
        (&["apply"], &["--file <FILE|DIR|->"]),
        (
            &["apply", "-f", "x", "--bogus"],
            &["unexpected argument '--bogus'"],
        ),
        (
            &["get", "persona", "--output", "xml"],
            &["invalid value 'xml'", "table, json, yaml"],
        ),
        (&["get", "frob"], &["known kinds are", "unit_test_set"]),
        (
            &["transcript", "nonsense"],
            &["write it as RUN/TEST/INDEX or RUN/N"],
        ),
        (
            &["transcript", "latest/greets/-1"],
            &["write it as RUN/TEST/INDEX or RUN/N"],
        ),
        (&["run", "x", "--timeout", "5"], &["`5` is no duration", "30s"]),
        (&["events", "--since", "yesterday"], &["write how long ago"]),
        (&["completions", "tcsh"], &["possible values", "zsh"]),
        (
            &["get", "persona", "--context", "../x"],
            &["cannot be the name of a context"],
        ),
        (
            &["delete", "run", "latest"],
            &["`rehearse runs cancel` stops one"],
        ),
    ];
    for (arguments, words) in cases {
        let refused = run(arguments).refused(2, words);
        assert_eq!(refused.stdout, "", "{arguments:?}");
    }
    run(&["apply", "-f", "no/such/file.yaml"])
        .refused(96, &["no/such/file.yaml: cannot be read: No such file"]);
}

#[test]
fn what_does_not_exist_or_is_in_use_is_named() {
    let up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), 1, 1, 0.0);
    up.run(&["apply", "-f", suite.to_str().unwrap()]).expect(0);
    up.run(&["run", "all", "--quiet"]).expect(0);
    let before = events(&up);
    let id = "65a0c1d2e3f4a5b6c7d8e9f0";
    let conversation = format!("{id}/0");
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["run", "al"],
            &["there is no unit_test_set `al`", "Check the id or name"],
        ),
        (&["get", "persona", "Mari"], &["there is no persona `Mari`"]),
        (&["delete", "persona", "Mari"], &["there is no persona `Mari`"]),
        (&["history", "persona", "Mari"], &["there is no persona `Mari`"]),
        (
            &["history", "persona", "Maria", "--at", "1"],
            &["did not exist yet"],
        ),
        (
            &["history", "persona", "Maria", "--at", "2020-01-01T00:00:00Z"],
            &["did not exist yet"],
        ),
        (
            &["history", "persona", "Maria", "--at", "yesterday"],
            &["must be a date and time", "2026-01-31T09:30:00Z"],
        ),
        (
            &["runs", "show", id],
            &["there is no run `65a0c1d2e3f4a5b6c7d8e9f0`"],
        ),
        (
            &["runs", "show", "newest"],
            &["`newest` names no run", "`rehearse runs list` lists them"],
        ),
        (
            &["runs", "cancel", "latest"],
            &["is not in progress", "Only unfinished runs can be cancelled"],
        ),
        (&["transcript", &conversation], &["there is no run"]),
        (
            &["transcript", "latest/nosuch/0"],
            &["the run has no unit test `nosuch`; it has `counting 1`"],
        ),
        (
            &["transcript", "latest/counting 1/7"],
            &["the run has no such conversation"],
        ),
        (&["transcript", "latest/7"], &["the run has no such conversation"]),
        (
            &["delete", "persona", "Maria"],
            &["unit_test", "counting 1", "Change or delete what uses it first"],
        ),
        (&["delete", "metric", "counts"], &["counting 1"]),
        (&["delete", "unit_test", "counting 1"], &["unit_test_set", "all"]),
        (
            &["run", "all", "--max-concurrency", "0"],
            &["0 is not in 1..=10000"],
        ),
        (
            &["run", "all", "-o", "/no/such/directory/run.zip"],
            &["/no/such/directory: there is no such directory"],
        ),
        (
            &["run", "all", "-o", "run.doc"],
            &["the suffix does not say what to write", "--format"],
        ),
        (&["artifacts", id, "-o", "run.zip"], &["there is no run"]),
    ];
    for (arguments, words) in cases {
        let refused = up.run(arguments).refused(2, words);
        assert_eq!(refused.stdout, "", "{arguments:?}");
        assert!(
            !refused.stderr.contains("`errors`"),
            "{arguments:?}: {}",
            refused.stderr
        );
    }
    assert_eq!(events(&up), before, "a refused command changed something");
}
