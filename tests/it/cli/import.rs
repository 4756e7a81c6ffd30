//! Importing what other tools keep.

mod recorded;

use std::fs;

use harness::{Finished, Up, repository, run, run_in};

use super::{FILTERS, told};

const AGENT: &str = "\
apiVersion: rehearse/v1
kind: Agent
metadata: {name: clerk}
spec:
  connection:
    openaiChat: {baseUrl: 'http://127.0.0.1:9/v1', model: m, system: '{{ context_graph.policy }}'}
";

fn tasks() -> String {
    repository().join("tests/import/tau2.json").display().to_string()
}

fn assert_told(name: &str, finished: &Finished) {
    insta::with_settings!({ filters => FILTERS.to_vec(), omit_expression => true }, {
        insta::assert_snapshot!(name, told(finished));
    });
}

#[test]
fn tasks_become_a_suite_on_standard_output() {
    let imported = run(&["import", "tau2", "tests/import/tau2.json"]).expect(0);
    assert_told("suite", &imported);
    let again = run(&["import", "tau2", "tests/import/tau2.json"]).expect(0);
    assert_eq!(imported.stdout, again.stdout);
}

#[test]
fn an_imported_directory_is_applied_and_diffed_like_any_suite() {
    let up = Up::start(1);
    let agent = up.path("agent.yaml");
    fs::write(&agent, AGENT).unwrap();
    let policy = up.path("policy.md");
    fs::write(&policy, "Lend no {{ book }} with a red label.\n").unwrap();
    let directory = up.path("suite");
    let (agent, policy, directory) = (
        agent.to_str().unwrap(),
        policy.to_str().unwrap(),
        directory.to_str().unwrap(),
    );
    let tasks = tasks();
    let options = ["import", "tau2", &tasks, "--agent", agent, "--policy", policy];

    let written = up
        .run(&[&options[..], &["--to", directory, "--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(written["n_imported"], 5);
    assert_eq!(written["files"].as_array().unwrap().len(), 5);
    up.run(&["validate", "-f", directory]).expect(0);

    let dry = up
        .run(&[&options[..], &["--apply", "--dry-run", "--output", "json"]].concat())
        .expect(0)
        .json();
    let n_documents = dry["changes"].as_array().unwrap().len();
    up.run(&["diff", "-f", directory, "--exit-code"]).expect(100);

    let applied = up.run(&[&options[..], &["--apply"]].concat()).expect(0);
    assert!(
        applied
            .stderr
            .contains(&format!("applied: {n_documents} created, 0 changed, 0 unchanged")),
        "{applied:?}"
    );
    up.run(&["diff", "-f", directory, "--exit-code"]).expect(0);
    let graph = up
        .run(&["get", "context_graph", "library policy", "--output", "json"])
        .expect(0);
    assert!(
        graph.stdout.contains("Lend no {{ book }} with a red label."),
        "{graph:?}"
    );
}

#[test]
fn tests_need_a_service() {
    let up = Up::start(1);
    up.run(&["import", "tau2", &tasks(), "--apply"])
        .refused(2, &["service `library`", "does not exist", "--agent"]);
    up.run(&["import", "tau2", &tasks(), "--apply", "--agent", "nobody"])
        .refused(96, &["there is no agent `nobody`"]);
    assert_eq!(
        up.run(&["get", "persona", "--output", "json"]).expect(0).json(),
        serde_json::json!([])
    );
}

#[test]
fn faulty_tasks_are_named_and_left_out_only_on_demand() {
    let directory = tempfile::tempdir().unwrap();
    let mut tasks: serde_json::Value = serde_json::from_str(&fs::read_to_string(tasks()).unwrap()).unwrap();
    tasks[1]["user_scenario"] = serde_json::json!({"instructions": {}});
    tasks[2]["evaluation_criteria"]["nl_assertions"][1] = serde_json::json!(true);
    fs::write(directory.path().join("tasks.json"), tasks.to_string()).unwrap();
    assert_told(
        "faulty",
        &run_in(
            directory.path(),
            &["import", "tau2", "tasks.json", "--to", "suite"],
        )
        .expect(96),
    );
    assert!(!directory.path().join("suite").exists());
    assert_told(
        "skip_faulty",
        &run_in(
            directory.path(),
            &[
                "import",
                "tau2",
                "tasks.json",
                "--to",
                "suite.yaml",
                "--skip-faulty",
            ],
        )
        .expect(0),
    );
    fs::create_dir(directory.path().join("suite")).unwrap();
    fs::write(directory.path().join("suite/mine.yaml"), "").unwrap();
    run_in(
        directory.path(),
        &["import", "tau2", "tasks.json", "--to", "suite", "--skip-faulty"],
    )
    .refused(2, &["mine.yaml", "nothing was written"]);
}
