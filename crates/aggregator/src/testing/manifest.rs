//! What the sample run was started from.

use std::collections::BTreeMap;

use model::{
    AgentContent, AgentId, Change, Comparison, Connection, ContextGraphContent, ContextGraphId, Criterion,
    InitialMessageType, Judge, LatencyStatistic, MANIFEST_FORMAT, Manifest, MetricContent, MetricDomain,
    MetricId, Name, Named, PersonaContent, PersonaId, Plan, PlannedCriterion, PlannedTest, Protocol, RunId,
    ScenarioContent, ScenarioId, ServiceId, UnitTestId, UnitTestSetId, Variables, VersionSetName, pin,
};

use super::{SECRET, json, name, oid, org, text};

pub(super) fn planned(test_idx: u64, test: &str, run_count: u32) -> PlannedTest {
    let criterion = |criterion: &str, metric: u64, condition| PlannedCriterion {
        name: name(criterion),
        metric_id: MetricId(oid("metric", metric)),
        metric_version: 2,
        criterion: condition,
    };
    PlannedTest {
        unit_test_id: UnitTestId(oid("test", test_idx)),
        name: name(test),
        run_count,
        service_id: ServiceId(oid("service", 0)),
        version_set: VersionSetName::release(),
        agent: (AgentId(oid("agent", 0)), 4),
        context_graph: (ContextGraphId(oid("graph", 0)), 1),
        scenario: (ScenarioId(oid("scenario", 0)), 3),
        persona: (PersonaId(oid("persona", 0)), 1),
        llm_model_preferences: BTreeMap::new(),
        max_interactions: 12,
        criteria: vec![
            criterion("books a slot", 0, Criterion::Boolean { expected_value: true }),
            criterion(
                "stays polite",
                1,
                Criterion::Numerical {
                    verb: Comparison::AtLeast,
                    threshold: 0.8,
                },
            ),
            criterion(
                "ends well",
                2,
                Criterion::Categorical {
                    expected_values: vec![name("booked"), name("handed over")],
                },
            ),
            criterion(
                "answers fast",
                3,
                Criterion::Numerical {
                    verb: Comparison::AtMost,
                    threshold: 2500.0,
                },
            ),
        ],
    }
}

pub(super) fn manifest(
    run: RunId,
    plan: &Plan,
    started: &Change,
    set_id: UnitTestSetId,
    set_name: &Name,
) -> Manifest {
    let named = |called: &str| name(called);
    let metric = |idx: u64, called: &str, value, judge| {
        let content = MetricContent {
            description: called.to_owned(),
            value,
            judge,
        };
        (
            pin(MetricId(oid("metric", idx)), 2),
            Named {
                name: named(called),
                role: None,
                content,
            },
        )
    };
    let persona = PersonaContent {
        background: text("Maria, 61, retired teacher. Hears badly and does not like forms."),
        preferred_language: None,
        timezone: None,
        user_models: Vec::new(),
        nonsensitive_user_variables: Variables::default(),
        sensitive_user_variables: BTreeMap::from([("ssn".to_owned(), SECRET.to_owned())])
            .try_into()
            .unwrap(),
    };
    let scenario = ScenarioContent {
        objective: text("Get an appointment next week."),
        instructions: text("Be brief. Give the social security number only when asked."),
        initial_message_type: InitialMessageType::UserMessage,
        conversation_starts_at: None,
        script: None,
        milestones: Vec::new(),
    };
    let protocol = Protocol::OpenAiChat {
        base_url: text("https://agent.test"),
        model: text("booking"),
        api_key: None,
        system: None,
        headers: BTreeMap::new(),
        parameters: None,
    };
    let connection = Connection {
        protocol,
        timeout_ms: 60_000,
        max_attempts: 3,
        max_reply_bytes: 262_144,
    };
    let agent = AgentContent {
        connection: Some(connection),
        document: None,
    };
    let categories = ["booked", "handed over", "abandoned"].map(name).to_vec();
    Manifest {
        format: MANIFEST_FORMAT,
        build: "rehearse 0.1.0".to_owned(),
        org: org(),
        organization: None,
        run,
        started: started.clone(),
        set_id,
        set_name: set_name.clone(),
        plan: plan.clone(),
        simulator: "scripted".to_owned(),
        judges: "deterministic".to_owned(),
        personas: BTreeMap::from([(
            pin(PersonaId(oid("persona", 0)), 1),
            Named {
                name: named("Maria"),
                role: Some(named("patient")),
                content: persona,
            },
        )]),
        scenarios: BTreeMap::from([(
            pin(ScenarioId(oid("scenario", 0)), 3),
            Named {
                name: named("Book by phone"),
                role: None,
                content: scenario,
            },
        )]),
        metrics: BTreeMap::from([
            metric(
                0,
                "Slot booked",
                MetricDomain::Boolean,
                Judge::Model(model::ModelJudge::default()),
            ),
            metric(
                1,
                "Politeness",
                MetricDomain::Numerical {
                    lower_bound: 0.0,
                    upper_bound: 1.0,
                },
                Judge::Model(model::ModelJudge::default()),
            ),
            metric(
                2,
                "Outcome",
                MetricDomain::Categorical { categories },
                Judge::Model(model::ModelJudge::default()),
            ),
            metric(
                3,
                "Reply time",
                MetricDomain::Numerical {
                    lower_bound: 0.0,
                    upper_bound: 600_000.0,
                },
                Judge::Latency {
                    statistic: LatencyStatistic::P95,
                },
            ),
        ]),
        agents: BTreeMap::from([(
            pin(AgentId(oid("agent", 0)), 4),
            Named {
                name: named("Booking agent"),
                role: None,
                content: agent,
            },
        )]),
        context_graphs: BTreeMap::from([(
            pin(ContextGraphId(oid("graph", 0)), 1),
            Named {
                name: named("none"),
                role: None,
                content: ContextGraphContent { document: json("{}") },
            },
        )]),
        models: BTreeMap::new(),
        agent_prices: BTreeMap::new(),
        recordings: Vec::new(),
    }
}
