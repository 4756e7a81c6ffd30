//! A run with a language model in all three roles, replayed: nobody is called, and what comes out is what came out when it was recorded.

use std::fs;

use harness::{Up, repository};
use serde_json::Value;

/// What one conversation came to, without what differs from run to run.
fn essence(up: &Up, n: u32) -> Value {
    let mut conversation = up
        .run(&["transcript", &format!("latest/{n}"), "--output", "json"])
        .expect(0)
        .json();
    let strip = |value: &mut Value, names: &[&str]| {
        for name in names {
            value.as_object_mut().unwrap().remove(*name);
        }
    };
    strip(
        &mut conversation,
        &["run_id", "unit_test_id", "worker", "started_at", "finished_at"],
    );
    for turn in conversation["turns"].as_array_mut().unwrap() {
        strip(turn, &["message_id", "at"]);
    }
    for evaluation in conversation["evaluations"].as_array_mut().unwrap() {
        strip(evaluation, &["id", "metric_id", "references"]);
    }
    for milestone in conversation["milestones"].as_array_mut().unwrap() {
        strip(milestone, &["reached_at"]);
    }
    conversation
}

#[test]
fn a_recorded_run_replays_to_the_same_results_and_calls_nobody() {
    let suite = repository().join("tests/suites/local-model");
    let path = |name: &str| suite.join(name).to_str().unwrap().to_owned();
    let (models, cassettes) = (path("models.toml"), path("cassettes"));
    let environment = [
        ("REHEARSE__SIMULATION__MODELS_FILE", models.as_str()),
        ("REHEARSE__SIMULATION__SIMULATOR", "local"),
        ("REHEARSE__SIMULATION__JUDGE", "local"),
        ("REHEARSE__CASSETTES__MODE", "replay"),
        ("REHEARSE__CASSETTES__DIRECTORY", cassettes.as_str()),
    ];
    let up = Up::start_with(1, &[], &environment);
    up.run(&["apply", "-f", &path("suite.yaml")]).expect(0);
    let mut seen = Vec::new();
    for seed in ["1", "2"] {
        // How it ends stands in the transcripts; here it only has to end.
        let _ended = up.run(&["run", "Local model", "--seed", seed, "--output", "json"]);
        seen.push((0..4).map(|n| essence(&up, n)).collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1], "every replay is the same");
    let recorded: Vec<Value> =
        serde_json::from_slice(&fs::read(suite.join("recorded.json")).unwrap()).unwrap();
    assert_eq!(seen[0], recorded, "and the same as what was recorded");
    let said = serde_json::to_string(&seen).unwrap();
    assert!(!said.contains("not recorded"), "nothing was missing");
}
