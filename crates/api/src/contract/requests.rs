//! Requests as the SDK sends them, and the commands that they ask for.

use model::{Command, Judge, MetricDomain, StartOptions};
use serde_json::{Value, json};

use super::fixture::*;
use crate::{
    CommandRequest, Patch, agent, context_graph, metric, persona,
    read::{Read, read},
    run, scenario, service, unit_test, unit_test_set,
};

pub(super) fn command<R: CommandRequest>(body: &Value) -> Command {
    read::<R>(body)
        .unwrap_or_else(|errors| panic!("{errors}"))
        .into_command()
}

pub(super) fn pointers<R: Read>(body: &Value) -> Vec<String> {
    let Err(errors) = read::<R>(body) else {
        panic!("{body} is accepted")
    };
    errors
        .as_slice()
        .iter()
        .map(|error| error.pointer.clone())
        .collect()
}

#[test]
fn not_set_means_the_default() {
    let body = json!({
        "name": " Maria ", "role": "customer", "tags": {"team": "a b", "draft": null},
        "initial_version": {"background": "x", "preferred_language": {}, "timezone": {}},
    });
    let Command::CreatePersona {
        name, content, tags, ..
    } = command::<persona::Create>(&body)
    else {
        panic!("another command")
    };
    assert_eq!(name.as_str(), "Maria");
    assert_eq!((content.preferred_language, content.timezone), (None, None));
    assert!(content.user_models.is_empty());
    assert_eq!(tags.entries().len(), 2);
}

#[test]
fn every_wrong_field_of_a_request_is_named() {
    let body = json!({
        "name": "", "role": 1, "tags": {"a!": "b"},
        "initial_version": {
            "background": "x", "preferred_language": "xx", "timezone": "Mars", "user_models": ["", "a"],
            "nonsensitive_user_variables": {"A": "b"}, "sensitive_user_variables": [], "more": 1,
        },
    });
    assert_eq!(
        pointers::<persona::Create>(&body),
        [
            "/name",
            "/role",
            "/tags",
            "/initial_version/preferred_language",
            "/initial_version/timezone",
            "/initial_version/user_models/0",
            "/initial_version/nonsensitive_user_variables",
            "/initial_version/sensitive_user_variables",
            "/initial_version/more",
        ]
    );
}

#[test]
fn versions_are_checked_as_the_contract_says() {
    let body = |version: u32| json!({"id": "6618791275130b73714e8d3b", "version": version, "objective": "a", "instructions": "b", "initial_message_type": "skip"});
    assert_eq!(pointers::<scenario::CreateVersion>(&body(1)), ["/version"]);
    let Command::CreateScenarioVersion {
        expected, content, ..
    } = command::<scenario::CreateVersion>(&body(2))
    else {
        panic!("another command")
    };
    assert_eq!((expected, content.conversation_starts_at), (Some(2), None));
    let metric = json!({"id": "6618791275130b73714e8d4c", "version": "1", "description": "a", "metric_value": {"type": "boolean"}});
    let Command::CreateMetricVersion {
        expected, content, ..
    } = command::<metric::CreateVersion>(&metric)
    else {
        panic!("another command")
    };
    assert_eq!(expected, Some(1));
    assert_eq!(
        (content.value, content.judge),
        (MetricDomain::Boolean, Judge::Model(model::ModelJudge::default()))
    );
}

#[test]
fn changes_keep_clear_or_set() {
    let id = "6618791275130b73714e8d7f";
    let description = |body: Value| read::<unit_test_set::Update>(&body).unwrap().description;
    assert_eq!(description(json!({"id": id})), Patch::Keep);
    assert_eq!(description(json!({"id": id, "description": {}})), Patch::Keep);
    assert_eq!(description(json!({"id": id, "description": null})), Patch::Clear);
    assert_eq!(
        description(json!({"id": id, "description": "x"})),
        Patch::Set(text("x"))
    );
    let Command::UpdateMetric {
        additional_notes,
        tags,
        ..
    } = command::<metric::Update>(&json!({"id": id, "additional_notes": null, "tags": null}))
    else {
        panic!("another command")
    };
    assert_eq!((additional_notes, tags), (Some(None), None));
}

#[test]
fn the_vestigial_run_count_is_ignored() {
    let body = json!({"id": "6618791275130b73714e8d5d", "run_count": 3, "name": null});
    assert_eq!(pointers::<unit_test::Update>(&body), ["/name"]);
    let body = json!({"id": "6618791275130b73714e8d5d", "run_count": 3});
    let Command::UpdateUnitTest { change, .. } = command::<unit_test::Update>(&body) else {
        panic!("another command")
    };
    assert_eq!(change, model::UnitTestChange::default());
}

#[test]
fn the_sdk_may_drop_nulls_of_a_version_set() {
    let body = json!({"id": "6618791275130b73714e8d1c", "name": "candidate", "version_set": {"llm_model_preferences": {}}});
    let Command::PutVersionSet { version_set, .. } = command::<service::PutVersionSet>(&body) else {
        panic!("another command")
    };
    assert_eq!(version_set, model::VersionSet::default());
}

