//! Runs become due whatever the order in which commits and results are seen.

use model::{
    ArtifactRef, Commit, CommitMeta, Digest, Event, ObjectRef, Recorded, RunCompleted, RunVerdict, Tally,
};
use proptest::prelude::*;

use super::*;
use crate::testing::{Sample, org, time};

/// Something that a subscription delivers.
#[derive(Clone, Debug)]
enum Seen {
    Commit(Box<Event>),
    Result(u32),
}

fn commit(sample: &Sample, event: Event) -> Recorded {
    let meta = CommitMeta {
        actor: "ada".parse().unwrap(),
        at: time(0),
        command_id: "command".parse().unwrap(),
        command_digest: Digest::of(b""),
        index: 0,
        count: 1,
        traceparent: None,
    };
    let object = ObjectRef::new(Kind::Run, sample.run.id);
    Recorded {
        sequence: 1,
        commit: Commit {
            org: org(),
            object,
            meta,
            events: vec![event],
        },
    }
}

fn completed() -> Event {
    let artifact = ArtifactRef {
        digest: Digest::of(b""),
        size_bytes: 0,
    };
    Event::RunCompleted(RunCompleted {
        tally: Tally::of(3),
        verdict: RunVerdict::Passed,
        artifact,
    })
}

fn in_commit(event: Event) -> Seen {
    Seen::Commit(Box::new(event))
}

fn see(tracker: &mut Tracker, sample: &Sample, seen: Seen) {
    match seen {
        Seen::Commit(event) => tracker.commit(&commit(sample, *event)),
        Seen::Result(n) => tracker.result((org(), sample.run.id), n),
    }
}

fn due(tracker: &mut Tracker) -> Option<RunId> {
    tracker.take_due(|_| true).map(|(_, run)| run)
}

#[test]
fn is_due_with_the_last_result_and_only_once() {
    let sample = Sample::new(1, &[("a", 2), ("b", 1)]);
    let mut tracker = Tracker::default();
    see(
        &mut tracker,
        &sample,
        in_commit(Event::RunStarted(sample.started())),
    );
    for n in [0, 2, 2, 3, 900] {
        see(&mut tracker, &sample, Seen::Result(n));
        assert_eq!(due(&mut tracker), None);
    }
    see(&mut tracker, &sample, Seen::Result(1));
    assert_eq!(due(&mut tracker), Some(sample.run.id));
    assert_eq!(due(&mut tracker), None);
    tracker.give_back(&(org(), sample.run.id));
    assert_eq!(due(&mut tracker), Some(sample.run.id));
}

#[test]
fn a_cancelled_run_is_due_at_once() {
    let sample = Sample::new(1, &[("a", 2)]);
    let mut tracker = Tracker::default();
    see(
        &mut tracker,
        &sample,
        in_commit(Event::RunStarted(sample.started())),
    );
    see(
        &mut tracker,
        &sample,
        in_commit(Event::RunCancelled(model::CancelReason::Asked)),
    );
    assert_eq!(due(&mut tracker), Some(sample.run.id));
}

#[test]
fn results_after_the_end_change_nothing() {
    let sample = Sample::new(1, &[("a", 1)]);
    let mut tracker = Tracker::default();
    see(
        &mut tracker,
        &sample,
        in_commit(Event::RunStarted(sample.started())),
    );
    see(&mut tracker, &sample, in_commit(completed()));
    see(&mut tracker, &sample, Seen::Result(0));
    assert_eq!(due(&mut tracker), None);
    assert!(tracker.open.is_empty());
}

proptest! {
    /// The two subscriptions are in no order relative to each other; within each the order is the log's.
    #[test]
    fn interleaving_does_not_matter(
        cancel in any::<bool>(),
        complete in any::<bool>(),
        results in Just(vec![0_u32, 1, 2]).prop_shuffle(),
        n_results in 0_usize..=3,
        picks in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let sample = Sample::new(1, &[("a", 2), ("b", 1)]);
        let mut commits = vec![Event::RunStarted(sample.started())];
        commits.extend(cancel.then_some(Event::RunCancelled(model::CancelReason::Asked)));
        commits.extend(complete.then(completed));
        let mut commits = commits.into_iter().map(in_commit).peekable();
        let mut results = results.into_iter().take(n_results).map(Seen::Result).peekable();
        let mut tracker = Tracker::default();
        let mut picks = picks.into_iter();
        while commits.peek().is_some() || results.peek().is_some() {
            let first = if picks.next().unwrap_or(true) { commits.next() } else { results.next() };
            let seen = first.or_else(|| commits.next()).or_else(|| results.next());
            see(&mut tracker, &sample, seen.unwrap());
        }
        let expected = (!complete && (cancel || n_results == 3)).then_some(sample.run.id);
        prop_assert_eq!(due(&mut tracker), expected);
    }
}
