//! What the page says in words: verdicts, reasons, durations, numbers.

use model::{EndReason, Fault, RunVerdict, Usage, UserOutcome, Verdict};
use serde::Serialize;

use crate::fold::RunReport;

/// A verdict as a word, a sign that differs in shape, and a class that differs in colour: none of them has to be seen to be understood.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Mark {
    pub(super) word: &'static str,
    pub(super) sign: &'static str,
    pub(super) class: &'static str,
    pub(super) meaning: &'static str,
}

const fn mark(word: &'static str, sign: &'static str, class: &'static str, meaning: &'static str) -> Mark {
    Mark {
        word,
        sign,
        class,
        meaning,
    }
}

const PASSED: Mark = mark("passed", "✓", "passed", "every criterion holds");
const FAILED: Mark = mark(
    "failed",
    "✗",
    "failed",
    "a criterion was missed, or the cap on interactions reached",
);
const ERRORED: Mark = mark(
    "errored",
    "!",
    "errored",
    "the agent’s connection, a judge or the infrastructure broke",
);
const INVALID: Mark = mark(
    "invalid",
    "?",
    "invalid",
    "the simulated user broke: this says nothing about the agent",
);
const CANCELLED: Mark = mark(
    "cancelled",
    "–",
    "cancelled",
    "the run was cancelled before this had finished",
);

pub(super) const REACHED: Mark = mark("reached", "✓", "passed", "");
pub(super) const NOT_REACHED: Mark = mark("not reached", "–", "cancelled", "");
pub(super) const UNKNOWN: Mark = mark("unknown", "?", "errored", "");

impl Mark {
    /// The mark of a conversation; none: it has no result.
    pub(super) const fn of(verdict: Option<Verdict>) -> Self {
        match verdict {
            Some(Verdict::Passed) => PASSED,
            Some(Verdict::Failed) => FAILED,
            Some(Verdict::Invalid) => INVALID,
            Some(Verdict::Errored) => ERRORED,
            None => CANCELLED,
        }
    }

    /// The mark of a run.
    pub(super) const fn of_run(verdict: RunVerdict) -> Self {
        match verdict {
            RunVerdict::Passed => PASSED,
            RunVerdict::Failed => FAILED,
            RunVerdict::Inconclusive => mark("inconclusive", "?", "invalid", ""),
            RunVerdict::Errored => ERRORED,
            RunVerdict::Cancelled => CANCELLED,
        }
    }
}

/// The run's verdict as a sentence.
pub(super) fn verdict_sentence(report: &RunReport) -> String {
    let tally = &report.summary.tally;
    let planned = of_conversations(tally.planned);
    match report.verdict {
        RunVerdict::Passed => format!("Every criterion holds in all {planned}."),
        RunVerdict::Failed => {
            let misses = if tally.failed == 1 { "misses" } else { "miss" };
            format!(
                "{} of {planned} {misses} a criterion or reached the cap on interactions.",
                tally.failed
            )
        }
        RunVerdict::Inconclusive => format!(
            "Nothing failed, but in {} of {planned} the simulated user broke, so they say nothing about the agent.",
            tally.invalid
        ),
        RunVerdict::Errored => {
            let also = if tally.failed == 0 {
                String::new()
            } else {
                format!(" {} failed.", tally.failed)
            };
            format!(
                "{} of {planned} broke, so the measurement is incomplete.{also}",
                tally.errored
            )
        }
        RunVerdict::Cancelled if tally.cancelled == 0 => {
            format!("The run was cancelled, but all {planned} had finished by then.")
        }
        RunVerdict::Cancelled => format!(
            "The run was cancelled: {} of {planned} had not finished.",
            tally.cancelled
        ),
    }
}

fn of_conversations(n: u32) -> String {
    if n == 1 {
        "1 conversation".to_owned()
    } else {
        format!("{} conversations", grouped(u64::from(n)))
    }
}

/// Why a conversation is over.
pub(super) const fn end(end: &EndReason) -> &'static str {
    match end {
        EndReason::AgentCompleted => "the agent said that it is complete",
        EndReason::UserLeft {
            outcome: UserOutcome::Achieved,
            ..
        } => "the simulated user got what it wanted",
        EndReason::UserLeft {
            outcome: UserOutcome::GaveUp,
            ..
        } => "the simulated user gave up",
        EndReason::MaxInteractions => "the cap on interactions was reached",
        EndReason::AgentError { .. } => "the agent could not be talked to",
        EndReason::SimulatorError { .. } => "the simulated user could not go on",
        EndReason::Infrastructure { .. } => "the worker could not go on",
    }
}

