//! Rules that take more than one step to break.

use super::{
    super::staged::Staged,
    Given,
    examples::{Bench, name, suite},
    graph_content, no_tags,
    services::set_active,
};
use crate::{
    ADMINISTRATOR_ROLE, ApiKeyId, Command, Criterion, Digest, Directory as _, DirectoryExt as _, Event, Kind,
    MAX_CONVERSATIONS, MetricDomain, Name, Object, ObjectRef, Oid, Rejection, ServiceId, SetEntry, Suite,
    SuiteSpec, UnitTestChange, UnitTestSetChange, UnitTestSetDefinition, evolve,
};

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
fn keys_belong_to_users_that_live() {
    let mut given = Given::nothing();
    let user = |text: &str| text.parse().unwrap();
    let key = ApiKeyId(Oid::from_bytes([5; 12]));
    let create = Command::CreateApiKey {
        id: Some(key),
        user_id: user("bob"),
        name: name("Key"),
        secret_hash: [1; 32],
        lifetime_ms: None,
        role: None,
    };
    assert!(matches!(
        given.refuse(&create),
        Rejection::NotFound { kind: Kind::User, .. }
    ));
    let make_user = Command::CreateUser {
        id: user("bob"),
        name: name("Bob"),
        role: name(ADMINISTRATOR_ROLE),
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
        role: name(ADMINISTRATOR_ROLE),
    };
    bench.given.try_do(&make_user).unwrap();
    let create = Command::CreateApiKey {
        id: Some(key),
        user_id: "bob".parse().unwrap(),
        name: name("Key"),
        secret_hash: [1; 32],
        lifetime_ms: None,
        role: None,
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
