//! Role inversion: a simulated user that speaks as the agent.

use regex::Regex;

use super::{
    Step,
    patterns::{any, pattern},
    phrases,
    text::quote,
};

/// How many bytes before a phrase may say that the words are somebody else's.
const REPORT_BYTES: usize = 60;

/// Finds the agent's voice.
#[derive(Debug)]
pub(super) struct Roles {
    label: Regex,
    phrases: Regex,
    reported: Regex,
}

impl Roles {
    pub(super) fn new() -> Self {
        let voices = phrases::ALL
            .iter()
            .flat_map(|language| language.offers.iter().chain(language.acts));
        let reported = phrases::ALL.iter().flat_map(|language| language.reported);
        Self {
            label: pattern(
                r"(?im)^[\s*_#>\[(]*(agent|assistant|support|support agent|customer (service|support)( agent| representative)?|representative|bot|chatbot|ai|system|operator|agente|asistente|assistente|conseiller|conseillère|kundenservice|kundendienst|mitarbeiter(in)?|medewerker|operatore)[*_\])]*\s*[:：][*_]*\s",
            ),
            phrases: any(voices.copied()),
            reported: any(reported.copied()),
        }
    }

    /// What is wrong: a phrase that only the agent would say, not quoted and not reported.
    pub(super) fn find(&self, step: &Step<'_>) -> Option<String> {
        if let Some(label) = self.label.find(step.raw) {
            return Some(format!(
                "Your message is labelled {}, as if the agent spoke. You are the user: write your own words only, without a label.",
                quote(label.as_str())
            ));
        }
        let said = self
            .phrases
            .find_iter(&step.spoken)
            .find(|found| !self.is_reported(&step.spoken, found.start()))?;
        Some(format!(
            "{} is what the agent would say. You are the user who talks to the agent: say what the user says.",
            quote(said.as_str())
        ))
    }

    /// Whether the sentence says before `at` that somebody else speaks.
    fn is_reported(&self, spoken: &str, at: usize) -> bool {
        let from = spoken.ceil_char_boundary(at.saturating_sub(REPORT_BYTES));
        let before = &spoken[from..at];
        let sentence = before.rfind(['.', '!', '?']).map_or(before, |end| &before[end..]);
        self.reported.is_match(sentence)
    }
}
