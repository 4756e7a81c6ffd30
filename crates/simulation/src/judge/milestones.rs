//! Which milestones of a scenario were reached, and with which turn.
//!
//! They are ordered: one counts from the turn on with which the one before it was reached, and one that was not reached, or of which nobody
//! can tell, bars all that come after it.

mod search;

use std::sync::Arc;

use model::{Judge, MetricType, MetricValue, Milestone, MilestoneOutcome, ModelJudge, Name, Usage};
use search::{Found, first};

use super::{
    Judgement, MAX_JUSTIFICATION_BYTES, cannot_give,
    evaluation::Room,
    float,
    panel::{Inquiry, Subject},
};
use crate::{
    briefing::seed_of,
    excerpt::excerpt,
    isolated::{DEADLINE, isolated},
};

/// What was found out, and what that took.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// One per milestone, in order.
    pub(super) outcomes: Vec<MilestoneOutcome>,
    pub(super) usage: Usage,
}

/// What bars the milestones that come after one.
#[derive(Debug)]
enum Bar<'a> {
    Unreached(&'a Name),
    Unknown(&'a Name),
}

/// Finds out.
pub(super) async fn reach(room: &Room<'_>) -> Reached {
    let mut reached = Reached::default();
    let mut bar: Option<Bar<'_>> = None;
    // The position of the turn with which the last one was reached.
    let mut from = 0;
    for milestone in &room.briefing.scenario.content.milestones {
        let outcome = |reached_at, justification: &str, error: Option<String>| MilestoneOutcome {
            name: milestone.name.clone(),
            reached_at,
            justification: excerpt(justification, MAX_JUSTIFICATION_BYTES),
            error: error.map(|error| excerpt(&error, MAX_JUSTIFICATION_BYTES)),
        };
        let barred = match &bar {
            Some(Bar::Unreached(before)) => Some(outcome(
                None,
                &format!("Cannot count: `{before}`, which comes before it, was not reached."),
                None,
            )),
            Some(Bar::Unknown(before)) => {
                let error = format!(
                    "milestone `{}`: whether `{before}` was reached, which comes before it, is not known",
                    milestone.name
                );
                Some(outcome(None, "", Some(error)))
            }
            None => None,
        };
        if let Some(barred) = barred {
            reached.outcomes.push(barred);
            continue;
        }
        let found = match &milestone.judge {
            Judge::Model(judge) => by_models(room, milestone, judge, from, &mut reached.usage).await,
            judge @ (Judge::Contains { .. }
            | Judge::Regex { .. }
            | Judge::JsonSchema { .. }
            | Judge::Cel { .. }
            | Judge::ToolCalled { .. }
            | Judge::Interactions
            | Judge::Latency { .. }
            | Judge::ScriptOutcome
            | Judge::Milestones
            | Judge::Recorded { .. }) => {
                let (held, judge) = (Arc::clone(&room.held), judge.clone());
                let found = isolated(DEADLINE, move || first(&judge, &held, from)).await;
                found
                    .map_err(|why| format!("the judge {why}"))
                    .and_then(|found| found)
            }
        };
        reached.outcomes.push(match found {
            Ok(Found {
                at: Some(at),
                justification,
            }) => {
                from = at;
                let index = room.material.turns.get(at).map(|turn| turn.index);
                outcome(index, &justification, None)
            }
            Ok(Found {
                at: None,
                justification,
            }) => {
                bar = Some(Bar::Unreached(&milestone.name));
                outcome(None, &justification, None)
            }
            Err(error) => {
                bar = Some(Bar::Unknown(&milestone.name));
                outcome(None, "", Some(format!("milestone `{}`: {error}", milestone.name)))
            }
        });
    }
    reached
}

/// Asks language models, once for the whole conversation.
async fn by_models(
    room: &Room<'_>,
    milestone: &Milestone,
    judge: &ModelJudge,
    from: usize,
    usage: &mut Usage,
) -> Result<Found, String> {
    let turns = room.material.turns;
    let Some(start) = turns.get(from) else {
        return Ok(Found::nothing_said());
    };
    let inquiry = Inquiry {
        subject: Subject::Milestone {
            name: &milestone.name,
            description: milestone.description.as_ref(),
            not_before: start.index,
        },
        case: room.case(),
        judge,
        seed: seed_of(&[
            b"milestone",
            &room.briefing.seed.to_be_bytes(),
            milestone.name.as_str().as_bytes(),
        ]),
        is_sample: false,
    };
    let opinion = inquiry.ask(&[], room.judges()).await;
    usage.add(opinion.consumed());
    let judgement = opinion.outcome?;
    let at = match judgement.value {
        None => None,
        Some(MetricValue::Numerical(index)) => turns
            .iter()
            .position(|turn| f64::from(turn.index).total_cmp(&index).is_eq()),
        Some(MetricValue::Boolean(_) | MetricValue::Categorical(_)) => None,
    };
    Ok(Found {
        at,
        justification: judgement.justification,
    })
}

/// How far the milestones were reached: the share, or whether all were.
pub(super) fn measure(metric_type: MetricType, outcomes: &[MilestoneOutcome]) -> Result<Judgement, String> {
    if outcomes.is_empty() {
        return Ok(Judgement::not_applicable("the scenario has no milestones"));
    }
    if let Some(error) = outcomes.iter().find_map(|outcome| outcome.error.as_ref()) {
        return Err(error.clone());
    }
    let references: Vec<u32> = outcomes.iter().filter_map(|outcome| outcome.reached_at).collect();
    let (n_reached, n_all) = (references.len(), outcomes.len());
    let value = match metric_type {
        MetricType::Boolean => MetricValue::Boolean(n_reached == n_all),
        MetricType::Numerical => MetricValue::Numerical(float(n_reached) / float(n_all)),
        MetricType::Categorical => return Err(cannot_give("milestones", metric_type)),
    };
    let missing = outcomes.iter().find(|outcome| outcome.reached_at.is_none());
    let missing = missing.map_or_else(String::new, |first| {
        format!(" The first that was not is `{}`.", first.name)
    });
    Ok(Judgement {
        value: Some(value),
        justification: format!("{n_reached} of {n_all} milestones were reached.{missing}"),
        references,
    })
}

#[cfg(test)]
mod tests;
