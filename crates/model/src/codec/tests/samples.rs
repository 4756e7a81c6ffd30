//! One value of every stored type, with every field set to something that is not its default, and one of every variant.

mod casts;
mod variants;

use std::collections::BTreeMap;

use super::super::{
    DecodeError, decode_commit, decode_dead_letter, decode_delivery, decode_job, decode_result, decode_turn,
    encode_commit, encode_dead_letter, encode_delivery, encode_job, encode_result, encode_turn,
};
use crate::*;

/// A message and the name of its golden line: the stored type, and after `#` what is special about it.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) name: String,
    message: Message,
}

#[derive(Clone, Debug, PartialEq)]
enum Message {
    Commit(Commit),
    Result(ConversationResult),
    Turn(TurnRecord),
    Job(Job),
    DeadLetter(DeadLetter),
    Delivery(WebhookDelivery),
}

impl Sample {
    fn commit(name: String, commit: Commit) -> Self {
        let message = Message::Commit(commit);
        Self { name, message }
    }

    fn result(name: String, result: ConversationResult) -> Self {
        let message = Message::Result(result);
        Self { name, message }
    }

    fn turn(name: String, turn: TurnRecord) -> Self {
        let message = Message::Turn(turn);
        Self { name, message }
    }

    fn job(name: String, job: Job) -> Self {
        let message = Message::Job(job);
        Self { name, message }
    }

    /// The stored type.
    pub(super) fn type_name(&self) -> &str {
        self.name.split('#').next().unwrap()
    }

    /// The bytes that this build writes.
    pub(super) fn written(&self) -> Vec<u8> {
        match &self.message {
            Message::Commit(commit) => encode_commit(commit),
            Message::Result(result) => encode_result(result),
            Message::Turn(turn) => encode_turn(turn),
            Message::Job(job) => encode_job(job),
            Message::DeadLetter(letter) => encode_dead_letter(letter),
            Message::Delivery(delivery) => encode_delivery(delivery),
        }
        .unwrap()
    }

    /// Whether `bytes` say the same.
    pub(super) fn is_read_from(&self, bytes: &[u8]) -> Result<bool, DecodeError> {
        let read = match &self.message {
            Message::Commit(_) => Message::Commit(decode_commit(bytes)?),
            Message::Result(_) => Message::Result(decode_result(bytes)?),
            Message::Turn(_) => Message::Turn(decode_turn(bytes)?),
            Message::Job(_) => Message::Job(decode_job(bytes)?),
            Message::DeadLetter(_) => Message::DeadLetter(decode_dead_letter(bytes)?),
            Message::Delivery(_) => Message::Delivery(decode_delivery(bytes)?),
        };
        Ok(read == self.message)
    }
}

/// What the bytes of earlier versions say today, with the version.
pub(super) fn past() -> Vec<(u8, Sample)> {
    let of_event = |event: Event| Sample::commit(event.name().to_owned(), commit(vec![event]));
    let mut plan = plan();
    plan.options.budget = Budget::default();
    plan.options.rerun_of = None;
    let started = |plan: &Plan| {
        Event::RunStarted(RunStarted {
            set_id: UnitTestSetId(oid(8)),
            set_name: name("Set"),
            plan: plan.clone(),
            manifest: Digest::of(b"manifest"),
        })
    };
    let limited = started(&plan);
    plan.options.max_concurrency = None;
    let unlimited = Sample::commit("run.started#unlimited".to_owned(), commit(vec![started(&plan)]));
    vec![
        (
            1,
            of_event(Event::ApiKeyCreated(ApiKeyCreated {
                role: None,
                ..api_key()
            })),
        ),
        (1, of_event(limited)),
        (1, unlimited),
        (1, of_event(Event::RunCancelled(CancelReason::Asked))),
    ]
}

/// Every sample.
pub(super) fn all() -> Vec<Sample> {
    let of_event = |event: Event| Sample::commit(event.name().to_owned(), commit(vec![event]));
    let mut samples: Vec<Sample> = events().into_iter().map(of_event).collect();
    samples.push(Sample::commit(
        "commit.head".to_owned(),
        commit(events().into_iter().take(3).collect()),
    ));
    samples.push(Sample::result("conversation.result".to_owned(), result()));
    samples.push(Sample::turn("conversation.turn".to_owned(), turn_record()));
    samples.push(Sample::job("job".to_owned(), job()));
    let letter = Message::DeadLetter(dead_letter());
    samples.push(Sample {
        name: "job.dead_letter".to_owned(),
        message: letter,
    });
    for (name, delivery) in [
        ("webhook.delivery", delivery()),
        ("webhook.delivery#failed", failed_delivery()),
    ] {
        samples.push(Sample {
            name: name.to_owned(),
            message: Message::Delivery(delivery),
        });
    }
    samples.extend(variants::all());
    samples
}

