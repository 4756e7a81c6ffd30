//! Seeded schedules of faults: several workers on one memory journal, where acknowledgements are lost, calls are refused or delayed past
//! the end of a lease, and workers are killed at any step. After each schedule the named invariants must hold.
//!
//! A schedule follows from its seed alone. A failure prints the seed and everything that took effect, in order.

mod chaos;
mod invariants;
mod schedule;

use chaos::Chaos;
use invariants::check;
use schedule::{Schedule, play};

/// How many random schedules are played.
const N_SEEDS: u64 = 300;

#[test]
fn invariants_hold_whatever_goes_wrong() {
    let (mut n_kills, mut n_cancelled, mut n_takeovers) = (0, 0, 0);
    for seed in 0..N_SEEDS {
        let played = play(&Schedule::random(seed));
        check(&played);
        n_kills += played.n_kills;
        n_cancelled += usize::from(played.cancelled_at.is_some());
        n_takeovers += played.n_takeovers();
    }
    // The schedules are worth something only if things do go wrong in them.
    assert!(n_kills > 300, "{n_kills} kills");
    assert!(n_cancelled > 30, "{n_cancelled} runs cancelled");
    assert!(n_takeovers > 300, "{n_takeovers} conversations taken over");
}

#[test]
fn a_worker_may_be_killed_at_every_step() {
    for cannot_continue in [false, true] {
        let mut n_kills = 0;
        for step in 0.. {
            let schedule = Schedule::killed_at(step, cannot_continue);
            let played = play(&schedule);
            check(&played);
            if played.n_kills == 0 {
                break;
            }
            n_kills += played.n_kills;
        }
        assert!(n_kills > 40, "{n_kills} steps");
    }
}

/// With one worker at a time: which of several workers that wait for a job gets it is for the journal to say.
#[test]
fn the_same_seed_gives_the_same_schedule() {
    for seed in 0..20 {
        let schedule = Schedule::random(seed).alone();
        let (one, other) = (play(&schedule), play(&schedule));
        assert!(one.effects.len() > 20, "{} effects", one.effects.len());
        assert_eq!(one.report(), other.report());
    }
}
