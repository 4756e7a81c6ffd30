//! Agents that break their protocol, lie, or attack whoever reads what they said.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use harness::{Up, repository};
use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};

use super::document;

const SECRET: &str = "hunter2-correct-horse";
/// How long an agent that never answers is waited for, per try.
const TIMEOUT_MS: u32 = 1_500;

/// A fault of `tests/agents/hostile.py`, and what is said about it.
const FAULTS: &[(&str, &[&str])] = &[
    ("exits at once", &["the process ended (exit status: 0)"]),
    (
        "exits with 3",
        &[
            "the process ended (exit status: 3)",
            "standard error: the licence has expired",
        ],
    ),
    (
        "floods",
        &["it wrote more than one reply to one message", "nobody asked"],
    ),
    ("huge", &["the reply is longer than max_reply_bytes (262144)"]),
    ("endless", &["the reply is longer than max_reply_bytes (262144)"]),
    (
        "garbage",
        &[
            "its reply is not one line of JSON",
            "Segmentation fault <core dumped>",
        ],
    ),
    ("array", &["its reply is not a JSON object: [1, 2]"]),
    (
        "deep",
        &["its reply is not one line of JSON (recursion limit exceeded"],
    ),
    ("number", &["the `text` of its reply is not a text"]),
    ("silent", &["no reply within 1500 ms"]),
    (
        "says half of it",
        &["the process ended (exit status: 0); so far it wrote: xxx"],
    ),
    (
        "dies in the middle",
        &["the process ended (exit status: 0)", "I was about to sa"],
    ),
    ("is killed", &["the process ended (signal: 9 (SIGKILL))"]),
    (
        "closes its output",
        &["the process closed its output, but goes on"],
    ),
    (
        "leaves a grandchild",
        &["its reply is not one line of JSON", "oops"],
    ),
    ("reports an error", &["it reports an error", "is down"]),
    ("empty", &["the reply is empty"]),
    ("empty line", &["its reply is not one line of JSON"]),
    (
        "not UTF-8",
        &["its reply is not one line of JSON (invalid unicode code point"],
    ),
    ("surrogate", &["its reply is not one line of JSON"]),
    (
        "two replies",
        &["it wrote more than one reply to one message", "and another"],
    ),
    ("answers another turn", &["its reply is to turn 77, not 1"]),
    ("tells its secret", &["oops ***", "token is ***"]),
];

