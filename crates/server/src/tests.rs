//! The gateway over an in-memory journal: what callers see, whatever the transport.

mod administration;
mod agents;
mod conversations;
mod permissions;
mod recordings;
mod reruns;
mod results;
mod servers;

use std::{sync::Arc, time::Duration};

use api::{
    bus::{COMMANDS, Family, QUERIES},
    error::{ErrorCode, Problem},
};
use journal::MemoryJournal;
use model::Capabilities;
use projections::Database;
use serde_json::{Value, json};

use crate::{Caller, DispatcherOptions, Gateway, KeyHasher, Metadata, Options, Server};

/// A server on an empty journal.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) gateway: Gateway,
}

async fn bench() -> Bench {
    bench_on(MemoryJournal::new(), Database::in_memory().unwrap()).await
}

pub(crate) async fn bench_on(journal: MemoryJournal, database: Database) -> Bench {
    bench_as("test", journal, database).await
}

pub(crate) async fn bench_as(holder: &str, journal: MemoryJournal, database: Database) -> Bench {
    bench_ahead(holder, journal, database, 0).await
}

/// A server whose clock is some milliseconds ahead of the journal's.
pub(crate) async fn bench_ahead(
    holder: &str,
    journal: MemoryJournal,
    database: Database,
    ahead_ms: u64,
) -> Bench {
    let clock = journal.clone();
    let options = Options {
        commands: commands::Options {
            clock: Arc::new(move || clock.now().plus_millis(ahead_ms)),
            catch_up_timeout: Duration::from_secs(5),
            capabilities: Capabilities {
                build: "test".to_owned(),
                models: model::Models::default(),
            },
        },
        dispatcher: DispatcherOptions {
            holder: holder.to_owned(),
            max_in_flight: 10,
            max_in_flight_per_run: 10,
            lead_ttl: Duration::from_secs(9),
            resync_interval: Duration::from_secs(5),
            min_interval: Duration::from_millis(10),
        },
        key_hasher: KeyHasher::new([7; 32]),
        webhooks: crate::WebhookOptions::default(),
        language_models: simulation::LanguageModels::new(
            &simulation::LanguageModelsOptions::default(),
            simulation::Secrets::new(std::collections::BTreeMap::new()),
        )
        .unwrap(),
    };
    let server = Server::start(Arc::new(journal), database, options).await.unwrap();
    let gateway = Gateway::of(&server);
    Bench { server, gateway }
}

pub(crate) fn caller(org: &str, user: &str) -> Caller {
    Caller::trusted(org.parse().unwrap(), user.parse().unwrap())
}

impl Bench {
    async fn command_as(
        &self,
        caller: &Caller,
        id: Option<&str>,
        what: &str,
        body: Value,
    ) -> Result<Value, Problem> {
        let (kind, verb) = what.split_once('.').unwrap();
        let metadata = Metadata {
            command_id: id.map(|id| id.parse().unwrap()),
            ..Metadata::default()
        };
        let answer = self
            .gateway
            .command(caller, metadata, kind, verb, body.to_string().as_bytes())
            .await?;
        Ok(answer.body)
    }

    pub(crate) async fn command(&self, what: &str, body: Value) -> Result<Value, Problem> {
        self.command_as(&caller("acme", "ann"), None, what, body).await
    }

    async fn query_as(&self, caller: &Caller, what: &str, body: Value) -> Result<Value, Problem> {
        let (kind, verb) = what.split_once('.').unwrap();
        self.gateway
            .query(
                caller,
                Metadata::default(),
                kind,
                verb,
                body.to_string().as_bytes(),
            )
            .await
    }

    pub(crate) async fn query(&self, what: &str, body: Value) -> Result<Value, Problem> {
        self.query_as(&caller("acme", "ann"), what, body).await
    }
}

pub(crate) fn persona(name: &str) -> Value {
    json!({"name": name, "role": "customer", "tags": {}, "initial_version": {
        "background": "someone", "user_models": [], "nonsensitive_user_variables": {}, "sensitive_user_variables": {},
    }})
}

