//! Second openings: a simulated user that greets and says again what it came for.

use std::collections::BTreeSet;

use regex::Regex;

use super::{
    Past, Step,
    patterns::any,
    phrases,
    text::{fold, quote, sentences},
};

/// The share of the words that carry meaning which both openings must have, of the shorter one.
const ALIKE_PERCENT: usize = 60;
/// How many words they must share at least.
const MIN_SHARED: usize = 3;
/// A word that carries meaning has so many letters at least.
const MIN_WORD_CHARS: usize = 4;

/// Finds second openings.
#[derive(Debug)]
pub(super) struct Openings {
    greeting: Regex,
    offer: Regex,
}

impl Openings {
    pub(super) fn new() -> Self {
        let greetings = phrases::ALL.iter().flat_map(|language| language.greetings);
        let offers = phrases::ALL.iter().flat_map(|language| language.offers);
        let greeting = any(greetings.copied());
        Self {
            greeting: any([format!(r"^\W*(?:{greeting})").as_str()]),
            offer: any(offers.copied()),
        }
    }

    /// What is wrong: after the first exchange it greets and restates its opening.
    pub(super) fn find(&self, step: &Step<'_>, past: &Past<'_>) -> Option<String> {
        let (first_at, first) = past.said().next()?;
        let asked = past.asked()?;
        let greeting = self.greeting.find(&step.folded)?;
        let was_answered = past.turns.len() > first_at + 1;
        // An agent that begins anew may be told anew.
        if !was_answered || self.offer.is_match(&fold(asked.raw)) {
            return None;
        }
        // What is asked for may be told together with a greeting: the first words of the opening are not the opening.
        let (again, opening) = (meaning(&step.words), meaning(&first.words));
        let shared = again.intersection(&opening).count();
        let shorter = again.len().min(opening.len());
        let is_again = shared >= MIN_SHARED && shared * 100 >= shorter * ALIKE_PERCENT;
        is_again.then(|| {
            let start = sentences(step.raw).first().copied().unwrap_or(greeting.as_str());
            format!(
                "{} opens the conversation a second time. It is under way: answer what the agent said last.",
                quote(start)
            )
        })
    }
}

/// The words that carry meaning.
fn meaning(words: &[String]) -> BTreeSet<&str> {
    words
        .iter()
        .filter(|word| word.chars().count() >= MIN_WORD_CHARS && !is_polite(word))
        .map(String::as_str)
        .collect()
}

/// Words of every opening.
fn is_polite(word: &str) -> bool {
    const POLITE: [&str; 20] = [
        "hello",
        "good",
        "morning",
        "evening",
        "afternoon",
        "please",
        "would",
        "like",
        "need",
        "want",
        "have",
        "could",
        "guten",
        "hallo",
        "bitte",
        "bonjour",
        "hola",
        "buenas",
        "with",
        "that",
    ];
    POLITE.contains(&word)
}
