//! Rules that take more than one step to break.

use super::super::staged::Staged;
use super::{
    Given, agent_content,
    examples::{Bench, name, persona, suite},
    graph_content, no_tags, persona_content,
};
use crate::{
    AgentContent, AgentId, ApiKeyId, ArtifactRef, Command, Criterion, Difference, Digest, Directory as _,
    DirectoryExt as _, Event, Judge, Kind, MAX_CONVERSATIONS, Manifest, MetricDomain, Name, Object,
    ObjectRef, Oid, PersonaId, Rejection, RunVerdict, ServiceChange, ServiceId, SetEntry, StartOptions,
    Suite, SuiteSpec, Tally, Text, UnitTestChange, UnitTestId, UnitTestSetChange, UnitTestSetDefinition,
    Verdict, VersionSet, VersionSetName, evolve,
};

fn agent(given: &mut Given, text: &str, n_versions: u32) -> AgentId {
    let id = AgentId(given.make(&Command::CreateAgent { name: name(text) }).1);
    for number in 1..=n_versions {
        let content = AgentContent {
            document: Some(number.to_string().try_into().unwrap()),
            ..agent_content()
        };
        let command = Command::CreateAgentVersion {
            id,
            content,
            expected: Some(number),
        };
        given.make(&command);
    }
    id
}

fn change_service(id: ServiceId, change: ServiceChange) -> Command {
    Command::UpdateService { id, change }
}

fn set_active(id: ServiceId, is_active: bool) -> Command {
    let change = ServiceChange {
        is_active: Some(is_active),
        ..ServiceChange::default()
    };
    change_service(id, change)
}

/// Deletes the bench's set and test, so that its service is free.
fn free_service(bench: &mut Bench) {
    bench.given.make(&Command::DeleteUnitTestSet { id: bench.set });
    bench.given.make(&Command::DeleteUnitTest { id: bench.test });
}

fn twin_of_service(bench: &Bench, text: &str, is_active: bool) -> Command {
    let service = bench.given.directory.service(bench.service).unwrap().unwrap();
    Command::CreateService {
        profile: crate::ServiceProfile {
            name: name(text),
            is_active,
            ..service.profile
        },
        release: None,
    }
}

#[test]
fn names_of_services_are_unique_while_they_are_active() {
    let mut bench = Bench::new();
    let taken = Rejection::NameTaken {
        kind: Kind::Service,
        name: "Shop".to_owned(),
    };
    let command = twin_of_service(&bench, "Shop", true);
    assert_eq!(bench.given.refuse(&command), taken);
    let command = twin_of_service(&bench, "Shop", false);
    let twin = ServiceId(bench.given.make(&command).1);
    assert_eq!(bench.given.refuse(&set_active(twin, true)), taken);
    let rename = |text: &str| ServiceChange {
        name: Some(name(text)),
        is_active: Some(true),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(twin, rename("Store")));
    assert_eq!(bench.given.refuse(&change_service(twin, rename("Shop"))), taken);
    free_service(&mut bench);
    bench.given.make(&set_active(bench.service, false));
    bench.given.make(&change_service(twin, rename("Shop")));
    assert_eq!(bench.given.refuse(&set_active(bench.service, true)), taken);
}

#[test]
fn an_inactive_service_outlives_its_agent_but_cannot_come_back_without() {
    let mut bench = Bench::new();
    free_service(&mut bench);
    let delete = Command::DeleteAgent { id: bench.agent };
    assert!(matches!(bench.given.refuse(&delete), Rejection::InUse { .. }));
    bench.given.make(&set_active(bench.service, false));
    bench.given.make(&delete);
    let describe = ServiceChange {
        description: Some("Closed".try_into().unwrap()),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, describe));
    let no_agent = Rejection::NotFound {
        kind: Kind::Agent,
        what: bench.agent.to_string(),
    };
    assert_eq!(bench.given.refuse(&set_active(bench.service, true)), no_agent);
    let other = agent(&mut bench.given, "Other", 1);
    let change = ServiceChange {
        is_active: Some(true),
        agent_id: Some(other),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, change));
}

