//! Scripts: a simulated user that says what it is told to, deterministically and without a model.
//!
//! This is the data only; the `simulation` crate plays it. A script is a tree of steps, walked from the top. The walk is a
//! pure function of the script, the persona and what was said so far, so a conversation that lost its worker is
//! continued by walking again. Falling off the end means the objective was achieved.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Invalid, Text};

/// The most steps a script may have, nested ones included.
pub const MAX_STEPS: usize = 500;
/// The most times one loop may go round.
pub const MAX_ROUNDS: u32 = 1000;
/// How deep steps may nest.
pub const MAX_DEPTH: usize = 16;

/// A scripted simulated user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// What to do, in order.
    pub steps: Vec<ScriptStep>,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptStep {
    /// Do the step only if this holds; none: always.
    pub when: Option<Condition>,
    /// What to do.
    pub action: ScriptAction,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ScriptAction {
    /// Says something: a minijinja template over `persona`, `scenario` and `conversation`.
    Say(Text),
    /// Does the nested steps, once.
    Steps(#[serde(deserialize_with = "nested")] Vec<ScriptStep>),
    /// Does the nested steps again and again: at most `times` rounds, and no further round once `until` holds.
    Repeat {
        /// At most this many rounds, 1 to 1,000.
        times: u32,
        /// Checked before each round but the first.
        until: Option<Condition>,
        /// What to do in each round.
        #[serde(deserialize_with = "nested")]
        steps: Vec<ScriptStep>,
    },
    /// Ends the conversation.
    End {
        /// Whether the simulated user got what it wanted.
        outcome: UserOutcome,
        /// Why, for the transcript.
        reason: Option<Text>,
    },
}

/// A condition on the conversation so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// The agent's last message matches this regular expression.
    Matches(Text),
    /// The agent's last message does not match this regular expression, or there is none.
    NotMatches(Text),
    /// This CEL expression is true. It sees `agent` (the last message's text, `""` if none), `persona`, `scenario` and `conversation`.
    Cel(Text),
}

/// How the simulated user left the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UserOutcome {
    /// It got what it wanted.
    Achieved,
    /// It gave up.
    GaveUp,
}

impl UserOutcome {
    /// `achieved` or `gave_up`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Achieved => "achieved",
            Self::GaveUp => "gave_up",
        }
    }
}

thread_local! {
    /// How deep the steps are nested that this thread is reading.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Reads nested steps. Reading recurses, so bytes that nest without end would otherwise exhaust the stack, which ends the process.
fn nested<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ScriptStep>, D::Error> {
    let depth = DEPTH.get();
    if depth >= MAX_DEPTH {
        return Err(de::Error::custom(format_args!(
            "steps nest at most {MAX_DEPTH} deep"
        )));
    }
    DEPTH.set(depth + 1);
    let steps = Vec::deserialize(deserializer);
    DEPTH.set(depth);
    steps
}

impl Script {
    /// Checks the bounds on size, depth and rounds.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut n_steps = 0;
        check_steps(&self.steps, 1, &mut n_steps)
    }
}

fn check_steps(steps: &[ScriptStep], depth: usize, n_steps: &mut usize) -> Result<(), Invalid> {
    if steps.is_empty() {
        return Err(Invalid::new("must have at least one step"));
    }
    if depth > MAX_DEPTH {
        return Err(Invalid::new(format!("steps nest at most {MAX_DEPTH} deep")));
    }
    *n_steps += steps.len();
    if *n_steps > MAX_STEPS {
        return Err(Invalid::new(format!("a script has at most {MAX_STEPS} steps")));
    }
    for step in steps {
        match &step.action {
            ScriptAction::Say(_) | ScriptAction::End { .. } => {}
            ScriptAction::Steps(steps) => check_steps(steps, depth + 1, n_steps)?,
            ScriptAction::Repeat {
                times,
                until: _,
                steps,
            } => {
                if *times == 0 || *times > MAX_ROUNDS {
                    return Err(Invalid::new(format!(
                        "a loop goes round 1 to {MAX_ROUNDS} times, not {times}"
                    )));
                }
                check_steps(steps, depth + 1, n_steps)?;
            }
        }
    }
    Ok(())
}
