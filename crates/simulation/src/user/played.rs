//! A simulated user that a language model plays.
//!
//! What it does next follows from the briefing and the turns alone; the model is asked afresh for every step. The guard sees each step before
//! it is let through. A step that breaks the part is asked for once more, with what is wrong with it; if that one breaks it too, the user is
//! broken and the attempt says nothing about the agent.

mod brief;
mod step;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use model::{Fault, Guarding, Role, Turn, Usage, UserOutcome, Violation};
use step::Step;
use watch::Watch;

use super::{SimulatedUser, UserError, UserMove, UserStep};
use crate::{
    Answer, Ask, AskError, Briefing, Message, ModelSource, Purpose, Question,
    briefing::seed_of,
    excerpt::excerpt,
    guard::{Finding, Guard, Known, Proposed},
};

/// The guard's patterns take a while to compile, and are the same for everyone.
static GUARD: LazyLock<Guard> = LazyLock::new(Guard::new);

/// How much of a rejected message is kept, in bytes.
const MAX_REJECTED_BYTES: usize = 2000;

/// Plays the user of one conversation.
#[derive(Debug)]
pub(super) struct PlayedUser {
    model: Arc<dyn Ask>,
    briefing: Briefing,
    /// The brief, as the model is given it.
    brief: String,
    watch: Option<Watch>,
}

/// What came of asking once.
struct Tried {
    answer: Answer,
    step: Step,
    findings: Vec<Finding>,
}

impl PlayedUser {
    /// The user of the briefing, played by the run's simulator.
    pub(super) fn new(briefing: &Briefing, models: &dyn ModelSource) -> Result<Self, UserError> {
        let Some(name) = &briefing.cast.simulator else {
            return Err(UserError::NoModel {
                scenario: briefing.scenario.name.to_string(),
            });
        };
        let watch = match &briefing.cast.guard {
            Guarding::RulesAndModel(name) => Some(Watch::new(models.model(name)?)),
            Guarding::Rules | Guarding::Off => None,
        };
        Ok(Self {
            model: models.model(name)?,
            brief: brief::text(briefing),
            briefing: briefing.clone(),
            watch,
        })
    }

    async fn ask(&self, question: &Question, turns: &[Turn]) -> Result<Tried, AskError> {
        let answer = self.model.ask(question).await?;
        let step = step::read(&answer).map_err(|reason| AskError::Malformed {
            model: self.model.name().to_owned(),
            reason,
            detail: String::new(),
        })?;
        let findings = self.inspect(&step, turns);
        Ok(Tried {
            answer,
            step,
            findings,
        })
    }

    /// What the rules find.
    fn inspect(&self, step: &Step, turns: &[Turn]) -> Vec<Finding> {
        if self.briefing.cast.guard == Guarding::Off {
            return Vec::new();
        }
        let opens = turns.is_empty();
        if step.leaves.is_some() && !turns.iter().any(|turn| turn.role == Role::Agent) {
            let detail = "You leave before the conversation has begun.".to_owned();
            return vec![Finding {
                fault: Fault::LeftUnanswered,
                detail,
            }];
        }
        let proposed = Proposed {
            message: &step.message,
            leaves: step.leaves,
            is_event: opens && brief::opens_with_event(&self.briefing),
        };
        let known = Known {
            brief: &self.briefing,
            brief_text: &self.brief,
            turns,
        };
        GUARD.inspect(&proposed, &known)
    }

    fn question(&self, turns: &[Turn]) -> Question {
        Question {
            purpose: Purpose::User,
            messages: vec![
                Message::system(self.brief.clone()),
                Message::user(brief::request(&self.briefing, turns)),
            ],
            schema: Some(step::schema()),
            seed: Some(seed_of(&[
                b"user",
                &self.briefing.seed.to_be_bytes(),
                &turns.len().to_be_bytes(),
            ])),
            temperature: None,
        }
    }
}

#[async_trait]
impl SimulatedUser for PlayedUser {
    async fn next(&mut self, turns: &[Turn]) -> Result<UserStep, UserError> {
        let mut question = self.question(turns);
        let mut usage = Usage::default();
        let mut violations = Vec::new();
        let mut tried = self.ask(&question, turns).await?;
        for is_last in [false, true] {
            usage.add(tried.answer.usage);
            if tried.findings.is_empty()
                && let Some(watch) = &self.watch
            {
                let watched = watch.inspect(&self.brief, turns, &tried.step).await?;
                usage.add(watched.usage);
                tried.findings.extend(watched.finding);
            }
            if tried.findings.is_empty() {
                return Ok(let_through(tried.step, usage, violations));
            }
            violations.extend(tried.findings.iter().map(|finding| Violation {
                fault: finding.fault,
                detail: finding.detail.clone(),
                message: excerpt(&tried.step.message, MAX_REJECTED_BYTES),
            }));
            if is_last {
                break;
            }
            let told = step::correction(&tried.findings);
            question.messages.push(Message::assistant(tried.answer.text));
            question.messages.push(Message::user(told));
            tried = self.ask(&question, turns).await?;
        }
        Err(UserError::Broke {
            cause: step::causes(&tried.findings),
            violations,
            usage,
        })
    }
}

fn let_through(step: Step, usage: Usage, violations: Vec<Violation>) -> UserStep {
    let note = Some(step.reason).filter(|reason| !reason.is_empty());
    let action = match step.leaves {
        None => UserMove::Say(step.message),
        Some(outcome) => leave(outcome, note.clone(), step.message),
    };
    UserStep {
        action,
        note,
        usage: Some(usage),
        violations,
    }
}

fn leave(outcome: UserOutcome, reason: Option<String>, farewell: String) -> UserMove {
    UserMove::Leave {
        outcome,
        reason,
        farewell: Some(farewell).filter(|farewell| !farewell.is_empty()),
    }
}
