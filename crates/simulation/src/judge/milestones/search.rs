//! The first turn with which a judge that is no language model holds, looking at the beginnings of a conversation.
//!
//! How many beginnings have to be looked at depends on what can become of a judge's answer as a conversation goes on.

use model::{Judge, MetricContent, MetricDomain, MetricValue, Role, Scope};

use crate::judge::{Judgement, evidence::Held, measure, scope::messages};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The position of the turn; none: no beginning of the conversation holds.
    pub(super) at: Option<usize>,
    pub(super) justification: String,
}

impl Found {
    pub(super) fn nothing_said() -> Self {
        Self {
            at: None,
            justification: "Nothing was said.".to_owned(),
        }
    }
}

/// What can become of a judge's answer as a conversation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// Once it holds, it holds for good.
    Lasting,
    /// Once it does not hold, it never will; it is first asked about the first message in scope.
    Fading(Scope),
    /// It follows the agent's last message.
    WithReplies,
    /// Anything.
    Open,
}

impl Course {
    const fn of(judge: &Judge) -> Self {
        match judge {
            Judge::Contains {
                scope: Scope::LastAgent,
                ..
            }
            | Judge::Regex {
                scope: Scope::LastAgent,
                ..
            }
            | Judge::JsonSchema {
                scope: Scope::LastAgent,
                ..
            } => Self::WithReplies,
            Judge::JsonSchema {
                scope: scope @ (Scope::Agent | Scope::User | Scope::All | Scope::FirstAgent),
                ..
            } => Self::Fading(*scope),
            Judge::Contains {
                scope: Scope::Agent | Scope::User | Scope::All | Scope::FirstAgent,
                ..
            }
            | Judge::Regex {
                scope: Scope::Agent | Scope::User | Scope::All | Scope::FirstAgent,
                ..
            }
            | Judge::ToolCalled { .. } => Self::Lasting,
            Judge::Cel { .. }
            | Judge::Model(_)
            | Judge::Interactions
            | Judge::Latency { .. }
            | Judge::ScriptOutcome
            | Judge::Milestones
            | Judge::Recorded { .. } => Self::Open,
        }
    }
}

/// A judge, and the conversation whose beginnings it looks at.
struct Search<'a> {
    metric: MetricContent,
    held: &'a Held,
}

/// The first turn, from the position `from` on, with which `judge` holds.
pub(super) fn first(judge: &Judge, held: &Held, from: usize) -> Result<Found, String> {
    let search = Search {
        metric: MetricContent {
            description: String::new(),
            value: MetricDomain::Boolean,
            judge: judge.clone(),
        },
        held,
    };
    let n = held.turns.len();
    if from >= n {
        return Ok(Found::nothing_said());
    }
    match Course::of(judge) {
        Course::Lasting => search.lasting(from, n - 1),
        Course::Fading(scope) => {
            let first = messages(scope, &held.turns).first().copied();
            let at = first.and_then(|first| held.turns.iter().position(|turn| turn.index == first.index));
            search.any_of(at.map(|at| at.max(from)).into_iter())
        }
        Course::WithReplies => search
            .any_of((from..n).filter(|at| {
                *at == from || held.turns.get(*at).is_some_and(|turn| turn.role == Role::Agent)
            })),
        Course::Open => search.any_of(from..n),
    }
}

impl Search<'_> {
    /// What the judge says of the conversation up to and with the turn at this position.
    fn at(&self, position: usize) -> Result<Judgement, String> {
        measure(&self.metric, &self.held.beginning(position + 1))
    }

    /// The first position of which it holds, if it holds for good from there on.
    fn lasting(&self, from: usize, last: usize) -> Result<Found, String> {
        let whole = self.at(last)?;
        if !holds(&whole) {
            return Ok(Found {
                at: None,
                justification: whole.justification,
            });
        }
        let (mut low, mut high, mut reasons) = (from, last, whole.justification);
        while low < high {
            let middle = low + (high - low) / 2;
            let judgement = self.at(middle)?;
            if holds(&judgement) {
                high = middle;
                reasons = judgement.justification;
            } else {
                low = middle + 1;
            }
        }
        Ok(Found {
            at: Some(low),
            justification: reasons,
        })
    }

    /// The first of these positions of which it holds. A beginning of which the judge cannot tell, such as one that is too short for an
    /// expression, is none; only what it says of the last one counts as its failure.
    fn any_of(&self, positions: impl Iterator<Item = usize>) -> Result<Found, String> {
        let mut last = Ok(Found::nothing_said());
        for position in positions {
            last = match self.at(position) {
                Ok(judgement) if holds(&judgement) => {
                    return Ok(Found {
                        at: Some(position),
                        justification: judgement.justification,
                    });
                }
                Ok(judgement) => Ok(Found {
                    at: None,
                    justification: judgement.justification,
                }),
                Err(error) => Err(error),
            };
        }
        last
    }
}

fn holds(judgement: &Judgement) -> bool {
    judgement.value == Some(MetricValue::Boolean(true))
}
