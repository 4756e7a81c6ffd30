//! Followers: each commit reaches one of them, until one is done with it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use model::{Commit, Kind, ObjectRef, OrgId};

use super::{
    LEASE, SOON,
    fixtures::{commit, org, run},
};
use crate::{Followed, Follower, Journal, JournalError};

/// As long as nothing is waited for.
const AT_ONCE: Duration = Duration::from_millis(200);

fn on_run(org: &OrgId, number: u64) -> Commit {
    Commit {
        object: ObjectRef::new(Kind::Run, run(number)),
        ..commit(org, number, &format!("r{number}"))
    }
}

async fn append(journal: &Arc<dyn Journal>, commit: Commit) -> u64 {
    let tail = journal.org_tail(&commit.org).await.expect("it can be read");
    let appended = journal.append(&[commit], tail).await.expect("nothing is between");
    appended.last
}

async fn follow(journal: &Arc<dyn Journal>, name: &str, after: u64) -> Box<dyn Follower> {
    journal
        .follow(name, Kind::Run, after)
        .await
        .expect("runs can be followed")
}

async fn next(follower: &dyn Follower) -> Box<dyn Followed> {
    follower
        .next(SOON)
        .await
        .expect("the follower is well")
        .expect("there is a commit")
}

async fn nothing(follower: &dyn Follower) {
    let found = follower.next(AT_ONCE).await.expect("the follower is well");
    let found = found.map(|followed| followed.recorded().sequence);
    assert_eq!(found, None, "something came that should not");
}

/// All who follow under one name share the commits of the kind; other names have their own.
pub async fn commits_are_followed_together(journal: Arc<dyn Journal>) {
    let (acme, other) = (org("acme"), org("other"));
    let one = follow(&journal, "sender", 0).await;
    nothing(&*one).await;
    append(&journal, commit(&acme, 1, "c1")).await;
    let first = append(&journal, on_run(&acme, 1)).await;
    let second = append(&journal, on_run(&other, 2)).await;
    append(&journal, commit(&other, 2, "c2")).await;
    let third = append(&journal, on_run(&acme, 3)).await;
    let two = follow(&journal, "sender", 0).await;
    let (a, b, c) = (next(&*one).await, next(&*two).await, next(&*one).await);
    let sequences: BTreeSet<u64> = [&a, &b, &c].map(|followed| followed.recorded().sequence).into();
    assert_eq!(sequences, BTreeSet::from([first, second, third]));
    assert_eq!(a.recorded().commit, on_run(&acme, 1), "the first comes first");
    nothing(&*two).await;
    for followed in [&a, &b, &c] {
        followed.done().await.expect("it can be done");
    }
    let late = follow(&journal, "late", second).await;
    assert_eq!(
        next(&*late).await.recorded().sequence,
        third,
        "it begins after where it was told to"
    );
    nothing(&*late).await;
    for wrong in ["a.b", "", "a b", "*"] {
        let refused = journal.follow(wrong, Kind::Run, 0).await;
        assert!(
            matches!(refused, Err(JournalError::Refused { .. })),
            "`{wrong}` is no name"
        );
    }
    let other_kind = journal.follow("sender", Kind::Persona, 0).await;
    assert!(
        matches!(other_kind, Err(JournalError::Misconfigured { .. })),
        "a name stands for one kind"
    );
}

/// What is not done comes again when its time is up, unless there are signs of life; what is done does not.
pub async fn followers_keep_their_place(journal: Arc<dyn Journal>) {
    let acme = org("acme");
    for number in 1..=3 {
        append(&journal, on_run(&acme, number)).await;
    }
    let follower = follow(&journal, "sender", 0).await;
    next(&*follower).await.done().await.expect("it can be done");
    let (kept, lost) = (next(&*follower).await, next(&*follower).await);
    assert_eq!((kept.recorded().sequence, lost.recorded().sequence), (2, 3));
    drop(follower);
    drop(lost);
    // A further one of the same name goes on where the others were, whatever it says.
    let follower = follow(&journal, "sender", 0).await;
    nothing(&*follower).await;
    let again = async {
        loop {
            kept.progress().await.expect("the work goes on");
            if let Some(again) = follower.next(LEASE / 4).await.expect("the follower is well") {
                return again;
            }
        }
    };
    let again = tokio::time::timeout(SOON, again).await.expect("it comes again");
    assert_eq!(again.recorded().sequence, 3, "only what was silent comes again");
    again.done().await.expect("it can be done");
    kept.done().await.expect("it can be done");
    let wait = follower
        .next(LEASE + LEASE / 2)
        .await
        .expect("the follower is well");
    assert!(wait.is_none(), "what is done does not come again");
    assert_eq!(append(&journal, on_run(&acme, 4)).await, 4);
    assert_eq!(next(&*follower).await.recorded().sequence, 4);
}
