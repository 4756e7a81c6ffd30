//! A simulated user that follows a script.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Script, Turn};
use serde_json::Value;

use super::{SimulatedUser, UserError, UserStep, walk};
use crate::{
    Briefing,
    isolated::{DEADLINE, isolated},
    view,
};

/// Plays a script. It keeps nothing between moves: each is found by walking the script from the top.
#[derive(Debug)]
pub(super) struct ScriptedUser {
    part: Arc<Part>,
}

/// The script and who plays it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) script: Script,
    pub(super) scenario_name: String,
    pub(super) persona: Value,
    pub(super) scenario: Value,
}

impl ScriptedUser {
    pub(super) fn new(script: Script, briefing: &Briefing) -> Self {
        Self {
            part: Arc::new(Part {
                script,
                scenario_name: briefing.scenario.name.to_string(),
                persona: view::persona(briefing),
                scenario: view::scenario(briefing),
            }),
        }
    }
}

#[async_trait]
impl SimulatedUser for ScriptedUser {
    async fn next(&mut self, turns: &[Turn]) -> Result<UserStep, UserError> {
        let part = Arc::clone(&self.part);
        let turns = turns.to_vec();
        let walked = isolated(DEADLINE, move || walk::next_move(&part, &turns)).await;
        let walked = walked.unwrap_or_else(|why| {
            Err(UserError::Broken {
                scenario: self.part.scenario_name.clone(),
                reason: why.to_string(),
            })
        });
        walked.map(UserStep::of)
    }
}

#[cfg(test)]
mod tests;
