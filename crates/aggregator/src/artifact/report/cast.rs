//! What language models did in a conversation, on the page: what the guard stopped, attempts that were thrown away, milestones, votes.

use model::{ConversationResult, Evaluation, MilestoneOutcome, Usage, Verdict, Violation};
use serde::Serialize;

use super::{
    Sealed,
    conversation::{NOTE_CHARS, Passage, Reference},
    words::{self, Mark},
};
use crate::{
    artifact::{agreement::Agreement, misses::value_text, printable::printable},
    fold::Credit,
};

/// The most messages of one turn or attempt that the guard stopped, milestones, attempts, and votes of one metric.
const VIOLATIONS: usize = 20;
const MILESTONES: usize = 100;
const ATTEMPTS: usize = 20;
const VOTES: usize = 50;

/// What the guard stopped.
#[derive(Debug, Serialize)]
pub(super) struct Violations {
    /// What it did, in words.
    heading: String,
    list: Vec<ViolationView>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct ViolationView {
    fault: &'static str,
    detail: Passage,
    message: Passage,
}

/// An attempt in which the simulated user broke its part.
#[derive(Debug, Serialize)]
pub(super) struct BrokenView {
    /// Which attempt, and what became of it.
    heading: String,
    cause: Passage,
    after: String,
    violations: Violations,
}

/// How far the milestones were reached.
#[derive(Debug, Serialize)]
pub(super) struct Milestones {
    /// How many, in words; empty if nobody can tell.
    credit: String,
    list: Vec<MilestoneView>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct MilestoneView {
    name: String,
    mark: Mark,
    justification: Passage,
    error: Option<Passage>,
    reached_at: Option<Reference>,
}

/// What several judges said.
#[derive(Debug, Serialize)]
pub(super) struct Votes {
    heading: String,
    list: Vec<VoteView>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct VoteView {
    model: String,
    value: String,
    justification: Passage,
    error: Option<Passage>,
}

impl Violations {
    fn new(heading: String, violations: &[Violation]) -> Self {
        let list = violations.iter().take(VIOLATIONS).map(|violation| ViolationView {
            fault: words::fault(violation.fault),
            detail: Passage::new(&violation.detail, NOTE_CHARS),
            message: Passage::new(&violation.message, NOTE_CHARS),
        });
        Self {
            heading,
            list: list.collect(),
            left_out: violations.len().saturating_sub(VIOLATIONS),
        }
    }

    /// What was stopped before a turn; none: nothing was.
    pub(super) fn before_turn(violations: &[Violation]) -> Option<Self> {
        let heading = match violations.len() {
            0 => return None,
            1 => "the guard stopped a message before this one".to_owned(),
            n => format!("the guard stopped {n} messages before this one"),
        };
        Some(Self::new(heading, violations))
    }

    pub(super) fn n_bytes(&self) -> usize {
        let texts = self.list.iter();
        texts
            .map(|violation| violation.detail.n_bytes() + violation.message.n_bytes())
            .sum()
    }
}

impl BrokenView {
    /// The attempts of a conversation that the simulated user broke, and how many are left out.
    pub(super) fn all(result: &ConversationResult) -> (Vec<Self>, usize) {
        let last = result.broken.len().saturating_sub(1);
        let views = result
            .broken
            .iter()
            .enumerate()
            .take(ATTEMPTS)
            .map(|(position, broken)| {
                let is_shown = result.verdict == Verdict::Invalid && position == last;
                let heading = if is_shown {
                    format!(
                        "Attempt {} broke and was the last; this is its transcript",
                        broken.attempt
                    )
                } else {
                    format!("Attempt {} was thrown away", broken.attempt)
                };
                let after = match broken.n_turns {
                    0 => "before anything was said".to_owned(),
                    1 => "after 1 message".to_owned(),
                    n => format!("after {n} messages"),
                };
                Self {
                    heading,
                    cause: Passage::new(&broken.cause, NOTE_CHARS),
                    after,
                    violations: Violations::new("what the guard stopped".to_owned(), &broken.violations),
                }
            });
        (views.collect(), result.broken.len().saturating_sub(ATTEMPTS))
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.cause.n_bytes() + self.violations.n_bytes()
    }
}

impl Milestones {
    /// None: the scenario has none, or nothing was judged. `turn` makes a reference to a turn.
    pub(super) fn new(result: &ConversationResult, turn: impl Fn(u32) -> Reference) -> Option<Self> {
        if result.milestones.is_empty() {
            return None;
        }
        let credit = Credit::of(result);
        let list = result.milestones.iter().take(MILESTONES);
        Some(Self {
            credit: credit.share().map_or_else(String::new, |share| {
                format!(
                    "{} of {} reached · {}",
                    credit.reached,
                    credit.of,
                    words::percent(share)
                )
            }),
            list: list.map(|outcome| MilestoneView::new(outcome, &turn)).collect(),
            left_out: result.milestones.len().saturating_sub(MILESTONES),
        })
    }

