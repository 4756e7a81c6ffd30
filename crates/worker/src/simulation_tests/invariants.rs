//! What must hold after every schedule.

use std::time::Duration;

use model::{Turn, TurnRecord};

use super::schedule::Played;

/// A cancellation is noticed within two seconds; the rest is what a worker needs to stop.
const NOTICED_AFTER: Duration = Duration::from_millis(2100);

/// One beginning of a conversation: who claimed it, and what was said.
struct Attempt<'a> {
    n_claims: usize,
    said: Vec<&'a Turn>,
}

/// The attempts in a conversation's journal, in order.
fn attempts(records: &[TurnRecord]) -> Vec<Attempt<'_>> {
    let mut attempts: Vec<Attempt<'_>> = Vec::new();
    for record in records {
        match record {
            TurnRecord::Claimed { restart, .. } => match attempts.last_mut() {
                Some(attempt) if !restart => attempt.n_claims += 1,
                Some(_) | None => attempts.push(Attempt {
                    n_claims: 1,
                    said: Vec::new(),
                }),
            },
            TurnRecord::Said(turn) => attempts.last_mut().unwrap().said.push(turn),
            TurnRecord::UserLeft { .. } | TurnRecord::UserBroke { .. } => {}
        }
    }
    attempts
}

type Invariant = fn(&Played) -> Result<(), String>;

pub(super) fn check(played: &Played) {
    let invariants: [Invariant; 6] = [
        invariant_one_result_per_conversation,
        invariant_no_result_lost,
        invariant_turns_contiguous,
        invariant_resumes_at_the_right_turn,
        invariant_repeated_calls_are_marked,
        invariant_nothing_admitted_after_cancel,
    ];
    for invariant in invariants {
        if let Err(broken) = invariant(played) {
            panic!("{broken}\n{}", played.report());
        }
    }
}

fn invariant_one_result_per_conversation(played: &Played) -> Result<(), String> {
    for (n, (_, results)) in played.conversations.iter().enumerate() {
        if results.len() > 1 {
            return Err(format!("conversation {n} has {} results", results.len()));
        }
    }
    Ok(())
}

/// Every conversation is settled: with a result, unless its run was cancelled. That holds for those that were given up too.
fn invariant_no_result_lost(played: &Played) -> Result<(), String> {
    if !played.left.is_empty() {
        return Err(format!("conversations {:?} were never settled", played.left));
    }
    let without = played
        .conversations
        .iter()
        .position(|(_, results)| results.is_empty());
    match without {
        Some(n) if played.cancelled_at.is_none() => Err(format!("conversation {n} has no result")),
        Some(_) | None => Ok(()),
    }
}

/// Turns are numbered without gaps in every attempt, and the result holds the turns of its attempt.
fn invariant_turns_contiguous(played: &Played) -> Result<(), String> {
    for (n, (records, results)) in played.conversations.iter().enumerate() {
        let attempts = attempts(records);
        for (attempt, Attempt { said, .. }) in attempts.iter().enumerate() {
            let indices: Vec<u32> = said.iter().map(|turn| turn.index).collect();
            if !indices.iter().copied().eq((0..).take(said.len())) {
                return Err(format!(
                    "conversation {n}, attempt {}: turns {indices:?}",
                    attempt + 1
                ));
            }
        }
        for result in results {
            // A conversation that was given up before it began was never attempted.
            let attempt = (result.attempts as usize)
                .checked_sub(1)
                .and_then(|index| attempts.get(index));
            let said = attempt.map_or(&[][..], |attempt| &attempt.said);
            let is_prefix = result.turns.len() <= said.len()
                && result.turns.iter().zip(said).all(|(kept, said)| kept == *said);
            if !is_prefix {
                return Err(format!(
                    "conversation {n}: the result does not hold what its journal says"
                ));
            }
        }
    }
    Ok(())
}

/// Every call of an agent carries exactly what the journal says was said before, and a turn is called for at most once by each worker
/// that claimed the attempt.
fn invariant_resumes_at_the_right_turn(played: &Played) -> Result<(), String> {
    for (n, (records, _)) in (0..).zip(&played.conversations) {
        let attempts = attempts(records);
        for (_, seen) in played.calls.iter().filter(|(_, seen)| seen.n == n) {
            let key = &seen.idempotency_key;
            let attempt = attempt_of(&attempts, key).ok_or_else(|| format!("{key} was never claimed"))?;
            let before = attempt.said.iter().take(seen.turn_index as usize);
            if !before
                .map(|turn| turn.text.as_str())
                .eq(seen.heard.iter().map(String::as_str))
            {
                return Err(format!("{key} was called with {:?}", seen.heard));
            }
            let calls = n_calls(played, key);
            if calls > attempt.n_claims {
                return Err(format!(
                    "{key} was called {calls} times by {} claims",
                    attempt.n_claims
                ));
            }
        }
    }
    Ok(())
}

/// A reply for which the agent was called more than once says so.
fn invariant_repeated_calls_are_marked(played: &Played) -> Result<(), String> {
    for (n, (records, _)) in (0..).zip(&played.conversations) {
        let attempts = attempts(records);
        for (_, seen) in played.calls.iter().filter(|(_, seen)| seen.n == n) {
            let key = &seen.idempotency_key;
            let kept =
                attempt_of(&attempts, key).and_then(|attempt| attempt.said.get(seen.turn_index as usize));
            if n_calls(played, key) > 1 && kept.is_some_and(|turn| !turn.repeated) {
                return Err(format!("{key} was called again and the turn does not say so"));
            }
        }
    }
    Ok(())
}

/// Soon after a cancellation nothing is said, no agent is called and no result is published any more.
fn invariant_nothing_admitted_after_cancel(played: &Played) -> Result<(), String> {
    let Some(cancelled_at) = played.cancelled_at else {
        return Ok(());
    };
    let limit = cancelled_at + NOTICED_AFTER;
    for effect in played.effects.iter().filter(|effect| effect.at > limit) {
        let admits = ["append_turn", "publish_result", "agent called"];
        if admits.iter().any(|what| effect.what.starts_with(what)) {
            return Err(format!("after the cancellation: {effect}"));
        }
    }
    Ok(())
}

fn attempt_of<'a, 'b>(attempts: &'b [Attempt<'a>], idempotency_key: &str) -> Option<&'b Attempt<'a>> {
    let number: usize = idempotency_key.split('-').nth(2)?.parse().ok()?;
    attempts.get(number - 1)
}

fn n_calls(played: &Played, idempotency_key: &str) -> usize {
    played
        .calls
        .iter()
        .filter(|(_, seen)| seen.idempotency_key == idempotency_key)
        .count()
}
