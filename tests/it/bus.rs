//! The bus on a real nats-server: clients that are not ours, and NATS permissions that confine them.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aggregator::Aggregator;
use api::error::{ErrorCode, Problem};
use bytes::Bytes;
use harness::{
    bus::{accounts, connect, options, password},
    repository, tool,
};
use journal::{Journal, JournalError, bus::BusClient};
use model::{Capabilities, Time};
use projections::Database;
use serde_json::{Value, json};
use server::{Bus, DispatcherOptions, Gateway, KeyHasher, Options, Server};
use simulation::{Agents, AgentsOptions, Secrets};
use testkit::nats::NatsServer;
use tokio_util::sync::CancellationToken;
use worker::{LiveSimulation, Worker};

/// Everything that serves the bus, in this process.
struct System {
    server: Server,
    bus: Bus,
    shutdown: CancellationToken,
}

impl System {
    async fn start(nats: &NatsServer) -> Self {
        let log = connect(nats, "server", None).await;
        let journal: Arc<dyn Journal> = log.clone();
        let options = Options {
            commands: commands::Options {
                clock: Arc::new(now),
                catch_up_timeout: Duration::from_secs(10),
                capabilities: Capabilities {
                    build: "test".to_owned(),
                    models: model::Models::default(),
                },
            },
            dispatcher: DispatcherOptions {
                holder: "test".to_owned(),
                max_in_flight: 64,
                max_in_flight_per_run: 64,
                lead_ttl: Duration::from_secs(9),
                resync_interval: Duration::from_secs(5),
                min_interval: Duration::from_millis(10),
            },
            key_hasher: KeyHasher::new([7; 32]),
            webhooks: server::WebhookOptions::default(),
            language_models: simulation::LanguageModels::new(
                &simulation::LanguageModelsOptions::default(),
                Secrets::new(BTreeMap::new()),
            )
            .unwrap(),
        };
        let server = Server::start(Arc::clone(&journal), Database::in_memory().unwrap(), options)
            .await
            .unwrap();
        let bus = Bus::start(&log, Gateway::of(&server), "1.2.3").await.unwrap();
        let shutdown = CancellationToken::new();
        let mut options = worker::Options::new("worker-1".parse().unwrap());
        options.concurrency = NonZeroUsize::new(8).unwrap();
        let agents = Agents::new(&AgentsOptions::default(), Secrets::from_env()).unwrap();
        let worker = Worker::new(
            Arc::clone(&journal),
            Arc::new(LiveSimulation::new(
                agents,
                simulation::LanguageModels::new(
                    &simulation::LanguageModelsOptions::default(),
                    Secrets::new(BTreeMap::new()),
                )
                .unwrap(),
            )),
            options,
        );
        tokio::spawn(worker.run(shutdown.clone()));
        tokio::spawn(Aggregator::new(journal, aggregator::Options::default()).run(shutdown.clone()));
        Self {
            server,
            bus,
            shutdown,
        }
    }

    async fn stop(self) {
        self.bus.stop().await;
        self.shutdown.cancel();
        self.server.stop().await;
    }
}

fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap())
}

