//! Repetition: a simulated user that says again what it said, or what the agent just said.

use regex::Regex;

use super::{
    Past, PastTurn, Step,
    patterns::any,
    phrases,
    text::{fold, overlap, quote, similarity},
};

/// How alike two messages of the user are that say the same.
const ALIKE: f64 = 0.8;
/// How alike the user's message is to the agent's which it echoes.
const ECHO: f64 = 0.9;
/// So many words may be said again whatever the agent said.
const SHORT_WORDS: usize = 5;
/// An echo has so many words at least.
const MIN_ECHO_WORDS: usize = 5;
/// An echo of something other than a question has so many words at least: courtesies are returned.
const MIN_STATED_WORDS: usize = 9;

/// Finds repetitions.
#[derive(Debug)]
pub(super) struct Repetitions {
    again: Regex,
    offer: Regex,
}

impl Repetitions {
    pub(super) fn new() -> Self {
        let again = phrases::ALL.iter().flat_map(|language| language.again);
        let offers = phrases::ALL.iter().flat_map(|language| language.offers);
        Self {
            again: any(again.copied()),
            offer: any(offers.copied()),
        }
    }

    /// What is wrong: the message is one that was said already.
    pub(super) fn find(&self, step: &Step<'_>, past: &Past<'_>) -> Option<String> {
        let asked = past.asked();
        if let Some(asked) = asked
            && is_echo(step, asked)
        {
            return Some(format!(
                "{} is what the agent just said. Answer it in your own words.",
                quote(step.raw)
            ));
        }
        if step.words.len() <= SHORT_WORDS || asked.is_some_and(|asked| self.again.is_match(&fold(asked.raw)))
        {
            return None;
        }
        // An agent that begins anew may be told anew.
        let begins_anew = asked.is_some_and(|asked| self.offer.is_match(&fold(asked.raw)));
        let n_told_anew = usize::from(begins_anew);
        let earlier = past
            .said()
            .skip(n_told_anew)
            .filter(|(at, said)| says_the_same(&step.words, &said.words) && !is_asked_again(past, *at, asked))
            .last()?;
        Some(format!(
            "You said {} already. Answer what the agent said last, and do not repeat yourself.",
            quote(earlier.1.raw)
        ))
    }
}

/// Whether two messages say the same; numbers that differ make a difference.
fn says_the_same(one: &[String], other: &[String]) -> bool {
    let numbers = |words: &[String]| -> Vec<String> {
        let has_digit = |word: &&String| word.chars().any(|c| c.is_ascii_digit());
        words.iter().filter(has_digit).cloned().collect()
    };
    overlap(one, other) >= ALIKE && numbers(one) == numbers(other) && similarity(one, other) >= ALIKE
}

/// Whether the agent asks now what it asked before the message at `at`: the same answer is right then.
fn is_asked_again(past: &Past<'_>, at: usize, asked: Option<&PastTurn<'_>>) -> bool {
    let before = at.checked_sub(1).and_then(|before| past.turns.get(before));
    before
        .zip(asked)
        .is_some_and(|(before, asked)| says_the_same(&before.words, &asked.words))
}

/// Whether the user says what the agent just said.
fn is_echo(step: &Step<'_>, asked: &PastTurn<'_>) -> bool {
    let is_question = |text: &str| text.trim_end().ends_with(['?', '？']);
    let least = if is_question(step.raw) && is_question(asked.raw) {
        MIN_ECHO_WORDS
    } else {
        MIN_STATED_WORDS
    };
    step.words.len() >= least
        && overlap(&step.words, &asked.words) >= ECHO
        && similarity(&step.words, &asked.words) >= ECHO
}
