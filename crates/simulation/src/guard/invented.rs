//! Invented facts: a simulated user that states what nobody told it.
//!
//! Only what can be told from a fact with certainty is looked at: dates, exact times, amounts of money, longer numbers, codes, e-mail addresses
//! and full names. Small numbers, ordinals, durations and relative days are said in passing and are no facts.

mod dates;
mod names;
mod numbers;

use std::collections::BTreeSet;

use super::{Known, Past, Step, known::Told, text::fold};

/// How many pieces one detail names.
const MAX_NAMED: usize = 5;

/// Finds invented facts.
#[derive(Debug)]
pub(super) struct Facts {
    dates: dates::Dates,
    numbers: numbers::Numbers,
    names: names::Names,
}

impl Facts {
    pub(super) fn new() -> Self {
        Self {
            dates: dates::Dates::new(),
            numbers: numbers::Numbers::new(),
            names: names::Names::new(),
        }
    }

    /// What is wrong: facts stand in the message that stand neither in the brief nor in the conversation.
    pub(super) fn find(&self, step: &Step<'_>, known: &Known<'_>, past: &Past<'_>) -> Option<String> {
        let mut rest = step.folded.clone();
        let has_digits = rest.bytes().any(|byte| byte.is_ascii_digit());
        let names = self.names.read(step.raw, known.brief);
        if !has_digits && names.is_empty() && !rest.contains('@') {
            return None;
        }
        let told = Told::of(known, past);
        let folded = fold(told.text());
        let mut invented = Vec::new();
        self.numbers.addresses(&mut rest, &folded, &mut invented);
        if has_digits {
            let days = self.dates.known(&folded, known.brief);
            self.dates.find(&mut rest, &days, &folded, &mut invented);
            let context = self.numbers.context(step.raw, &told, &folded, known.brief);
            self.numbers.find(&mut rest, &context, &mut invented);
        }
        names.find(&told, &mut invented);
        if invented.is_empty() {
            return None;
        }
        let unique: BTreeSet<String> = invented.into_iter().collect();
        let named: Vec<String> = unique.into_iter().take(MAX_NAMED).collect();
        Some(format!(
            "{} stands neither in your brief nor in the conversation. State only what you were told; if you do not know something, say so.",
            named.join(", ")
        ))
    }
}

/// Replaces a piece of `text` by blanks, so that nothing reads it again.
fn blank(text: &mut String, start: usize, end: usize) {
    text.replace_range(start..end, &" ".repeat(end - start));
}
