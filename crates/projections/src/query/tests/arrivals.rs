//! The results of a run in the order in which they came.

use model::{Directory as _, Object, RunId, Tally};
use proptest::prelude::*;

use super::runs::busy;
use crate::{
    QueryError,
    fixture::{World, org, projected},
    query::MAX_LIMIT,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn after_every_sequence_comes_the_exact_rest(moves in busy(), limit in 1_usize..4) {
        let world = World::after(&moves);
        let database = projected(&world);
        let view = database.view().unwrap();
        prop_assert_eq!(view.check().unwrap(), Vec::<String>::new());
        let end = world.results.len() as u64 + 1;
        for memory in &world.orgs {
            let of = view.organization(memory.org().clone());
            let runs = memory.objects().filter_map(|object| {
                let Object::Run(run) = object else { return None };
                Some(run.id)
            });
            for run in runs {
                let mut tally = Tally::default();
                let mut expected = Vec::new();
                for (_, sequence, result) in world.results.iter().filter(|(.., result)| result.run == run) {
                    tally.count(result.verdict);
                    expected.push((*sequence, result.n, tally));
                }
                for after in 0..=end {
                    let known = expected.iter().rev().find(|(sequence, ..)| *sequence <= after);
                    let known = known.map_or_else(Tally::default, |(.., tally)| *tally);
                    prop_assert_eq!(of.run_tally_at(run, after).unwrap(), known);
                    let (mut found, mut at) = (Vec::new(), after);
                    loop {
                        let page = of.run_results_after(run, at, limit).unwrap();
                        prop_assert!(page.len() <= limit);
                        let Some(last) = page.last() else { break };
                        at = last.result.sequence;
                        found.extend(page.iter().map(|one| (one.result.sequence, one.result.n, one.tally)));
                    }
                    let rest: Vec<_> = expected.iter().filter(|(sequence, ..)| *sequence > after).copied().collect();
                    prop_assert_eq!(found, rest);
                }
            }
        }
    }
}

#[test]
fn a_run_that_is_not_there_has_no_results() {
    let database = projected(&World::empty());
    let view = database.view().unwrap();
    let of = view.organization(org(0));
    let run: RunId = "6618791275130b73714e8d90".parse().unwrap();
    assert_eq!(of.run_results_after(run, 0, 5).unwrap(), []);
    assert_eq!(of.run_results_after(run, u64::MAX, 5).unwrap(), []);
    assert_eq!(of.run_tally_at(run, u64::MAX).unwrap(), Tally::default());
    let refused = of.run_results_after(run, 0, MAX_LIMIT + 1).unwrap_err();
    assert!(matches!(refused, QueryError::TooManyItems { .. }), "{refused}");
}