fn name(text: &str) -> Name {
    text.try_into().unwrap()
}

fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

fn oid(number: u8) -> Oid {
    Oid::from_bytes([number; 12])
}

fn tags() -> Tags {
    BTreeMap::from([("a".to_owned(), Some("b".to_owned())), ("c".to_owned(), None)])
        .try_into()
        .unwrap()
}

fn variables() -> Variables {
    BTreeMap::from([("plan".to_owned(), "basic".to_owned())])
        .try_into()
        .unwrap()
}

fn json(text: &str) -> Json {
    text.to_owned().try_into().unwrap()
}

fn persona() -> PersonaContent {
    PersonaContent {
        background: text("Background"),
        preferred_language: Some("deu".to_owned().try_into().unwrap()),
        timezone: Some("Europe/Berlin".to_owned().try_into().unwrap()),
        user_models: vec![text("likes tea")],
        nonsensitive_user_variables: variables(),
        sensitive_user_variables: variables(),
    }
}

fn scenario() -> ScenarioContent {
    let step = |when, action| ScriptStep { when, action };
    ScenarioContent {
        objective: text("Objective"),
        instructions: text("Instructions"),
        initial_message_type: InitialMessageType::ExternalEvent,
        conversation_starts_at: Some(Time::from_micros(1_700_000_000_000_000)),
        script: Some(Script {
            steps: vec![
                step(None, ScriptAction::Say(text("Hello"))),
                step(
                    Some(Condition::Matches(text("x"))),
                    ScriptAction::Steps(vec![step(None, ScriptAction::Say(text("y")))]),
                ),
                step(
                    Some(Condition::NotMatches(text("z"))),
                    ScriptAction::Repeat {
                        times: 3,
                        until: Some(Condition::Cel(text("true"))),
                        steps: vec![step(None, ScriptAction::Say(text("again")))],
                    },
                ),
                step(
                    None,
                    ScriptAction::End {
                        outcome: UserOutcome::GaveUp,
                        reason: Some(text("tired")),
                    },
                ),
            ],
        }),
        milestones: Vec::new(),
    }
}

fn metric(judge: Judge) -> MetricContent {
    MetricContent {
        description: "Description".to_owned(),
        value: MetricDomain::Numerical {
            lower_bound: -1.5,
            upper_bound: 10.0,
        },
        judge,
    }
}

fn agent(protocol: Protocol) -> AgentContent {
    let connection = Connection {
        protocol,
        timeout_ms: 1000,
        max_attempts: 2,
        max_reply_bytes: 4096,
    };
    AgentContent {
        connection: Some(connection),
        document: Some(json("{\"a\":1}")),
    }
}

fn strings() -> BTreeMap<String, String> {
    BTreeMap::from([("KEY".to_owned(), "{{ secret.KEY }}".to_owned())])
}

fn version_set() -> VersionSet {
    let preference = ModelPreference {
        llm_name: text("model"),
        params: json("{}"),
    };
    VersionSet {
        agent_version: Some(3),
        context_graph_version: None,
        llm_model_preferences: BTreeMap::from([("EngageUser".to_owned(), preference)]),
    }
}

fn profile() -> ServiceProfile {
    ServiceProfile {
        name: name("Service"),
        description: text("Description"),
        is_active: true,
        agent_id: AgentId(oid(1)),
        context_graph_id: ContextGraphId(oid(2)),
        tags: tags(),
        keyterms: vec!["blood sugar".to_owned().try_into().unwrap()],
    }
}

fn unit_test() -> UnitTestDefinition {
    let criterion = |criterion| SuccessCriterion {
        name: name("c"),
        metric_id: MetricId(oid(6)),
        criterion,
    };
    UnitTestDefinition {
        description: text("Description"),
        service_id: ServiceId(oid(3)),
        version_set: VersionSetName::release(),
        persona_id: PersonaId(oid(4)),
        scenario_id: ScenarioId(oid(5)),
        max_interactions: 20,
        success_criteria: vec![
            criterion(Criterion::Boolean { expected_value: true }),
            criterion(Criterion::Numerical {
                verb: Comparison::AtLeast,
                threshold: 7.5,
            }),
            criterion(Criterion::Categorical {
                expected_values: vec![name("resolved")],
            }),
        ],
        tags: tags(),
    }
}

