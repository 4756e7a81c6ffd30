//! The fold: counts add up, order does not matter, and what does not fit is refused.

use model::{RunId, Tally};
use proptest::prelude::*;

use super::*;
use crate::testing::{Ending, Sample, oid};

fn sample() -> Sample {
    Sample::new(7, &[("books", 4), ("cancels", 3), ("asks", 5)])
}

#[test]
fn counts_each_ending_where_it_belongs() {
    let sample = sample();
    let endings = [
        Ending::Passes,
        Ending::MissesCriteria,
        Ending::ReachesCap,
        Ending::UserBreaks,
    ];
    let endings = endings
        .into_iter()
        .chain([Ending::AgentBreaks, Ending::JudgeBreaks, Ending::Passes]);
    let endings = endings.chain(std::iter::repeat_n(Ending::Passes, 5));
    let results: Vec<_> = (0..)
        .zip(endings)
        .map(|(n, ending)| sample.result(n, ending))
        .collect();

    let report = fold(&sample.run, &results).unwrap();

    assert_eq!(report.verdict, RunVerdict::Errored);
    let books = &report.tests[0].summary;
    assert_eq!(
        books.tally,
        Tally {
            planned: 4,
            passed: 1,
            failed: 2,
            invalid: 1,
            ..Tally::default()
        }
    );
    assert_eq!(books.end_reasons["max_interactions"], 1);
    let rate = books.pass_rate.unwrap();
    assert_eq!((rate.passed, rate.of), (1, 3));
    let politeness = &report.tests[0].criteria[1];
    assert_eq!(
        (politeness.passed, politeness.missed, politeness.capped),
        (1, 2, 1)
    );
    let outcome = &report.tests[0].criteria[2];
    assert_eq!(
        (outcome.missed, outcome.not_applicable, outcome.capped),
        (2, 1, 1)
    );
    let cancels = &report.tests[1];
    assert_eq!(
        cancels.summary.tally,
        Tally {
            planned: 3,
            passed: 1,
            errored: 2,
            ..Tally::default()
        }
    );
    assert_eq!(cancels.criteria[1].judge_failed, 1);
    assert_eq!(report.summary.errors.len(), 3);
    assert_eq!(report.summary.errors[0].first_n, 3);
}

#[test]
fn a_cancelled_run_counts_the_rest_as_cancelled() {
    let sample = sample().cancelled();
    let report = fold(&sample.run, &[sample.result(5, Ending::Passes)]).unwrap();
    assert_eq!(report.verdict, RunVerdict::Cancelled);
    assert_eq!(
        report.summary.tally,
        Tally {
            planned: 12,
            passed: 1,
            cancelled: 11,
            ..Tally::default()
        }
    );
    assert_eq!(report.tests[2].summary.tally.cancelled, 5);
}

#[test]
fn a_cancelled_run_stays_cancelled_when_all_has_finished() {
    let sample = sample().cancelled();
    let results: Vec<_> = (0..12).map(|n| sample.result(n, Ending::Passes)).collect();
    let report = fold(&sample.run, &results).unwrap();
    assert_eq!(report.verdict, RunVerdict::Cancelled);
    assert_eq!(report.summary.tally.cancelled, 0);
}

#[test]
fn missing_results_are_refused_unless_cancelled() {
    let sample = sample();
    let results: Vec<_> = (0..12)
        .filter(|n| ![1, 8].contains(n))
        .map(|n| sample.result(n, Ending::Passes))
        .collect();
    let refused = fold(&sample.run, &results).unwrap_err();
    assert_eq!(
        refused,
        FoldError::Missing {
            first: 1,
            missing: 2,
            planned: 12
        }
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let sample = sample();
    let good = sample.result(4, Ending::Passes);
    let refused = |change: &dyn Fn(&mut ConversationResult)| {
        let mut result = good.clone();
        change(&mut result);
        fold(&sample.run, &[result]).unwrap_err()
    };
    let other = RunId(oid("run", 8));
    assert!(matches!(
        refused(&|result| result.run = other),
        FoldError::OtherRun { n: 4, .. }
    ));
    assert!(matches!(
        refused(&|result| result.n = 12),
        FoldError::Unplanned { n: 12, .. }
    ));
    assert!(matches!(
        refused(&|result| result.run_index = 2),
        FoldError::Unplanned { n: 4, .. }
    ));
    assert!(matches!(
        refused(&|result| result.evaluations.clear()),
        FoldError::Unplanned { .. }
    ));
    assert!(matches!(
        refused(&|result| {
            let one_more = result.criteria[0].clone();
            result.criteria.push(one_more);
        }),
        FoldError::Unplanned { .. }
    ));
    assert_eq!(
        fold(&sample.run, &[good.clone(), good.clone()]).unwrap_err(),
        FoldError::Twice { n: 4 }
    );
}

fn any_ending() -> impl Strategy<Value = Option<Ending>> {
    prop_oneof![1 => Just(None), 6 => prop::sample::select(&Ending::ALL[..]).prop_map(Some)]
}

proptest! {
    #[test]
    fn order_does_not_matter_and_sums_are_right(
        (endings, order) in proptest::collection::vec(any_ending(), 12)
            .prop_flat_map(|endings| (Just(endings), Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle()))
    ) {
        let sample = sample().cancelled();
        let results: Vec<_> = (0..).zip(&endings).map(|(n, ending)| ending.map(|ending| sample.result(n, ending))).collect();
        let in_order = fold(&sample.run, results.iter().flatten()).unwrap();
        let shuffled = fold(&sample.run, order.iter().filter_map(|idx| results[*idx].as_ref())).unwrap();
        prop_assert_eq!(&in_order, &shuffled);

        let tally = in_order.summary.tally;
        let finished = u32::try_from(endings.iter().flatten().count()).unwrap();
        prop_assert_eq!(tally.finished(), finished);
        prop_assert_eq!(tally.finished() + tally.cancelled, tally.planned);
        prop_assert_eq!(in_order.summary.end_reasons.values().sum::<u32>(), finished);
        let mut sum = Tally::default();
        for test in &in_order.tests {
            sum.add(&test.summary.tally);
            for criterion in &test.criteria {
                prop_assert!(criterion.passed + criterion.missed <= test.summary.tally.finished());
                let explained = criterion.not_applicable + criterion.judge_failed + criterion.capped;
                prop_assert!(explained <= criterion.missed);
            }
        }
        prop_assert_eq!(sum, tally);
    }
}
