//! The tables say what the logs say, whatever the batches were.

use model::{Directory, Kind, MemoryDirectory, ObjectRef, Recorded, UnitTestSetId};
use proptest::prelude::*;

use crate::{
    Database, Log, OrgView, ProjectError,
    fixture::{CREATED, NAMES, USERS, World, bound, moves, projected, user},
};

/// Feeds both logs, in batches of these lengths in turn, from the one or the other.
fn feed(world: &World, batches: &[(bool, usize)]) -> Database {
    let (database, projector) = bound();
    let (mut n_events, mut n_results) = (0, 0);
    for &(events, length) in batches {
        if events {
            let end = world.events.len().min(n_events + length);
            projector.apply_events(&world.events[n_events..end]).unwrap();
            n_events = end;
        } else {
            let end = world.results.len().min(n_results + length);
            projector.apply_results(&world.results[n_results..end]).unwrap();
            n_results = end;
        }
    }
    projector.apply_results(&world.results[n_results..]).unwrap();
    projector.apply_events(&world.events[n_events..]).unwrap();
    database
}

fn batches() -> impl Strategy<Value = Vec<(bool, usize)>> {
    prop::collection::vec((any::<bool>(), 1_usize..9), 0..20)
}

/// Every look-up of a directory gives the same answer.
fn assert_same(view: &OrgView<'_>, memory: &MemoryDirectory) {
    let references: Vec<ObjectRef> = memory.objects().map(model::Object::object_ref).collect();
    for object in &references {
        assert_eq!(
            view.object(object).unwrap(),
            memory.object(object).unwrap(),
            "{object}"
        );
        assert_eq!(
            view.referrers(object).unwrap(),
            memory.referrers(object).unwrap(),
            "{object}"
        );
        for number in 0..4 {
            assert_eq!(
                view.version(object, number).unwrap(),
                memory.version(object, number).unwrap(),
                "{object}"
            );
        }
    }
    for &kind in Kind::ALL {
        assert_eq!(view.n_live(kind).unwrap(), memory.n_live(kind).unwrap(), "{kind}");
        for name in NAMES {
            assert_eq!(
                view.named(kind, name).unwrap(),
                memory.named(kind, name).unwrap(),
                "{kind} {name}"
            );
        }
    }
    for set in references
        .iter()
        .filter(|object| object.kind == Kind::UnitTestSet)
    {
        let set: UnitTestSetId = set.key.as_str().parse().unwrap();
        for index in 0..USERS.len() {
            let user = user(index);
            assert_eq!(
                view.unfinished_run(&user, set).unwrap(),
                memory.unfinished_run(&user, set).unwrap()
            );
        }
    }
    for n in 0..100 {
        let id = format!("command-{n}").parse().unwrap();
        for index in 0..USERS.len() {
            let user = user(index);
            assert_eq!(
                view.command(&user, &id).unwrap(),
                memory.command(&user, &id).unwrap()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tables_say_what_the_logs_say(moves in moves(60), first in batches(), second in batches()) {
        let world = World::after(&moves);
        let databases = [feed(&world, &first), feed(&world, &second), projected(&world)];
        let views = databases.each_ref().map(|database| database.view().unwrap());
        for view in &views {
            prop_assert_eq!(view.check().unwrap(), Vec::<String>::new());
        }
        let fingerprints = views.each_ref().map(|view| view.fingerprint().unwrap());
        prop_assert_eq!(fingerprints[0].differences(&fingerprints[1]), Vec::<&str>::new());
        prop_assert_eq!(&fingerprints[0], &fingerprints[1]);
        prop_assert_eq!(&fingerprints[0], &fingerprints[2]);
        prop_assert_eq!(fingerprints[0].digest(), fingerprints[2].digest());
        for memory in &world.orgs {
            prop_assert_eq!(memory.check(), Vec::<String>::new());
            assert_same(&views[0].organization(memory.org().clone()), memory);
        }
    }
}

fn small() -> World {
    World::after(&[])
}

#[test]
fn a_missing_or_repeated_sequence_is_refused() {
    let world = small();
    let (_database, projector) = bound();
    projector.apply_events(&world.events[..2]).unwrap();
    for (start, found) in [(1, 2), (3, 4)] {
        let error = projector.apply_events(&world.events[start..]).unwrap_err();
        assert!(matches!(error, ProjectError::Gap { log: Log::Events, expected: 3, found: f } if f == found));
    }
    let gap = [world.events[2].clone(), world.events[4].clone()];
    assert!(matches!(
        projector.apply_events(&gap),
        Err(ProjectError::Gap {
            expected: 4,
            found: 5,
            ..
        })
    ));
    assert_eq!(
        projector.apply_events(&world.events[2..]).unwrap(),
        world.events.len() as u64
    );
}

#[test]
fn a_commit_that_does_not_fit_takes_its_batch_with_it() {
    let world = small();
    let (database, projector) = bound();
    projector.apply_events(&world.events[..1]).unwrap();
    let before = database.view().unwrap().fingerprint().unwrap();
    let again = Recorded {
        sequence: 3,
        commit: world.events[0].commit.clone(),
    };
    let error = projector
        .apply_events(&[world.events[1].clone(), again])
        .unwrap_err();
    assert!(
        matches!(error, ProjectError::Misfit { sequence: 3, .. }),
        "{error}"
    );
    assert_eq!(database.view().unwrap().fingerprint().unwrap(), before);
    assert_eq!(database.sequences().events, 1);
}

#[test]
fn a_second_result_of_a_conversation_is_refused() {
    let mut world = small();
    let run = world.orgs[0]
        .objects()
        .find(|object| object.kind() == Kind::Run)
        .unwrap()
        .object_ref();
    world.conclude(0, run.key.as_str().parse().unwrap(), 0);
    let (_database, projector) = bound();
    projector.apply_results(&world.results).unwrap();
    let (org, _, result) = world.results[0].clone();
    let error = projector.apply_results(&[(org, 2, result)]).unwrap_err();
    assert!(
        matches!(error, ProjectError::Repeated { sequence: 2, .. }),
        "{error}"
    );
}

#[test]
fn an_unbound_projector_takes_nothing_in() {
    let database = Database::in_memory().unwrap();
    let error = database.projector().apply_events(&small().events).unwrap_err();
    assert!(
        matches!(error, ProjectError::Unbound { log: Log::Events }),
        "{error}"
    );
}

#[test]
fn a_log_that_is_not_the_one_that_was_read_is_noticed() {
    let world = small();
    let last = world.events.len() as u64;
    let (database, projector) = bound();
    projector.apply_events(&world.events).unwrap();
    assert_eq!(projector.bind(Log::Events, CREATED, last).unwrap(), last);
    assert_eq!(projector.bind(Log::Events, CREATED, last + 7).unwrap(), last);

    let shorter = projector.bind(Log::Events, CREATED, last - 1).unwrap_err();
    assert!(matches!(shorter, ProjectError::Shorter { checkpoint, .. } if checkpoint == last));
    assert!(
        shorter.to_string().contains("rehearse projections rebuild"),
        "{shorter}"
    );
    let recreated = projector
        .bind(Log::Events, CREATED.plus_millis(1), last)
        .unwrap_err();
    assert!(matches!(recreated, ProjectError::Recreated { .. }));
    assert!(
        recreated.to_string().contains("rehearse projections rebuild"),
        "{recreated}"
    );
    assert_eq!(projector.checkpoint(Log::Events).unwrap().unwrap().sequence, last);
    assert_eq!(database.sequences().results, 0);
}

#[test]
fn a_view_stays_as_it_was() {
    let world = small();
    let (database, projector) = bound();
    projector.apply_events(&world.events[..3]).unwrap();
    let view = database.view().unwrap();
    let before = view.fingerprint().unwrap();
    projector.apply_events(&world.events[3..]).unwrap();
    assert_eq!(view.fingerprint().unwrap(), before);
    assert_eq!((view.sequence(Log::Events), view.sequence(Log::Results)), (3, 0));
    assert_eq!(
        database.view().unwrap().sequence(Log::Events),
        world.events.len() as u64
    );
}

#[test]
fn views_and_projectors_go_to_other_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Database>();
    check::<crate::Projector>();
    check::<crate::View>();
}