/// A suite for the counting agent.
pub(crate) fn suite() -> Vec<Value> {
    let document = |kind: &str, name: &str, spec: Value| json!({"apiVersion": "rehearse/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let agent = repository().join("tests/agents/counter.py");
    vec![
        document(
            "Agent",
            "counter",
            json!({"connection": {"stdio": {"command": ["python3", agent]}}}),
        ),
        document(
            "Service",
            "counter",
            json!({"description": "counts", "agent": "counter"}),
        ),
        document(
            "Persona",
            "Maria",
            json!({"role": "customer", "background": "someone"}),
        ),
        document(
            "Scenario",
            "two words",
            json!({
                "objective": "be counted", "instructions": "say two words", "script": [{"say": "one"}, {"say": "two"}],
            }),
        ),
        document(
            "Metric",
            "counts",
            json!({"judge": {"contains": {"text": "message 2: two", "in": "lastAgent"}}}),
        ),
        document(
            "UnitTest",
            "counting",
            json!({
                "service": "counter", "persona": "Maria", "scenario": "two words",
                "criteria": [{"metric": "counts", "equals": true}],
            }),
        ),
        document(
            "UnitTestSet",
            "all",
            json!({"tests": [{"test": "counting", "repetitions": 3}]}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_no_code_of_ours_starts_a_run_and_reads_its_verdict() {
    let nats = NatsServer::builder()
        .config(&accounts(&[(
            "ann",
            &["cmd.acme.ann.>", "qry.acme.ann.>", "$SRV.>"],
            &["_INBOX.acme.ann.>"],
        )]))
        .start();
    let system = System::start(&nats).await;
    let directory = tempfile::tempdir().unwrap();
    let suite_file = directory.path().join("suite.json");
    fs::write(&suite_file, serde_json::to_vec(&suite()).unwrap()).unwrap();
    let mut client = Command::new(tool("venv/bin/python"));
    client
        .arg(repository().join("tests/clients/bus_client.py"))
        .args([&nats.url(), "ann", &password("ann"), "acme", "ann"])
        .arg(&suite_file)
        .arg("all")
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || client.output().unwrap())
        .await
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["verdict"], "passed");
    assert_eq!(told["tally"]["passed"], 3);
    assert_eq!(
        told["texts"],
        json!(["one", "message 1: one", "two", "message 2: two"])
    );
    assert!(told["endpoints"].as_u64().unwrap() > 60, "{told}");
    system.stop().await;
}

async fn ask(
    client: &BusClient,
    subject: &str,
    body: &Value,
) -> Result<Result<Value, Problem>, JournalError> {
    let payload = Bytes::from(body.to_string());
    let answer = client
        .request(subject, &BTreeMap::new(), payload, Duration::from_secs(5))
        .await?;
    Ok(match answer {
        Ok(answer) => Ok(serde_json::from_slice(&answer.payload).unwrap()),
        Err(error) => Err(serde_json::from_slice(&error.payload).unwrap()),
    })
}

/// The example of docs/permissions.md: what is documented is what is tested.
fn documented_configuration() -> String {
    let text = fs::read_to_string(repository().join("docs/permissions.md")).unwrap();
    let (_, rest) = text.split_once("```conf\n").unwrap();
    let (configuration, _) = rest.split_once("```").unwrap();
    // The server under test has a store of its own.
    configuration.replace("jetstream { sync_interval: always }\n", "")
}

/// Ann may read and write as herself in `acme`; Bob may only read as himself in `acme`; Eve is of another organization.
#[tokio::test(flavor = "multi_thread")]
async fn permissions_confine_a_client_to_organization_user_and_reading() {
    let nats = NatsServer::builder().config(&documented_configuration()).start();
    let system = System::start(&nats).await;
    let client = async |user: &str, org: &str| {
        let inbox = format!("_INBOX.{org}.{user}");
        BusClient::connect(&options(&nats, user, Some(&inbox)))
            .await
            .unwrap()
    };
    let ann = client("ann", "acme").await;
    let bob = client("bob", "acme").await;
    let eve = client("eve", "other").await;
    let persona = json!({"name": "Maria", "role": "customer", "tags": {}, "initial_version": {
        "background": "someone", "user_models": [], "nonsensitive_user_variables": {}, "sensitive_user_variables": {},
    }});

    let created = ask(&ann, "cmd.acme.ann.persona.create", &persona)
        .await
        .unwrap()
        .unwrap();
    let id = json!({"id": created["simulation_persona_id"]});
    let seen = ask(&bob, "qry.acme.bob.persona.get", &id).await.unwrap().unwrap();
    assert_eq!(seen["name"], "Maria");
    assert_eq!(
        seen["creator"],
        json!({"org_id": "acme", "user_id": "ann"}),
        "the subject says who did it"
    );
    let foreign = ask(&eve, "qry.other.eve.persona.get", &id)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(foreign.code, ErrorCode::NotFound);

    // The nats-server itself refuses: a reader that writes, a user that acts as another, an organization that reads another's.
    for (who, subject) in [
        (&bob, "cmd.acme.bob.persona.delete"),
        (&bob, "cmd.acme.ann.persona.delete"),
        (&bob, "qry.acme.ann.persona.get"),
        (&ann, "cmd.acme.bob.persona.delete"),
        (&ann, "qry.other.ann.persona.get"),
        (&eve, "qry.acme.eve.persona.get"),
        (&eve, "evt.acme.persona.x"),
    ] {
        let refused = ask(who, subject, &id).await.unwrap_err();
        assert!(
            matches!(refused, JournalError::Forbidden { .. }),
            "{subject}: {refused}"
        );
    }
    let still = ask(&ann, "qry.acme.ann.persona.get", &id).await.unwrap().unwrap();
    assert_eq!(still["is_deleted"], false);
    system.stop().await;
}
