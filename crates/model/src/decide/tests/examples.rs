//! Rules, one by one.

use super::{
    Given, agent_content, graph_content, metric_content, no_tags, persona_content, scenario_content,
};
use crate::{
    AgentId, ArtifactRef, CancelReason, Command, Comparison, ContextGraphId, Criterion, Difference, Digest,
    DirectoryExt, Kind, Manifest, MetricDomain, MetricId, Name, Oid, PersonaId, Rejection, RunId, RunVerdict,
    ScenarioId, ServiceChange, ServiceId, ServiceProfile, SetEntry, StartOptions, SuccessCriterion, Suite,
    SuiteCriterion, SuiteObject, SuiteSpec, Tally, UnitTestDefinition, UnitTestId, UnitTestSetDefinition,
    UnitTestSetId, Verdict, VersionSet, VersionSetName,
};

pub(super) fn name(text: &str) -> Name {
    text.try_into().unwrap()
}

pub(super) fn persona(text: &str) -> Command {
    Command::CreatePersona {
        name: name(text),
        role: name("customer"),
        tags: no_tags(),
        content: persona_content("someone"),
    }
}

/// A set of one test, and everything it needs.
pub(super) struct Bench {
    pub(super) given: Given,
    pub(super) persona: PersonaId,
    pub(super) metric: MetricId,
    pub(super) agent: AgentId,
    pub(super) service: ServiceId,
    pub(super) test: UnitTestId,
    pub(super) set: UnitTestSetId,
}

impl Bench {
    pub(super) fn new() -> Self {
        let mut given = Given::nothing();
        let persona = PersonaId(given.make(&persona("Maria")).1);
        let scenario = ScenarioId(
            given
                .make(&Command::CreateScenario {
                    name: name("Order"),
                    tags: no_tags(),
                    content: scenario_content("order"),
                })
                .1,
        );
        let metric = MetricId(
            given
                .make(&Command::CreateMetric {
                    name: name("Polite"),
                    applied_to_services: Vec::new(),
                    additional_notes: None,
                    tags: no_tags(),
                    content: metric_content(MetricDomain::Boolean),
                })
                .1,
        );
        let agent = AgentId(given.make(&Command::CreateAgent { name: name("Bot") }).1);
        given.make(&Command::CreateAgentVersion {
            id: agent,
            content: agent_content(),
            expected: Some(1),
        });
        let graph = ContextGraphId(given.make(&Command::CreateContextGraph { name: name("Graph") }).1);
        given.make(&Command::CreateContextGraphVersion {
            id: graph,
            content: graph_content(),
            expected: None,
        });
        let profile = ServiceProfile {
            name: name("Shop"),
            description: "Sells".try_into().unwrap(),
            is_active: true,
            agent_id: agent,
            context_graph_id: graph,
            tags: no_tags(),
            keyterms: Vec::new(),
        };
        let service = ServiceId(
            given
                .make(&Command::CreateService {
                    profile,
                    release: None,
                })
                .1,
        );
        let test = UnitTestId(
            given
                .make(&Command::CreateUnitTest {
                    name: name("Orders"),
                    definition: UnitTestDefinition {
                        description: "d".try_into().unwrap(),
                        service_id: service,
                        version_set: VersionSetName::release(),
                        persona_id: persona,
                        scenario_id: scenario,
                        max_interactions: 5,
                        success_criteria: vec![SuccessCriterion {
                            name: name("polite"),
                            metric_id: metric,
                            criterion: Criterion::Boolean { expected_value: true },
                        }],
                        tags: no_tags(),
                    },
                })
                .1,
        );
        let set = UnitTestSetId(
            given
                .make(&Command::CreateUnitTestSet(UnitTestSetDefinition {
                    name: name("All"),
                    description: None,
                    entries: vec![SetEntry {
                        unit_test_id: test,
                        run_count: 2,
                    }],
                    tags: no_tags(),
                }))
                .1,
        );
        Self {
            given,
            persona,
            metric,
            agent,
            service,
            test,
            set,
        }
    }

    pub(super) fn start(&mut self) -> RunId {
        let command = Command::StartRun {
            set_id: self.set,
            options: StartOptions::default(),
            entries: None,
            rerun_of: None,
        };
        RunId(self.given.make(&command).1)
    }
}

