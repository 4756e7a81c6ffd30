//! The summary of a group of conversations, of the run or of one of its tests.

use std::collections::BTreeMap;

use model::Tally;
use serde::Serialize;

use crate::{
    artifact::{conversations::CreditField, usage::UsageField},
    fold::{Attempts, ErrorCount, LatencyReport, PassRate, Summary},
};

#[derive(Serialize)]
pub(super) struct SummaryField<'a> {
    tally: TallyField,
    pass_rate: Option<PassRateField>,
    pass_rate_invalid_as_failed: Option<PassRateField>,
    attempts: AttemptsField,
    milestones: Option<CreditField>,
    latency: Option<LatencyField>,
    usage: UsageField,
    simulator_usage: UsageField,
    judge_usage: UsageField,
    total_usage: UsageField,
    interactions: u64,
    end_reasons: &'a BTreeMap<&'static str, u32>,
    errors: Vec<ErrorField<'a>>,
    further_errors: u32,
    started_at: Option<String>,
    finished_at: Option<String>,
}

impl<'a> SummaryField<'a> {
    pub(super) fn new(summary: &'a Summary) -> Self {
        Self {
            tally: TallyField::from(&summary.tally),
            pass_rate: summary.pass_rate.as_ref().map(PassRateField::from),
            pass_rate_invalid_as_failed: summary
                .pass_rate_invalid_as_failed
                .as_ref()
                .map(PassRateField::from),
            attempts: summary.attempts.into(),
            milestones: summary.milestones.and_then(CreditField::of),
            latency: summary.latency.as_ref().map(LatencyField::from),
            usage: summary.usage.into(),
            simulator_usage: summary.simulator_usage.into(),
            judge_usage: summary.judge_usage.into(),
            total_usage: summary.total_usage().into(),
            interactions: summary.interactions,
            end_reasons: &summary.end_reasons,
            errors: summary.errors.iter().map(ErrorField::from).collect(),
            further_errors: summary.further_errors,
            started_at: summary.started_at.map(|at| at.to_string()),
            finished_at: summary.finished_at.map(|at| at.to_string()),
        }
    }
}

/// Counts of conversations, also told to those who watch a run.
#[derive(Serialize)]
pub(crate) struct TallyField {
    planned: u32,
    passed: u32,
    failed: u32,
    invalid: u32,
    errored: u32,
    cancelled: u32,
}

impl From<&Tally> for TallyField {
    fn from(tally: &Tally) -> Self {
        let Tally {
            planned,
            passed,
            failed,
            invalid,
            errored,
            cancelled,
        } = *tally;
        Self {
            planned,
            passed,
            failed,
            invalid,
            errored,
            cancelled,
        }
    }
}

#[derive(Serialize)]
struct PassRateField {
    passed: u32,
    of: u32,
    rate: f64,
    low: f64,
    high: f64,
}

impl From<&PassRate> for PassRateField {
    fn from(rate: &PassRate) -> Self {
        let PassRate {
            passed,
            of,
            rate,
            interval,
        } = *rate;
        Self {
            passed,
            of,
            rate,
            low: interval.low,
            high: interval.high,
        }
    }
}

#[derive(Serialize)]
struct LatencyField {
    replies: u64,
    p50_ms: u64,
    p95_ms: u64,
}

impl From<&LatencyReport> for LatencyField {
    fn from(latency: &LatencyReport) -> Self {
        let LatencyReport {
            replies,
            p50_ms,
            p95_ms,
        } = *latency;
        Self {
            replies,
            p50_ms,
            p95_ms,
        }
    }
}

#[derive(Serialize)]
struct AttemptsField {
    all: u32,
    broken: u32,
    broken_rate: Option<f64>,
}

impl From<Attempts> for AttemptsField {
    fn from(attempts: Attempts) -> Self {
        Self {
            all: attempts.all,
            broken: attempts.broken,
            broken_rate: attempts.broken_rate(),
        }
    }
}

#[derive(Serialize)]
struct ErrorField<'a> {
    cause: &'a str,
    count: u32,
    first_n: u32,
}

impl<'a> From<&'a ErrorCount> for ErrorField<'a> {
    fn from(error: &'a ErrorCount) -> Self {
        Self {
            cause: &error.cause,
            count: error.count,
            first_n: error.first_n,
        }
    }
}