/// A suite that can run.
pub(crate) fn suite() -> Value {
    let document = |kind: &str, name: &str, spec: Value| json!({"apiVersion": "rehearse/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    json!({"documents": [
        document("Agent", "bot", json!({"connection": {"stdio": {"command": ["cat"]}}})),
        document("Service", "shop", json!({"description": "sells", "agent": "bot"})),
        document("Persona", "Maria", json!({"role": "customer", "background": "someone"})),
        document("Scenario", "order", json!({
            "objective": "order", "instructions": "be brief", "script": [{"say": "Hello"}],
        })),
        document("Metric", "polite", json!({"judge": {"contains": {"text": "please"}}})),
        document("UnitTest", "orders", json!({
            "service": "shop", "persona": "Maria", "scenario": "order", "criteria": [{"metric": "polite", "equals": true}],
        })),
        document("UnitTestSet", "all", json!({"tests": [{"test": "orders", "repetitions": 3}]})),
    ]})
}

#[tokio::test]
async fn every_endpoint_of_the_table_is_answered() {
    let bench = bench().await;
    for endpoint in COMMANDS.iter().chain(QUERIES) {
        let body = endpoint.example_request.as_bytes();
        let ann = caller("acme", "ann");
        let answer = match endpoint.family {
            Family::Command => {
                let answer = bench
                    .gateway
                    .command(&ann, Metadata::default(), endpoint.kind, endpoint.verb, body)
                    .await;
                answer.map(|answer| answer.body)
            }
            Family::Query => {
                bench
                    .gateway
                    .query(&ann, Metadata::default(), endpoint.kind, endpoint.verb, body)
                    .await
            }
        };
        let (kind, verb) = (endpoint.kind, endpoint.verb);
        if let Err(problem) = answer {
            let refused = [
                ErrorCode::UnknownEndpoint,
                ErrorCode::ValidationFailed,
                ErrorCode::MalformedRequest,
                ErrorCode::Internal,
            ];
            assert!(
                !refused.contains(&problem.code),
                "{kind}.{verb}: {problem}: {:?}",
                problem.errors
            );
        }
    }
    let problem = bench.command("persona.dance", json!({})).await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::UnknownEndpoint);
}