#[test]
fn names_are_unique_until_deleted() {
    let mut given = Given::nothing();
    let (_, id) = given.make(&persona("Maria"));
    let refused = given.refuse(&persona(" Maria "));
    assert_eq!(
        refused,
        Rejection::NameTaken {
            kind: Kind::Persona,
            name: "Maria".to_owned()
        }
    );
    given.make(&Command::DeletePersona { id: PersonaId(id) });
    given.make(&persona("Maria"));
}

#[test]
fn a_version_is_the_next_or_refused() {
    let mut given = Given::nothing();
    let id = PersonaId(given.make(&persona("Maria")).1);
    let version = |expected| Command::CreatePersonaVersion {
        id,
        content: persona_content("other"),
        expected,
    };
    let refused = given.refuse(&version(Some(3)));
    assert_eq!(
        refused,
        Rejection::NotNextVersion {
            kind: Kind::Persona,
            expected: 3,
            next: 2
        }
    );
    let decision = given.try_do(&version(Some(2))).unwrap();
    assert_eq!(decision.outcome.changes[0].1, 2);
    assert_eq!(given.try_do(&version(None)).unwrap().outcome.changes[0].1, 3);
}

#[test]
fn what_is_used_cannot_be_deleted() {
    let mut bench = Bench::new();
    let (persona, metric, test) = (bench.persona, bench.metric, bench.test);
    let used = |kind, name: &str| Rejection::InUse {
        kind,
        name: name.to_owned(),
        by: vec!["unit_test `Orders`".to_owned()],
    };
    assert_eq!(
        bench.given.refuse(&Command::DeletePersona { id: persona }),
        used(Kind::Persona, "Maria")
    );
    assert_eq!(
        bench.given.refuse(&Command::DeleteMetric { id: metric }),
        used(Kind::Metric, "Polite")
    );
    let deactivate = ServiceChange {
        is_active: Some(false),
        ..ServiceChange::default()
    };
    let refused = bench.given.refuse(&Command::UpdateService {
        id: bench.service,
        change: deactivate,
    });
    assert_eq!(refused, used(Kind::Service, "Shop"));
    assert!(matches!(
        bench.given.refuse(&Command::DeleteAgent { id: bench.agent }),
        Rejection::InUse { .. }
    ));
    assert!(matches!(
        bench.given.refuse(&Command::DeleteUnitTest { id: test }),
        Rejection::InUse { .. }
    ));
    bench.given.make(&Command::DeleteUnitTestSet { id: bench.set });
    bench.given.make(&Command::DeleteUnitTest { id: test });
    bench.given.make(&Command::DeletePersona { id: persona });
    let again = bench.given.refuse(&Command::DeletePersona { id: persona });
    assert_eq!(
        again,
        Rejection::NotFound {
            kind: Kind::Persona,
            what: persona.to_string()
        }
    );
}

#[test]
fn a_metric_keeps_its_value_type() {
    let mut bench = Bench::new();
    let domain = MetricDomain::Numerical {
        lower_bound: 0.0,
        upper_bound: 1.0,
    };
    let command = Command::CreateMetricVersion {
        id: bench.metric,
        content: metric_content(domain),
        expected: None,
    };
    assert!(matches!(
        bench.given.refuse(&command),
        Rejection::ValueTypeFrozen { .. }
    ));
}

#[test]
fn a_criterion_has_the_metrics_type() {
    let mut bench = Bench::new();
    let criterion = SuccessCriterion {
        name: name("c"),
        metric_id: bench.metric,
        criterion: Criterion::Numerical {
            verb: Comparison::AtLeast,
            threshold: 1.0,
        },
    };
    let change = crate::UnitTestChange {
        success_criteria: Some(vec![criterion]),
        ..Default::default()
    };
    let refused = bench.given.refuse(&Command::UpdateUnitTest {
        id: bench.test,
        change,
    });
    assert!(
        matches!(refused, Rejection::CriterionTypeMismatch { .. }),
        "{refused}"
    );
}