/// How a simulated user broke its part.
pub(super) const fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::RoleInversion => "speaks as the agent",
        Fault::Leak => "shows its reasoning or its brief",
        Fault::Empty => "says nothing",
        Fault::Repetition => "repeats what was said",
        Fault::SecondOpening => "opens the conversation again",
        Fault::EndMarker => "says a mark that means the end",
        Fault::LeftUnanswered => "leaves while the agent waits for an answer",
        Fault::InventedFact => "states a fact that it cannot know",
        Fault::WrongLanguage => "speaks another language",
        Fault::OutOfCharacter => "falls out of character",
    }
}

/// What something cost; none if no price is known.
pub(super) fn cost(usage: Usage) -> Option<String> {
    let estimated = if usage.estimated { " (estimated)" } else { "" };
    (usage.cost_micros > 0).then(|| format!("{}{estimated}", dollars(usage.cost_micros)))
}

/// Millionths of a US dollar as dollars: rounded to cents from a dollar on, to hundredths of a cent from a cent on, else exact.
pub(super) fn dollars(micros: u64) -> String {
    let (unit, digits) = match micros {
        0..10_000 => (1, 6),
        10_000..1_000_000 => (100, 4),
        _ => (10_000, 2),
    };
    let rounded = micros.saturating_add(unit / 2) / unit;
    let whole = 1_000_000 / unit;
    format!("${}.{:0digits$}", grouped(rounded / whole), rounded % whole)
}

/// A duration that people can compare at a glance. Numbers do not break away from their units.
pub(super) fn duration(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis}\u{A0}ms"),
        1_000..60_000 => {
            let tenths = millis / 100;
            format!("{}.{}\u{A0}s", tenths / 10, tenths % 10)
        }
        60_000..3_600_000 => format!("{}\u{A0}min {:02}\u{A0}s", millis / 60_000, millis / 1_000 % 60),
        _ => format!(
            "{}\u{A0}h {:02}\u{A0}min",
            millis / 3_600_000,
            millis / 60_000 % 60
        ),
    }
}

/// A rate in percent, with one digit where that is not 0. The space does not break.
pub(super) fn percent(rate: f64) -> String {
    format!("{}\u{A0}%", hundredths(rate))
}

/// An interval of rates in percent.
pub(super) fn percent_between(low: f64, high: f64) -> String {
    format!("{}–{}\u{A0}%", hundredths(low), hundredths(high))
}

fn hundredths(rate: f64) -> String {
    let text = format!("{:.1}", rate * 100.0);
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A number with its digits in groups of three.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_have_the_digits_that_matter() {
        let costs = [1, 9_999, 10_049, 999_949, 999_950, 1_004_999, 12_345_678_900_000].map(dollars);
        assert_eq!(
            costs.map(|cost| cost.replace('\u{202F}', " ")),
            [
                "$0.000001",
                "$0.009999",
                "$0.0100",
                "$0.9999",
                "$1.0000",
                "$1.00",
                "$12 345 678.90"
            ]
        );
        let cost = |cost_micros, estimated| {
            cost(Usage {
                cost_micros,
                estimated,
                ..Usage::default()
            })
        };
        assert_eq!(cost(0, true), None);
        assert_eq!(cost(20_000, true).as_deref(), Some("$0.0200 (estimated)"));
        assert_eq!(cost(20_000, false).as_deref(), Some("$0.0200"));
        assert_eq!(dollars(u64::MAX).replace('\u{202F}', ""), "$18446744073709.55");
    }

    #[test]
    fn durations_and_numbers_read_well() {
        let durations =
            [0, 999, 1_000, 59_999, 61_000, 3_723_000].map(|millis| duration(millis).replace('\u{A0}', " "));
        assert_eq!(
            durations,
            ["0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 01 s", "1 h 02 min"]
        );
        assert_eq!(
            [0.0, 0.5, 0.333, 1.0].map(percent),
            ["0\u{A0}%", "50\u{A0}%", "33.3\u{A0}%", "100\u{A0}%"]
        );
        assert_eq!(percent_between(0.386, 1.0), "38.6–100\u{A0}%");
        let numbers = [7, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(numbers, ["7", "999", "1\u{202F}000", "1\u{202F}234\u{202F}567"]);
    }
}
