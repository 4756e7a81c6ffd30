//! Workers that are killed in the middle of conversations: everything is resumed, nothing is lost or doubled.

use std::{collections::BTreeMap, fs, time::Duration};

use harness::{Up, write_suite};
use serde_json::{Value, json};

/// Tests of the set, and repetitions of each.
const TESTS: u32 = 3;
const REPETITIONS: u32 = 200;

#[tokio::test]
async fn one_of_three_workers_is_killed_halfway() {
    let up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), TESTS, REPETITIONS, 0.02);
    up.run(&["apply", "-f", suite.to_str().unwrap()]).expect(0);
    let mut victim = up.start_beside("victim", &["worker", "--concurrency", "16"]);
    let _other = up.start_beside("other", &["worker", "--concurrency", "16"]);
    let run = up
        .run(&["run", "all", "--detach", "--output", "json"])
        .expect(0)
        .json();
    let run = run["id"].as_str().unwrap().to_owned();
    let show = || {
        up.run(&["runs", "show", &run, "--output", "json"])
            .expect(0)
            .json()
    };

    let planned = u64::from(TESTS * REPETITIONS);
    testkit::wait_until(
        Duration::from_secs(120),
        "half of the conversations are finished",
        async || {
            let finished = show()["finished"].as_u64().unwrap();
            if finished >= planned / 2 {
                Ok(())
            } else {
                Err(format!("{finished} of {planned}"))
            }
        },
    )
    .await;
    assert!(victim.is_running(), "{}", victim.log());
    victim.kill();

    up.run(&["runs", "watch", &run, "--quiet"]).expect(0);
    let shown = show();
    for (key, value) in [
        ("planned", planned),
        ("finished", planned),
        ("passed", planned),
        ("errored", 0),
        ("cancelled", 0),
    ] {
        assert_eq!(shown[key], json!(value), "{key} of {shown}");
    }

    // One result per conversation, and every transcript whole.
    let zip = up.path("run.zip");
    up.run(&["artifacts", &run, "-o", zip.to_str().unwrap()])
        .expect(0);
    let read = "import sys, zipfile; sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read('conversations.jsonl').decode())";
    let output = std::process::Command::new("python3")
        .args(["-c", read, zip.to_str().unwrap()])
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut seen = BTreeMap::new();
    let mut n_taken_over = 0_u64;
    for line in lines.lines() {
        let conversation: Value = serde_json::from_str(line).unwrap();
        *seen.entry(conversation["n"].as_u64().unwrap()).or_insert(0_u32) += 1;
        n_taken_over += conversation["claims"].as_u64().unwrap() - 1;
        let indices: Vec<u64> = conversation["turns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|turn| turn["index"].as_u64().unwrap())
            .collect();
        assert_eq!(indices, (0..6).collect::<Vec<_>>(), "{line}");
    }
    assert_eq!(seen.len() as u64, planned, "distinct results");
    assert!(seen.values().all(|count| *count == 1), "none doubled");
    assert!(
        n_taken_over > 0,
        "the killed worker held conversations, and others took them over"
    );

    // The agent was called again at most once for each conversation that was taken over.
    let calls = fs::read_to_string(directory.path().join("calls")).unwrap();
    let mut per_turn: BTreeMap<&str, u64> = BTreeMap::new();
    for call in calls.lines() {
        *per_turn.entry(call).or_default() += 1;
    }
    let repeated: u64 = per_turn.values().map(|count| count - 1).sum();
    assert!(
        repeated <= n_taken_over,
        "{repeated} calls were repeated, {n_taken_over} conversations were taken over"
    );

    let events = up
        .run(&["events", "--kind", "run", "--output", "json"])
        .expect(0)
        .stdout;
    for event in ["run.started", "run.completed"] {
        assert_eq!(events.matches(event).count(), 1, "{event} in\n{events}");
    }
}
