//! The manifest of the run that tests hold.

use std::collections::BTreeMap;

use model::{
    AgentContent, AgentId, Change, Connection, ContextGraphContent, ContextGraphId, Continuation, Criterion,
    InitialMessageType, Json, Judge, MANIFEST_FORMAT, Manifest, MetricContent, MetricDomain, MetricId, Name,
    Named, Oid, PersonaContent, PersonaId, Plan, PlannedCriterion, PlannedTest, Protocol, RunId, RunOptions,
    ScenarioContent, ScenarioId, ServiceId, StdioFraming, Text, Time, UnitTestId, UnitTestSetId, Variables,
    VersionSetName, pin,
};

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

const fn oid(n: u8) -> Oid {
    Oid::from_bytes([n; 12])
}

fn named<C>(content: C) -> Named<C> {
    Named {
        name: name("named"),
        role: None,
        content,
    }
}

/// A run of one test with one boolean criterion, at most three interactions, opened by the user, with an agent that continues.
pub(super) fn manifest(run_count: u32) -> Manifest {
    let test = PlannedTest {
        unit_test_id: UnitTestId(oid(9)),
        name: name("greeting"),
        run_count,
        service_id: ServiceId(oid(8)),
        version_set: VersionSetName::edge(),
        agent: (AgentId(oid(1)), 1),
        context_graph: (ContextGraphId(oid(2)), 1),
        scenario: (ScenarioId(oid(3)), 1),
        persona: (PersonaId(oid(4)), 1),
        llm_model_preferences: BTreeMap::new(),
        max_interactions: 3,
        criteria: vec![criterion("happy", 5)],
    };
    let persona = PersonaContent {
        background: text("Lives by the sea."),
        preferred_language: None,
        timezone: None,
        user_models: Vec::new(),
        nonsensitive_user_variables: Variables::default(),
        sensitive_user_variables: Variables::default(),
    };
    let scenario = ScenarioContent {
        objective: text("Book a visit."),
        instructions: text("Be brief."),
        initial_message_type: InitialMessageType::UserMessage,
        conversation_starts_at: None,
        script: None,
        milestones: Vec::new(),
    };
    let connection = Connection {
        protocol: Protocol::Stdio {
            command: vec![text("agent")],
            framing: StdioFraming::JsonLines,
            env: BTreeMap::new(),
            working_directory: None,
            continuation: Continuation::Continue,
        },
        timeout_ms: 1000,
        max_attempts: 1,
        max_reply_bytes: 4096,
    };
    let agent = AgentContent {
        connection: Some(connection),
        document: None,
    };
    let metric = MetricContent {
        description: String::new(),
        value: MetricDomain::Boolean,
        judge: Judge::ScriptOutcome,
    };
    let graph = ContextGraphContent {
        document: Json::empty_object(),
    };
    Manifest {
        format: MANIFEST_FORMAT,
        build: "test".to_owned(),
        org: "acme".parse().unwrap(),
        organization: None,
        run: RunId(oid(7)),
        started: Change {
            by: "ada".parse().unwrap(),
            at: Time::from_micros(1),
        },
        set_id: UnitTestSetId(oid(10)),
        set_name: name("set"),
        plan: Plan {
            tests: vec![test],
            options: RunOptions {
                seed: 42,
                max_concurrency: None,
                budget: model::Budget::default(),
                rerun_of: None,
                cast: model::Cast::default(),
            },
        },
        simulator: "scripted".to_owned(),
        judges: "deterministic".to_owned(),
        models: BTreeMap::new(),
        agent_prices: BTreeMap::new(),
        recordings: Vec::new(),
        personas: BTreeMap::from([(pin(oid(4), 1), named(persona))]),
        scenarios: BTreeMap::from([(pin(oid(3), 1), named(scenario))]),
        metrics: BTreeMap::from([
            (pin(oid(5), 1), named(metric.clone())),
            (pin(oid(6), 1), named(metric)),
        ]),
        agents: BTreeMap::from([(pin(oid(1), 1), named(agent))]),
        context_graphs: BTreeMap::from([(pin(oid(2), 1), named(graph))]),
    }
}

/// A criterion that wants metric 5 or 6 to be true.
pub(crate) fn criterion(label: &str, metric: u8) -> PlannedCriterion {
    PlannedCriterion {
        name: name(label),
        metric_id: MetricId(oid(metric)),
        metric_version: 1,
        criterion: Criterion::Boolean { expected_value: true },
    }
}

/// Changes how the conversations open.
pub(crate) fn opening(manifest: &mut Manifest, opening: InitialMessageType) {
    for scenario in manifest.scenarios.values_mut() {
        scenario.content.initial_message_type = opening;
    }
}

/// Makes the agent one that cannot continue a conversation.
pub(crate) fn cannot_continue(manifest: &mut Manifest) {
    for agent in manifest.agents.values_mut() {
        let connection = agent.content.connection.as_mut().unwrap();
        if let Protocol::Stdio { continuation, .. } = &mut connection.protocol {
            *continuation = Continuation::Restart;
        }
    }
}
