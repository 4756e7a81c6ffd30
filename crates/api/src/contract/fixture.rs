//! One object of each kind, by hand.

use std::collections::BTreeMap;

use model::*;

pub(crate) fn org() -> OrgId {
    "acme".parse().unwrap()
}

/// The id `6618791275130b73714e8d` and two more digits.
pub(crate) fn id<T: std::str::FromStr<Err = Invalid>>(digits: &str) -> T {
    format!("6618791275130b73714e8d{digits}").parse().unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    text.try_into().unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

pub(crate) fn change() -> Change {
    Change {
        by: "u1".parse().unwrap(),
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
    }
}

pub(crate) fn life() -> Life {
    Life::begun(change())
}

pub(crate) fn tags(entries: &[(&str, Option<&str>)]) -> Tags {
    let entries: BTreeMap<String, Option<String>> = entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned)))
        .collect();
    entries.try_into().unwrap()
}

pub(crate) fn persona_content() -> PersonaContent {
    let plan = BTreeMap::from([("plan".to_owned(), "basic".to_owned())]);
    PersonaContent {
        background: text("35, first-time user"),
        preferred_language: Some("eng".try_into().unwrap()),
        timezone: None,
        user_models: vec![text("prefers short answers")],
        nonsensitive_user_variables: plan.try_into().unwrap(),
        sensitive_user_variables: Variables::default(),
    }
}

pub(crate) fn persona() -> Persona {
    Persona {
        id: id("2a"),
        name: name("Confused user"),
        role: name("patient"),
        tags: tags(&[("category", Some("onboarding")), ("draft", None)]),
        latest_version: 1,
        latest: persona_content(),
        life: life(),
    }
}

pub(crate) fn scenario_content() -> ScenarioContent {
    ScenarioContent {
        objective: text("Set up account"),
        instructions: text("Ask about each step"),
        initial_message_type: InitialMessageType::UserMessage,
        conversation_starts_at: None,
        script: None,
        milestones: Vec::new(),
    }
}

pub(crate) fn scenario() -> Scenario {
    Scenario {
        id: id("3b"),
        name: name("Account setup"),
        tags: Tags::default(),
        latest_version: 2,
        latest: scenario_content(),
        life: life(),
    }
}

pub(crate) fn metric_content() -> MetricContent {
    MetricContent {
        description: "Rate empathy".to_owned(),
        value: MetricDomain::Numerical {
            lower_bound: 1.0,
            upper_bound: 10.0,
        },
        judge: Judge::Model(ModelJudge::default()),
    }
}

pub(crate) fn metric() -> Metric {
    Metric {
        id: id("4c"),
        name: name("Empathy"),
        applied_to_services: Vec::new(),
        additional_notes: None,
        tags: Tags::default(),
        latest_version: 1,
        latest: metric_content(),
        life: life(),
    }
}

pub(crate) fn done() -> SuccessCriterion {
    SuccessCriterion {
        name: name("Done"),
        metric_id: id("4c"),
        criterion: Criterion::Boolean { expected_value: true },
    }
}

pub(crate) fn unit_test() -> UnitTest {
    UnitTest {
        id: id("5d"),
        name: name("Onboarding"),
        definition: UnitTestDefinition {
            description: text("d"),
            service_id: id("1c"),
            version_set: VersionSetName::release(),
            persona_id: id("2a"),
            scenario_id: id("3b"),
            max_interactions: 20,
            success_criteria: vec![done()],
            tags: tags(&[("suite", Some("onboarding"))]),
        },
        life: life(),
    }
}

pub(crate) fn set(stage: bool) -> UnitTestSet {
    UnitTestSet {
        id: id("7f"),
        definition: UnitTestSetDefinition {
            name: name("Suite"),
            description: None,
            entries: vec![SetEntry {
                unit_test_id: id("5d"),
                run_count: 2,
            }],
            tags: if stage {
                tags(&[("stage", None)])
            } else {
                Tags::default()
            },
        },
        life: life(),
    }
}

pub(crate) fn service() -> Service {
    let release = VersionSet {
        agent_version: Some(7),
        context_graph_version: Some(4),
        llm_model_preferences: BTreeMap::new(),
    };
    Service {
        id: id("1c"),
        profile: ServiceProfile {
            name: name("Coach"),
            description: text("d"),
            is_active: true,
            agent_id: id("a1"),
            context_graph_id: id("a2"),
            tags: Tags::default(),
            keyterms: vec!["blood sugar".to_owned().try_into().unwrap()],
        },
        version_sets: BTreeMap::from([
            (VersionSetName::edge(), VersionSet::default()),
            (VersionSetName::release(), release),
        ]),
        life: life(),
    }
}