#[test]
fn a_service_moves_to_an_agent_only_if_its_version_sets_come_along() {
    let mut bench = Bench::new();
    let three = agent(&mut bench.given, "Three", 3);
    let one = agent(&mut bench.given, "One", 1);
    let move_to = |id| ServiceChange {
        agent_id: Some(id),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, move_to(three)));
    let put = Command::PutVersionSet {
        id: bench.service,
        name: VersionSetName::release(),
        version_set: VersionSet {
            agent_version: Some(3),
            ..VersionSet::default()
        },
    };
    bench.given.make(&put);
    let refused = bench.given.refuse(&change_service(bench.service, move_to(one)));
    let missing = Rejection::NoVersion {
        kind: Kind::Agent,
        name: "One".to_owned(),
        version: Some(3),
    };
    assert_eq!(refused, missing);
}

#[test]
fn a_suite_moves_a_service_and_its_version_sets_together() {
    let mut given = Given::nothing();
    given.try_do(&Command::ApplySuite(suite())).unwrap();
    agent(&mut given, "Three", 3);
    let with = |agent: &str, version: Option<u32>| {
        let mut suite = suite();
        suite.objects.retain(|object| object.name.as_str() == "Service");
        let SuiteSpec::Service {
            agent: names,
            version_sets,
            ..
        } = &mut suite.objects[0].spec
        else {
            unreachable!()
        };
        *names = name(agent);
        let version_set = VersionSet {
            agent_version: version,
            ..VersionSet::default()
        };
        *version_sets = [(VersionSetName::release(), version_set)].into();
        suite
    };
    given
        .try_do(&Command::ApplySuite(with("Three", Some(3))))
        .unwrap();
    let back = given.try_do(&Command::ApplySuite(with("Bot", Some(1)))).unwrap();
    assert_eq!(back.outcome.suite.unwrap()[0].difference, Difference::Updated);
    let broken = given.refuse(&Command::ApplySuite(with("Bot", Some(3))));
    assert!(broken.to_string().contains("has no version 3"), "{broken}");
}

#[test]
fn a_version_set_that_a_test_names_stays() {
    let mut bench = Bench::new();
    let custom: VersionSetName = "custom".to_owned().try_into().unwrap();
    let put = Command::PutVersionSet {
        id: bench.service,
        name: custom.clone(),
        version_set: VersionSet::default(),
    };
    bench.given.make(&put);
    let use_set = |name: &VersionSetName| Command::UpdateUnitTest {
        id: bench.test,
        change: UnitTestChange {
            version_set: Some(name.clone()),
            ..UnitTestChange::default()
        },
    };
    let delete = Command::DeleteVersionSet {
        id: bench.service,
        name: custom.clone(),
    };
    bench.given.make(&use_set(&custom));
    assert!(matches!(bench.given.refuse(&delete), Rejection::InUse { .. }));
    bench.given.make(&use_set(&VersionSetName::release()));
    bench.given.make(&delete);
    let unknown = bench.given.refuse(&use_set(&custom));
    assert!(
        matches!(unknown, Rejection::UnknownVersionSet { .. }),
        "{unknown}"
    );
    assert!(matches!(
        bench.given.refuse(&delete),
        Rejection::UnknownVersionSet { .. }
    ));
}

#[test]
fn what_was_changed_just_now_counts() {
    let bench = Bench::new();
    let context = bench.given.context("ann");
    let mut staged = Staged::new(&bench.given.directory, &context, Digest::of(b""));
    let set = ObjectRef::new(Kind::UnitTestSet, bench.set);
    let definition = staged.unit_test_set(bench.set).unwrap().unwrap().definition;
    let renamed = UnitTestSetDefinition {
        name: name("Everything"),
        entries: Vec::new(),
        ..definition
    };
    staged.record(&set, Event::UnitTestSetUpdated(renamed)).unwrap();
    let named = |text: &str| staged.named(Kind::UnitTestSet, text).unwrap();
    assert_eq!((named("All"), named("Everything")), (None, Some(set.key.clone())));
    let test = ObjectRef::new(Kind::UnitTest, bench.test);
    assert_eq!(staged.referrers(&test).unwrap(), [], "the set no longer holds it");
    assert_eq!(bench.given.directory.referrers(&test).unwrap(), [set]);
}

