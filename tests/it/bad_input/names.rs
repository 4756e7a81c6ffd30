//! Names that mean something elsewhere: to NATS, to shells, to terminals, to HTML, to spreadsheets.

use std::{fs, process::Command};

use harness::{Up, repository};
use serde_json::json;

use super::{document, events, run_at};

/// Documents in which everything is called `name`.
fn documents(name: &str) -> String {
    let agent = repository().join("tests/agents/counter.py");
    [
        document(
            "Agent",
            name,
            &json!({"connection": {"stdio": {"command": ["python3", agent]}}}),
        ),
        document("Service", name, &json!({"description": name, "agent": name})),
        document("Persona", name, &json!({"role": name, "background": name})),
        document(
            "Scenario",
            name,
            &json!({"objective": name, "instructions": name, "script": [{"say": "one"}]}),
        ),
        document(
            "Metric",
            name,
            &json!({"judge": {"contains": {"text": "message 1: one", "in": "lastAgent"}}}),
        ),
        document(
            "UnitTest",
            name,
            &json!({
                "service": name, "persona": name, "scenario": name,
                "criteria": [{"name": name, "metric": name, "equals": true}],
            }),
        ),
        document("UnitTestSet", name, &json!({"tests": [name]})),
    ]
    .join("---\n")
}

#[test]
fn a_name_that_was_accepted_works_everywhere() {
    let up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let long = "n".repeat(256);
    let names = [
        "a.*.>",
        "..",
        "a/b/0",
        "--help",
        "it's \"fine\" `x`",
        "$(reboot)",
        "%s%n",
        "=1+1",
        "null",
        "latest",
        "👩‍👩‍👧 Ünïcode",
        "</script><b>&amp;",
        "a\\b",
        "\u{202e}txt.exe",
        "65a0c1d2e3f4a5b6c7d8e9f0",
        &long,
    ];
    let run = |arguments: &[&str]| {
        let done = run_at(&up, directory.path(), arguments);
        assert_eq!(done.code, 0, "{arguments:?}\n{}{}", done.stdout, done.stderr);
        done
    };
    let mut suite: Vec<String> = names.iter().map(|name| documents(name)).collect();
    suite.push(document("UnitTestSet", "everything", &json!({ "tests": names })));
    fs::write(directory.path().join("suite.yaml"), suite.join("---\n")).unwrap();
    run(&["apply", "-f", "suite.yaml"]);
    fs::write(directory.path().join("exported.yaml"), run(&["export"]).stdout).unwrap();
    run(&["diff", "--exit-code", "-f", "exported.yaml"]);

    let ran = run(&[
        "run",
        "everything",
        "--output",
        "json",
        "-o",
        "run.junit.xml",
        "-o",
        "run.html",
        "-o",
        "run.csv",
    ])
    .json();
    assert_eq!(ran["passed"], json!(names.len()), "{ran}");
    let parse = "import sys, csv, xml.etree.ElementTree as t; t.parse(sys.argv[1]); list(csv.reader(open(sys.argv[2], newline='')))";
    let mut parsed = Command::new("python3");
    parsed
        .args(["-c", parse, "run.junit.xml", "run.csv"])
        .current_dir(directory.path());
    let parsed = parsed.output().unwrap();
    assert!(
        parsed.status.success(),
        "{}",
        String::from_utf8_lossy(&parsed.stderr)
    );
    let page = fs::read_to_string(directory.path().join("run.html")).unwrap();
    assert!(!page.contains("</script><b>"), "the report holds live markup");

    for name in names {
        let got = run(&["get", "--output", "json", "persona", "--", name]).json();
        assert_eq!(got["name"], name);
        run(&["run", "--quiet", "--", name]);
        let which = format!("latest/{name}/0");
        let transcript = run(&["transcript", "--", &which]).stdout;
        assert!(transcript.contains("message 1: one"), "{transcript}");
        let history = run(&["history", "scenario", "--", name]).stdout;
        for shown in [transcript, history, run(&["runs", "show", "latest"]).stdout] {
            assert!(!shown.contains('\u{202e}'), "{shown:?}");
        }
        run(&["delete", "unit_test_set", "--", name]);
    }
}

#[test]
fn a_name_that_is_refused_is_refused_clearly() {
    let up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let before = events(&up);
    let long = "n".repeat(10 * 1024);
    for (name, reason) in [
        ("", "must not be empty"),
        ("   ", "must not be empty"),
        ("a\nb", "must not contain control characters"),
        ("a\tb", "must not contain control characters"),
        ("a\0b", "must not contain control characters"),
        ("\x1b[31mred", "must not contain control characters"),
        (&long, "must be at most 512 bytes long, this is 10240"),
    ] {
        fs::write(directory.path().join("suite.yaml"), documents(name)).unwrap();
        let reason = format!("suite.yaml:3:12: /metadata/name: {reason}");
        let refused = run_at(&up, directory.path(), &["apply", "-f", "suite.yaml"]).refused(96, &[&reason]);
        assert!(!refused.stderr.contains('\x1b'), "{:?}", refused.stderr);
        assert!(refused.stderr.len() < 32 * 1024);
    }
    assert_eq!(events(&up), before);
}
