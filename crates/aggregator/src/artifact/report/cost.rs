//! What a run consumed, and which of the columns that tell of language models its table has.

use model::Usage;
use serde::Serialize;

use super::words::{cost, grouped};
use crate::fold::{RunReport, Summary};

/// What one side consumed.
#[derive(Debug, Serialize)]
pub(super) struct ConsumptionRow {
    who: &'static str,
    read: String,
    written: String,
    /// Empty if no price is known.
    cost: String,
    /// All sides together.
    is_total: bool,
}

/// Which columns the table of unit tests has beyond the usual ones.
#[derive(Debug, Serialize)]
pub(super) struct Columns {
    cost: bool,
    milestones: bool,
    attempts: bool,
}

/// One row per side that consumed something, and the sum; empty if nobody did.
pub(super) fn consumption(summary: &Summary) -> Vec<ConsumptionRow> {
    let row = |who, usage: Usage, is_total| ConsumptionRow {
        who,
        read: grouped(usage.input_tokens),
        written: grouped(usage.output_tokens),
        cost: cost(usage).unwrap_or_default(),
        is_total,
    };
    let sides = [
        ("Agents", summary.usage),
        ("Simulated users, with their guard", summary.simulator_usage),
        ("Judges", summary.judge_usage),
    ];
    let mut rows: Vec<_> = sides
        .into_iter()
        .filter(|(_who, usage)| usage.tokens() > 0)
        .map(|(who, usage)| row(who, usage, false))
        .collect();
    if rows.len() > 1 {
        rows.push(row("Together", summary.total_usage(), true));
    }
    rows
}

/// A column is there if some test has something to say in it.
pub(super) fn columns(report: &RunReport) -> Columns {
    Columns {
        cost: report.summary.total_usage().cost_micros > 0,
        milestones: report.summary.milestones.is_some(),
        attempts: report.summary.attempts.broken > 0,
    }
}
