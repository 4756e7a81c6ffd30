//! The fields of a line that tell what language models did: what the guard stopped, milestones, attempts that were broken, votes.

use model::{BrokenAttempt, Evaluation, MetricDomain, MilestoneOutcome, Violation, Vote};
use serde::Serialize;

use super::ValueField;
use crate::{artifact::agreement::Agreement, fold::Credit};

#[derive(Serialize)]
pub(super) struct ViolationField<'a> {
    fault: &'static str,
    detail: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
pub(super) struct MilestoneField<'a> {
    name: &'a str,
    reached_at: Option<u32>,
    justification: &'a str,
    error: Option<&'a str>,
}

#[derive(Serialize)]
pub(in crate::artifact) struct CreditField {
    reached: u32,
    of: u32,
    share: f64,
}

#[derive(Serialize)]
pub(super) struct BrokenField<'a> {
    attempt: u32,
    cause: &'a str,
    violations: Vec<ViolationField<'a>>,
    n_turns: u32,
}

#[derive(Serialize)]
pub(super) struct VoteField<'a> {
    model: &'a str,
    value: ValueField<'a>,
    justification: &'a str,
    error: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct AgreementField {
    agreeing: u32,
    of: u32,
    share: f64,
}

impl<'a> From<&'a Violation> for ViolationField<'a> {
    fn from(violation: &'a Violation) -> Self {
        Self {
            fault: violation.fault.as_str(),
            detail: &violation.detail,
            message: &violation.message,
        }
    }
}

impl<'a> From<&'a MilestoneOutcome> for MilestoneField<'a> {
    fn from(outcome: &'a MilestoneOutcome) -> Self {
        Self {
            name: outcome.name.as_str(),
            reached_at: outcome.reached_at,
            justification: &outcome.justification,
            error: outcome.error.as_deref(),
        }
    }
}

impl CreditField {
    /// None if there is nothing to reach.
    pub(in crate::artifact) fn of(credit: Credit) -> Option<Self> {
        Some(Self {
            reached: credit.reached,
            of: credit.of,
            share: credit.share()?,
        })
    }
}

impl<'a> From<&'a BrokenAttempt> for BrokenField<'a> {
    fn from(broken: &'a BrokenAttempt) -> Self {
        Self {
            attempt: broken.attempt,
            cause: &broken.cause,
            violations: broken.violations.iter().map(ViolationField::from).collect(),
            n_turns: broken.n_turns,
        }
    }
}

impl<'a> From<&'a Vote> for VoteField<'a> {
    fn from(vote: &'a Vote) -> Self {
        Self {
            model: vote.model.as_str(),
            value: vote.value.as_ref().into(),
            justification: &vote.justification,
            error: vote.error.as_deref(),
        }
    }
}

impl AgreementField {
    /// None: there were no votes, or no value came out of them.
    pub(super) fn of(evaluation: &Evaluation, domain: Option<&MetricDomain>) -> Option<Self> {
        let agreement = Agreement::of(evaluation, domain)?;
        Some(Self {
            agreeing: agreement.agreeing,
            of: agreement.of,
            share: agreement.share(),
        })
    }
}