    pub(super) fn n_bytes(&self) -> usize {
        let texts = self.list.iter();
        texts
            .map(|milestone| {
                let error = milestone.error.as_ref().map_or(0, Passage::n_bytes);
                milestone.justification.n_bytes() + error
            })
            .sum()
    }
}

impl MilestoneView {
    fn new(outcome: &MilestoneOutcome, turn: &impl Fn(u32) -> Reference) -> Self {
        Self {
            name: outcome.name.to_string(),
            mark: match (&outcome.error, outcome.reached_at) {
                (Some(_error), _) => words::UNKNOWN,
                (None, Some(_turn)) => words::REACHED,
                (None, None) => words::NOT_REACHED,
            },
            justification: Passage::new(&outcome.justification, NOTE_CHARS),
            error: outcome
                .error
                .as_deref()
                .map(|error| Passage::new(error, NOTE_CHARS)),
            reached_at: outcome.reached_at.map(turn),
        }
    }
}

impl Votes {
    /// None: one judge was asked once.
    pub(super) fn new(sealed: &Sealed, evaluation: &Evaluation) -> Option<Self> {
        if evaluation.votes.is_empty() {
            return None;
        }
        let heading = match Agreement::of(evaluation, sealed.domain(evaluation)) {
            Some(agreement) => format!(
                "{} of {} judgements agree · {}",
                agreement.agreeing,
                agreement.of,
                words::percent(agreement.share())
            ),
            None => format!(
                "{} judgements, and no value came out of them",
                evaluation.votes.len()
            ),
        };
        let list = evaluation.votes.iter().take(VOTES).map(|vote| VoteView {
            model: vote.model.to_string(),
            value: printable(&value_text(vote.value.as_ref())).into_owned(),
            justification: Passage::new(&vote.justification, NOTE_CHARS),
            error: vote.error.as_deref().map(|error| Passage::new(error, NOTE_CHARS)),
        });
        Some(Self {
            heading,
            list: list.collect(),
            left_out: evaluation.votes.len().saturating_sub(VOTES),
        })
    }

    pub(super) fn n_bytes(&self) -> usize {
        let texts = self.list.iter();
        texts
            .map(|vote| vote.justification.n_bytes() + vote.error.as_ref().map_or(0, Passage::n_bytes))
            .sum()
    }
}

/// What was consumed, in one line; empty if nothing is known.
pub(super) fn consumed(result: &ConversationResult) -> String {
    let part = |who: &str, usage: Usage| {
        (usage.tokens() > 0).then(|| {
            let cost = words::cost(usage).map_or_else(String::new, |cost| format!(", {cost}"));
            format!("{who} {} tokens{cost}", words::grouped(usage.tokens()))
        })
    };
    let parts = [
        part("agent", result.usage),
        part("simulated user", result.simulator_usage),
        part("judges", result.judge_usage),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match words::cost(result.total_usage()) {
        Some(cost) => format!("{cost}: {}", parts.join(" · ")),
        None => parts.join(" · "),
    }
}
