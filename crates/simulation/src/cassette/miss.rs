//! What to say of a request that was not recorded: what comes nearest, and how it differs.

use std::{collections::HashMap, fmt::Write as _, sync::Arc, time::Duration};

use serde_json::Value;
use similar::TextDiff;

use super::{
    conversation::Placed,
    entry::{Entry, Key, yaml},
    outcome::redact_value,
};
use crate::{Secrets, excerpt::excerpt};

/// The longest request that is compared, in bytes; of longer ones, the beginning.
const MAX_COMPARED_BYTES: usize = 1024 * 1024;
/// The most that is compared in all, in bytes.
const MAX_COMPARED_TOTAL: usize = 32 * 1024 * 1024;
/// Longer lines are broken, so that a change within a long one is seen.
const LINE_BYTES: usize = 120;
/// How much of the difference is shown, in bytes.
const DIFFERENCE_BYTES: usize = 3000;
/// How long comparing may take before it gets coarser.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many places of a request that was recorded elsewhere are named.
const MAX_PLACES: usize = 5;

/// A request that may turn out not to be recorded.
#[derive(Debug)]
pub(super) struct Miss {
    placed: Placed,
    secrets: Secrets,
}

impl Miss {
    pub(super) const fn new(placed: Placed, secrets: Secrets) -> Self {
        Self { placed, secrets }
    }

    pub(super) const fn wanted(&self) -> Key {
        self.placed.key
    }

    /// The rest of a sentence that begins with the recording.
    pub(super) fn describe(&self, recorded: &[Arc<Entry>]) -> String {
        let Placed { kind, key, shown } = &self.placed;
        let mut text = format!(
            "holds no outcome of this request of kind `{}` (repetition {}, attempt {}, occurrence {})",
            kind.as_str(),
            key.repetition,
            key.attempt,
            key.occurrence
        );
        let same: Vec<String> = recorded
            .iter()
            .filter(|entry| entry.key.digest == key.digest)
            .map(|entry| place(entry.key))
            .collect();
        if !same.is_empty() {
            let named = same.iter().take(MAX_PLACES).map(String::as_str);
            let more = if same.len() > MAX_PLACES { ", …" } else { "" };
            let named: Vec<&str> = named.collect();
            let _infallible = write!(
                text,
                "; the same request is recorded as {}{more}",
                named.join(", ")
            );
        } else if let Some((entry, difference)) = self.nearest(recorded, shown) {
            let _infallible = write!(
                text,
                "; the nearest recorded one is {}, and differs so:\n{difference}",
                place(entry.key)
            );
        } else {
            let _infallible = write!(text, ", nor any other of this kind");
        }
        let separator = if text.ends_with('\n') { "" } else { "; " };
        text.push_str(separator);
        text.push_str("record again in mode `record`, or add what is missing in mode `auto`");
        text
    }

    /// The recorded request of the same kind that has the most words in common, and the difference to this one.
    fn nearest<'a>(&self, recorded: &'a [Arc<Entry>], shown: &Value) -> Option<(&'a Entry, String)> {
        let wanted = readable(&redact_value(shown.clone(), &self.secrets));
        let mut same_kind: Vec<&Entry> = recorded
            .iter()
            .map(Arc::as_ref)
            .filter(|entry| entry.kind == self.placed.kind)
            .collect();
        // Among equally near ones, that of the same conversation.
        same_kind.sort_by_key(|entry| {
            let key = entry.key;
            (
                key.repetition.abs_diff(self.placed.key.repetition),
                key.attempt.abs_diff(self.placed.key.attempt),
                key.occurrence.abs_diff(self.placed.key.occurrence),
            )
        });
        let mut best: Option<(usize, &Entry, String)> = None;
        let mut compared = 0_usize;
        for entry in same_kind {
            let candidate = readable(&entry.request);
            compared = compared.saturating_add(candidate.len().saturating_add(wanted.len()));
            if compared > MAX_COMPARED_TOTAL && best.is_some() {
                break;
            }
            let distance = distance(&wanted, &candidate);
            if best.as_ref().is_none_or(|(least, ..)| distance < *least) {
                best = Some((distance, entry, candidate));
            }
        }
        best.map(|(_distance, entry, candidate)| (entry, difference(&candidate, &wanted)))
    }
}

fn place(key: Key) -> String {
    format!(
        "repetition {}, attempt {}, occurrence {}",
        key.repetition, key.attempt, key.occurrence
    )
}

/// The request as the file shows it, with long lines broken.
fn readable(request: &Value) -> String {
    let text = yaml(request).unwrap_or_else(|_why| request.to_string());
    let cut = text.floor_char_boundary(MAX_COMPARED_BYTES);
    let mut broken = String::new();
    for line in text[..cut].lines() {
        let mut rest = line;
        while rest.len() > LINE_BYTES {
            let at_most = rest.floor_char_boundary(LINE_BYTES);
            let at = rest[..at_most].rfind(' ').map_or(at_most, |blank| blank + 1);
            let (head, tail) = rest.split_at(at);
            broken.push_str(head);
            broken.push('\n');
            rest = tail;
        }
        broken.push_str(rest);
        broken.push('\n');
    }
    broken
}

/// How many words one has and the other has not, wherever they stand.
fn distance(one: &str, other: &str) -> usize {
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for word in one.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    for word in other.split_whitespace() {
        *counts.entry(word).or_default() -= 1;
    }
    counts
        .values()
        .map(|count| usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX))
        .fold(0, usize::saturating_add)
}

/// A unified diff, bounded.
fn difference(recorded: &str, asked: &str) -> String {
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(recorded, asked);
    let unified = diff
        .unified_diff()
        .context_radius(2)
        .header("recorded", "asked")
        .to_string();
    let mut shown = excerpt(&unified, DIFFERENCE_BYTES);
    if !shown.ends_with('\n') {
        shown.push('\n');
    }
    shown
}
