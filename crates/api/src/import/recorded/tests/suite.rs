//! From conversations to a suite and recordings.

use model::{MetricValue, RecordingEnd, Role, SuiteObject, SuiteSpec, UserOutcome};

use super::*;
use crate::suite::{CriterionDoc, read_object};

fn options() -> Options {
    Options {
        name: "library".try_into().unwrap(),
        criteria: Vec::new(),
    }
}

fn objects(imported: &Imported) -> Vec<SuiteObject> {
    let documents = imported.documents.iter();
    documents
        .map(|document| read_object(&document.to_value().unwrap()).unwrap())
        .collect()
}

/// Every test's criteria, as metric and criterion.
fn criteria(imported: &Imported) -> Vec<Vec<String>> {
    let objects = objects(imported);
    let tests = objects.iter().filter_map(|object| match &object.spec {
        SuiteSpec::UnitTest { success_criteria, .. } => Some(success_criteria),
        SuiteSpec::Persona { .. }
        | SuiteSpec::Scenario { .. }
        | SuiteSpec::Agent(_)
        | SuiteSpec::ContextGraph(_)
        | SuiteSpec::Service { .. }
        | SuiteSpec::Metric { .. }
        | SuiteSpec::UnitTestSet { .. } => None,
    });
    let shown = |criteria: &Vec<model::SuiteCriterion>| {
        let shown = criteria.iter();
        shown
            .map(|criterion| format!("{} {}", criterion.metric, criterion.criterion))
            .collect()
    };
    tests.map(shown).collect()
}

fn conversation(task: &str, trial: u32, reward: Option<Value>) -> Value {
    let mut conversation = json!({"task_id": task, "trial": trial, "messages": [
        {"role": "user", "content": format!("{task} {trial}")},
        {"role": "assistant", "content": "Yes."},
    ]});
    if let Some(reward) = reward {
        conversation["reward"] = reward;
    }
    conversation
}

fn imported(conversations: &[Value], options: &Options) -> Imported {
    convert(read(&json!(conversations).to_string()).unwrap(), options).unwrap()
}

#[test]
fn there_is_a_test_for_each_task_and_a_recording_for_each_repetition() {
    let imported = imported(
        &[
            conversation("b", 1, Some(json!(1.0))),
            conversation("a", 0, Some(json!(0.0))),
            conversation("b", 0, Some(json!(true))),
        ],
        &options(),
    );
    let order: Vec<&str> = imported
        .recordings
        .iter()
        .map(|recording| recording.turns[0].text.as_str())
        .collect();
    assert_eq!(order, ["b 0", "b 1", "a 0"]);
    let objects = objects(&imported);
    let names: Vec<&str> = objects.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "library: recorded agent",
            "library: recorded agent",
            "recorded reward",
            "Recorded user",
            "library: recorded task b",
            "library: recorded task a",
            "library: recorded task b",
            "library: recorded task a",
            "library: recorded tasks",
        ]
    );
    let Some(SuiteSpec::UnitTestSet { tests, .. }) = objects.last().map(|object| &object.spec) else {
        panic!("{objects:?}");
    };
    let repetitions: Vec<u32> = tests.iter().map(|(_, repetitions)| *repetitions).collect();
    assert_eq!(repetitions, [2, 1]);
    assert_eq!(criteria(&imported), vec![vec!["recorded reward >= 1"]; 2]);
    let summary = &imported.summary;
    assert_eq!(
        (summary.n_imported, summary.n_tasks, summary.n_rewards),
        (3, 2, 3)
    );
    assert_eq!(summary.mean_reward, Some(2.0 / 3.0));
    assert!(summary.is_gated);
    assert_eq!(
        imported.recordings[0].values["reward"],
        MetricValue::Numerical(1.0)
    );
}

#[test]
fn without_rewards_nothing_decides() {
    let imported = imported(
        &[
            conversation("a", 0, Some(json!(-3.0))),
            conversation("b", 0, Some(json!("good"))),
            conversation("c", 0, None),
        ],
        &options(),
    );
    assert_eq!(
        criteria(&imported),
        [
            vec!["recorded reward >= -3"],
            vec!["recorded length >= 0"],
            vec!["recorded length >= 0"],
        ]
    );
    assert!(!imported.summary.is_gated);
    assert_eq!(imported.summary.n_rewards, 1);
}

#[test]
fn who_names_metrics_says_what_decides() {
    let polite = CriterionDoc {
        metric: "Polite".to_owned(),
        equals: Some(json!(true)),
        ..CriterionDoc::default()
    };
    let options = Options {
        criteria: vec![polite],
        ..options()
    };
    let conversations = [conversation("a", 0, Some(json!(0.0))), conversation("b", 0, None)];
    assert_eq!(
        criteria(&imported(&conversations, &options)),
        [
            vec!["Polite == true", "recorded reward >= 0"],
            vec!["Polite == true"]
        ]
    );
}

#[test]
fn a_recording_ends_as_the_conversation_did() {
    let imported = convert(fixture(), &options()).unwrap();
    assert!(imported.summary.left_out.is_empty(), "{:?}", imported.summary);
    let left = |outcome, farewell: Option<&str>| (Some(outcome), farewell.map(str::to_owned));
    let ends: Vec<_> = imported
        .recordings
        .iter()
        .map(|recording| match &recording.end {
            RecordingEnd::AgentCompleted => (None, None),
            RecordingEnd::UserLeft {
                outcome, farewell, ..
            } => (Some(*outcome), farewell.clone()),
        })
        .collect();
    assert_eq!(
        ends,
        [
            left(UserOutcome::Achieved, Some("Thanks!")),
            left(UserOutcome::Achieved, None),
            (None, None),
            left(UserOutcome::GaveUp, Some("Why do you ask?")),
            left(UserOutcome::GaveUp, None),
            (None, None),
        ]
    );
    for recording in &imported.recordings {
        assert_eq!(recording.turns.last().unwrap().role, Role::Agent);
    }
    let out_of_scope = one(&json!([
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Bye ###OUT-OF-SCOPE###"},
    ]));
    let recording = convert(vec![out_of_scope], &options())
        .unwrap()
        .recordings
        .remove(0);
    assert!(
        matches!(&recording.end, RecordingEnd::UserLeft { outcome: UserOutcome::GaveUp, farewell: Some(bye), .. } if bye == "Bye"),
        "{recording:?}"
    );
}

#[test]
fn what_cannot_be_judged_is_left_out_and_named() {
    let silent = json!({"task_id": "silent", "messages": [{"role": "user", "content": "Hello?"}]});
    let long = "x".repeat(510);
    let imported = imported(
        &[silent, conversation(&long, 0, None), conversation("a", 7, None)],
        &options(),
    );
    let left_out: Vec<(usize, &str)> = imported
        .summary
        .left_out
        .iter()
        .map(|left_out| (left_out.index, left_out.reason.as_str()))
        .collect();
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    assert_eq!(left_out[0].0, 0);
    assert!(
        left_out[0].1.contains("no message of the assistant"),
        "{left_out:?}"
    );
    assert!(left_out[1].1.contains("512 bytes"), "{left_out:?}");
    assert_eq!(imported.recordings.len(), 1);
    let none = convert(
        read(&json!([{"role": "user", "content": "Hello?"}]).to_string()).unwrap(),
        &options(),
    )
    .unwrap();
    assert!(none.documents.is_empty() && none.recordings.is_empty());
}
