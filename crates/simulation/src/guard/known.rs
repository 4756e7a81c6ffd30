//! Everything that a simulated user was told: its brief and the conversation, as one text.

use std::collections::HashSet;

use super::{
    Known, MAX_KNOWN_BYTES, Past,
    text::{compact, cut, words},
};
use crate::view;

/// What it was told.
#[derive(Debug)]
pub(super) struct Told {
    text: String,
    compact: String,
    words: HashSet<String>,
}

impl Told {
    pub(super) fn of(known: &Known<'_>, past: &Past<'_>) -> Self {
        let brief = known.brief;
        let (persona, scenario) = (&brief.persona.content, &brief.scenario.content);
        let mut parts = vec![
            known.brief_text,
            brief.persona.name.as_str(),
            persona.background.as_str(),
            brief.scenario.name.as_str(),
            scenario.objective.as_str(),
            scenario.instructions.as_str(),
            brief.agent.name.as_str(),
        ];
        parts.extend(brief.persona.role.as_ref().map(model::Name::as_str));
        parts.extend(persona.user_models.iter().map(model::Text::as_str));
        for (name, value) in view::variables(brief) {
            parts.extend([name, value]);
        }
        let starts_at = brief.starts_at.to_string();
        parts.push(&starts_at);
        parts.extend(past.turns.iter().map(|turn| turn.raw));
        let (mut text, mut joined) = (String::new(), String::new());
        for part in parts {
            let part = cut(part, MAX_KNOWN_BYTES);
            // Parts must not run into one another, so that no number is made of two.
            text.push_str(part);
            text.push_str(" | ");
            joined.push_str(&compact(part));
            joined.push('|');
        }
        Self {
            compact: joined,
            words: words(&text).into_iter().collect(),
            text,
        }
    }

    /// All of it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The letters and digits of each part, with nothing between them but a bar between the parts.
    pub(super) fn compact(&self) -> &str {
        &self.compact
    }

    /// Whether a folded word stands in it.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}