#[test]
fn documents_are_kept_as_they_are() {
    let body =
        json!({"id": "6618791275130b73714e8da1", "initials": "AB", "identity": null, "behaviors": ["x"]});
    let Command::CreateAgentVersion { content, .. } = command::<agent::CreateVersion>(&body) else {
        panic!("another command")
    };
    assert_eq!(content.connection, None);
    assert_eq!(
        content.document.unwrap().value(),
        json!({"initials": "AB", "behaviors": ["x"]})
    );

    let body = json!({"id": "6618791275130b73714e8da2", "states": [], "description": "d"});
    let Command::CreateContextGraphVersion { content, .. } = command::<context_graph::CreateVersion>(&body)
    else {
        panic!("another command")
    };
    assert_eq!(
        content.document.value(),
        json!({"states": [], "description": "d"})
    );

    let empty =
        json!({"id": "6618791275130b73714e8da1", "rehearse": {"connection": {"stdio": {"command": ["a"]}}}});
    let Command::CreateAgentVersion { content, .. } = command::<agent::CreateVersion>(&empty) else {
        panic!("another command")
    };
    assert!(content.connection.is_some() && content.document.is_none());
}

#[test]
fn runs_take_options_under_their_own_key() {
    let set = "6618791275130b73714e8d7f";
    let start = |body: Value| {
        let Command::StartRun { options, .. } = command::<run::Start>(&body) else {
            panic!("another command")
        };
        options
    };
    assert_eq!(
        start(json!({"simulation_unit_test_set_id": set})),
        StartOptions::default()
    );
    let options = start(
        json!({"simulation_unit_test_set_id": set, "rehearse": {"seed": u64::MAX, "max_concurrency": 4}}),
    );
    assert_eq!(
        options,
        StartOptions {
            seed: Some(u64::MAX),
            max_concurrency: Some(4),
            ..StartOptions::default()
        }
    );
    let body =
        json!({"simulation_unit_test_set_id": set, "rehearse": {"max_concurrency": 0, "sead": 1}, "seed": 1});
    assert_eq!(
        pointers::<run::Start>(&body),
        ["/rehearse/max_concurrency", "/rehearse/sead", "/seed"]
    );
}

#[test]
fn queries_come_typed_or_as_text() {
    let typed: unit_test::ListQuery = read(&json!({
        "limit": 10, "is_deleted": false, "service_id": ["6618791275130b73714e8d1c"], "tag": ["a:b", "a:b", "c:*"], "sort_by": ["+updated_at"],
    }))
    .unwrap();
    let text: unit_test::ListQuery = read(&json!({
        "limit": ["10"], "is_deleted": "false", "service_id": "6618791275130b73714e8d1c", "tag": ["a:b", "c:*"], "sort_by": [" updated_at"],
        "continuation_token": "0",
    }))
    .unwrap();
    assert_eq!(typed, text);
    assert_eq!(typed.tag.len(), 2);
    let defaults: unit_test::ListQuery = read(&json!({})).unwrap();
    assert_eq!(
        (defaults.limit, defaults.continuation_token, defaults.is_deleted),
        (50, 0, None)
    );
}

#[test]
fn queries_have_the_bounds_of_the_contract() {
    fn limits<Q: Read>(most: u32, least: u32) {
        assert!(read::<Q>(&json!({"limit": most})).is_ok());
        assert!(read::<Q>(&json!({"limit": least})).is_ok());
        assert_eq!(pointers::<Q>(&json!({"limit": most + 1})), ["/limit"]);
    }
    limits::<persona::ListQuery>(50, 0);
    limits::<scenario::ListQuery>(200, 0);
    limits::<unit_test::ListQuery>(500, 0);
    limits::<unit_test_set::ListQuery>(20, 0);
    limits::<run::ListQuery>(50, 0);
    limits::<metric::ListQuery>(50, 0);
    limits::<crate::metric_result::ListQuery>(500, 0);
    limits::<service::ListQuery>(20, 1);
    limits::<agent::ListQuery>(20, 1);
    limits::<context_graph::ListQuery>(50, 0);
    assert_eq!(pointers::<service::ListQuery>(&json!({"limit": 0})), ["/limit"]);
    let wrong = json!({
        "id": ["x"], "sort_by": ["+name"], "creator": ["u1"], "created_after": "2026-01-01T00:00:00", "errored": "maybe", "tag": ["a:b"],
    });
    assert_eq!(
        pointers::<run::ListQuery>(&wrong),
        [
            "/id/0",
            "/creator/0",
            "/sort_by",
            "/errored",
            "/created_after",
            "/tag"
        ]
    );
    assert!(!read::<metric::ListQuery>(&json!({})).unwrap().is_deleted);
}

#[test]
fn conversations_are_measured_by_up_to_ten_different_metrics() {
    let metric = "6618791275130b73714e8d4c";
    let body =
        |metrics: Vec<&str>| json!({"metric_ids": metrics, "conversation_id": "6618791275130b73714e8de1"});
    assert!(read::<crate::metric_result::Evaluate>(&body(vec![metric])).is_ok());
    assert_eq!(
        pointers::<crate::metric_result::Evaluate>(&body(vec![metric, metric])),
        ["/metric_ids/1"]
    );
    assert_eq!(
        pointers::<crate::metric_result::Evaluate>(&body(Vec::new())),
        ["/metric_ids"]
    );
}

#[test]
fn a_transcript_is_asked_for_one_way() {
    let run = "6618791275130b73714e8d90";
    for body in [
        json!({"id": run, "n": 3}),
        json!({"id": run, "test": "a", "run_index": 1}),
        json!({"id": run, "test_idx": 0}),
    ] {
        assert!(read::<run::TranscriptQuery>(&body).is_ok(), "{body}");
    }
    assert_eq!(pointers::<run::TranscriptQuery>(&json!({"id": run})), [""]);
    assert_eq!(
        pointers::<run::TranscriptQuery>(&json!({"id": run, "n": 1, "test": "a"})),
        [""]
    );
    assert_eq!(
        pointers::<run::TranscriptQuery>(&json!({"id": run, "n": 1, "run_index": 1})),
        ["/run_index"]
    );
}
