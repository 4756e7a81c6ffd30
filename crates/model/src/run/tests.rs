//! Numbering, order of admission and counting, also of numbers that no run of ours has.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Admission, Budget, Cast, Plan, PlannedTest, RunOptions, RunVerdict, Tally};
use crate::{
    AgentId, ContextGraphId, Oid, PersonaId, ScenarioId, ServiceId, UnitTestId, Verdict, VersionSetName,
};

fn plan(run_counts: &[u32]) -> Plan {
    let id = Oid::from_bytes([1; 12]);
    let test = |run_count| PlannedTest {
        unit_test_id: UnitTestId(id),
        name: "test".try_into().unwrap(),
        run_count,
        service_id: ServiceId(id),
        version_set: VersionSetName::release(),
        agent: (AgentId(id), 1),
        context_graph: (ContextGraphId(id), 1),
        scenario: (ScenarioId(id), 1),
        persona: (PersonaId(id), 1),
        llm_model_preferences: BTreeMap::new(),
        max_interactions: 1,
        criteria: Vec::new(),
    };
    Plan {
        tests: run_counts.iter().map(|&run_count| test(run_count)).collect(),
        options: RunOptions {
            seed: 0,
            max_concurrency: None,
            budget: Budget::default(),
            rerun_of: None,
            cast: Cast::default(),
        },
    }
}

#[test]
fn every_test_begins_before_any_is_repeated() {
    let order: Vec<u32> = plan(&[2, 1, 3]).admission().collect();
    assert_eq!(order, [0, 2, 3, 1, 4, 5]);
}

#[test]
fn a_plan_without_conversations_has_none() {
    for run_counts in [&[][..], &[0, 0]] {
        let plan = plan(run_counts);
        assert_eq!((plan.n_conversations(), plan.locate(0)), (0, None));
        assert_eq!(plan.admission().next(), None);
        assert_eq!(plan.index_of(0, 0), None);
    }
}

#[test]
fn numbers_that_no_run_has_do_no_harm() {
    let plan = plan(&[u32::MAX, u32::MAX, 7]);
    assert_eq!(plan.n_conversations(), u32::MAX);
    assert_eq!(plan.locate(u32::MAX), Some((1, 0)));
    assert_eq!(plan.index_of(2, 6), None, "it cannot be numbered");
    assert_eq!(plan.admission().take(2).collect::<Vec<_>>(), [0, 1]);

    let mut tally = Tally {
        passed: u32::MAX,
        failed: 3,
        ..Tally::of(2)
    };
    assert_eq!(tally.finished(), u32::MAX, "never a small number by overflow");
    tally.cancel_rest();
    assert_eq!(tally.cancelled, 0);
    tally.count(Verdict::Passed);
    tally.add(&tally.clone());
    assert_eq!((tally.passed, tally.failed), (u32::MAX, 6));
}

proptest! {
    #[test]
    fn numbering_goes_both_ways(run_counts in prop::collection::vec(0_u32..6, 0..12)) {
        let plan = plan(&run_counts);
        let mut expected = Vec::new();
        for (test_idx, run_count) in run_counts.iter().enumerate() {
            expected.extend((0..*run_count).map(|run_index| (test_idx, run_index)));
        }
        let located: Vec<_> = (0..plan.n_conversations()).map(|n| plan.locate(n).unwrap()).collect();
        prop_assert_eq!(&located, &expected);
        prop_assert_eq!(plan.locate(plan.n_conversations()), None);
        for (n, (test_idx, run_index)) in (0..).zip(expected) {
            prop_assert_eq!(plan.index_of(test_idx, run_index), Some(n));
        }
        for (test_idx, run_count) in run_counts.iter().enumerate() {
            prop_assert_eq!(plan.index_of(test_idx, *run_count), None);
        }
        prop_assert_eq!(plan.index_of(run_counts.len(), 0), None);
    }

    #[test]
    fn admission_is_by_repetition_then_by_test(
        run_counts in prop::collection::vec(0_u32..6, 0..12),
        pause in 0_usize..40,
    ) {
        let plan = plan(&run_counts);
        let mut expected: Vec<u32> = (0..plan.n_conversations()).collect();
        expected.sort_by_key(|&n| {
            let (test_idx, run_index) = plan.locate(n).unwrap();
            (run_index, test_idx)
        });
        let mut admission: Admission = plan.admission();
        let mut order: Vec<u32> = admission.by_ref().take(pause).collect();
        order.extend(admission);
        prop_assert_eq!(order, expected);
    }

    #[test]
    fn a_verdict_weighs_what_is_worst(verdicts in prop::collection::vec(0_u8..4, 1..20), cancelled in any::<bool>()) {
        let all = [Verdict::Passed, Verdict::Failed, Verdict::Invalid, Verdict::Errored];
        let mut tally = Tally::of(30);
        for &verdict in &verdicts {
            tally.count(all[usize::from(verdict)]);
        }
        prop_assert_eq!(tally.finished() as usize, verdicts.len());
        let has = |verdict: u8| verdicts.contains(&verdict);
        let expected = if cancelled {
            tally.cancel_rest();
            prop_assert_eq!(tally.finished() + tally.cancelled, tally.planned);
            RunVerdict::Cancelled
        } else if has(3) {
            RunVerdict::Errored
        } else if has(1) {
            RunVerdict::Failed
        } else if has(2) {
            RunVerdict::Inconclusive
        } else {
            RunVerdict::Passed
        };
        prop_assert_eq!(tally.verdict(), expected);
    }
}
