//! Recorded conversations are judged without being held again.

use std::fs;

use harness::{Up, repository};
use serde_json::{Value, json};

const METRICS: &str = "\
apiVersion: rehearse/v1
kind: Metric
metadata: {name: names a day}
spec: {judge: {regex: {pattern: '\\d May'}}}
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: replies}
spec: {value: {numerical: {lowerBound: 0, upperBound: 100}}, judge: interactions}
";

fn file(name: &str) -> String {
    repository().join("tests/import").join(name).display().to_string()
}

/// What was said, by whom, with which tools; and the values of the metrics.
fn judged(up: &Up, which: &str) -> (Vec<Value>, Vec<Value>) {
    let transcript = up
        .run(&["transcript", which, "--output", "json"])
        .expect(0)
        .json();
    let turns = transcript["turns"].as_array().unwrap();
    for turn in turns {
        assert_eq!(
            (&turn["latency_ms"], &turn["calls"]),
            (&Value::Null, &json!(0)),
            "{turn}"
        );
    }
    let said = turns
        .iter()
        .map(|turn| json!([turn["role"], turn["text"], turn["tool_calls"]]));
    let values = transcript["evaluations"].as_array().unwrap().iter();
    (
        said.collect(),
        values.map(|evaluation| evaluation["value"].clone()).collect(),
    )
}

#[test]
fn a_recorded_reward_decides() {
    let up = Up::start(2);
    let file = file("judged.json");
    let import = ["import", "recorded", &file, "--name", "library"];

    let dry = up
        .run(&[&import[..], &["--dry-run", "--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(
        (&dry["n_conversations"], &dry["n_tasks"], &dry["n_rewards"]),
        (&json!(3), &json!(2), &json!(3))
    );
    let sets = up
        .run(&["get", "unit_test_set", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(sets, json!([]), "nothing was changed");

    let zip = up.path("run.zip");
    let run = up
        .run(&[&import[..], &["-o", zip.to_str().unwrap(), "--output", "json"]].concat())
        .expect(100);
    assert!(
        run.stderr
            .contains("3 conversations about 2 tasks: 3 with a reward, 0.667 on average"),
        "{run:?}"
    );
    let view = run.json();
    assert_eq!(
        (&view["passed"], &view["failed"], &view["errored"]),
        (&json!(2), &json!(1), &json!(0))
    );
    assert!(fs::read(&zip).unwrap().starts_with(b"PK"));

    let (said, values) = judged(&up, "latest/library: recorded task 3/0");
    let call = json!({"name": "find_loan", "arguments": {"title": "Emma"}, "result": {"due": "2 May"}});
    assert_eq!(
        said,
        [
            json!(["user", "Hello, until when do I have Emma?", []]),
            json!(["agent", "One moment.\n\nYour loan of Emma ends on 2 May.", [call]]),
        ]
    );
    assert_eq!(values, [json!(1)]);
    let (said, values) = judged(&up, "latest/library: recorded task 3/1");
    assert_eq!((said.len(), values), (2, vec![json!(0)]));
    let (said, values) = judged(&up, "latest/library: recorded task 4/0");
    assert_eq!(said[0], json!(["agent", "Welcome to the library.", []]));
    assert_eq!((said.len(), values), (3, vec![json!(1)]));

    // The same over HTTP: everything is there already, and the verdicts are the same.
    let again = up
        .run_http(&repository(), &[&import[..], &["--output", "json"]].concat())
        .expect(100);
    assert!(
        again.stderr.contains("applied: 0 created, 0 changed"),
        "{again:?}"
    );
    assert_eq!(again.json()["failed"], json!(1));
}

#[test]
fn named_metrics_decide() {
    let up = Up::start(2);
    let metrics = up.path("metrics.yaml");
    fs::write(&metrics, METRICS).unwrap();
    let (judged_file, unjudged) = (file("judged.json"), file("recorded.json"));
    let import = |file: &str, more: &[&str]| {
        up.run(
            &[
                &["import", "recorded", file, "--name", "n", "--output", "json"],
                more,
            ]
            .concat(),
        )
    };
    import(&judged_file, &["--metric", "replies>=1"]).refused(2, &["there is no metric `replies`"]);
    let suite = ["--suite", metrics.to_str().unwrap()];
    import(&judged_file, &suite).refused(2, &["metric `replies` is numerical", "replies>=1"]);
    let run = import(&judged_file, &[&suite[..], &["--metric", "replies>=1"]].concat()).expect(100);
    // The complaint names no day; the rewards do not matter any more, but are shown.
    assert_eq!(
        (&run.json()["passed"], &run.json()["failed"]),
        (&json!(2), &json!(1))
    );
    let (_, values) = judged(&up, "latest/n: recorded task 3/1");
    assert_eq!(values, [json!(1), json!(true), json!(0)]);
    let run = import(&judged_file, &["--metric", "replies>=2"]).expect(100);
    assert_eq!(run.json()["passed"], json!(1));

    // Not every conversation has a reward, so nothing decides unless it is named.
    let run = import(&unjudged, &[]).expect(0);
    assert!(run.stderr.contains("Nothing decides"), "{run:?}");
    assert_eq!(run.json()["passed"], json!(6));
}

#[test]
fn what_cannot_be_judged_is_named() {
    let up = Up::start(1);
    let file = up.path("silent.json");
    let conversations = json!([
        {"task_id": "a", "messages": [{"role": "user", "content": "Hello?"}]},
        {"task_id": "b", "reward": 1, "messages": [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}]},
    ]);
    fs::write(&file, conversations.to_string()).unwrap();
    let file = file.to_str().unwrap();
    up.run(&["import", "recorded", file]).refused(
        96,
        &[
            "conversation 0 (task a, trial 0): has no message of the assistant",
            "1 of 2 conversations",
            "--skip-faulty",
        ],
    );
    up.run(&["import", "recorded", file, "--skip-faulty"]).expect(0);
    fs::write(file, "{}").unwrap();
    up.run(&["import", "recorded", file])
        .refused(96, &["`messages` or `traj`"]);
}
