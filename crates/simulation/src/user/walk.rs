//! The walk through a script.
//!
//! A pure function of the script, the persona, the scenario and what was said. It starts at the top every time and consumes
//! the user's turns in order: a step that speaks takes the next of them without looking at its text. A condition that
//! stands before the user's k-th turn sees the conversation as it was then, so that the walk takes the same way again.

use std::{collections::HashMap, ops::ControlFlow};

use model::{Condition, Invalid, Role, ScriptAction, ScriptStep, Turn, UserOutcome};
use regex::Regex;

use super::{UserError, UserMove, scripted::Part};
use crate::{
    expression::{Bindings, Budget, Outcome, Program},
    pattern,
    template::{MAX_SAY_BYTES, Variables},
    view,
};

/// What templates and conditions of a script may name.
pub(crate) const SCRIPT_VARIABLES: &[&str] = &["agent", "persona", "scenario", "conversation"];
/// The most steps that may pass between two things said.
const MAX_SILENT_STEPS: u32 = 20_000;

/// The user's next move.
pub(super) fn next_move(part: &Part, turns: &[Turn]) -> Result<UserMove, UserError> {
    let said = turns
        .iter()
        .enumerate()
        .filter(|(_position, turn)| matches!(turn.role, Role::User | Role::Event))
        .map(|(position, _turn)| position)
        .collect();
    let mut walk = Walk {
        part,
        turns,
        said,
        n_said: 0,
        silent_steps: 0,
        conditions: Conditions::default(),
        seen: None,
    };
    match walk.steps(&part.script.steps, "")? {
        ControlFlow::Break(made) => Ok(made),
        ControlFlow::Continue(()) => walk.leave(UserOutcome::Achieved, None),
    }
}

struct Walk<'a> {
    part: &'a Part,
    turns: &'a [Turn],
    /// Positions of the user's turns.
    said: Vec<usize>,
    /// How many of them the walk has passed.
    n_said: usize,
    silent_steps: u32,
    conditions: Conditions,
    /// What expressions see at this point of the walk, once one has asked.
    seen: Option<Bindings>,
}

type Walked = Result<ControlFlow<UserMove>, UserError>;

