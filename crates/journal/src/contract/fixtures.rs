//! Values to write.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{Stream, StreamExt as _};
use model::{
    Commit, CommitMeta, ConversationKey, ConversationResult, Digest, EndReason, Event, Job, Kind, ObjectRef,
    Oid, OrgId, RunId, Time, TurnRecord, UnitTestId, Usage, Verdict,
};
use tokio::time::timeout;

use crate::JournalError;

/// A moment.
pub(super) const AT: Time = Time::from_micros(1_750_000_000_000_000);

/// What the system's clock shows.
pub(super) fn now() -> Time {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970");
    Time::from_micros(i64::try_from(since_epoch.as_micros()).expect("it is before the year 200,000"))
}

/// An organization.
pub fn org(name: &str) -> OrgId {
    name.parse().expect("the checks use valid names")
}

/// The `number`-th object id.
pub(super) fn oid(number: u64) -> Oid {
    Oid::derived(&[b"contract", &number.to_be_bytes()])
}

/// The `number`-th run.
pub fn run(number: u64) -> RunId {
    RunId(oid(number))
}

/// Conversation `n` of a run.
pub fn key(org: &OrgId, run: RunId, n: u32) -> ConversationKey {
    ConversationKey {
        org: org.clone(),
        run,
        n,
    }
}

/// The `number`-th object.
pub(super) fn object(number: u64) -> ObjectRef {
    ObjectRef::new(Kind::Persona, oid(number))
}

/// The one commit of a command.
pub fn commit(org: &OrgId, number: u64, command: &str) -> Commit {
    commits(org, number..number + 1, command).remove(0)
}

/// The commits of one command, each on an object of its own.
pub fn commits(org: &OrgId, numbers: std::ops::Range<u64>, command: &str) -> Vec<Commit> {
    let count = u32::try_from(numbers.end - numbers.start).expect("a batch is small");
    let meta = |index| CommitMeta {
        actor: "ann".parse().expect("a valid name"),
        at: AT,
        command_id: command.parse().expect("a valid name"),
        command_digest: Digest::of(command.as_bytes()),
        index,
        count,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    };
    let commit = |(number, index)| Commit {
        org: org.clone(),
        object: object(number),
        meta: meta(index),
        events: vec![Event::PersonaDeleted(())],
    };
    numbers.zip(0..).map(commit).collect()
}

/// The result of a conversation, told apart from others of the same conversation by its worker.
pub fn result(run: RunId, n: u32, worker: &str) -> ConversationResult {
    ConversationResult {
        run,
        n,
        test_idx: 0,
        unit_test_id: UnitTestId(oid(1)),
        run_index: n,
        attempts: 1,
        claims: 1,
        worker: worker.to_owned(),
        started_at: AT,
        finished_at: AT,
        turns: Vec::new(),
        end: EndReason::AgentCompleted,
        evaluations: Vec::new(),
        criteria: Vec::new(),
        verdict: Verdict::Passed,
        error: None,
        usage: Usage::default(),
        simulator_usage: Usage::default(),
        judge_usage: Usage::default(),
        milestones: Vec::new(),
        broken: Vec::new(),
    }
}

/// An entry of a conversation's journal.
pub fn turn(worker: &str) -> TurnRecord {
    TurnRecord::Claimed {
        worker: worker.to_owned(),
        at: AT,
        restart: false,
    }
}

/// A job that has not failed yet.
pub fn job(org: &OrgId, run: RunId, n: u32) -> Job {
    Job {
        key: key(org, run, n),
        manifest: Digest::of(b"manifest"),
        failures: Vec::new(),
    }
}

/// The next item of a stream that must have one soon.
pub(super) async fn next<T>(stream: &mut (impl Stream<Item = Result<T, JournalError>> + Unpin)) -> T {
    let item = timeout(super::SOON, stream.next())
        .await
        .expect("the subscription has more");
    item.expect("the subscription goes on")
        .expect("the subscription is well")
}

/// Waits for `duration` of the journal's own time, during which nothing may come.
pub(super) async fn nothing_comes<T>(
    stream: &mut (impl Stream<Item = Result<T, JournalError>> + Unpin),
    duration: Duration,
) {
    assert!(
        timeout(duration, stream.next()).await.is_err(),
        "something came that should not"
    );
}
