//! Leaving too early: a simulated user that goes while the agent waits for its answer.

use model::UserOutcome;
use regex::Regex;

use super::{
    Past, Step,
    patterns::any,
    phrases,
    text::{fold, quote, sentences, similarity, unquoted, words},
};

/// How alike two questions are that ask the same.
const ALIKE: f64 = 0.8;

/// Tells questions that wait for an answer from those that do not.
#[derive(Debug)]
pub(super) struct Questions {
    courtesy: Regex,
    request: Regex,
}

impl Questions {
    pub(super) fn new() -> Self {
        let courtesies = phrases::ALL
            .iter()
            .flat_map(|language| language.offers.iter().chain(language.courtesy));
        let requests = phrases::ALL.iter().flat_map(|language| language.requests);
        Self {
            courtesy: any(courtesies.copied()),
            request: any(requests.copied()),
        }
    }

    /// What is wrong: it leaves, and nothing that it says now reaches the agent, which waits for an answer.
    pub(super) fn find(&self, step: &Step<'_>, past: &Past<'_>) -> Option<String> {
        let outcome = step.leaves?;
        let asked = past.asked()?;
        let spoken = unquoted(asked.raw);
        let question = sentences(&spoken)
            .into_iter()
            .rev()
            .find(|sentence| self.waits(sentence))?;
        // Whoever is asked the same over and over may give up.
        let before = &past.turns[..past.turns.len() - 1];
        let wanted = words(question);
        let was_asked = before.iter().any(|turn| {
            turn.role == model::Role::Agent
                && sentences(turn.raw)
                    .into_iter()
                    .any(|earlier| similarity(&words(earlier), &wanted) >= ALIKE)
        });
        if outcome == UserOutcome::GaveUp && was_asked {
            return None;
        }
        Some(format!(
            "The agent waits for an answer: {}. What you say while leaving does not reach it. Answer first, with state `continuing`.",
            quote(question)
        ))
    }

    /// Whether a sentence of the agent waits for an answer.
    fn waits(&self, sentence: &str) -> bool {
        let folded = fold(sentence);
        let asks = folded.contains(['?', '？']) || self.request.is_match(&folded);
        asks && !self.courtesy.is_match(&folded)
    }
}
