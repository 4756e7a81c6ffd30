//! Responses, against the examples of the contract.

use std::collections::BTreeSet;

use model::{Content, Criterion, MetricDomain, MetricValue, evaluation_id, message_id};
use serde_json::{Value, json};

use super::{assert_shape, fixture::*};
use crate::{
    UserInfo, metric, metric_result, persona, run, scenario, service,
    shape::{CriterionShape, MetricValueShape},
    unit_test, unit_test_set,
};

#[test]
fn a_persona() {
    assert_shape(
        &persona::Instance::of(&org(), &persona()),
        r#"{"id":"6618791275130b73714e8d2a","name":"Confused user","role":"patient","tags":{"category":"onboarding","draft":null},"is_deleted":false,"created_at":"2026-01-01T00:00:00Z","creator":{"org_id":"acme","user_id":"u1"},"updated_at":"2026-01-01T00:00:00Z","updated_by":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn a_persona_version() {
    assert_shape(
        &persona::VersionInstance::of(
            &org(),
            id("2a"),
            &version("2b", 1, Content::Persona(persona_content())),
        )
        .unwrap(),
        r#"{"_id":"6618791275130b73714e8d2b","org_id":"acme","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","simulation_persona_id":"6618791275130b73714e8d2a","version":1,"background":"35, first-time user","preferred_language":"eng","timezone":null,"user_models":["prefers short answers"],"nonsensitive_user_variables":{"plan":"basic"},"sensitive_user_variables":{},"creator":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn a_scenario() {
    assert_shape(
        &scenario::Instance::of(&org(), &scenario()),
        r#"{"id":"6618791275130b73714e8d3b","name":"Account setup","tags":{},"is_deleted":false,"created_at":"2026-01-01T00:00:00Z","creator":{"org_id":"acme","user_id":"u1"},"updated_at":"2026-01-01T00:00:00Z","updated_by":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn a_scenario_version() {
    assert_shape(
        &scenario::VersionInstance::of(
            &org(),
            id("3b"),
            &version("3c", 2, Content::Scenario(scenario_content())),
        )
        .unwrap(),
        r#"{"_id":"6618791275130b73714e8d3c","org_id":"acme","simulation_scenario_id":"6618791275130b73714e8d3b","version":2,"objective":"Set up account","instructions":"Ask about each step","initial_message_type":"user-message","conversation_starts_at":null,"creator":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn criteria() {
    assert_shape(
        &CriterionShape(Criterion::Boolean { expected_value: true }),
        r#"{"type":"boolean","expected_value":true}"#,
    );
    assert_shape(
        &CriterionShape(Criterion::Numerical {
            verb: model::Comparison::AtLeast,
            threshold: 7.0,
        }),
        r#"{"type":"numerical","verb":">=","threshold":7}"#,
    );
    assert_shape(
        &CriterionShape(Criterion::Categorical {
            expected_values: vec![name("resolved"), name("escalated")],
        }),
        r#"{"type":"categorical","expected_values":["resolved","escalated"]}"#,
    );
}

#[test]
fn a_unit_test() {
    assert_shape(
        &unit_test::Instance::of(&org(), &unit_test()),
        r#"{"id":"6618791275130b73714e8d5d","org_id":"acme","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","name":"Onboarding","description":"d","service_id":"6618791275130b73714e8d1c","service_version_set_name":"release","persona_id":"6618791275130b73714e8d2a","scenario_id":"6618791275130b73714e8d3b","max_interactions":20,"success_criterions":[{"name":"Done","metric_id":"6618791275130b73714e8d4c","criterion":{"type":"boolean","expected_value":true}}],"is_deleted":false,"tags":[{"key":"suite","value":"onboarding"}],"creator":{"org_id":"acme","user_id":"u1"},"updated_by":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn a_set() {
    assert_shape(
        &unit_test_set::Instance::of(&org(), &set(true), None),
        r#"{"id":"6618791275130b73714e8d7f","org_id":"acme","name":"Suite","description":null,"unit_test_runs":[{"unit_test_id":"6618791275130b73714e8d5d","run_count":2}],"last_triggered_run_id":null,"is_deleted":false,"tags":[{"key":"stage","value":null}],"creator":{"org_id":"acme","user_id":"u1"},"updated_by":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn a_set_found() {
    assert_shape(
        &unit_test_set::Raw::of(&org(), &set(false), Some(id("90"))),
        r#"{"_id":"6618791275130b73714e8d7f","org_id":"acme","name":"Suite","description":null,"unit_test_runs":[{"unit_test_id":"6618791275130b73714e8d5d","run_count":2}],"last_triggered_run_id":"6618791275130b73714e8d90","is_deleted":false,"tags":[],"creator":{"org_id":"acme","user_id":"u1"},"updated_by":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn a_metric() {
    assert_shape(
        &metric::Instance::of(&org(), &metric()),
        r#"{"id":"6618791275130b73714e8d4c","org_id":"acme","name":"Empathy","applied_to_services":[],"additional_notes":null,"tags":[],"creator":{"org_id":"acme","user_id":"u1"},"updated_by":{"org_id":"acme","user_id":"u1"},"metric_value_type":"numerical","is_deleted":false,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}"#,
    );
}

#[test]
fn a_metric_version() {
    assert_shape(
        &metric::VersionInstance::of(
            &org(),
            id("4c"),
            &version("4d", 1, Content::Metric(metric_content())),
        )
        .unwrap(),
        r#"{"metric_id":"6618791275130b73714e8d4c","version":1,"description":"Rate empathy","metric_value":{"type":"numerical","lower_bound":1,"upper_bound":10},"creator":{"org_id":"acme","user_id":"u1"},"created_at":"2026-01-01T00:00:00Z"}"#,
    );
}

#[test]
fn metric_values() {
    assert_shape(&MetricValueShape(MetricDomain::Boolean), r#"{"type":"boolean"}"#);
    let categories = vec![name("resolved"), name("escalated"), name("abandoned")];
    assert_shape(
        &MetricValueShape(MetricDomain::Categorical { categories }),
        r#"{"type":"categorical","categories":["resolved","escalated","abandoned"]}"#,
    );
}

#[test]
fn a_service() {
    assert_shape(
        &service::Instance::of(&org(), &service()),
        r#"{"id":"6618791275130b73714e8d1c","name":"Coach","version_sets":{"edge":{"agent_version_number":null,"service_hierarchical_state_machine_version_number":null,"llm_model_preferences":{}},"release":{"agent_version_number":7,"service_hierarchical_state_machine_version_number":4,"llm_model_preferences":{}}},"description":"d","is_active":true,"service_hierarchical_state_machine_id":"6618791275130b73714e8da2","agent_id":"6618791275130b73714e8da1","tags":[],"keyterms":["blood sugar"],"creator":{"org_id":"acme","user_id":"u1"},"updated_by":{"org_id":"acme","user_id":"u1"}}"#,
    );
}

#[test]
fn a_run() {
    let outcomes = vec![
        (&conversation(1, false, None)).into(),
        (&conversation(0, true, None)).into(),
    ];
    let progress = run::Progress {
        outcomes: Some(outcomes),
        ..run::Progress::of_plan(&plan())
    };
    let ids: Vec<String> = (0..2)
        .map(|n| evaluation_id(id("90"), n, 0).to_string())
        .collect();
    // The ids of evaluations follow from what they name.
    let expected = r#"{"org_id":"acme","id":"6618791275130b73714e8d90","is_completed":true,"simulation_unit_test_set_id":"6618791275130b73714e8d7f","failed_metrics":true,"errored":false,"artifacts_generated":true,"unit_test_run_specs":[{"unit_test_id":"6618791275130b73714e8d5d","run_count":2,"service_hierarchical_state_machine_version_info":["6618791275130b73714e8da2",4],"agent_version_info":["6618791275130b73714e8da1",7],"scenario_version_info":["6618791275130b73714e8d3b",2],"persona_version_info":["6618791275130b73714e8d2a",1],"llm_model_preferences":{"EngageUser":{"llm_name":"openai_gpt-5.2-2025-12-11","params":{}}},"max_interactions":20,"metrics_to_evaluate":[{"metric_id":"6618791275130b73714e8d4c","success_criterion_name":"Done","success_criterion":{"type":"boolean","expected_value":true}}]}],"unit_test_run_results":[{"unit_test_id":"6618791275130b73714e8d5d","metric_evaluation_results":[{"metric_id":"6618791275130b73714e8d4c","metric_version":1,"results":[["6618791275130b73714e8dc1",true],["6618791275130b73714e8dc2",false]]}],"run_errors":[null,null]}],"created_at":"2026-01-01T00:00:00Z","creator":{"org_id":"acme","user_id":"u1"}}"#
        .replace("6618791275130b73714e8dc1", &ids[0])
        .replace("6618791275130b73714e8dc2", &ids[1]);
    assert_shape(&run::Instance::of(&org(), &completed(), &progress), &expected);
}

#[test]
fn a_page() {
    let filter_values = persona::FilterValues {
        creators: vec![UserInfo::of(&org(), &change())],
        tags: vec!["category".to_owned()],
        roles: vec!["patient".to_owned()],
    };
    let page = persona::List {
        simulation_personas: Vec::new(),
        has_more: false,
        continuation_token: None,
        filter_values: Some(filter_values),
    };
    assert_shape(
        &page,
        r#"{"simulation_personas":[],"has_more":false,"continuation_token":null,"filter_values":{"creators":[{"org_id":"acme","user_id":"u1"}],"tags":["category"],"roles":["patient"]}}"#,
    );
}

#[test]
fn measured_on_demand() {
    let metric = metric_result::EvaluatedMetric {
        metric_id: id("4c"),
        value: crate::shape::result(Some(&MetricValue::Numerical(8.0))),
        references: vec![id("d1")],
        justification: "Warm tone".to_owned(),
    };
    assert_shape(
        &metric_result::Evaluated {
            metrics: vec![metric],
        },
        r#"{"metrics":[{"metric_id":"6618791275130b73714e8d4c","value":8.0,"references":["6618791275130b73714e8dd1"],"justification":"Warm tone"}]}"#,
    );
}

#[test]
fn a_metric_result() {
    let mut conversation = conversation(0, true, None);
    conversation.finished_at = change().at;
    conversation.evaluations[0].value = None;
    conversation.evaluations[0].justification = "Not applicable".to_owned();
    conversation.evaluations[0].references.clear();
    let [made] = metric_result::Instance::of_conversation(&org(), &conversation)
        .try_into()
        .unwrap();
    let expected = r#"{"id":"6618791275130b73714e8dc1","org_id":"acme","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","metric_id":"6618791275130b73714e8d4c","metric_version":1,"result":null,"justification":"Not applicable","source":{"type":"simulation","simulation_unit_test_set_run_id":"6618791275130b73714e8d90","unit_test_id":"6618791275130b73714e8d5d","run_index":0,"references":[]}}"#
        .replace("6618791275130b73714e8dc1", &evaluation_id(id("90"), 0, 0).to_string());
    assert_shape(&made, &expected);
}

#[test]
fn sources() {
    assert_shape(
        &metric_result::Source::PostSession {
            conversation_id: id("e1"),
            references: Vec::new(),
        },
        r#"{"type":"post-session","conversation_id":"6618791275130b73714e8de1","references":[]}"#,
    );
    assert_shape(
        &metric_result::Source::Manual {
            conversation_id: id("e1"),
            evaluate_to_interaction_id: None,
            invoked_by: UserInfo::of(&org(), &change()),
            references: Vec::new(),
        },
        r#"{"type":"manual","conversation_id":"6618791275130b73714e8de1","evaluate_to_interaction_id":null,"invoked_by":{"org_id":"acme","user_id":"u1"},"references":[]}"#,
    );
}

#[test]
fn sign_in_and_artifact_and_version_set_info() {
    assert_shape(
        &crate::session::SignedIn {
            id_token: "eyJ…".to_owned(),
            expires_at: "2026-01-01T01:00:00Z".parse().unwrap(),
        },
        r#"{"id_token":"eyJ…","expires_at":"2026-01-01T01:00:00Z"}"#,
    );
    assert_shape(
        &run::ArtifactUrl {
            presigned_url: "https://bucket.example/run.zip?sig=x".to_owned(),
            url_expires_at: "2026-01-01T01:00:00Z".parse().unwrap(),
        },
        r#"{"presigned_url":"https://bucket.example/run.zip?sig=x","url_expires_at":"2026-01-01T01:00:00Z"}"#,
    );
    assert_shape(
        &service::VersionSetInfo {
            name: model::VersionSetName::release(),
            agent_version_info: (id("a1"), 7),
            service_hierarchical_state_machine_version_info: (id("a2"), 4),
            llm_model_preferences: std::collections::BTreeMap::new(),
        },
        r#"{"name":"release","agent_version_info":["6618791275130b73714e8da1",7],"service_hierarchical_state_machine_version_info":["6618791275130b73714e8da2",4],"llm_model_preferences":{}}"#,
    );
}

#[test]
fn results_of_a_run_come_test_by_test() {
    let progress = |outcomes| run::Progress {
        outcomes,
        ..run::Progress::of_plan(&plan())
    };
    let results = |run: &model::Run, outcomes| {
        run::Instance::of(&org(), run, &progress(outcomes)).unit_test_run_results
    };
    let first = || run::Outcome::from(&conversation(0, true, None));
    let broken = || run::Outcome::from(&conversation(1, false, Some("no answer")));

    assert_eq!(results(&running(), None), [None]);
    assert_eq!(results(&running(), Some(vec![first()])), [None]);

    let mut finished = results(&running(), Some(vec![broken(), first()]));
    let result = finished.remove(0).expect("both repetitions are finished");
    assert_eq!(result.run_errors, [None, Some("no answer".to_owned())]);
    assert_eq!(
        result.metric_evaluation_results[0].results,
        [(evaluation_id(id("90"), 0, 0), true)]
    );
    let tally = result.rehearse.tally.unwrap();
    assert_eq!((tally.passed, tally.errored), (1, 1));
}

#[test]
fn a_cancelled_run_is_over_at_once() {
    let cancelled = model::Run {
        cancelled: Some(change()),
        cancel_reason: Some(model::CancelReason::Asked),
        ..running()
    };
    let outcomes = Some(vec![run::Outcome::from(&conversation(0, true, None))]);
    let progress = run::Progress {
        outcomes,
        ..run::Progress::of_plan(&plan())
    };
    let made = run::Instance::of(&org(), &cancelled, &progress);
    assert!(made.is_completed && made.errored && !made.failed_metrics && !made.artifacts_generated);
    assert_eq!(made.rehearse.state, run::State::Cancelling);
    assert_eq!(made.rehearse.verdict, Some(run::VerdictWord::Cancelled));
    let result = made.unit_test_run_results[0].as_ref().unwrap();
    assert_eq!(result.run_errors, [None, Some("cancelled".to_owned())]);
    assert_eq!(result.rehearse.tally.unwrap().cancelled, 1);
}

#[test]
fn what_a_caller_may_not_see_is_left_out() {
    let outcomes = vec![
        (&conversation(0, true, None)).into(),
        (&conversation(1, true, None)).into(),
    ];
    let progress = run::Progress {
        outcomes: Some(outcomes),
        ..run::Progress::of_plan(&plan())
    };
    let made = run::Instance::of(&org(), &completed(), &progress);
    let shown = serde_json::to_value(&made).unwrap();
    let nothing_hidden = made.clone().without_tests(&BTreeSet::new());
    assert_eq!(serde_json::to_value(nothing_hidden).unwrap(), shown);
    let hidden = BTreeSet::from([made.unit_test_run_specs[0].unit_test_id]);
    let without_tests = serde_json::to_value(made.clone().without_tests(&hidden)).unwrap();
    let spec = &without_tests["unit_test_run_specs"][0];
    assert_eq!(spec["persona_version_info"], Value::Null);
    assert_eq!(spec["scenario_version_info"], Value::Null);
    assert_eq!(spec["metrics_to_evaluate"], json!([]));
    assert_eq!(spec["rehearse"]["name"], Value::Null);
    let result = &without_tests["unit_test_run_results"][0];
    assert_eq!(result["metric_evaluation_results"], json!([]));
    assert_eq!(result["rehearse"]["tally"], Value::Null);
    assert_eq!(
        result["run_errors"],
        shown["unit_test_run_results"][0]["run_errors"]
    );
    let without_specs = serde_json::to_value(made.without_specs()).unwrap();
    assert_eq!(without_specs["unit_test_run_specs"], json!([]));
    assert_eq!(without_specs["unit_test_run_results"], json!([]));
    assert_eq!(
        without_specs["rehearse"]["set_name"],
        without_specs["simulation_unit_test_set_id"]
    );
}

#[test]
fn searches_show_raw_documents() {
    for (made, listed) in [
        (
            serde_json::to_value(unit_test::Raw::of(&org(), &unit_test())),
            serde_json::to_value(unit_test::Instance::of(&org(), &unit_test())),
        ),
        (
            serde_json::to_value(metric::Raw::of(&org(), &metric())),
            serde_json::to_value(metric::Instance::of(&org(), &metric())),
        ),
    ] {
        let (mut made, mut listed) = (made.unwrap(), listed.unwrap());
        assert!(made.get("id").is_none() && listed.get("_id").is_none());
        assert_eq!(made["_id"].take(), listed["id"].take());
    }
}

#[test]
fn a_version_of_another_kind_is_not_shown() {
    let version = version("2b", 1, Content::Persona(persona_content()));
    assert!(scenario::VersionInstance::of(&org(), id("3b"), &version).is_none());
    assert!(metric::VersionInstance::of(&org(), id("4c"), &version).is_none());
}

#[test]
fn a_transcript_says_everything() {
    let conversation = conversation(1, false, None);
    let made = serde_json::to_value(crate::conversation::Conversation::from(&conversation)).unwrap();
    assert_eq!(made["turns"][1]["message_id"], json!(message_id(id("90"), 1, 1)));
    assert_eq!(made["turns"][1]["role"], "agent");
    assert_eq!(
        made["end"],
        json!({"reason": "user_achieved", "outcome": "achieved", "detail": "done"})
    );
    assert_eq!(
        made["evaluations"][0]["references"],
        json!([message_id(id("90"), 1, 1)])
    );
    assert_eq!(
        made["criteria"][0]["criterion"],
        json!({"type": "boolean", "expected_value": true})
    );
    assert_eq!(made["verdict"], "failed");

    let row = run::ConversationRow::of(&conversation, &name("Onboarding"));
    assert_eq!(
        (row.n_turns, row.duration_ms, row.end_reason.as_str()),
        (2, 40, "user_achieved")
    );
    assert_eq!(row.criteria[0].value, json!(false));
}
