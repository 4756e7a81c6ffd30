//! Runs, their results and the evaluations in them.

use std::collections::BTreeSet;

use model::{
    Command, Directory as _, MeasuredValue, MetricId, Object, Oid, OrgId, Run, RunId, Tally, Time, Verdict,
    conversation_id, evaluation_id,
};
use proptest::prelude::*;

use super::super::{EvaluationOrigin, EvaluationQuery, ListQuery, ResultQuery};
use crate::{
    EvaluationItem, EvaluationSource, Spent,
    fixture::{Move, World, moves, org, projected},
};

fn runs_of(world: &World, org: usize) -> Vec<Run> {
    let mut runs = Vec::new();
    for object in world.orgs[org].objects() {
        if let Object::Run(run) = object {
            runs.push(run.clone());
        }
    }
    runs
}

/// Moves of which most are results.
pub(super) fn busy() -> impl Strategy<Value = Vec<Move>> {
    let result = (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(a, b, c)| Move {
        verb: 40,
        a: a % 7,
        b,
        c,
    });
    (moves(60), prop::collection::vec(result, 0..30)).prop_map(|(moves, results)| [moves, results].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn runs_are_as_far_as_their_results(moves in busy(), limit in 1_usize..4) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        let mut unfinished = BTreeSet::new();
        for (index, memory) in world.orgs.iter().enumerate() {
            let of = view.organization(memory.org().clone());
            for run in runs_of(&world, index) {
                let results = world.results_of(run.id);
                let state = of.run_state(run.id).unwrap().unwrap();
                prop_assert_eq!(&state.run, &run);
                let mut tests: Vec<Tally> = run.plan.tests.iter().map(|test| Tally::of(test.run_count)).collect();
                for result in results.values() {
                    tests[result.test_idx as usize].count(result.verdict);
                }
                if run.is_over() {
                    tests.iter_mut().for_each(Tally::cancel_rest);
                }
                prop_assert_eq!(&state.tests, &tests);
                let mut total = Tally::default();
                tests.iter().for_each(|tally| total.add(tally));
                prop_assert_eq!(state.tally, run.completed.as_ref().map_or(total, |completion| completion.tally));
                let mut spent = Spent::default();
                results.values().for_each(|result| spent.add(&Spent::of(result)));
                prop_assert_eq!(state.spent, spent);
                prop_assert_eq!(state.is_completed, run.is_over());
                if !run.is_over() {
                    unfinished.insert((memory.org().clone(), run.id));
                }

                let concluded = of.concluded(run.id).unwrap();
                prop_assert_eq!(concluded.iter().collect::<Vec<_>>(), results.keys().copied().collect::<Vec<_>>());
                for test_idx in [None, Some(0), Some(1), Some(9)] {
                    for verdicts in [vec![], vec![Verdict::Failed], vec![Verdict::Errored, Verdict::Passed]] {
                        let expected: Vec<u32> = results
                            .values()
                            .filter(|result| test_idx.is_none_or(|wanted| result.test_idx == wanted))
                            .filter(|result| verdicts.is_empty() || verdicts.contains(&result.verdict))
                            .map(|result| result.n)
                            .collect();
                        let (mut found, mut offset) = (Vec::new(), Some(0));
                        while let Some(at) = offset {
                            let query = ResultQuery { test_idx, verdicts: verdicts.clone(), limit, offset: at };
                            let page = of.run_results(run.id, &query).unwrap();
                            found.extend(page.items.iter().map(|row| row.n));
                            offset = page.next_offset;
                        }
                        prop_assert_eq!(found, expected);
                    }
                }
                for (n, result) in results {
                    let row = of.run_result(run.id, n).unwrap().unwrap();
                    prop_assert_eq!((row.verdict, row.n_turns, row.n_interactions), (result.verdict, 2, 1));
                    prop_assert_eq!(&row.evaluations, &result.evaluations);
                    prop_assert_eq!(&row.criteria, &result.criteria);
                }
            }
        }
        prop_assert_eq!(view.unfinished_runs().unwrap(), unfinished.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn evaluations_are_what_looking_at_everything_gives(moves in busy(), choice in any::<[u8; 8]>(), limit in 1_usize..5) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        prop_assert_eq!(view.check().unwrap(), Vec::<String>::new());
        let of = view.organization(org(0));
        let all = everything(&world, of.org());
        let some = |which: u8| (!all.is_empty()).then(|| &all[usize::from(which) % all.len()]);
        let [metric, version, run, after, before, ascending, origin, conversation] = choice;
        let mut query = EvaluationQuery { ascending: ascending % 2 == 0, limit, ..EvaluationQuery::default() };
        if let (0, Some(one)) = (metric % 3, some(metric)) {
            query.metric_ids = vec![one.metric];
        }
        if let (0, Some(one)) = (version % 3, some(version)) {
            query.metric_versions = vec![(one.metric, Some(1 + u32::from(version % 2))), (one.metric, (version % 2 == 0).then_some(9))];
        }
        if let (0, Some(one)) = (run % 3, some(run)) {
            query.runs = one.run.into_iter().collect();
        }
        if let (0, Some(one)) = (conversation % 4, some(conversation)) {
            query.conversation_ids = one.conversation.into_iter().collect();
        }
        query.origins = match origin % 4 {
            0 => vec![EvaluationOrigin::Manual],
            1 => vec![EvaluationOrigin::Simulation],
            2 => vec![EvaluationOrigin::Simulation, EvaluationOrigin::Manual],
            _ => Vec::new(),
        };
        query.after = some(after).filter(|_| after % 3 == 0).map(|one| one.at);
        query.before = some(before).filter(|_| before % 3 == 0).map(|one| one.at);
        let mut expected: Vec<(Oid, u32)> = all.iter().filter(|one| {
            let origin = if one.conversation.is_some() { EvaluationOrigin::Manual } else { EvaluationOrigin::Simulation };
            (query.metric_ids.is_empty() || query.metric_ids.contains(&one.metric))
                && (query.metric_versions.is_empty() || query.metric_versions.iter().any(|(metric, version)| {
                    *metric == one.metric && version.is_none_or(|version| version == one.version)
                }))
                && (query.runs.is_empty() || one.run.is_some_and(|run| query.runs.contains(&run)))
                && (query.conversation_ids.is_empty() || one.conversation.is_some_and(|id| query.conversation_ids.contains(&id)))
                && (query.origins.is_empty() || query.origins.contains(&origin))
                && query.after.is_none_or(|after| one.at >= after)
                && query.before.is_none_or(|before| one.at <= before)
        }).map(|one| (one.id, one.n)).collect();
        if query.ascending {
            expected.reverse();
        }
        let mut found: Vec<EvaluationItem> = Vec::new();
        let mut values = None;
        loop {
            let page = of.evaluations(&query).unwrap();
            values = values.or(page.filter_values);
            found.extend(page.items);
            match page.next_offset {
                Some(next) => query.offset = next,
                None => break,
            }
        }
        prop_assert_eq!(found.iter().map(|item| (item.id, item.n)).collect::<Vec<_>>(), expected);
        let metrics: BTreeSet<_> = found.iter().map(EvaluationItem::metric_id).collect();
        prop_assert_eq!(values.unwrap().metric_ids, metrics.into_iter().collect::<Vec<_>>());
        for item in found {
            prop_assert_eq!(of.evaluation(item.id).unwrap(), Some(item));
        }
    }
}

/// An evaluation, simulated or manual.
struct One {
    at: Time,
    id: Oid,
    n: u32,
    metric: MetricId,
    version: u32,
    /// Of a simulated one.
    run: Option<RunId>,
    /// Of a manual one.
    conversation: Option<Oid>,
}

/// Every evaluation of an organization, newest first.
fn everything(world: &World, of: &OrgId) -> Vec<One> {
    let results = world.results.iter().filter(|(org, ..)| org == of);
    let mut all: Vec<One> = results
        .map(|(_, _, result)| One {
            at: result.finished_at,
            id: evaluation_id(result.run, result.n, 0),
            n: result.n,
            metric: result.evaluations[0].metric_id,
            version: result.evaluations[0].metric_version,
            run: Some(result.run),
            conversation: None,
        })
        .collect();
    let memory = world.orgs.iter().find(|memory| memory.org() == of).unwrap();
    for object in memory.objects() {
        if let Object::Evaluation(state) = object {
            all.push(One {
                at: state.life.updated.at,
                id: state.id.0,
                n: state.n,
                metric: state.metric_id,
                version: state.metric_version,
                run: None,
                conversation: Some(state.conversation_id),
            });
        }
    }
    all.sort_by_key(|one| (std::cmp::Reverse(one.at), one.id));
    all
}

#[test]
fn a_value_measured_again_takes_the_place_of_the_one_before() {
    let mut world = World::after(&[]);
    let run = runs_of(&world, 0)[0].clone();
    let metric = run.plan.tests[0].criteria[0].metric_id;
    let measured = |justification: &str| MeasuredValue {
        run: run.id,
        n: 1,
        metric_id: metric,
        metric_version: 1,
        value: None,
        justification: justification.to_owned(),
        references: vec![Oid::from_bytes([3; 12])],
        evaluate_to: Some(Oid::from_bytes([4; 12])),
    };
    let first = world.command(0, "ann", &Command::RecordEvaluations(vec![measured("first")]));
    world.pass(5);
    let second = world.command(0, "bob", &Command::RecordEvaluations(vec![measured("second")]));
    assert_eq!(first, second, "it is one object");
    for together in [true, false] {
        let (database, projector) = crate::fixture::bound();
        let (early, late) = world.events.split_at(world.events.len() - 1);
        if !together {
            projector.apply_events(early).unwrap();
        }
        let rest = if together { &world.events[..] } else { late };
        projector.apply_events(rest).unwrap();
        let view = database.view().unwrap();
        assert_eq!(view.check().unwrap(), Vec::<String>::new());
        let query = EvaluationQuery {
            origins: vec![EvaluationOrigin::Manual],
            conversation_ids: vec![conversation_id(run.id, 1)],
            limit: 5,
            ..EvaluationQuery::default()
        };
        let page = view.organization(org(0)).evaluations(&query).unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].evaluation.justification, "second");
        let EvaluationSource::Manual {
            invoked_by,
            created_at,
            evaluate_to,
            references,
            ..
        } = &page.items[0].source
        else {
            panic!("{:?}", page.items[0].source)
        };
        assert_eq!(invoked_by.as_str(), "bob");
        assert!(*created_at < page.items[0].at);
        assert_eq!(
            (*evaluate_to, &references[..]),
            (Some(Oid::from_bytes([4; 12])), &[Oid::from_bytes([3; 12])][..])
        );
    }
}