fn set() -> UnitTestSetDefinition {
    UnitTestSetDefinition {
        name: name("Set"),
        description: Some(text("Description")),
        entries: vec![SetEntry {
            unit_test_id: UnitTestId(oid(7)),
            run_count: 5,
        }],
        tags: tags(),
    }
}

fn plan() -> Plan {
    Plan {
        tests: vec![PlannedTest {
            unit_test_id: UnitTestId(oid(7)),
            name: name("Test"),
            run_count: 5,
            service_id: ServiceId(oid(3)),
            version_set: VersionSetName::release(),
            agent: (AgentId(oid(1)), 3),
            context_graph: (ContextGraphId(oid(2)), 1),
            scenario: (ScenarioId(oid(5)), 2),
            persona: (PersonaId(oid(4)), 4),
            llm_model_preferences: version_set().llm_model_preferences,
            max_interactions: 20,
            criteria: vec![PlannedCriterion {
                name: name("c"),
                metric_id: MetricId(oid(6)),
                metric_version: 2,
                criterion: Criterion::Boolean {
                    expected_value: false,
                },
            }],
        }],
        options: RunOptions {
            seed: 42,
            max_concurrency: Some(8),
            budget: Budget {
                max_duration_ms: Some(60_000),
                max_conversations: Some(500),
                max_tokens: Some(1_000_000),
                max_cost_micros: None,
            },
            rerun_of: Some(RunId(oid(19))),
            cast: Cast::default(),
        },
    }
}

fn tally() -> Tally {
    Tally {
        planned: 15,
        passed: 1,
        failed: 2,
        invalid: 3,
        errored: 4,
        cancelled: 5,
    }
}

/// One commit with these events.
pub(super) fn commit(events: Vec<Event>) -> Commit {
    Commit {
        org: "acme".parse().unwrap(),
        object: ObjectRef::new(Kind::Persona, PersonaId(oid(4))),
        meta: CommitMeta {
            actor: "ann".parse().unwrap(),
            at: Time::from_micros(1_700_000_000_123_456),
            command_id: "command-1".parse().unwrap(),
            command_digest: Digest::of(b"command"),
            index: 1,
            count: 2,
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        },
        events,
    }
}

