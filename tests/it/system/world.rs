//! One system: a journal, servers, workers and aggregators that can be killed and replaced.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use aggregator::Aggregator;
use async_trait::async_trait;
use commands::{ExecuteError, Executor, Request};
use futures::StreamExt as _;
use journal::{Journal as _, LogName, MemoryJournal, MemoryOptions};
use model::{
    AgentContent, Capabilities, Command, Connection, Continuation, Criterion, DirectoryExt as _,
    InitialMessageType, Judge, MetricContent, MetricDomain, Name, OrgId, PersonaContent, Protocol, Rejection,
    Run, RunId, ScenarioContent, Scope, Script, ScriptAction, ScriptStep, StartOptions, StdioFraming, Suite,
    SuiteCriterion, SuiteObject, SuiteSpec, Tags, Text, Time, Turn, UnitTestSetId, Variables, VersionSetName,
};
use projections::{Database, Fingerprint, Log};
use server::{DispatcherOptions, KeyHasher, Options, Server};
use simulation::{
    AgentCall, AgentReply, Briefing, Judged, Material, NoModels, SimulatedUser, UserStep, evaluate,
    simulated_user,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::{Cast, Clock, Simulation, UserFailure, Worker};

use super::faults::SeededFaults;

/// Conversations of the run.
pub(crate) const RUN_COUNT: u32 = 12;
/// Workers that run at once.
pub(crate) const WORKERS: usize = 3;
/// Conversations that a worker holds at once.
pub(crate) const CONCURRENCY: u32 = 3;

/// An agent that replies with the turn's number, slowly, and counts who called it how often.
#[derive(Debug, Default)]
pub(crate) struct CountingAgent {
    calls: Mutex<HashMap<(u32, u32), u32>>,
}

impl CountingAgent {
    /// How many calls were made beyond the first for each turn.
    pub(crate) fn repeated_calls(&self) -> u32 {
        self.calls.lock().unwrap().values().map(|calls| calls - 1).sum()
    }
}

#[derive(Debug)]
struct Simulated(Arc<CountingAgent>);

impl Simulation for Simulated {
    fn cast(self: Arc<Self>, briefing: Briefing) -> Box<dyn Cast> {
        let user = simulated_user(&briefing, &NoModels).unwrap();
        Box::new(SimulatedCast {
            agent: Arc::clone(&self.0),
            user,
            briefing,
        })
    }
}

struct SimulatedCast {
    agent: Arc<CountingAgent>,
    user: Box<dyn SimulatedUser>,
    briefing: Briefing,
}

#[async_trait]
impl Cast for SimulatedCast {
    async fn user(&mut self, turns: &[Turn]) -> Result<UserStep, UserFailure> {
        Ok(self.user.next(turns).await?)
    }

    async fn agent(&mut self, call: AgentCall<'_>) -> Result<AgentReply, String> {
        let turn = (self.briefing.key.n, call.turn_index);
        *self.agent.calls.lock().unwrap().entry(turn).or_default() += 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(AgentReply {
            text: format!("reply {}", call.turn_index),
            tool_calls: Vec::new(),
            usage: None,
            completed: false,
            latency_ms: 500,
            calls: 1,
            session: None,
        })
    }

    async fn judge(&mut self, material: Material<'_>) -> Judged {
        evaluate(&self.briefing, material, &NoModels).await
    }

    async fn close(&mut self) {}
}

struct Running {
    task: JoinHandle<()>,
    connection: MemoryJournal,
}

impl Running {
    /// Gone from one moment to the next: nothing is said to anyone, and what it had leased comes back when its time is up.
    fn kill(self) {
        self.task.abort();
        self.connection.set_cut(true);
    }
}

pub(crate) struct World {
    pub(crate) journal: MemoryJournal,
    pub(crate) agent: Arc<CountingAgent>,
    faults: Arc<SeededFaults>,
    database: Database,
    server: Option<(Server, MemoryJournal)>,
    workers: Vec<Option<Running>>,
    aggregator: Option<Running>,
    n_started: u32,
}

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        let journal = MemoryJournal::with(MemoryOptions {
            epoch: Time::from_micros(1_700_000_000_000_000),
            ..MemoryOptions::default()
        });
        let mut world = Self {
            journal,
            agent: Arc::default(),
            faults: Arc::new(SeededFaults::new(seed)),
            database: Database::in_memory().unwrap(),
            server: None,
            workers: Vec::new(),
            aggregator: None,
            n_started: 0,
        };
        world.replace_server(false).await;
        world.command(Command::ApplySuite(suite())).await.unwrap();
        for index in 0..WORKERS {
            world.workers.push(None);
            world.replace_worker(index);
        }
        world.replace_aggregator();
        world.journal.set_faults(Some(world.faults.clone()));
        world
    }

    pub(crate) fn org(&self) -> OrgId {
        "acme".parse().unwrap()
    }

    /// No further faults of the journal; every connection is mended.
    pub(crate) fn calm(&self) {
        self.faults.calm();
        for worker in self.workers.iter().flatten() {
            worker.connection.set_cut(false);
        }
    }

    pub(crate) async fn start_run(&self) -> RunId {
        let set = self
            .database
            .view()
            .unwrap()
            .organization(self.org())
            .object_keys_by_name(model::Kind::UnitTestSet, "set");
        let set_id = UnitTestSetId(set.unwrap()[0].as_str().parse().unwrap());
        let command = Command::StartRun {
            set_id,
            options: StartOptions::default(),
            entries: None,
            rerun_of: None,
        };
        // Another try under the same id finds out whether an earlier one took effect.
        loop {
            match self.command(command.clone()).await {
                Ok(done) => return RunId(done.outcome.changes[0].0.key.as_str().parse().unwrap()),
                Err(ExecuteError::Journal(error)) => assert!(error.retryable(), "{error}"),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Asks for the run to be cancelled. A run that is over already cannot be.
    pub(crate) async fn cancel(&self, run: RunId) {
        loop {
            match self
                .command(Command::CancelRun {
                    id: run,
                    reason: model::CancelReason::Asked,
                })
                .await
            {
                Ok(_) | Err(ExecuteError::Rejected(Rejection::RunOver { .. })) => return,
                Err(ExecuteError::Journal(error)) => assert!(error.retryable(), "{error}"),
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn command(&self, command: Command) -> Result<commands::Done, ExecuteError> {
        let command_id = command.digest().to_string()[..32].parse().unwrap();
        let request = Request {
            org: self.org(),
            actor: "ann".parse().unwrap(),
            command_id: Some(command_id),
            traceparent: None,
            precondition: None,
            command,
        };
        self.executor().execute(request).await
    }

    fn executor(&self) -> &Executor {
        self.server.as_ref().unwrap().0.executor()
    }

    /// Kills a worker and starts another; 1, to be counted.
    pub(crate) fn replace_worker(&mut self, index: usize) -> u32 {
        if let Some(worker) = self.workers[index].take() {
            worker.kill();
        }
        self.n_started += 1;
        let name = format!("worker-{}", self.n_started);
        let connection = self.journal.connection(&name);
        let mut options = worker::Options::new(name.parse().unwrap());
        options.concurrency = NonZeroUsize::new(usize::try_from(CONCURRENCY).unwrap()).unwrap();
        let clock = self.journal.clone();
        options.clock = Clock::new(move || clock.now());
        let simulation = Arc::new(Simulated(Arc::clone(&self.agent)));
        let worker = Worker::new(Arc::new(connection.clone()), simulation, options);
        let task = tokio::spawn(async move { worker.run(CancellationToken::new()).await.unwrap() });
        self.workers[index] = Some(Running { task, connection });
        1
    }

    pub(crate) fn cut_worker(&self, index: usize, is_cut: bool) {
        if let Some(worker) = &self.workers[index] {
            worker.connection.set_cut(is_cut);
        }
    }

    pub(crate) fn replace_aggregator(&mut self) {
        if let Some(aggregator) = self.aggregator.take() {
            aggregator.kill();
        }
        let connection = self.journal.connection("aggregator");
        let aggregator = Aggregator::new(Arc::new(connection.clone()), aggregator::Options::default());
        let task = tokio::spawn(async move { aggregator.run(CancellationToken::new()).await.unwrap() });
        self.aggregator = Some(Running { task, connection });
    }

    /// Kills the server and starts another, on the same projections or on empty ones.
    pub(crate) async fn replace_server(&mut self, forget: bool) {
        if let Some((server, connection)) = self.server.take() {
            connection.set_cut(true);
            drop(server);
        }
        if forget {
            self.database = Database::in_memory().unwrap();
        }
        self.n_started += 1;
        let connection = self.journal.connection("server");
        let clock = self.journal.clone();
        let options = Options {
            commands: commands::Options {
                clock: Arc::new(move || clock.now()),
                catch_up_timeout: Duration::from_secs(60),
                capabilities: Capabilities {
                    build: "test".to_owned(),
                    models: model::Models::default(),
                },
            },
            dispatcher: DispatcherOptions {
                holder: format!("server-{}", self.n_started),
                max_in_flight: 8,
                max_in_flight_per_run: 8,
                lead_ttl: Duration::from_secs(9),
                resync_interval: Duration::from_secs(5),
                min_interval: Duration::from_millis(20),
            },
            key_hasher: KeyHasher::new([7; 32]),
            webhooks: server::WebhookOptions::default(),
            language_models: simulation::LanguageModels::new(
                &simulation::LanguageModelsOptions::default(),
                simulation::Secrets::new(std::collections::BTreeMap::new()),
            )
            .unwrap(),
        };
        let server = Server::start(Arc::new(connection.clone()), self.database.clone(), options)
            .await
            .unwrap();
        self.server = Some((server, connection));
    }

    pub(crate) async fn run(&self, run: RunId) -> Run {
        let (database, org) = (self.database.clone(), self.org());
        let read = move || {
            database
                .view()
                .unwrap()
                .organization(org)
                .run(run)
                .unwrap()
                .unwrap()
        };
        tokio::task::spawn_blocking(read).await.unwrap()
    }

    pub(crate) async fn is_complete(&self, run: RunId) -> bool {
        self.run(run).await.completed.is_some()
    }

    pub(crate) async fn describe(&self, run: RunId) -> String {
        let in_flight = self.journal.in_flight(&self.org(), run).await.unwrap();
        let state = self.run(run).await;
        format!(
            "in flight: {in_flight:?}, cancelled: {:?}, sequences: {:?}",
            state.cancelled,
            self.database.sequences()
        )
    }

    pub(crate) async fn fingerprint(&self) -> Fingerprint {
        let database = self.database.clone();
        tokio::task::spawn_blocking(move || database.view().unwrap().fingerprint().unwrap())
            .await
            .unwrap()
    }

    pub(crate) async fn stop(mut self) {
        for worker in self.workers.drain(..).flatten() {
            worker.kill();
        }
        if let Some(aggregator) = self.aggregator.take() {
            aggregator.kill();
        }
        if let Some((server, _)) = self.server.take() {
            server.stop().await;
        }
    }
}

/// Feeds everything that the journal holds to an empty database.
pub(crate) async fn replay(journal: &MemoryJournal, database: &Database) {
    let events = journal.info(LogName::Events).await.unwrap();
    let results = journal.info(LogName::Results).await.unwrap();
    let projector = database.projector();
    projector
        .bind(Log::Events, events.created, events.last_sequence)
        .unwrap();
    projector
        .bind(Log::Results, results.created, results.last_sequence)
        .unwrap();
    let mut subscription = journal.subscribe_events(0).await.unwrap();
    for _ in 0..events.last_sequence {
        let recorded = subscription.next().await.unwrap().unwrap();
        projector.apply_events(&[recorded]).unwrap();
    }
    let mut subscription = journal.subscribe_results(0).await.unwrap();
    for _ in 0..results.last_sequence {
        let (org, stored) = subscription.next().await.unwrap().unwrap();
        projector
            .apply_results(&[(org, stored.sequence, stored.value)])
            .unwrap();
    }
}

fn suite() -> Suite {
    let name = |text: &str| Name::try_from(text).unwrap();
    let text = |text: &str| Text::try_from(text).unwrap();
    let say = |line: &str| ScriptStep {
        when: None,
        action: ScriptAction::Say(text(line)),
    };
    let object = |label: &str, spec| SuiteObject {
        name: name(label),
        spec,
    };
    let agent = AgentContent {
        connection: Some(Connection {
            protocol: Protocol::Stdio {
                command: vec![text("unused")],
                framing: StdioFraming::JsonLines,
                env: std::collections::BTreeMap::new(),
                working_directory: None,
                continuation: Continuation::Continue,
            },
            timeout_ms: 60_000,
            max_attempts: 1,
            max_reply_bytes: 1000,
        }),
        document: None,
    };
    let persona = PersonaContent {
        background: text("someone"),
        preferred_language: None,
        timezone: None,
        user_models: Vec::new(),
        nonsensitive_user_variables: Variables::default(),
        sensitive_user_variables: Variables::default(),
    };
    let scenario = ScenarioContent {
        objective: text("count"),
        instructions: text("count to three"),
        initial_message_type: InitialMessageType::UserMessage,
        conversation_starts_at: None,
        script: Some(Script {
            steps: vec![say("one"), say("two"), say("three")],
        }),
        milestones: Vec::new(),
    };
    let metric = MetricContent {
        description: String::new(),
        value: MetricDomain::Boolean,
        judge: Judge::Contains {
            texts: vec![text("reply 5")],
            all: false,
            case_sensitive: true,
            scope: Scope::LastAgent,
        },
    };
    Suite {
        objects: vec![
            object("agent", SuiteSpec::Agent(agent)),
            object(
                "persona",
                SuiteSpec::Persona {
                    role: name("user"),
                    tags: Tags::default(),
                    content: persona,
                },
            ),
            object(
                "scenario",
                SuiteSpec::Scenario {
                    tags: Tags::default(),
                    content: scenario,
                },
            ),
            object(
                "metric",
                SuiteSpec::Metric {
                    additional_notes: None,
                    applied_to_services: Vec::new(),
                    tags: Tags::default(),
                    content: metric,
                },
            ),
            object(
                "service",
                SuiteSpec::Service {
                    description: text("d"),
                    agent: name("agent"),
                    context_graph: None,
                    tags: Tags::default(),
                    keyterms: Vec::new(),
                    version_sets: std::collections::BTreeMap::new(),
                },
            ),
            object(
                "test",
                SuiteSpec::UnitTest {
                    description: text("d"),
                    service: name("service"),
                    version_set: VersionSetName::release(),
                    persona: name("persona"),
                    scenario: name("scenario"),
                    max_interactions: 3,
                    success_criteria: vec![SuiteCriterion {
                        name: name("heard"),
                        metric: name("metric"),
                        criterion: Criterion::Boolean { expected_value: true },
                    }],
                    tags: Tags::default(),
                },
            ),
            object(
                "set",
                SuiteSpec::UnitTestSet {
                    description: None,
                    tests: vec![(name("test"), RUN_COUNT)],
                    tags: Tags::default(),
                },
            ),
        ],
    }
}
