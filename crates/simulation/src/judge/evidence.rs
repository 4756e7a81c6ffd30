//! What a judge looks at that needs no language model: a conversation, or the beginning of one, and who took part.

use model::{EndReason, Turn};
use serde_json::Value;

use super::Material;
use crate::{Briefing, view};

/// A conversation or the beginning of one, and who took part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    pub(super) turns: &'a [Turn],
    /// How it ended; none: it goes on.
    pub(super) end: Option<&'a EndReason>,
    pub(super) persona: &'a Value,
    pub(super) scenario: &'a Value,
}

/// Evidence that can be handed to another thread.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) turns: Vec<Turn>,
    end: EndReason,
    persona: Value,
    scenario: Value,
}

impl Held {
    pub(super) fn new(briefing: &Briefing, material: Material<'_>) -> Self {
        Self {
            turns: material.turns.to_vec(),
            end: material.end.clone(),
            persona: view::persona(briefing),
            scenario: view::scenario(briefing),
        }
    }

    /// The conversation.
    pub(super) fn whole(&self) -> Evidence<'_> {
        self.beginning(self.turns.len())
    }

    /// The first `n_turns` of it. Only all of them are over.
    pub(super) fn beginning(&self, n_turns: usize) -> Evidence<'_> {
        let turns = self.turns.get(..n_turns).unwrap_or(&self.turns);
        Evidence {
            turns,
            end: (turns.len() == self.turns.len()).then_some(&self.end),
            persona: &self.persona,
            scenario: &self.scenario,
        }
    }
}