/// One of every event.
pub(super) fn events() -> Vec<Event> {
    let organization = OrganizationProfile {
        title: name("Acme"),
        preferred_language: Some("eng".to_owned().try_into().unwrap()),
        timezone: Some("UTC".to_owned().try_into().unwrap()),
    };
    let judges = metric(Judge::Contains {
        texts: vec![text("x")],
        all: true,
        case_sensitive: true,
        scope: Scope::LastAgent,
    });
    let stdio = Protocol::Stdio {
        command: vec![text("python3"), text("agent.py")],
        framing: StdioFraming::Prompt {
            prompt: Some("> ".to_owned()),
        },
        env: strings(),
        working_directory: Some(text("/srv")),
        continuation: Continuation::Continue,
    };
    vec![
        Event::OrganizationCreated(organization.clone()),
        Event::OrganizationUpdated(organization),
        Event::UserCreated(UserCreated {
            name: name("Ann"),
            role: name("admin"),
        }),
        Event::UserDeleted(()),
        Event::UserRoleAssigned(name("Testers")),
        Event::ApiKeyCreated(api_key()),
        Event::ApiKeyDeleted(()),
        Event::PersonaCreated(PersonaCreated {
            name: name("Maria"),
            role: name("customer"),
            tags: tags(),
            first: FirstVersion {
                version_id: oid(10),
                content: persona(),
            },
        }),
        Event::PersonaUpdated(tags()),
        Event::PersonaVersionCreated(NextVersion {
            version: 2,
            version_id: oid(11),
            content: persona(),
        }),
        Event::PersonaDeleted(()),
        Event::ScenarioCreated(ScenarioCreated {
            name: name("Order"),
            tags: tags(),
            first: FirstVersion {
                version_id: oid(12),
                content: scenario(),
            },
        }),
        Event::ScenarioUpdated(tags()),
        Event::ScenarioVersionCreated(NextVersion {
            version: 2,
            version_id: oid(13),
            content: scenario(),
        }),
        Event::ScenarioDeleted(()),
        Event::MetricCreated(MetricCreated {
            name: name("Polite"),
            notes: MetricNotes {
                applied_to_services: vec![ServiceId(oid(3))],
                additional_notes: Some(text("Notes")),
                tags: tags(),
            },
            first: FirstVersion {
                version_id: oid(14),
                content: judges,
            },
        }),
        Event::MetricUpdated(MetricNotes {
            applied_to_services: Vec::new(),
            additional_notes: None,
            tags: tags(),
        }),
        Event::MetricVersionCreated(NextVersion {
            version: 2,
            version_id: oid(15),
            content: metric(Judge::Latency {
                statistic: LatencyStatistic::P95,
            }),
        }),
        Event::MetricDeleted(()),
        Event::AgentCreated(name("Bot")),
        Event::AgentVersionCreated(NextVersion {
            version: 1,
            version_id: oid(16),
            content: agent(stdio),
        }),
        Event::AgentDeleted(()),
        Event::ContextGraphCreated(name("Graph")),
        Event::ContextGraphVersionCreated(NextVersion {
            version: 1,
            version_id: oid(17),
            content: ContextGraphContent {
                document: json("{\"states\":[]}"),
            },
        }),
        Event::ContextGraphDeleted(()),
        Event::ServiceCreated(ServiceCreated {
            profile: profile(),
            version_sets: BTreeMap::from([
                (VersionSetName::edge(), VersionSet::default()),
                (VersionSetName::release(), version_set()),
            ]),
        }),
        Event::ServiceUpdated(profile()),
        Event::VersionSetPut(VersionSetPut {
            name: VersionSetName::release(),
            version_set: version_set(),
        }),
        Event::VersionSetDeleted("custom".to_owned().try_into().unwrap()),
        Event::UnitTestCreated(UnitTestCreated {
            name: name("Test"),
            definition: unit_test(),
        }),
        Event::UnitTestUpdated(unit_test()),
        Event::UnitTestDeleted(()),
        Event::UnitTestSetCreated(set()),
        Event::UnitTestSetUpdated(set()),
        Event::UnitTestSetDeleted(()),
        Event::RunStarted(RunStarted {
            set_id: UnitTestSetId(oid(8)),
            set_name: name("Set"),
            plan: plan(),
            manifest: Digest::of(b"manifest"),
        }),
        Event::RunCancelled(CancelReason::Budget(BudgetLimit::Conversations)),
        Event::RunCompleted(RunCompleted {
            tally: tally(),
            verdict: RunVerdict::Cancelled,
            artifact: ArtifactRef {
                digest: Digest::of(b"zip"),
                size_bytes: 12_345,
            },
        }),
        Event::RoleCreated(role()),
        Event::RoleUpdated(role()),
        Event::TemporaryGrantCreated(TemporaryGrantCreated {
            user_id: "ann".parse().unwrap(),
            grant: grant(GrantCondition::Equals(json("1"))),
            expires_at: Time::from_micros(1_800_000_000_000_000),
            justification: text("On call"),
            tags: tags(),
        }),
        Event::WebhookDestinationCreated(WebhookDestinationCreated {
            url: "https://hooks.example/run".try_into().unwrap(),
            accepted_types: WebhookType::ALL.iter().copied().collect(),
            retry_attempts: 3,
            secret: secret(),
        }),
        Event::WebhookDestinationUpdated(WebhookDestinationUpdated {
            accepted_types: [WebhookType::RunCompleted].into(),
            retry_attempts: 5,
        }),
        Event::WebhookSecretRotated(WebhookSecretRotated {
            secret: secret(),
            previous: PreviousSecret {
                salt: [6; 32],
                until: Time::from_micros(1_700_000_000_000_007),
            },
        }),
        Event::WebhookDestinationDeleted(()),
        Event::EvaluationRecorded(measured()),
    ]
}

fn api_key() -> ApiKeyCreated {
    ApiKeyCreated {
        id: ApiKeyId(oid(9)),
        user_id: "ann".parse().unwrap(),
        role: Some(name("Testers")),
        name: name("Key"),
        secret_hash: [7; 32],
        expires_at: Some(Time::from_micros(1_800_000_000_000_000)),
    }
}

fn grant(condition: GrantCondition) -> Grant {
    Grant {
        permission: "Simulation:GetSimulationPersona".to_owned(),
        conditions: BTreeMap::from([("role".to_owned(), condition)]),
    }
}

fn role() -> RoleDefinition {
    RoleDefinition {
        name: name("Testers"),
        description: text("People who test"),
        frontend_view: FrontendView::Admin,
        grants: vec![grant(GrantCondition::In(vec![json("\"customer\"")]))],
    }
}