#[tokio::test]
async fn a_command_takes_effect_once_per_id() {
    let bench = bench().await;
    let ann = caller("acme", "ann");
    let first = bench
        .command_as(&ann, Some("c1"), "persona.create", persona("Maria"))
        .await
        .unwrap();
    let again = bench
        .command_as(&ann, Some("c1"), "persona.create", persona("Maria"))
        .await
        .unwrap();
    assert_eq!(first, again, "the first outcome comes back");
    let other = bench
        .command_as(&ann, Some("c1"), "persona.create", persona("Carmen"))
        .await
        .unwrap_err();
    assert_eq!(other.code, ErrorCode::CommandReused);
    let bob = caller("acme", "bob");
    bench
        .command_as(&bob, Some("c1"), "persona.create", persona("Carmen"))
        .await
        .expect("ids are each user's own");
    let list = bench.query("persona.list", json!({})).await.unwrap();
    assert_eq!(list["simulation_personas"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_command_is_remembered_by_a_server_that_was_not_there() {
    let journal = MemoryJournal::new();
    let ann = caller("acme", "ann");
    let one = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let first = one
        .command_as(&ann, Some("c1"), "persona.create", persona("Maria"))
        .await
        .unwrap();
    let two = bench_on(journal, Database::in_memory().unwrap()).await;
    let again = two
        .command_as(&ann, Some("c1"), "persona.create", persona("Maria"))
        .await
        .unwrap();
    assert_eq!(first, again);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let bench = bench().await;
    let problem = bench
        .command(
            "persona.create",
            json!({"name": " ", "role": 7, "tags": {}, "initial_version": {"background": ""}, "nmae": 1}),
        )
        .await
        .unwrap_err();
    assert_eq!((problem.status, problem.code), (422, ErrorCode::ValidationFailed));
    let pointers: Vec<&str> = problem
        .errors
        .iter()
        .map(|error| error.pointer.as_str())
        .collect();
    for wrong in ["/name", "/role", "/initial_version/background", "/nmae"] {
        assert!(pointers.contains(&wrong), "{wrong} is not among {pointers:?}");
    }
}

#[tokio::test]
async fn organizations_see_nothing_of_each_other() {
    let bench = bench().await;
    let created = bench.command("persona.create", persona("Maria")).await.unwrap();
    let other = caller("other", "ann");
    let list = bench.query_as(&other, "persona.list", json!({})).await.unwrap();
    assert_eq!(list["simulation_personas"], json!([]));
    let by_id = json!({"id": created["simulation_persona_id"]});
    let foreign = bench
        .query_as(&other, "persona.get", by_id.clone())
        .await
        .unwrap_err();
    let unknown = bench
        .query_as(&other, "persona.get", json!({"id": "0".repeat(24)}))
        .await
        .unwrap_err();
    assert_eq!(foreign.code, unknown.code);
    let deleted = bench
        .command_as(&other, None, "persona.delete", by_id)
        .await
        .unwrap_err();
    assert_eq!(deleted.code, ErrorCode::NotFound);
    bench
        .command_as(&other, None, "persona.create", persona("Maria"))
        .await
        .expect("names are each organization's own");
    let events = bench.query_as(&other, "event.list", json!({})).await.unwrap();
    assert_eq!(events["events"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn applying_an_export_changes_nothing() {
    let bench = bench().await;
    let planned = bench.query("suite.diff", suite()).await.unwrap();
    let differences = |answer: &Value| -> Vec<String> {
        let changes = answer["changes"].as_array().unwrap();
        changes
            .iter()
            .map(|change| change["difference"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(differences(&planned), vec!["created"; 7]);
    let nothing = bench.query("event.list", json!({})).await.unwrap();
    assert_eq!(nothing["events"], json!([]), "a diff changes nothing");

    bench.command("suite.apply", suite()).await.unwrap();
    let again = bench.command("suite.apply", suite()).await.unwrap();
    assert_eq!(differences(&again), vec!["unchanged"; 7]);
    let export = bench.query("suite.export", json!({})).await.unwrap();
    let unchanged = bench.command("suite.apply", export).await.unwrap();
    assert_eq!(
        differences(&unchanged),
        vec!["unchanged"; 8],
        "the implied context graph is one more"
    );
}

#[tokio::test]
async fn a_suite_that_does_not_compile_is_refused_whole() {
    let bench = bench().await;
    let mut broken = suite();
    broken["documents"][3]["spec"]["script"] =
        json!([{"say": "{{ persona.name"}, {"when": {"matches": "("}, "say": "x"}]);
    broken["documents"][4]["spec"]["judge"] = json!({"cel": "1 +"});
    let problem = bench.command("suite.apply", broken).await.unwrap_err();
    let pointers: Vec<&str> = problem
        .errors
        .iter()
        .map(|error| error.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        [
            "/documents/3/spec/script/0/say",
            "/documents/3/spec/script/1/when/matches",
            "/documents/4/spec/judge/cel"
        ]
    );
    let events = bench.query("event.list", json!({})).await.unwrap();
    assert_eq!(events["events"], json!([]));
}

#[tokio::test]
async fn an_object_is_shown_as_it_was() {
    let bench = bench().await;
    let created = bench.command("persona.create", persona("Maria")).await.unwrap();
    let id = &created["simulation_persona_id"];
    bench
        .command("persona.update", json!({"id": id, "tags": {"team": "support"}}))
        .await
        .unwrap();
    bench.command("persona.delete", json!({"id": id})).await.unwrap();
    let at = |as_of: u64| json!({"id": id, "as_of": as_of});
    assert_eq!(
        bench.query("persona.get", at(1)).await.unwrap()["tags"],
        json!({})
    );
    assert_eq!(
        bench.query("persona.get", at(2)).await.unwrap()["tags"],
        json!({"team": "support"})
    );
    assert_eq!(
        bench.query("persona.get", json!({"id": id})).await.unwrap()["is_deleted"],
        json!(true)
    );
    let history = bench
        .query("event.history", json!({"kind": "persona", "id": id}))
        .await
        .unwrap();
    let names: Vec<&str> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["events"][0]["event"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["persona.created", "persona.updated", "persona.deleted"]);
}

#[tokio::test]
async fn a_run_is_admitted_and_cancelled() {
    let bench = bench().await;
    bench.command("suite.apply", suite()).await.unwrap();
    let set = bench
        .query("unit_test_set.get", json!({"name": "all"}))
        .await
        .unwrap();
    let started = bench
        .command("run.start", json!({"simulation_unit_test_set_id": set["id"]}))
        .await
        .unwrap();
    let id = &started["simulation_unit_test_set_run_id"];
    let second = bench
        .command("run.start", json!({"simulation_unit_test_set_id": set["id"]}))
        .await
        .unwrap_err();
    assert_eq!((second.status, second.code), (409, ErrorCode::RunUnfinished));

    let run = bench.query("run.get", json!({"id": id})).await.unwrap();
    assert_eq!(run["is_completed"], json!(false));
    assert_eq!(run["rehearse"]["tally"]["planned"], json!(3));
    // Nobody takes the jobs, so all three stay in flight once they are admitted.
    let admitted = async {
        loop {
            let run = bench
                .query("run.wait", json!({"id": id, "wait_ms": 100}))
                .await
                .unwrap();
            if run["rehearse"]["in_flight"] == json!(3) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), admitted)
        .await
        .expect("the conversations are admitted");
    let not_ready = bench.query("run.artifact", json!({"id": id})).await.unwrap_err();
    assert_eq!(
        (not_ready.status, not_ready.code),
        (400, ErrorCode::ArtifactNotReady)
    );

    bench.command("run.cancel", json!({"id": id})).await.unwrap();
    let run = bench.query("run.get", json!({"id": id})).await.unwrap();
    assert_eq!(
        (&run["is_completed"], &run["errored"]),
        (&json!(true), &json!(true))
    );
    let again = bench.command("run.cancel", json!({"id": id})).await.unwrap_err();
    assert_eq!((again.status, again.code), (409, ErrorCode::RunNotInProgress));
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    let bench = bench().await;
    bench
        .command(
            "user.create",
            json!({"id": "ann", "name": "Ann", "role": "DefaultAdministratorRole"}),
        )
        .await
        .unwrap();
    let key = bench
        .command("api_key.create", json!({"duration": "P30D"}))
        .await
        .unwrap();
    let secret = key["api_key"].as_str().unwrap();
    let events = bench.query("event.list", json!({})).await.unwrap();
    assert!(!events.to_string().contains(secret));
    let keys = bench.query("api_key.list", json!({})).await.unwrap();
    assert_eq!(keys["api_keys"].as_array().unwrap().len(), 1);
    assert!(!keys.to_string().contains(secret));
    bench
        .command("api_key.delete", json!({"id": key["api_key_id"]}))
        .await
        .unwrap();
    let keys = bench.query("api_key.list", json!({})).await.unwrap();
    assert_eq!(keys["api_keys"], json!([]));
}

#[tokio::test]
async fn names_that_would_be_dangerous_in_a_subject_are_just_names() {
    let bench = bench().await;
    for name in [
        "evt.>",
        "a.b.*",
        "with space",
        "🦀 crab",
        "..",
        "$SYS",
        "\"quoted\"",
        "<b>",
    ] {
        let created = bench.command("persona.create", persona(name)).await.unwrap();
        let found = bench.query("persona.get", json!({"name": name})).await.unwrap();
        assert_eq!(found["id"], created["simulation_persona_id"], "{name}");
    }
    let long = "x".repeat(10_240);
    let problem = bench.command("persona.create", persona(&long)).await.unwrap_err();
    assert_eq!(problem.errors[0].pointer, "/name");
}