/// Agents that are not even started.
fn unreachable() -> Vec<(&'static str, Value, &'static [&'static str])> {
    let script = repository().join("tests/agents/hostile.py");
    vec![
        (
            "missing",
            json!({"stdio": {"command": ["/no/such/agent"]}}),
            &["`/no/such/agent`: could not be started: No such file"],
        ),
        (
            "not executable",
            json!({"stdio": {"command": [script]}}),
            &["could not be started: Permission denied"],
        ),
        (
            "a directory",
            json!({"stdio": {"command": ["/tmp"]}}),
            &["`/tmp`: could not be started"],
        ),
        (
            "nowhere",
            json!({"stdio": {"command": ["cat"], "workingDirectory": "/no/such"}}),
            &["`cat`: could not be started: workingDirectory `/no/such`: there is no such directory"],
        ),
        (
            "no secret",
            json!({"stdio": {"command": ["cat"], "env": {"TOKEN": "{{ secret.NOT_SET_ANYWHERE }}"}}}),
            &["env.TOKEN names secret `NOT_SET_ANYWHERE`, which this worker's environment does not have"],
        ),
        (
            "nobody listens",
            json!({"openaiChat": {"baseUrl": "http://127.0.0.1:1", "model": "m"}, "maxAttempts": 1}),
            &[
                "POST http://127.0.0.1:1/chat/completions: cannot be reached",
                "Connection refused",
            ],
        ),
    ]
}

/// A suite with one unit test per agent; `all` runs them.
fn suite(agents: &BTreeMap<&str, Value>) -> String {
    let mut documents = vec![
        document(
            "Persona",
            "Maria",
            &json!({"role": "customer", "background": "someone"}),
        ),
        document(
            "Scenario",
            "talk",
            &json!({"objective": "o", "instructions": "i", "script": [{"say": "one"}, {"say": "two"}]}),
        ),
        document(
            "Metric",
            "interactions",
            &json!({"value": {"numerical": {"lowerBound": 0, "upperBound": 9}}, "judge": "interactions"}),
        ),
    ];
    for (name, connection) in agents {
        documents.push(document("Agent", name, &json!({ "connection": connection })));
        documents.push(document(
            "Service",
            name,
            &json!({"description": name, "agent": name}),
        ));
        documents.push(document("UnitTest", name, &json!({
            "service": name, "persona": "Maria", "scenario": "talk", "criteria": [{"metric": "interactions", "atLeast": 2}],
        })));
    }
    let names: Vec<&&str> = agents.keys().collect();
    documents.push(document("UnitTestSet", "all", &json!({ "tests": names })));
    documents.join("---\n")
}

fn connection(mode: &str, notes: &Path) -> Value {
    json!({
        "stdio": {
            "command": ["python3", repository().join("tests/agents/hostile.py"), mode],
            "env": {"NOTES": notes, "TOKEN": "{{ secret.SECRET_TOKEN }}"},
        },
        "timeoutMs": if mode == "silent" { TIMEOUT_MS } else { 60_000 },
    })
}

fn start() -> Up {
    let environment = [
        ("SECRET_TOKEN", SECRET),
        ("REHEARSE__WORKER__RETRY_DELAY", "10ms"),
        ("REHEARSE__WORKER__MAX_FAILURES", "2"),
        ("REHEARSE__LOG__FILTER", "debug"),
    ];
    Up::start_with(1, &[], &environment)
}

fn apply(up: &Up, text: &str) {
    let file = up.path("suite.yaml");
    fs::write(&file, text).unwrap();
    up.run(&["apply", "-f", file.to_str().unwrap()]).expect(0);
}

/// Everything in a zip file, one after the other.
fn unzipped(path: &Path) -> String {
    let read = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.stdout.buffer.write(b''.join(z.read(n) for n in z.namelist()))";
    let output = Command::new("python3")
        .args(["-c", read])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Every regular file below a directory.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

#[tokio::test]
async fn a_faulty_agent_ends_in_an_error_that_says_why() {
    let mut up = start();
    let notes = up.path("notes");
    let mut agents: BTreeMap<&str, Value> = FAULTS
        .iter()
        .map(|(mode, _)| (*mode, connection(mode, &notes)))
        .collect();
    agents.extend(
        unreachable()
            .into_iter()
            .map(|(name, connection, _)| (name, connection)),
    );
    apply(&up, &suite(&agents));
    let zip = up.path("run.zip");
    let run = up
        .run(&[
            "run",
            "all",
            "--output",
            "json",
            "--max-concurrency",
            "8",
            "-o",
            zip.to_str().unwrap(),
        ])
        .expect(101);
    let n_agents = agents.len();
    assert_eq!(
        (&run.json()["errored"], &run.json()["finished"]),
        (&json!(n_agents), &json!(n_agents)),
        "{}",
        run.stdout
    );
    let shown = up.run(&["runs", "show", "latest"]).expect(0).stdout;
    let mut said = format!("{}{}{shown}", run.stdout, run.stderr);
    for (name, words) in FAULTS
        .iter()
        .copied()
        .chain(unreachable().into_iter().map(|(name, _, words)| (name, words)))
    {
        assert!(
            shown
                .lines()
                .any(|line| line.starts_with(name) && line.contains("#0 ")),
            "{name} is not in\n{shown}"
        );
        let transcript = up
            .run(&["transcript", &format!("latest/{name}/0")])
            .expect(0)
            .stdout;
        for word in words {
            assert!(transcript.contains(word), "{name}: no {word:?} in\n{transcript}");
        }
        assert!(!transcript.contains('\x1b'), "{transcript:?}");
        said.push_str(&transcript);
    }

    // Nothing that an agent started outlives its conversation.
    let noted = fs::read_to_string(&notes).unwrap();
    let pids: Vec<i32> = noted
        .lines()
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(noted.contains("pid ") && noted.contains("grandchild "), "{noted}");
    testkit::wait_until(
        Duration::from_secs(10),
        "everything the agents started is gone",
        async || {
            let alive = pids.iter().filter(|pid| is_alive(**pid)).count();
            if alive == 0 {
                Ok(())
            } else {
                Err(format!("{alive} alive"))
            }
        },
    )
    .await;

    // The secret, nor what is left of it when a text is cut, is nowhere.
    for arguments in [
        &["events", "--output", "json"][..],
        &["export"],
        &["runs", "show", "latest", "--output", "json"],
    ] {
        said.push_str(&up.run(arguments).expect(0).stdout);
    }
    for name in agents.keys() {
        said.push_str(
            &up.run(&["transcript", &format!("latest/{name}/0"), "--output", "json"])
                .expect(0)
                .stdout,
        );
    }
    said.push_str(&unzipped(&zip));
    said.push_str(&up.child().log());
    assert!(said.contains("***"));
    assert!(!said.contains("hunter2"), "the secret got out");
    assert_eq!(up.stop(), 0);
    for path in files(&up.data_dir()) {
        let bytes = fs::read(&path).unwrap();
        assert!(
            !bytes.windows(7).any(|window| window == b"hunter2"),
            "{} holds the secret",
            path.display()
        );
    }
}

/// Whether a process runs. One that ended and was not waited for yet does not.
fn is_alive(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    test_kill_process(Pid::from_raw(pid).unwrap()).is_ok() && !status.contains("State:\tZ")
}

#[test]
fn hostile_text_is_shown_and_never_obeyed() {
    let up = start();
    let agents = BTreeMap::from([("hostile text", connection("hostile text", &up.path("notes")))]);
    apply(&up, &suite(&agents));
    let [zip, html, junit, csv] =
        ["run.zip", "run.html", "run.junit.xml", "run.csv"].map(|name| up.path(name));
    let paths = [&zip, &html, &junit, &csv].map(|path| path.to_str().unwrap());
    let ran = up
        .run(&[
            "run", "all", "-o", paths[0], "-o", paths[1], "-o", paths[2], "-o", paths[3],
        ])
        .expect(0);
    let transcript = up.run(&["transcript", "latest/0"]).expect(0);
    assert!(
        transcript.stdout.contains(r"\u{1b}]0;owned\u{7}"),
        "{}",
        transcript.stdout
    );
    assert!(
        transcript.stdout.contains("</script><script>alert(1)</script>"),
        "{}",
        transcript.stdout
    );
    for said in [&ran.stdout, &ran.stderr, &transcript.stdout] {
        assert!(!said.contains(['\x1b', '\u{7}', '\u{202e}', '\0']), "{said:?}");
    }
    // As data nothing is lost.
    let whole = up.run(&["transcript", "latest/0", "--output", "json"]).expect(0);
    let text = whole.json()["turns"][1]["text"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with("\x1b]0;owned\x07")
            && text.contains('\0')
            && text.contains("]]> &amp; {{ persona.name }}"),
        "{text:?}"
    );
    assert!(
        !whole.stdout.contains(['\x1b', '\u{7}', '\u{202e}']),
        "JSON escapes what a terminal obeys"
    );
    let yaml = up.run(&["transcript", "latest/0", "--output", "yaml"]).expect(0);
    assert!(
        !yaml.stdout.contains(['\x1b', '\u{7}', '\0']),
        "{:?}",
        yaml.stdout
    );

    let page = fs::read_to_string(&html).unwrap();
    assert!(
        !page.contains("<script>alert(1)") && !page.contains("<img src=x"),
        "the report holds live markup"
    );
    let check = "import sys, csv, xml.etree.ElementTree as t; t.parse(sys.argv[1]); rows = list(csv.reader(open(sys.argv[2], newline=''))); assert all(not cell.startswith(('=', '+', '@')) for row in rows for cell in row), rows";
    let checked = Command::new("python3")
        .args(["-c", check, paths[2], paths[3]])
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

#[test]
fn what_an_agent_says_unasked_is_not_taken_for_a_reply() {
    let up = start();
    let notes = up.path("notes");
    let agents = BTreeMap::from([("speaks first", connection("speaks first", &notes))]);
    apply(&up, &suite(&agents));
    up.run(&["run", "all", "--quiet"]).expect(101);
    let transcript = up.run(&["transcript", "latest/0"]).expect(0).stdout;
    assert!(
        transcript.contains("it wrote more than one reply to one message"),
        "{transcript}"
    );
}