fn secret() -> WebhookSecret {
    WebhookSecret {
        salt: [5; 32],
        generated_at: Time::from_micros(1_700_000_000_000_006),
    }
}

fn measured() -> MeasuredValue {
    MeasuredValue {
        run: RunId(oid(20)),
        n: 7,
        metric_id: MetricId(oid(6)),
        metric_version: 2,
        value: Some(MetricValue::Boolean(true)),
        justification: "Because".to_owned(),
        references: vec![oid(21)],
        evaluate_to: Some(oid(22)),
    }
}

fn turn() -> Turn {
    Turn {
        index: 1,
        role: Role::Agent,
        text: "Hello".to_owned(),
        at: Time::from_micros(1_700_000_000_000_001),
        latency_ms: Some(120),
        tool_calls: vec![ToolCall {
            name: "look_up".to_owned(),
            arguments: json("{\"id\":1}"),
            result: Some(json("null")),
        }],
        usage: Some(Usage::of_tokens(10, 20)),
        completed: true,
        calls: 2,
        repeated: true,
        note: None,
        violations: Vec::new(),
        session: None,
    }
}

/// An entry of a conversation's journal.
pub(super) fn turn_record() -> TurnRecord {
    TurnRecord::Said(turn())
}

/// A result.
fn result() -> ConversationResult {
    ConversationResult {
        run: RunId(oid(20)),
        n: 7,
        test_idx: 1,
        unit_test_id: UnitTestId(oid(7)),
        run_index: 2,
        attempts: 2,
        claims: 3,
        worker: "worker-1".to_owned(),
        started_at: Time::from_micros(1_700_000_000_000_000),
        finished_at: Time::from_micros(1_700_000_001_000_000),
        turns: vec![turn()],
        end: EndReason::UserLeft {
            outcome: UserOutcome::GaveUp,
            reason: Some("tired".to_owned()),
        },
        evaluations: vec![Evaluation {
            metric_id: MetricId(oid(6)),
            metric_version: 2,
            value: Some(MetricValue::Categorical("resolved".to_owned())),
            justification: "Because".to_owned(),
            references: vec![1],
            error: Some("none really".to_owned()),
            votes: Vec::new(),
            usage: None,
        }],
        criteria: vec![CriterionOutcome {
            name: name("c"),
            evaluation_idx: 0,
            criterion: Criterion::Numerical {
                verb: Comparison::NotEqual,
                threshold: 0.1,
            },
            passed: true,
        }],
        verdict: Verdict::Errored,
        error: Some("broke".to_owned()),
        usage: Usage::of_tokens(10, 20),
        simulator_usage: Usage::default(),
        judge_usage: Usage::default(),
        milestones: Vec::new(),
        broken: Vec::new(),
    }
}

/// A job.
fn job() -> Job {
    Job {
        key: ConversationKey {
            org: "acme".parse().unwrap(),
            run: RunId(oid(20)),
            n: 7,
        },
        manifest: Digest::of(b"manifest"),
        failures: vec![JobFailure {
            worker: "worker-1".to_owned(),
            at: Time::from_micros(1_700_000_000_000_000),
            cause: "broke".to_owned(),
        }],
    }
}

/// A dead letter.
fn dead_letter() -> DeadLetter {
    DeadLetter {
        job: job(),
        at: Time::from_micros(1_700_000_000_000_002),
    }
}

fn delivery() -> WebhookDelivery {
    let destination = WebhookDestinationId(oid(9));
    WebhookDelivery {
        id: delivery_id(destination, 7),
        destination,
        event_sequence: 7,
        of: WebhookType::RunCompleted,
        body: r#"{"type":"rehearse-run-completed"}"#.to_owned(),
        status: DeliveryStatus::Success,
        attempts: vec![DeliveryAttempt {
            at: Time::from_micros(1_750_000_000_000_000),
            status_code: 204,
            failure: None,
        }],
        dual_signed: true,
        created_at: Time::from_micros(1_750_000_000_000_000),
    }
}

fn failed_delivery() -> WebhookDelivery {
    WebhookDelivery {
        status: DeliveryStatus::Failed,
        attempts: vec![DeliveryAttempt {
            at: Time::from_micros(1_750_000_000_000_000),
            status_code: 0,
            failure: Some("connection refused".to_owned()),
        }],
        dual_signed: false,
        ..delivery()
    }
}