#[test]
fn protected_version_sets_stay() {
    let mut bench = Bench::new();
    let id = bench.service;
    let put = |name, version| Command::PutVersionSet {
        id,
        name,
        version_set: VersionSet {
            agent_version: version,
            ..VersionSet::default()
        },
    };
    let edge = put(VersionSetName::edge(), None);
    assert!(matches!(
        bench.given.refuse(&edge),
        Rejection::ProtectedVersionSet { .. }
    ));
    let unknown = put(VersionSetName::release(), Some(7));
    assert!(matches!(
        bench.given.refuse(&unknown),
        Rejection::NoVersion { version: Some(7), .. }
    ));
    bench
        .given
        .make(&put("candidate".to_owned().try_into().unwrap(), Some(1)));
    let delete = Command::DeleteVersionSet {
        id,
        name: VersionSetName::release(),
    };
    assert!(matches!(
        bench.given.refuse(&delete),
        Rejection::ProtectedVersionSet { .. }
    ));
    bench.given.make(&Command::DeleteVersionSet {
        id,
        name: "candidate".to_owned().try_into().unwrap(),
    });
}

#[test]
fn a_run_pins_what_is_latest_when_it_starts() {
    let mut bench = Bench::new();
    let content = persona_content("second");
    bench.given.make(&Command::CreatePersonaVersion {
        id: bench.persona,
        content,
        expected: None,
    });
    let command = Command::StartRun {
        set_id: bench.set,
        options: StartOptions::default(),
        entries: None,
        rerun_of: None,
    };
    let decision = bench.given.try_do(&command).unwrap();
    let (digest, bytes) = decision.manifest.unwrap();
    let manifest = Manifest::open(digest, &bytes).unwrap();
    assert_eq!(manifest.plan.tests[0].persona, (bench.persona, 2));
    let pinned = &manifest.personas[&crate::pin(bench.persona, 2)];
    assert_eq!(pinned.content.background.as_str(), "second");

    let content = persona_content("third");
    bench.given.make(&Command::CreatePersonaVersion {
        id: bench.persona,
        content,
        expected: None,
    });
    let run = bench.given.directory.run(manifest.run).unwrap().unwrap();
    assert_eq!(
        run.plan.tests[0].persona,
        (bench.persona, 2),
        "a later version does not alter the run"
    );
    assert!(
        Manifest::open(digest, &bytes[1..]).is_err(),
        "a changed manifest is noticed"
    );
}

#[test]
fn one_unfinished_run_per_user_and_set() {
    let mut bench = Bench::new();
    let run = bench.start();
    let command = Command::StartRun {
        set_id: bench.set,
        options: StartOptions::default(),
        entries: None,
        rerun_of: None,
    };
    assert_eq!(bench.given.refuse(&command), Rejection::RunUnfinished { run });
    bench.given.try_as("bob", &command).expect("another user may");
    bench.given.make(&Command::CancelRun {
        id: run,
        reason: CancelReason::Asked,
    });
    assert_eq!(
        bench.given.refuse(&Command::CancelRun {
            id: run,
            reason: CancelReason::Asked
        }),
        Rejection::RunOver { run }
    );
    bench.given.make(&command);
}

#[test]
fn a_run_completes_once_and_accounts_for_everything() {
    let mut bench = Bench::new();
    let run = bench.start();
    let artifact = ArtifactRef {
        digest: Digest::of(b"zip"),
        size_bytes: 3,
    };
    let mut tally = Tally::of(2);
    tally.count(Verdict::Passed);
    let complete = |tally| Command::CompleteRun {
        id: run,
        tally,
        artifact,
    };
    assert!(
        matches!(bench.given.refuse(&complete(tally)), Rejection::Invalid { .. }),
        "one is missing"
    );
    tally.count(Verdict::Failed);
    bench.given.make(&complete(tally));
    let state = bench.given.directory.run(run).unwrap().unwrap();
    assert_eq!(state.completed.unwrap().verdict, RunVerdict::Failed);
    assert_eq!(bench.given.refuse(&complete(tally)), Rejection::RunOver { run });
}

#[test]
fn a_test_without_a_way_to_play_the_user_cannot_run() {
    let mut bench = Bench::new();
    let scenario = {
        let test = bench.given.directory.unit_test(bench.test).unwrap().unwrap();
        test.definition.scenario_id
    };
    let content = crate::ScenarioContent {
        script: None,
        ..scenario_content("order")
    };
    bench.given.make(&Command::CreateScenarioVersion {
        id: scenario,
        content,
        expected: None,
    });
    let command = Command::StartRun {
        set_id: bench.set,
        options: StartOptions::default(),
        entries: None,
        rerun_of: None,
    };
    let refused = bench.given.refuse(&command);
    assert_eq!(
        refused.to_string(),
        "the unit test `Orders` cannot run: its scenario `Order` has no script, and no language model plays users here; add a script, or name a \
         model with `simulator`"
    );
}

