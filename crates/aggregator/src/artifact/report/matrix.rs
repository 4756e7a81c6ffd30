//! The matrix: every repetition of every unit test at a glance.

use model::{Run, Verdict};
use serde::Serialize;

use super::{conversation, overview, words::Mark};
use crate::fold::RunReport;

/// How many repetitions of one test the matrix shows.
const MATRIX_CELLS: usize = 200;
/// How many it shows in all.
const MATRIX_CELLS_IN_ALL: usize = 5_000;

/// How one planned conversation ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) n: u32,
    /// None: it has no result.
    pub(super) verdict: Option<Verdict>,
    /// Whether its transcript is on the page.
    pub(super) shown: bool,
}

/// One test's repetitions.
#[derive(Debug, Serialize)]
pub(super) struct MatrixRow {
    anchor: String,
    name: String,
    cells: Vec<Cell>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct Cell {
    mark: Mark,
    run_index: usize,
    /// Where its transcript is; empty if it is not on the page.
    target: String,
}

pub(super) fn matrix(run: &Run, report: &RunReport, outcomes: &[Vec<Outcome>]) -> Vec<MatrixRow> {
    let per_test = MATRIX_CELLS
        .min(MATRIX_CELLS_IN_ALL / run.plan.tests.len().max(1))
        .max(1);
    let tests = report.tests.iter().zip(outcomes).enumerate();
    tests
        .map(|(test_idx, (test, outcomes))| MatrixRow {
            anchor: overview::anchor(test_idx),
            name: test.name.to_string(),
            cells: outcomes
                .iter()
                .take(per_test)
                .enumerate()
                .map(|(run_index, outcome)| Cell {
                    mark: Mark::of(outcome.verdict),
                    run_index,
                    target: if outcome.shown {
                        conversation::anchor(outcome.n)
                    } else {
                        String::new()
                    },
                })
                .collect(),
            left_out: outcomes.len().saturating_sub(per_test),
        })
        .collect()
}