pub(crate) fn plan() -> Plan {
    let preference = ModelPreference {
        llm_name: text("openai_gpt-5.2-2025-12-11"),
        params: Json::empty_object(),
    };
    Plan {
        tests: vec![PlannedTest {
            unit_test_id: id("5d"),
            name: name("Onboarding"),
            run_count: 2,
            service_id: id("1c"),
            version_set: VersionSetName::release(),
            agent: (id("a1"), 7),
            context_graph: (id("a2"), 4),
            scenario: (id("3b"), 2),
            persona: (id("2a"), 1),
            llm_model_preferences: BTreeMap::from([("EngageUser".to_owned(), preference)]),
            max_interactions: 20,
            criteria: vec![PlannedCriterion {
                name: name("Done"),
                metric_id: id("4c"),
                metric_version: 1,
                criterion: Criterion::Boolean { expected_value: true },
            }],
        }],
        options: RunOptions {
            seed: 7,
            max_concurrency: None,
            budget: Budget::default(),
            rerun_of: None,
            cast: Cast::default(),
        },
    }
}

pub(crate) fn running() -> Run {
    Run {
        id: id("90"),
        set_id: id("7f"),
        set_name: name("Suite"),
        plan: plan(),
        manifest: Digest::of(b"manifest"),
        cancelled: None,
        cancel_reason: None,
        completed: None,
        life: life(),
    }
}

pub(crate) fn artifact() -> ArtifactRef {
    ArtifactRef {
        digest: Digest::of(b"artifact"),
        size_bytes: 8,
    }
}

pub(crate) fn completed() -> Run {
    let mut tally = Tally::of(2);
    tally.count(Verdict::Passed);
    tally.count(Verdict::Failed);
    let completion = RunCompletion {
        tally,
        verdict: tally.verdict(),
        artifact: artifact(),
    };
    Run {
        completed: Some(completion),
        ..running()
    }
}

/// The conversation of one repetition; it was judged unless `error` says what broke.
pub(crate) fn conversation(run_index: u32, passed: bool, error: Option<&str>) -> ConversationResult {
    let judged = error.is_none();
    let evaluation = Evaluation {
        metric_id: id("4c"),
        metric_version: 1,
        value: Some(MetricValue::Boolean(passed)),
        justification: "Warm tone".to_owned(),
        references: vec![1],
        error: None,
        votes: Vec::new(),
        usage: None,
    };
    let criterion = CriterionOutcome {
        name: name("Done"),
        evaluation_idx: 0,
        criterion: Criterion::Boolean { expected_value: true },
        passed,
    };
    let end = match error {
        Some(cause) => EndReason::AgentError {
            cause: cause.to_owned(),
        },
        None => EndReason::UserLeft {
            outcome: UserOutcome::Achieved,
            reason: Some("done".to_owned()),
        },
    };
    let turn = |index: u32, role: Role| Turn {
        index,
        role,
        text: "hello".to_owned(),
        at: change().at,
        latency_ms: (role == Role::Agent).then_some(12),
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: u32::from(role == Role::Agent),
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    };
    ConversationResult {
        run: id("90"),
        n: run_index,
        test_idx: 0,
        unit_test_id: id("5d"),
        run_index,
        attempts: 1,
        claims: 1,
        worker: "w1".to_owned(),
        started_at: change().at,
        finished_at: change().at.plus_millis(40),
        turns: vec![turn(0, Role::User), turn(1, Role::Agent)],
        end,
        evaluations: if judged { vec![evaluation] } else { Vec::new() },
        criteria: if judged { vec![criterion] } else { Vec::new() },
        verdict: match error {
            Some(_) => Verdict::Errored,
            None if passed => Verdict::Passed,
            None => Verdict::Failed,
        },
        error: error.map(str::to_owned),
        usage: Usage::default(),
        simulator_usage: Usage::default(),
        judge_usage: Usage::default(),
        milestones: Vec::new(),
        broken: Vec::new(),
    }
}

pub(crate) fn version(digits: &str, number: u32, content: Content) -> Version {
    Version {
        id: id(digits),
        number,
        content,
        created: change(),
    }
}