#[test]
fn everything_that_a_test_names_is_in_use() {
    let mut bench = Bench::new();
    let definition = bench
        .given
        .directory
        .unit_test(bench.test)
        .unwrap()
        .unwrap()
        .definition;
    let service = bench.given.directory.service(bench.service).unwrap().unwrap();
    for command in [
        Command::DeletePersona {
            id: definition.persona_id,
        },
        Command::DeleteScenario {
            id: definition.scenario_id,
        },
        Command::DeleteMetric { id: bench.metric },
        Command::DeleteAgent {
            id: service.profile.agent_id,
        },
        Command::DeleteContextGraph {
            id: service.profile.context_graph_id,
        },
        Command::DeleteUnitTest { id: bench.test },
        set_active(bench.service, false),
    ] {
        let refused = bench.given.refuse(&command);
        assert!(
            matches!(refused, Rejection::InUse { .. }),
            "{command:?}: {refused}"
        );
    }
}

#[test]
fn tests_and_sets_have_bounds() {
    let mut bench = Bench::new();
    let change_test = |change: UnitTestChange| Command::UpdateUnitTest {
        id: bench.test,
        change,
    };
    let change_set = |entries: Vec<SetEntry>| Command::UpdateUnitTestSet {
        id: bench.set,
        change: UnitTestSetChange {
            entries: Some(entries),
            ..UnitTestSetChange::default()
        },
    };
    let entry = |run_count| SetEntry {
        unit_test_id: bench.test,
        run_count,
    };
    let interactions = |n| {
        change_test(UnitTestChange {
            max_interactions: Some(n),
            ..UnitTestChange::default()
        })
    };
    let criteria = |n| {
        let definition = bench
            .given
            .directory
            .unit_test(bench.test)
            .unwrap()
            .unwrap()
            .definition;
        change_test(UnitTestChange {
            success_criteria: Some(vec![definition.success_criteria[0].clone(); n]),
            ..UnitTestChange::default()
        })
    };
    let half = MAX_CONVERSATIONS / 2;
    let commands = [
        (interactions(0), false),
        (interactions(101), false),
        (interactions(100), true),
        (criteria(0), false),
        (criteria(101), false),
        (criteria(100), true),
        (change_set(Vec::new()), false),
        (change_set(vec![entry(1); 10_001]), false),
        (change_set(vec![entry(0)]), false),
        (change_set(vec![entry(half), entry(half + 1)]), false),
        (change_set(vec![entry(u32::MAX); 2]), false),
        (change_set(vec![entry(half), entry(half)]), true),
    ];
    for (command, is_fine) in commands {
        match bench.given.try_do(&command) {
            Ok(_) => assert!(is_fine, "{command:?}"),
            Err(refused) => {
                assert!(
                    !is_fine && matches!(refused, Rejection::Invalid { .. }),
                    "{command:?}: {refused}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_active_is_not_tested() {
    let mut bench = Bench::new();
    let command = twin_of_service(&bench, "Store", false);
    let closed = ServiceId(bench.given.make(&command).1);
    let change = UnitTestChange {
        service_id: Some(closed),
        ..UnitTestChange::default()
    };
    let refused = bench.given.refuse(&Command::UpdateUnitTest {
        id: bench.test,
        change,
    });
    assert!(matches!(refused, Rejection::Inactive { .. }), "{refused}");
}

#[test]
fn a_run_uses_the_versions_that_its_version_set_names() {
    let mut bench = Bench::new();
    let three = agent(&mut bench.given, "Three", 3);
    let change = ServiceChange {
        agent_id: Some(three),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, change));
    for (wanted, expected) in [(Some(2), 2), (None, 3)] {
        let put = Command::PutVersionSet {
            id: bench.service,
            name: VersionSetName::release(),
            version_set: VersionSet {
                agent_version: wanted,
                ..VersionSet::default()
            },
        };
        bench.given.make(&put);
        let start = Command::StartRun {
            set_id: bench.set,
            options: StartOptions::default(),
        };
        let decision = bench.given.try_as(&format!("user{expected}"), &start).unwrap();
        let (digest, bytes) = decision.manifest.unwrap();
        let manifest = Manifest::open(digest, &bytes).unwrap();
        assert_eq!(manifest.plan.tests[0].agent, (three, expected));
        let pinned = &manifest.agents[&crate::pin(three, expected)];
        assert_eq!(
            pinned.content.document.as_ref().unwrap().as_str(),
            expected.to_string()
        );
    }
}

#[test]
fn a_judge_that_is_a_model_needs_one() {
    let mut bench = Bench::new();
    let content = crate::MetricContent {
        judge: Judge::Model,
        ..super::metric_content(MetricDomain::Boolean)
    };
    bench.given.make(&Command::CreateMetricVersion {
        id: bench.metric,
        content,
        expected: Some(2),
    });
    let start = Command::StartRun {
        set_id: bench.set,
        options: StartOptions::default(),
    };
    let refused = bench.given.refuse(&start);
    assert!(matches!(refused, Rejection::NotRunnable { .. }), "{refused}");
    let mut context = bench.given.context("ann");
    context.capabilities.judge_model = Some("a model".to_owned());
    let decision = crate::decide(&bench.given.directory, &start, &context).unwrap();
    let (digest, bytes) = decision.manifest.unwrap();
    assert_eq!(Manifest::open(digest, &bytes).unwrap().judges, "a model");
}

#[test]
fn a_set_is_renamed_to_any_name_that_is_free() {
    let mut bench = Bench::new();
    let set = bench.given.directory.unit_test_set(bench.set).unwrap().unwrap();
    let other = UnitTestSetDefinition {
        name: name("Other"),
        ..set.definition
    };
    let (_, other) = bench.given.make(&Command::CreateUnitTestSet(other));
    let rename = |text: &str| Command::UpdateUnitTestSet {
        id: bench.set,
        change: UnitTestSetChange {
            name: Some(name(text)),
            ..UnitTestSetChange::default()
        },
    };
    assert!(matches!(
        bench.given.refuse(&rename("Other")),
        Rejection::NameTaken { .. }
    ));
    assert_eq!(bench.given.try_do(&rename("All")).unwrap().commits, []);
    bench.given.make(&rename("Everything"));
    bench.given.make(&Command::DeleteUnitTestSet {
        id: crate::UnitTestSetId(other),
    });
    bench.given.make(&rename("Other"));
}

#[test]
fn a_tally_that_overflows_accounts_for_nothing() {
    let mut bench = Bench::new();
    let run = bench.start();
    let tally = Tally {
        passed: u32::MAX,
        failed: 3,
        ..Tally::of(2)
    };
    let complete = Command::CompleteRun {
        id: run,
        tally,
        artifact: ArtifactRef {
            digest: Digest::of(b"zip"),
            size_bytes: 3,
        },
    };
    assert!(matches!(bench.given.refuse(&complete), Rejection::Invalid { .. }));
}

#[test]
fn a_run_that_was_cancelled_too_late_is_cancelled_all_the_same() {
    let mut bench = Bench::new();
    let run = bench.start();
    let mut tally = Tally::of(2);
    tally.count(Verdict::Passed);
    let complete = |tally| Command::CompleteRun {
        id: run,
        tally,
        artifact: ArtifactRef {
            digest: Digest::of(b"zip"),
            size_bytes: 3,
        },
    };
    let mut rest_cancelled = tally;
    rest_cancelled.cancel_rest();
    let refused = bench.given.refuse(&complete(rest_cancelled));
    assert!(
        matches!(refused, Rejection::Invalid { .. }),
        "nobody cancelled it: {refused}"
    );
    bench.given.make(&Command::CancelRun { id: run });
    tally.count(Verdict::Passed);
    bench.given.make(&complete(tally));
    let state = bench.given.directory.run(run).unwrap().unwrap();
    assert_eq!(state.completed.unwrap().verdict, RunVerdict::Cancelled);
    assert_eq!(
        bench.given.refuse(&Command::CancelRun { id: run }),
        Rejection::RunOver { run }
    );
}

#[test]
fn keys_belong_to_users_that_live() {
    let mut given = Given::nothing();
    let user = |text: &str| text.parse().unwrap();
    let key = ApiKeyId(Oid::from_bytes([5; 12]));
    let create = Command::CreateApiKey {
        id: key,
        user_id: user("bob"),
        name: name("Key"),
        secret_hash: [1; 32],
        expires_at: None,
    };
    assert!(matches!(
        given.refuse(&create),
        Rejection::NotFound { kind: Kind::User, .. }
    ));
    let make_user = Command::CreateUser {
        id: user("bob"),
        name: name("Bob"),
        role: name("admin"),
    };
    given.try_do(&make_user).unwrap();
    assert!(matches!(
        given.refuse(&make_user),
        Rejection::AlreadyExists { .. }
    ));
    given.try_do(&create).unwrap();
    assert!(matches!(given.refuse(&create), Rejection::AlreadyExists { .. }));
    given.try_do(&Command::DeleteApiKey { id: key }).unwrap();
    assert!(matches!(
        given.refuse(&Command::DeleteApiKey { id: key }),
        Rejection::NotFound { .. }
    ));
    given.try_do(&Command::DeleteUser { id: user("bob") }).unwrap();
    assert!(
        matches!(given.refuse(&make_user), Rejection::AlreadyExists { .. }),
        "ids of users are not reused"
    );
}

#[test]
fn a_log_that_does_not_add_up_is_noticed() {
    let mut bench = Bench::new();
    let key = ApiKeyId(Oid::from_bytes([5; 12]));
    let make_user = Command::CreateUser {
        id: "bob".parse().unwrap(),
        name: name("Bob"),
        role: name("admin"),
    };
    bench.given.try_do(&make_user).unwrap();
    let create = Command::CreateApiKey {
        id: key,
        user_id: "bob".parse().unwrap(),
        name: name("Key"),
        secret_hash: [1; 32],
        expires_at: None,
    };
    let decision = bench.given.try_do(&create).unwrap();
    let mut commit = decision.commits[0].clone();
    evolve(None, &commit).unwrap();
    assert!(
        evolve(Some(bench_persona(&bench)), &commit).is_err(),
        "it exists already"
    );
    commit.object.key = ApiKeyId(Oid::from_bytes([6; 12])).into();
    assert!(evolve(None, &commit).is_err(), "it names another key");
    commit.events.clear();
    assert!(evolve(None, &commit).is_err(), "nothing happened");
}

fn bench_persona(bench: &Bench) -> Object {
    Object::Persona(bench.given.directory.persona(bench.persona).unwrap().unwrap())
}

#[test]
fn what_a_suite_refers_to_may_come_later_in_it_and_must_fit() {
    let mut given = Given::nothing();
    let mut broken = suite();
    for object in &mut broken.objects {
        if let SuiteSpec::UnitTest { success_criteria, .. } = &mut object.spec {
            success_criteria[0].criterion = Criterion::Categorical {
                expected_values: vec![name("good")],
            };
        }
    }
    let refused = given.refuse(&Command::ApplySuite(broken));
    let Rejection::InSuite { index, source, .. } = refused else {
        panic!("{refused}")
    };
    assert_eq!(index, 1);
    assert!(
        matches!(*source, Rejection::CriterionTypeMismatch { .. }),
        "{source}"
    );

    let twins = Suite {
        objects: [suite().objects, suite().objects].concat(),
    };
    let refused = given.refuse(&Command::ApplySuite(twins));
    assert!(
        matches!(refused, Rejection::InSuite { index: 7, .. }),
        "{refused}"
    );

    let mut role = suite();
    given.try_do(&Command::ApplySuite(suite())).unwrap();
    for object in &mut role.objects {
        if let SuiteSpec::Persona { role, .. } = &mut object.spec {
            *role = name("agent");
        }
    }
    let refused = given.refuse(&Command::ApplySuite(role));
    assert!(
        matches!(&refused, Rejection::InSuite { source, .. } if matches!(**source, Rejection::RoleFrozen { .. }))
    );
}

#[test]
fn a_metric_that_is_used_keeps_its_criteria_valid() {
    let mut bench = Bench::new();
    let numerical = MetricDomain::Numerical {
        lower_bound: 0.0,
        upper_bound: 1.0,
    };
    let refused = bench.given.refuse(&Command::CreateMetricVersion {
        id: bench.metric,
        content: super::metric_content(numerical),
        expected: Some(2),
    });
    assert!(matches!(refused, Rejection::ValueTypeFrozen { .. }), "{refused}");
    let graph: Name = name("Graph 2");
    let (_, id) = bench.given.make(&Command::CreateContextGraph { name: graph });
    let version = |expected| Command::CreateContextGraphVersion {
        id: crate::ContextGraphId(id),
        content: graph_content(),
        expected,
    };
    assert!(matches!(
        bench.given.refuse(&version(Some(2))),
        Rejection::NotNextVersion { next: 1, .. }
    ));
    bench.given.make(&version(Some(1)));
    let update = Command::UpdateMetric {
        id: bench.metric,
        applied_to_services: Some(vec![ServiceId(Oid::from_bytes([9; 12]))]),
        additional_notes: None,
        tags: Some(no_tags()),
    };
    assert!(matches!(
        bench.given.refuse(&update),
        Rejection::NotFound {
            kind: Kind::Service,
            ..
        }
    ));
}
