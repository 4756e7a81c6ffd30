use serde_json::json;

use super::*;
use crate::suite::{Spec, read_suite, unresolved_names};

const FIXTURE: &str = include_str!("../../../../../tests/import/tau2.json");

fn fixture() -> Value {
    serde_json::from_str(FIXTURE).unwrap()
}

fn imported(options: &Options) -> Imported {
    convert(&fixture(), options).unwrap()
}

fn values(documents: &[Document]) -> Value {
    documents
        .iter()
        .map(|document| document.to_value().unwrap())
        .collect()
}

fn of_name<'a>(documents: &'a [Document], kind: &str, name: &str) -> &'a Document {
    documents
        .iter()
        .find(|document| document.kind == kind && document.metadata.name == name)
        .unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

fn one_task(task: &Value) -> Imported {
    convert(&json!([task]), &Options::default()).unwrap()
}

fn fault(task: &Value) -> String {
    let imported = one_task(task);
    assert!(imported.documents.is_empty());
    let [left_out] = imported.summary.left_out.as_slice() else {
        panic!("one task is left out: {:?}", imported.summary);
    };
    let error = &left_out.errors[0];
    format!("{}: {}", error.pointer, error.detail)
}

#[test]
fn every_document_is_one_that_a_suite_may_have() {
    let options = Options {
        agent: AgentChoice::Named("clerk".try_into().unwrap()),
        policy: Some("Lend no {{ book }} with a red label.".try_into().unwrap()),
        repeat: 3,
        starts_at: Some("2024-05-15T15:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    let imported = imported(&options);
    let suite = read_suite(&values(&imported.documents)).unwrap();
    assert_eq!(suite.objects.len(), imported.documents.len());
    let unresolved: Vec<String> = unresolved_names(&suite)
        .into_iter()
        .map(|(kind, name)| format!("{kind} {name}"))
        .collect();
    assert_eq!(unresolved, ["agent clerk"]);
    // What is written is what was read.
    let again: Vec<Document> = suite.objects.iter().map(Document::from).collect();
    assert_eq!(values(&again), values(&imported.documents));
}

#[test]
fn the_same_tasks_give_the_same_bytes() {
    let bytes = || values(&imported(&Options::default()).documents).to_string();
    assert_eq!(bytes(), bytes());
}

#[test]
fn names_are_domain_and_id() {
    let imported = imported(&Options::default());
    let tests: Vec<&str> = imported
        .documents
        .iter()
        .filter(|document| document.kind == "UnitTest")
        .map(|document| document.metadata.name.as_str())
        .collect();
    assert_eq!(
        tests,
        [
            "library task 0",
            "library task 1",
            "library task text",
            "library task [device]no_service|lock[PERSONA:Hard]",
            "library task silent"
        ]
    );
    let set = of_name(&imported.documents, "UnitTestSet", "library");
    let Spec::UnitTestSet(set) = &set.spec else {
        panic!("it is a set");
    };
    assert_eq!(set.tests.len(), 5);
}

#[test]
fn a_task_becomes_persona_scenario_metrics_and_test() {
    let imported = imported(&Options::default());
    let documents: Vec<Value> = imported
        .documents
        .iter()
        .filter(|document| document.metadata.name == "library task 0")
        .map(|document| document.to_value().unwrap())
        .collect();
    let [persona, scenario, test] = documents.as_slice() else {
        panic!("there are three: {documents:?}");
    };
    assert_eq!(
        persona["spec"]["background"],
        "What you know:\nYou are Ada Byron.\nYour card has number 4711.\n\nWhat you do not know and must not make up; \
         if you are asked, say that you do not know it:\nYou do not know your address by heart."
    );
    assert_eq!(
        scenario["spec"]["objective"],
        "You want to borrow the atlas with number R-17."
    );
    assert!(
        scenario["spec"]["instructions"]
            .as_str()
            .unwrap()
            .starts_with("If the agent refuses")
    );
    // What the task is for is told to people, never to the simulated user.
    assert!(
        test["spec"]["description"]
            .as_str()
            .unwrap()
            .contains("red label")
    );
    assert!(!persona.to_string().contains("refuses to lend"));
    assert!(!scenario.to_string().contains("refuses to lend"));
    assert_eq!(
        test["spec"]["criteria"],
        json!([
            {"metric": "library: Agent refuses to lend R-17.", "equals": true},
            {"metric": "library: calls of find_guest(card=4711)", "atLeast": 0.0},
        ])
    );
    assert_eq!(
        test["metadata"]["tags"],
        json!({"domain": "library", "reward_basis": "COMMUNICATE DB", "source": "tau2", "task": "0"})
    );
}

#[test]
fn equal_checks_share_a_metric() {
    let imported = imported(&Options::default());
    let metrics: Vec<&str> = imported
        .documents
        .iter()
        .filter(|document| document.kind == "Metric")
        .map(|document| document.metadata.name.as_str())
        .collect();
    assert_eq!(metrics.len(), imported.summary.n_metrics);
    assert_eq!(
        metrics[..4],
        [
            "library: Agent refuses to lend R-17.",
            "library: calls of find_guest(card=4711)",
            "library: agent says 1628.5",
            "library: calls of add(fees=[1200,428.5])",
        ]
    );
    assert!(metrics[4].starts_with("library: Agent says {{ 7 * 7 }} \u{fffd}[31m only once. … #"));
    assert_eq!(
        metrics[5..],
        ["library: calls of renew(loan=5)", "library: interactions"]
    );
}

#[test]
fn what_a_task_says_stays_data() {
    let imported = imported(&Options {
        policy: Some("{{ secret.KEY }}".try_into().unwrap()),
        agent: AgentChoice::Named("clerk".try_into().unwrap()),
        ..Options::default()
    });
    for document in &imported.documents {
        let is_template = matches!(&document.spec, Spec::Scenario(spec) if spec.script.is_some())
            || matches!(document.spec, Spec::Agent(_));
        assert!(!is_template, "{document:?}");
    }
    let graph = of_name(&imported.documents, "ContextGraph", "library policy");
    let Spec::ContextGraph(graph) = &graph.spec else {
        panic!("it is a context graph");
    };
    assert_eq!(graph.document["policy"], "{{ secret.KEY }}");
    let scenario = of_name(&imported.documents, "Scenario", "library task text");
    let Spec::Scenario(scenario) = &scenario.spec else {
        panic!("it is a scenario");
    };
    assert!(scenario.instructions.contains("{{ secret.KEY }}\n--- \u{1b}[31m"));
}

#[test]
fn the_summary_tells_what_became_of_everything() {
    let summary = imported(&Options::default()).summary;
    assert_eq!((summary.n_tasks, summary.n_imported), (5, 5));
    assert_eq!(
        summary.ungated,
        [
            "library task [device]no_service|lock[PERSONA:Hard]",
            "library task silent"
        ]
    );
    let rows: Vec<(&str, usize)> = summary
        .rows
        .iter()
        .map(|row| (row.what.as_str(), row.count))
        .collect();
    assert_eq!(
        rows,
        [
            ("assertions in prose", 3),
            ("texts to communicate", 1),
            ("tool calls of the reference path", 4),
            ("tasks that check nothing", 1),
            ("calls of the user's own device", 1),
            ("tasks with DB in reward_basis", 3),
            ("tasks with ENV_ASSERTION in reward_basis", 1),
            ("tasks with evaluation_criteria.env_assertions", 1),
            ("tasks with initial_state", 1),
            ("tasks with ticket", 1),
        ]
    );
}

#[test]
fn a_faulty_task_is_left_out_and_named() {
    let mut tasks = fixture();
    tasks[1]["evaluation_criteria"]["actions"][1]["name"] = json!(7);
    tasks[1]["user_scenario"]["instructions"]["known_info"] = json!({"a": {"b": 1}});
    tasks[3]["id"] = json!("0");
    let imported = convert(&tasks, &Options::default()).unwrap();
    let left_out: Vec<String> = imported
        .summary
        .left_out
        .iter()
        .map(|left_out| {
            let pointers: Vec<&str> = left_out.errors.iter().map(|e| e.pointer.as_str()).collect();
            format!("{} {:?} {pointers:?}", left_out.index, left_out.task)
        })
        .collect();
    assert_eq!(
        left_out,
        [
            "1 Some(\"1\") [\"/1/user_scenario/instructions/known_info/a\", \"/1/evaluation_criteria/actions/1/name\"]",
            "3 Some(\"0\") [\"/3/id\"]",
        ]
    );
    assert_eq!(imported.summary.n_imported, 3);
    // Nothing of what was left out stands in the suite.
    let suite = read_suite(&values(&imported.documents)).unwrap();
    assert!(
        !suite
            .objects
            .iter()
            .any(|object| object.name.as_str().contains("1628"))
    );
}

#[test]
fn faults_have_pointers() {
    let with = |scenario: Value| json!({"id": "x", "user_scenario": scenario});
    assert_eq!(fault(&json!(7)), "/0: must be an object, this is a number");
    assert_eq!(fault(&json!({"id": "x"})), "/0/user_scenario: is required");
    assert_eq!(
        fault(&json!({"id": [], "user_scenario": "Hi"})),
        "/0/id: must be text or a whole number, this is a list"
    );
    assert_eq!(
        fault(&json!({"id": "a\u{7}b", "user_scenario": "Hi"})),
        "/0/id: must not contain control characters"
    );
    assert_eq!(
        fault(&with(json!({"instructions": "  "}))),
        "/0/user_scenario/instructions: must say what the user wants: it is empty"
    );
    assert_eq!(
        fault(&with(
            json!({"instructions": {"reason_for_call": 5.5, "known_info": [[]]}})
        )),
        "/0/user_scenario/instructions/known_info/0: must be text, a number or true or false here, this is a list"
    );
}

#[test]
fn files_of_something_else_are_refused() {
    for (value, said) in [
        (json!([]), "/: must hold 1 to 10000 tasks, this holds 0"),
        (
            json!({"task": []}),
            "/: must be a list of tasks, or an object with such a list as `tasks`; this is an object",
        ),
    ] {
        assert_eq!(
            convert(&value, &Options::default()).unwrap_err().to_string(),
            said
        );
    }
    let wrapped = json!({ "tasks": fixture() });
    let imported = convert(&wrapped, &Options::default()).unwrap();
    assert_eq!(imported, self::imported(&Options::default()));
}

#[test]
fn tasks_of_several_domains_need_a_name() {
    let mut tasks = fixture();
    tasks[1]["user_scenario"]["instructions"]["domain"] = json!("shop");
    let refused = convert(&tasks, &Options::default()).unwrap_err().to_string();
    assert!(
        refused.starts_with("/1/user_scenario/instructions/domain: is `shop`, but task 0"),
        "{refused}"
    );
    let options = Options {
        domain: Some("all".try_into().unwrap()),
        ..Options::default()
    };
    let imported = convert(&tasks, &options).unwrap();
    assert_eq!(imported.summary.n_imported, 5);
    assert_eq!(imported.summary.domain, "all");
}

proptest::proptest! {
    #[test]
    fn whatever_tasks_say_the_suite_can_be_read(
        id in ".{0,40}", known in ".{0,200}", assertion in ".{0,400}", tool in ".{1,30}", said in ".{0,20}",
    ) {
        let task = json!({
            "id": id,
            "user_scenario": {"persona": known, "instructions": {"task_instructions": assertion, "domain": "d", "reason_for_call": said}},
            "evaluation_criteria": {
                "nl_assertions": [assertion], "communicate_info": [said, assertion],
                "actions": [{"name": tool, "arguments": {"k": known}}, {"name": tool, "kwargs": {tool: [assertion]}}],
            },
        });
        let imported = one_task(&task);
        proptest::prop_assert_eq!(imported.documents.is_empty(), !imported.summary.left_out.is_empty());
        let suite = read_suite(&values(&imported.documents)).unwrap();
        let again: Vec<Document> = suite.objects.iter().map(Document::from).collect();
        proptest::prop_assert_eq!(values(&again), values(&imported.documents));
    }
}
