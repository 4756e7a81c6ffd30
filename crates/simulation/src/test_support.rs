//! What tests of this crate share.

pub(crate) mod server;

use std::collections::BTreeMap;

use model::{
    AgentContent, Change, Connection, ContextGraphContent, ConversationKey, Criterion, InitialMessageType,
    Json, Judge, MANIFEST_FORMAT, Manifest, MetricContent, MetricDomain, Name, Named, Oid, PersonaContent,
    Plan, PlannedCriterion, PlannedTest, Protocol, Role, RunOptions, ScenarioContent, Script, Text, Time,
    ToolCall, Turn, Variables, VersionSetName, pin,
};

use crate::{Briefing, Reach, Secrets};

pub(crate) fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

pub(crate) fn json(value: &serde_json::Value) -> Json {
    Json::from_value(value).unwrap()
}

/// Public addresses and this machine.
pub(crate) fn loopback() -> Reach {
    Reach::allowing(&["127.0.0.0/8", "::1/128"]).unwrap()
}

fn oid(n: u8) -> Oid {
    Oid::from_bytes([n; 12])
}

fn named<C>(label: &str, content: C) -> Named<C> {
    Named {
        name: name(label),
        role: Some(name("patient")),
        content,
    }
}

/// A run of one test, twice.
pub(crate) fn manifest() -> Manifest {
    let started = Change {
        by: "ada".parse().unwrap(),
        at: Time::from_micros(1),
    };
    let metric = |judge| MetricContent {
        description: String::new(),
        value: MetricDomain::Boolean,
        judge,
    };
    let contains = Judge::Contains {
        texts: vec![text("hello")],
        all: false,
        case_sensitive: false,
        scope: model::Scope::Agent,
    };
    let criterion = |id| PlannedCriterion {
        name: name("criterion"),
        metric_id: model::MetricId(oid(id)),
        metric_version: 1,
        criterion: Criterion::Boolean { expected_value: true },
    };
    let test = PlannedTest {
        unit_test_id: model::UnitTestId(oid(9)),
        name: name("greeting"),
        run_count: 2,
        service_id: model::ServiceId(oid(8)),
        version_set: VersionSetName::edge(),
        agent: (model::AgentId(oid(1)), 1),
        context_graph: (model::ContextGraphId(oid(2)), 1),
        scenario: (model::ScenarioId(oid(3)), 1),
        persona: (model::PersonaId(oid(4)), 1),
        llm_model_preferences: BTreeMap::new(),
        max_interactions: 10,
        criteria: vec![criterion(6), criterion(5), criterion(6)],
    };
    let persona = PersonaContent {
        background: text("Lives by the sea."),
        preferred_language: Some("eng".to_owned().try_into().unwrap()),
        timezone: None,
        user_models: vec![text("likes tea")],
        nonsensitive_user_variables: Variables::try_from(BTreeMap::from([(
            "plan".to_owned(),
            "gold".to_owned(),
        )]))
        .unwrap(),
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
    Manifest {
        format: MANIFEST_FORMAT,
        build: "test".to_owned(),
        org: "acme".parse().unwrap(),
        organization: None,
        run: model::RunId(oid(7)),
        started,
        set_id: model::UnitTestSetId(oid(10)),
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
        personas: BTreeMap::from([(pin(oid(4), 1), named("Ada", persona))]),
        scenarios: BTreeMap::from([(pin(oid(3), 1), named("booking", scenario))]),
        metrics: BTreeMap::from([
            (pin(oid(5), 1), named("leaves", metric(Judge::ScriptOutcome))),
            (pin(oid(6), 1), named("greets", metric(contains))),
        ]),
        agents: BTreeMap::from([(
            pin(oid(1), 1),
            named(
                "bot",
                AgentContent {
                    connection: None,
                    document: None,
                },
            ),
        )]),
        context_graphs: BTreeMap::from([(
            pin(oid(2), 1),
            named(
                "graph",
                ContextGraphContent {
                    document: json(&serde_json::json!({"state": "start"})),
                },
            ),
        )]),
    }
}

/// The first conversation of [`manifest`].
pub(crate) fn briefing() -> Briefing {
    let manifest = manifest();
    let key = ConversationKey {
        org: manifest.org.clone(),
        run: manifest.run,
        n: 0,
    };
    Briefing::from_manifest(&manifest, &key, 1, Time::from_micros(0)).unwrap()
}

/// The first conversation, with a script.
pub(crate) fn scripted(script: Script) -> Briefing {
    let mut briefing = briefing();
    briefing.scenario.content.script = Some(script);
    briefing
}

/// The first conversation, with an agent that is reached so.
pub(crate) fn connected(protocol: Protocol) -> Briefing {
    let mut briefing = briefing();
    briefing.agent.content.connection = Some(Connection {
        protocol,
        timeout_ms: 20_000,
        max_attempts: 3,
        max_reply_bytes: 4096,
    });
    briefing
}

/// A conversation from who said what; indices and times follow from the position.
pub(crate) fn turns(said: &[(Role, &str)]) -> Vec<Turn> {
    said.iter()
        .zip(0_u32..)
        .map(|((role, text), index)| Turn {
            index,
            role: *role,
            text: (*text).to_owned(),
            at: Time::from_micros(i64::from(index) * 1_000_000),
            latency_ms: (*role == Role::Agent).then_some(u64::from(index) * 100),
            tool_calls: Vec::new(),
            usage: None,
            completed: false,
            calls: 1,
            repeated: false,
            note: None,
            violations: Vec::new(),
            session: None,
        })
        .collect()
}

/// A tool call without a result.
pub(crate) fn tool_call(name: &str, arguments: &serde_json::Value) -> ToolCall {
    ToolCall {
        name: name.to_owned(),
        arguments: json(arguments),
        result: None,
    }
}

/// Secrets that a test declares.
pub(crate) fn secrets(pairs: &[(&str, &str)]) -> Secrets {
    let map: BTreeMap<String, String> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Secrets::new(map)
}

/// A language model that nobody could reach.
pub(crate) fn language_model() -> model::LanguageModel {
    model::LanguageModel {
        provider: model::Provider::OpenAi,
        base_url: Some(text("https://models.invalid/v1")),
        model: text("small-1"),
        api_key_secret: Some(name("MODEL_KEY")),
        max_output_tokens: 512,
        temperature: Some(0.5),
        parameters: Some(json(&serde_json::json!({"top_p": 0.9}))),
        timeout_ms: 1000,
        max_attempts: 2,
        requests_per_minute: None,
        tokens_per_minute: None,
        price: Some(model::Price {
            input_micros_per_million: 150_000,
            output_micros_per_million: 600_000,
        }),
    }
}
