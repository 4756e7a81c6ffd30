//! The guard on its labelled set, and what it must never do.

use std::{collections::BTreeMap, fmt::Write as _, time::Instant};

use model::{Fault, Role, UserOutcome};
use proptest::prelude::*;

use super::{Finding, Guard, Known, MAX_KNOWN_BYTES, MAX_MESSAGE_BYTES, Proposed};
use crate::{
    Briefing,
    test_support::{briefing, turns},
};

#[path = "../../benches/simulation/labelled.rs"]
mod labelled;

use labelled::{Case, HALVES, read, steps, tallies, total};

fn halves() -> Vec<(&'static str, Vec<Case>)> {
    HALVES
        .into_iter()
        .map(|(name, yaml)| (name, read(yaml).unwrap()))
        .collect()
}

/// What the guard finds in a step of a user who speaks English.
fn inspect(guard: &Guard, message: &str, leaves: Option<UserOutcome>, said: &[(Role, &str)]) -> Vec<Finding> {
    let briefing = briefing();
    let turns = turns(said);
    let proposed = Proposed {
        message,
        leaves,
        is_event: false,
    };
    let known = Known {
        brief: &briefing,
        brief_text: "You play Ada, who lives by the sea.",
        turns: &turns,
    };
    guard.inspect(&proposed, &known)
}

#[test]
fn the_set_is_large_and_half_of_it_is_bad() {
    let halves = halves();
    let all: Vec<&Case> = halves.iter().flat_map(|(_name, cases)| cases).collect();
    let n_bad = all.iter().filter(|case| !case.faults.is_empty()).count();
    assert!(all.len() >= 100, "{}", all.len());
    assert!(
        (40..=60).contains(&(n_bad * 100 / all.len())),
        "{n_bad} of {}",
        all.len()
    );
}

#[test]
fn the_guard_is_right_on_what_it_was_fitted_to() {
    let guard = Guard::new();
    let (_name, cases) = &halves()[0];
    let total = total(&tallies(cases, &guard));
    assert!(total.precision() >= 0.9, "{total:?}");
    assert!(total.recall() >= 0.8, "{total:?}");
}

#[test]
fn every_fault_is_found_in_both_halves() {
    let guard = Guard::new();
    for (name, cases) in halves() {
        for (fault, tally) in tallies(&cases, &guard) {
            assert!(tally.n_found > 0, "{name}: {fault:?}: {tally:?}");
        }
    }
}

/// A change of the guard shows here: case by case in the half that it is fitted to, in figures only in the other, so that nobody fits it to that.
#[test]
fn what_the_guard_makes_of_the_set() {
    let guard = Guard::new();
    let mut report = String::new();
    for (name, cases) in halves() {
        writeln!(report, "{name}: labelled, found, false alarms").unwrap();
        let mut rows: BTreeMap<&str, _> = BTreeMap::new();
        for (fault, tally) in tallies(&cases, &guard) {
            rows.insert(fault.as_str(), tally);
        }
        rows.insert("~ steps", steps(&cases, &guard));
        for (fault, tally) in rows {
            writeln!(
                report,
                "  {fault:<18}{:>3}{:>3}{:>3}",
                tally.n_labelled, tally.n_found, tally.n_false_alarms
            )
            .unwrap();
        }
        for case in cases.iter().filter(|_case| name == HALVES[0].0) {
            let found = case.inspect(&guard);
            for missed in case.faults.difference(&found) {
                writeln!(
                    report,
                    "  missed {}: {}: {}",
                    missed.as_str(),
                    case.label,
                    case.message
                )
                .unwrap();
            }
            for (fault, detail) in case.details(&guard) {
                if !case.faults.contains(&fault) {
                    writeln!(report, "  false {}: {}: {detail}", fault.as_str(), case.label).unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(report);
}
