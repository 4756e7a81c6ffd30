//! The main job, end to end, through the real binary: a suite file becomes a verdict and an artifact.

use std::{fs, process::Command};

use harness::{Up, tool, write_suite};
use serde_json::{Value, json};

#[test]
fn a_suite_becomes_a_verdict_and_an_artifact() {
    let up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), 2, 2, 0.0);
    let suite = suite.to_str().unwrap();

    up.run(&["validate", "-f", suite]).expect(0);
    up.run(&["apply", "-f", suite]).expect(0);
    let again = up
        .run(&["apply", "-f", suite, "--output", "json"])
        .expect(0)
        .json();
    let differences: Vec<&str> = again["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["difference"].as_str().unwrap())
        .collect();
    assert_eq!(differences, ["unchanged"; 9]);

    let zip = up.path("run.zip");
    let junit = up.path("junit.xml");
    let report = up.path("report.html");
    let files = [
        zip.to_str().unwrap(),
        junit.to_str().unwrap(),
        report.to_str().unwrap(),
    ];
    let run = up
        .run(&[
            "run", "all", "--output", "json", "-o", files[0], "-o", files[1], "-o", files[2],
        ])
        .expect(0)
        .json();
    assert_eq!((&run["planned"], &run["passed"]), (&json!(4), &json!(4)), "{run}");

    let shown = up
        .run(&["runs", "show", "latest", "--output", "json"])
        .expect(0)
        .json();
    for (key, value) in [
        ("planned", 4),
        ("finished", 4),
        ("passed", 4),
        ("failed", 0),
        ("invalid", 0),
        ("errored", 0),
        ("cancelled", 0),
    ] {
        assert_eq!(shown[key], json!(value), "{key} of {shown}");
    }

    // Another program's eyes on the artifact.
    let listing = Command::new(tool("venv/bin/python"))
        .args(["-m", "zipfile", "-l", files[0]])
        .output()
        .unwrap();
    let listing = String::from_utf8(listing.stdout).unwrap();
    for entry in [
        "manifest.json",
        "run.json",
        "conversations.jsonl",
        "metrics.csv",
        "junit.xml",
        "report.html",
    ] {
        assert!(listing.contains(entry), "{entry} is not in\n{listing}");
    }
    let check = "import sys, xml.etree.ElementTree as t; print(len(t.parse(sys.argv[1]).getroot().findall('.//testcase')))";
    let cases = Command::new("python3")
        .args(["-c", check, files[1]])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(cases.stdout).unwrap().trim(), "4");
    let page = fs::read_to_string(&report).unwrap();
    assert!(page.contains("counting 1") && page.contains("Content-Security-Policy"));

    let transcript = up.run(&["transcript", "latest/counting 2/1"]).expect(0).stdout;
    assert!(transcript.contains("message 3: three"), "{transcript}");

    let events = up.run(&["events", "--output", "json"]).expect(0).stdout;
    for event in [
        "organization.created",
        "persona.created",
        "unit_test_set.created",
        "run.started",
        "run.completed",
    ] {
        assert!(events.contains(event), "{event} is not in\n{events}");
    }
    let exported = up.path("exported.yaml");
    fs::write(&exported, up.run(&["export"]).expect(0).stdout).unwrap();
    let diff = up.run(&["diff", "-f", exported.to_str().unwrap(), "--exit-code"]);
    assert_eq!(
        diff.code, 0,
        "an export differs from what it was made of:\n{}{}",
        diff.stdout, diff.stderr
    );
}

/// Everything that can be asked for about what exists, as the command line prints it.
fn answers(up: &Up) -> Vec<(String, String)> {
    let mut questions: Vec<Vec<&str>> = Vec::new();
    for kind in [
        "persona",
        "scenario",
        "metric",
        "agent",
        "context_graph",
        "service",
        "unit_test",
        "unit_test_set",
        "user",
        "api_key",
    ] {
        questions.push(vec!["get", kind, "--output", "json"]);
    }
    questions.push(vec!["runs", "list", "--output", "json"]);
    questions.push(vec!["runs", "show", "latest", "--output", "json"]);
    questions.push(vec!["transcript", "latest/counting 1/0", "--output", "json"]);
    questions.push(vec!["events", "--output", "json"]);
    questions.push(vec!["history", "persona", "Maria", "--output", "json"]);
    questions.push(vec![
        "history", "persona", "Maria", "--at", "4", "--output", "json",
    ]);
    questions.push(vec!["describe", "unit_test", "counting 1", "--output", "json"]);
    questions.push(vec!["export"]);
    questions
        .iter()
        .map(|question| {
            let answer = up.run(question);
            (question.join(" "), format!("{}\n{}", answer.code, answer.stdout))
        })
        .collect()
}

#[test]
fn deleting_the_projections_changes_no_answer() {
    let mut up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), 2, 3, 0.0);
    up.run(&["apply", "-f", suite.to_str().unwrap()]).expect(0);
    up.run(&["run", "all", "--quiet"]).expect(0);
    up.run(&["run", "all", "--quiet"]).expect(0);
    up.run(&["delete", "unit_test_set", "all"]).expect(0);
    let before = answers(&up);
    assert!(
        before
            .iter()
            .filter(|(_, answer)| answer.starts_with("0\n"))
            .count()
            >= 17,
        "{before:#?}"
    );

    assert_eq!(up.stop(), 0);
    let projections = up.data_dir().join("projections");
    let n_files = fs::read_dir(&projections).unwrap().count();
    assert!(n_files > 0, "{} holds nothing", projections.display());
    fs::remove_dir_all(&projections).unwrap();
    up.restart();
    for ((question, answer), (_, now)) in before.iter().zip(answers(&up)) {
        assert_eq!(*answer, now, "{question}");
    }
    up.run(&["projections", "verify"]);
}

#[test]
fn what_is_on_disk_is_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let up = Up::start(1);
    let credentials = up.credentials();
    for key in ["organization_id", "user_id", "api_key_id", "api_key"] {
        assert!(credentials[key].is_string(), "{key} is missing");
    }
    let secret = credentials["api_key"].as_str().unwrap();
    let mut directories = vec![up.data_dir()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            if path.is_dir() {
                if !path.ends_with("jetstream") {
                    directories.push(path);
                }
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let holds_secret = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            let text = String::from_utf8_lossy(&bytes);
            if holds_secret || text.contains("password") {
                assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
            }
            let may_hold = path.ends_with("credentials.json") || path.ends_with("keys.json");
            assert!(!holds_secret || may_hold, "{} holds the API key", path.display());
        }
    }
    let data = fs::metadata(up.data_dir()).unwrap().permissions().mode() & 0o777;
    assert_eq!(data, 0o700);
}

#[test]
fn a_second_up_on_the_same_data_is_refused() {
    let up = Up::start(1);
    let data = up.data_dir();
    let second = harness::run(&["up", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(second.code, 96, "{}", second.stderr);
    assert!(second.stderr.contains("data"), "{}", second.stderr);
    let status: Value = up.run(&["runs", "list", "--output", "json"]).expect(0).json();
    assert!(!status.is_null());
}