impl Walk<'_> {
    fn steps(&mut self, steps: &[ScriptStep], parent: &str) -> Walked {
        for (index, step) in steps.iter().enumerate() {
            let path = step_path(parent, index);
            self.count_step()?;
            if let Some(when) = &step.when
                && !self.holds(when, || condition_path(&path, "when", when))?
            {
                continue;
            }
            let walked = match &step.action {
                ScriptAction::Say(text) => self.say(text.as_str(), || format!("{path}.say"))?,
                ScriptAction::Steps(steps) => self.steps(steps, &path)?,
                ScriptAction::Repeat { times, until, steps } => {
                    self.repeat(*times, until.as_ref(), steps, &format!("{path}.repeat"))?
                }
                ScriptAction::End { outcome, reason } => ControlFlow::Break(
                    self.leave(*outcome, reason.as_ref().map(|reason| reason.as_str().to_owned()))?,
                ),
            };
            if walked.is_break() {
                return Ok(walked);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn repeat(&mut self, times: u32, until: Option<&Condition>, steps: &[ScriptStep], path: &str) -> Walked {
        for round in 0..times {
            self.count_step()?;
            if round > 0
                && let Some(until) = until
                && self.holds(until, || condition_path(path, "until", until))?
            {
                break;
            }
            let walked = self.steps(steps, path)?;
            if walked.is_break() {
                return Ok(walked);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn say(&mut self, template: &str, path: impl Fn() -> String) -> Walked {
        self.silent_steps = 0;
        if self.n_said < self.said.len() {
            self.n_said += 1;
            self.seen = None;
            return Ok(ControlFlow::Continue(()));
        }
        let variables = Variables::default()
            .with("agent", &view::last_agent_text(self.turns).into())
            .with("persona", &self.part.persona)
            .with("scenario", &self.part.scenario)
            .with("conversation", &view::conversation(self.turns));
        let text = variables
            .render(template, MAX_SAY_BYTES)
            .map_err(|why| self.failed(path(), why.to_string()))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(self.failed(path(), "came out empty; a user has to say something".to_owned()));
        }
        Ok(ControlFlow::Break(UserMove::Say(text.to_owned())))
    }

    fn leave(&self, outcome: UserOutcome, reason: Option<String>) -> Result<UserMove, UserError> {
        if self.n_said < self.said.len() {
            return Err(UserError::Diverged {
                scenario: self.part.scenario_name.clone(),
                scripted: self.n_said,
                said: self.said.len(),
            });
        }
        Ok(UserMove::Leave {
            outcome,
            reason,
            farewell: None,
        })
    }

    fn holds(&mut self, condition: &Condition, path: impl Fn() -> String) -> Result<bool, UserError> {
        let end = self.said.get(self.n_said).copied().unwrap_or(self.turns.len());
        let turns = self.turns.get(..end).unwrap_or(self.turns);
        let part = self.part;
        let agent = view::last_agent_text(turns);
        let holds = match condition {
            Condition::Matches(source) => self.conditions.matches(source.as_str(), agent),
            Condition::NotMatches(source) => self
                .conditions
                .matches(source.as_str(), agent)
                .map(|found| !found),
            Condition::Cel(source) => {
                let seen = self.seen.get_or_insert_with(|| {
                    Bindings::default()
                        .with("agent", &agent.into())
                        .with("persona", &part.persona)
                        .with("scenario", &part.scenario)
                        .with("conversation", &view::conversation(turns))
                });
                self.conditions.is_true(source.as_str(), seen)
            }
        };
        holds.map_err(|reason| self.failed(path(), reason))
    }

    fn count_step(&mut self) -> Result<(), UserError> {
        self.silent_steps += 1;
        if self.silent_steps > MAX_SILENT_STEPS {
            return Err(UserError::Endless {
                scenario: self.part.scenario_name.clone(),
                limit: MAX_SILENT_STEPS,
            });
        }
        Ok(())
    }

    fn failed(&self, path: String, reason: String) -> UserError {
        UserError::Step {
            scenario: self.part.scenario_name.clone(),
            path,
            reason,
        }
    }
}

/// The path of a step.
pub(crate) fn step_path(parent: &str, index: usize) -> String {
    if parent.is_empty() {
        format!("steps[{index}]")
    } else {
        format!("{parent}.steps[{index}]")
    }
}

/// The path of a condition.
pub(crate) fn condition_path(parent: &str, place: &str, condition: &Condition) -> String {
    let kind = match condition {
        Condition::Matches(_) => "matches",
        Condition::NotMatches(_) => "not_matches",
        Condition::Cel(_) => "cel",
    };
    format!("{parent}.{place}.{kind}")
}

/// Conditions, each compiled once. All expressions of a walk share one budget.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    patterns: HashMap<String, Regex>,
    programs: HashMap<String, Program>,
    budget: Budget,
}

impl Conditions {
    /// Compiles a condition.
    pub(crate) fn check(condition: &Condition) -> Result<(), Invalid> {
        match condition {
            Condition::Matches(source) | Condition::NotMatches(source) => {
                pattern::compile(source.as_str()).map(drop)
            }
            Condition::Cel(source) => Program::compile(source.as_str(), SCRIPT_VARIABLES).map(drop),
        }
    }

    fn matches(&mut self, source: &str, text: &str) -> Result<bool, String> {
        if let Some(regex) = self.patterns.get(source) {
            return Ok(regex.is_match(text));
        }
        let regex = pattern::compile(source).map_err(|invalid| invalid.to_string())?;
        let found = regex.is_match(text);
        self.patterns.insert(source.to_owned(), regex);
        Ok(found)
    }

    fn is_true(&mut self, source: &str, bindings: &Bindings) -> Result<bool, String> {
        let outcome = if let Some(program) = self.programs.get(source) {
            program.run(bindings, &self.budget)
        } else {
            let program =
                Program::compile(source, SCRIPT_VARIABLES).map_err(|invalid| invalid.to_string())?;
            let outcome = program.run(bindings, &self.budget);
            self.programs.insert(source.to_owned(), program);
            outcome
        };
        match outcome.map_err(|why| why.to_string())? {
            Outcome::Boolean(holds) => Ok(holds),
            Outcome::Null => Err("is null, not true or false".to_owned()),
            Outcome::Number(_) => Err("is a number, not true or false".to_owned()),
            Outcome::Text(_) => Err("is a text, not true or false".to_owned()),
            Outcome::Other(type_name) => Err(format!("is a {type_name}, not true or false")),
        }
    }
}
