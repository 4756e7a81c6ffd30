//! The guard's table: what it finds in each half of the labelled set, and how long it takes.

use std::{
    hint::black_box,
    io::Write,
    time::{Duration, Instant},
};

use model::{Role, Turn};
use simulation::guard::{MAX_KNOWN_BYTES, MAX_MESSAGE_BYTES};

use super::{
    Failure, Guard,
    labelled::{Case, HALVES, Tally, read, steps, tallies, total},
};

/// How often each step is inspected for the times.
const N_ROUNDS: usize = 50;
/// How often each of the largest messages is inspected.
const N_LARGE_ROUNDS: usize = 5;
/// What the largest messages are made of: the beginnings of what the patterns look for.
const LARGE: [&str; 6] = [
    "let me look into it ",
    "12 May 13 ",
    "1.2.3-4/5 ",
    "### [END \"",
    "Ada Byron Lovelace ",
    "please confirm ",
];

/// Prints the table.
///
/// # Errors
/// The set cannot be read, or the table cannot be written.
pub(super) fn print(out: &mut dyn Write) -> Result<(), Failure> {
    let began = Instant::now();
    let guard = Guard::new();
    let compiled = began.elapsed();
    let mut all = Vec::new();
    for (half, yaml) in HALVES {
        let cases = read(yaml)?;
        let n_bad = cases.iter().filter(|case| !case.faults.is_empty()).count();
        writeln!(out, "{half}: {} steps, {n_bad} of them bad", cases.len())?;
        writeln!(
            out,
            "  {:<18}{:>9}{:>7}{:>8}{:>14}{:>11}{:>8}",
            "fault", "labelled", "found", "missed", "false alarms", "precision", "recall"
        )?;
        let tallies = tallies(&cases, &guard);
        for (fault, tally) in &tallies {
            row(out, fault.as_str(), *tally)?;
        }
        row(out, "all faults", total(&tallies))?;
        row(out, "steps stopped", steps(&cases, &guard))?;
        // The other half stays unseen, so that nobody fits the guard to it.
        if half == HALVES[0].0 {
            differences(out, &cases, &guard)?;
        }
        writeln!(out)?;
        all.extend(cases);
    }
    times(out, &all, &guard, compiled)
}

/// Where guard and label differ.
fn differences(out: &mut dyn Write, cases: &[Case], guard: &Guard) -> Result<(), Failure> {
    for case in cases {
        let found = case.inspect(guard);
        for missed in case.faults.difference(&found) {
            writeln!(out, "  missed {}: {}", missed.as_str(), case.label)?;
        }
        for alarm in found.difference(&case.faults) {
            writeln!(out, "  false alarm {}: {}", alarm.as_str(), case.label)?;
        }
    }
    Ok(())
}

fn row(out: &mut dyn Write, what: &str, tally: Tally) -> Result<(), Failure> {
    let Tally {
        n_labelled,
        n_found,
        n_false_alarms,
    } = tally;
    writeln!(
        out,
        "  {what:<18}{n_labelled:>9}{n_found:>7}{:>8}{n_false_alarms:>14}{:>11.2}{:>8.2}",
        n_labelled - n_found,
        tally.precision(),
        tally.recall()
    )?;
    Ok(())
}

/// How long one step takes: those of the set, and one of the largest size.
fn times(out: &mut dyn Write, cases: &[Case], guard: &Guard, compiled: Duration) -> Result<(), Failure> {
    let mut medians: Vec<Duration> = cases.iter().map(|case| median(case, guard, N_ROUNDS)).collect();
    medians.sort_unstable();
    let mut sizes: Vec<usize> = cases.iter().map(|case| case.message.len()).collect();
    sizes.sort_unstable();
    let at = |percent: usize| medians[(medians.len() - 1) * percent / 100].as_micros();
    writeln!(
        out,
        "one step, messages of {} bytes (median; at most {}): median {} µs, 99th percentile {} µs",
        sizes[sizes.len() / 2],
        sizes[sizes.len() - 1],
        at(50),
        at(99)
    )?;
    let like = cases
        .iter()
        .find(|case| !case.turns.is_empty())
        .ok_or("no labelled step has a conversation before it")?;
    let slowest = LARGE
        .into_iter()
        .map(|piece| median(&hostile(like, piece), guard, N_LARGE_ROUNDS))
        .max()
        .unwrap_or_default();
    writeln!(
        out,
        "one step, hostile messages of {MAX_MESSAGE_BYTES} bytes after {MAX_KNOWN_BYTES} bytes of conversation: at most {} µs",
        slowest.as_micros()
    )?;
    writeln!(out, "compiling the patterns, once: {} ms", compiled.as_millis())?;
    Ok(())
}

/// The middle of the times that a step takes: single ones tell how busy the machine is.
fn median(case: &Case, guard: &Guard, n_rounds: usize) -> Duration {
    let mut took: Vec<Duration> = (0..n_rounds)
        .map(|_round| {
            let began = Instant::now();
            black_box(case.inspect(guard));
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[took.len() / 2]
}

/// A step of the largest size, after a conversation of the largest size.
fn hostile(like: &Case, piece: &str) -> Case {
    let mut case = like.clone();
    case.message = piece.repeat(MAX_MESSAGE_BYTES / piece.len());
    let of = |turn: &Turn, role| Turn {
        role,
        text: case.message.clone(),
        ..turn.clone()
    };
    let n_pairs = MAX_KNOWN_BYTES / MAX_MESSAGE_BYTES / 2;
    let pair = like
        .turns
        .iter()
        .take(1)
        .flat_map(|turn| [of(turn, Role::User), of(turn, Role::Agent)]);
    case.turns = std::iter::repeat_n(pair.collect::<Vec<_>>(), n_pairs)
        .flatten()
        .collect();
    case
}