#[test]
fn results_that_arrive_before_their_run_count_when_it_does() {
    let mut world = World::after(&[]);
    let run = runs_of(&world, 0)[0].clone();
    world.conclude(0, run.id, 5);
    let (database, projector) = crate::fixture::bound();
    projector.apply_results(&world.results).unwrap();
    let early = database.view().unwrap();
    assert_eq!(early.organization(org(0)).run_state(run.id).unwrap(), None);
    assert_eq!(early.organization(org(0)).concluded(run.id).unwrap().len(), 1);
    assert_eq!(early.check().unwrap(), Vec::<String>::new());
    projector.apply_events(&world.events).unwrap();
    let view = database.view().unwrap();
    let failed = ListQuery {
        failed_metrics: Some(true),
        limit: 5,
        ..ListQuery::default()
    };
    let page = view.organization(org(0)).runs(&failed).unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.items[0].failed_metrics && !page.items[0].errored && !page.items[0].is_completed);
}

#[test]
fn the_last_run_of_a_set_is_the_one_started_last() {
    let cancel = Move {
        verb: 30,
        a: 0,
        b: 0,
        c: 0,
    };
    let start = Move {
        verb: 28,
        a: 1,
        b: 0,
        c: 0,
    };
    let world = World::after(&[cancel, start]);
    let runs = runs_of(&world, 0);
    assert_eq!(runs.len(), 2);
    let newest = runs.iter().max_by_key(|run| run.life.created.at).unwrap();
    let database = projected(&world);
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    assert_eq!(of.last_run(newest.set_id).unwrap(), Some(newest.id));
    assert_eq!(
        of.last_run(model::UnitTestSetId(Oid::from_bytes([9; 12])))
            .unwrap(),
        None
    );
}