pub(super) fn suite() -> Suite {
    let object = |text: &str, spec| SuiteObject {
        name: name(text),
        spec,
    };
    Suite {
        objects: vec![
            object(
                "Set",
                SuiteSpec::UnitTestSet {
                    description: None,
                    tests: vec![(name("Test"), 3)],
                    tags: no_tags(),
                },
            ),
            object(
                "Test",
                SuiteSpec::UnitTest {
                    description: "d".try_into().unwrap(),
                    service: name("Service"),
                    version_set: VersionSetName::release(),
                    persona: name("Maria"),
                    scenario: name("Order"),
                    max_interactions: 5,
                    success_criteria: vec![SuiteCriterion {
                        name: name("polite"),
                        metric: name("Polite"),
                        criterion: Criterion::Boolean { expected_value: true },
                    }],
                    tags: no_tags(),
                },
            ),
            object(
                "Service",
                SuiteSpec::Service {
                    description: "d".try_into().unwrap(),
                    agent: name("Bot"),
                    context_graph: None,
                    tags: no_tags(),
                    keyterms: Vec::new(),
                    version_sets: [("candidate".to_owned().try_into().unwrap(), VersionSet::default())]
                        .into(),
                },
            ),
            object("Bot", SuiteSpec::Agent(agent_content())),
            object(
                "Maria",
                SuiteSpec::Persona {
                    role: name("customer"),
                    tags: no_tags(),
                    content: persona_content("someone"),
                },
            ),
            object(
                "Order",
                SuiteSpec::Scenario {
                    tags: no_tags(),
                    content: scenario_content("order"),
                },
            ),
            object(
                "Polite",
                SuiteSpec::Metric {
                    additional_notes: None,
                    applied_to_services: Vec::new(),
                    tags: no_tags(),
                    content: metric_content(MetricDomain::Boolean),
                },
            ),
        ],
    }
}

#[test]
fn applying_a_suite_again_changes_nothing() {
    let mut given = Given::nothing();
    let first = given.try_do(&Command::ApplySuite(suite())).unwrap();
    let differences = |decision: &crate::Decision| {
        let suite = decision.outcome.suite.as_ref().unwrap();
        suite.iter().map(|change| change.difference).collect::<Vec<_>>()
    };
    assert_eq!(differences(&first), [Difference::Created; 7]);
    let counts: Vec<_> = first.commits.iter().map(|commit| commit.meta.count).collect();
    assert_eq!(counts, [8; 8], "the implied context graph is one more");

    let second = given.try_do(&Command::ApplySuite(suite())).unwrap();
    assert_eq!(second.commits, []);
    assert_eq!(differences(&second), [Difference::Unchanged; 7]);

    let mut changed = suite();
    changed.objects[4].spec = SuiteSpec::Persona {
        role: name("customer"),
        tags: no_tags(),
        content: persona_content("someone else"),
    };
    let third = given.try_do(&Command::ApplySuite(changed)).unwrap();
    let change = &third.outcome.suite.unwrap()[4];
    assert_eq!(
        (change.difference, &change.fields[..]),
        (Difference::NewVersion(2), &["content.background".to_owned()][..])
    );
    assert_eq!(third.commits.len(), 1);
}

#[test]
fn a_suite_with_an_unknown_name_is_refused_whole() {
    let mut given = Given::nothing();
    let mut broken = suite();
    broken.objects.retain(|object| object.name.as_str() != "Polite");
    let refused = given.refuse(&Command::ApplySuite(broken));
    assert_eq!(
        refused.to_string(),
        "unit_test `Test`: there is no metric `Polite`"
    );
    assert_eq!(given.log, []);
}

#[test]
fn ids_are_made_of_time_and_entropy() {
    let mut given = Given::nothing();
    let (_, first) = given.make(&persona("A"));
    let (_, second) = given.make(&persona("B"));
    assert!(first < second, "ids sort by time");
    assert_ne!(Oid::from_bytes([0; 12]), first);
}
