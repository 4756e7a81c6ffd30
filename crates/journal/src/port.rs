//! The port.

use std::{collections::BTreeSet, pin::Pin, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use model::{
    AgentId, Commit, ConversationKey, ConversationResult, DeadLetter, Job, Kind, ObjectRef, Oid, OrgId,
    Recorded, RunId, Time, TurnRecord, WebhookDelivery, WebhookDestinationId,
};

use crate::{AppendError, AskError, JournalError};

/// Messages in the order of the log, from a sequence on and then as they arrive. It rides out reconnects; it ends only with an error.
pub type Subscription<T> = Pin<Box<dyn Stream<Item = Result<T, JournalError>> + Send>>;

/// A value and the sequence at which it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    /// The sequence.
    pub sequence: u64,
    /// The value.
    pub value: T,
}

/// A log that projections follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogName {
    /// Commits.
    Events,
    /// Results of conversations.
    Results,
}

/// What identifies a log and how far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// When the stream was created; another time means another log.
    pub created: Time,
    /// The sequence of the last message; 0 if there never was one.
    pub last_sequence: u64,
}

/// Where a batch of commits was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The sequence of the first commit.
    pub first: u64,
    /// The sequence of the last commit.
    pub last: u64,
    /// The command had been appended before; nothing was appended now.
    pub duplicate: bool,
}

/// How publishing a result went. Both ways there is exactly one result now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// This is the conversation's result.
    Stored(u64),
    /// The conversation had a result already, from another worker or before a crash.
    AlreadyThere,
}

/// How many conversations of a run have a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCount {
    /// The tenant.
    pub org: OrgId,
    /// The run.
    pub run: RunId,
    /// The conversation that just got its result.
    pub n: u32,
    /// The sequence of the result.
    pub sequence: u64,
}

/// Something that is sent to whoever listens and not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The tenant.
    pub org: OrgId,
    /// The run.
    pub run: RunId,
    /// JSON for people and programs that watch.
    pub payload: Bytes,
}

/// A job in a worker's hands. Dropping it without a word hands it back when its time is up.
#[async_trait]
pub trait Lease: Send + Sync {
    /// The job.
    fn job(&self) -> &Job;

    /// How often the job has been handed out, this time included.
    fn deliveries(&self) -> u64;

    /// Still at work: the time starts anew.
    async fn progress(&self) -> Result<(), JournalError>;

    /// Done: the job is removed. Returns once the server has confirmed it.
    async fn done(&self) -> Result<(), JournalError>;

    /// Hands the job back at once, for any worker to take.
    async fn release(&self) -> Result<(), JournalError>;

    /// Tries again at `at`: schedules `job` (with its failures), then removes this one.
    async fn retry(&self, job: Job, at: Time) -> Result<(), JournalError>;

    /// Gives up: keeps `letter`, then removes the job.
    async fn dead_letter(&self, letter: DeadLetter) -> Result<(), JournalError>;
}

/// Hands out commits in the order of the log, to all who follow under the same name together. Each comes again, to any of them,
/// until one has said that it is done with it.
#[async_trait]
pub trait Follower: Send + Sync {
    /// The next commit; waits up to `wait` for one. None: there was none.
    async fn next(&self, wait: Duration) -> Result<Option<Box<dyn Followed>>, JournalError>;
}

/// A commit in a follower's hands. Dropping it without a word hands it back when its time is up, which is that of a lease.
#[async_trait]
pub trait Followed: Send + Sync {
    /// The commit.
    fn recorded(&self) -> &Recorded;

    /// Still at work: the time starts anew.
    async fn progress(&self) -> Result<(), JournalError>;

    /// Done: it does not come again. Returns once the server has confirmed it.
    async fn done(&self) -> Result<(), JournalError>;
}

/// Who leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// The asker, until the time to live has passed since it asked.
    Held,
    /// Someone else.
    HeldBy(String),
}

/// The log.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    // Events.

    /// Appends the commits of one command, all or none, if nothing was appended to the organization since `expected` (0: nothing
    /// ever). All commits are of one organization and carry the same command id, under which a repetition is recognized for a while.
    async fn append(&self, commits: &[Commit], expected: u64) -> Result<Appended, AppendError>;

    /// The sequence of the organization's last commit; 0 if there is none.
    async fn org_tail(&self, org: &OrgId) -> Result<u64, JournalError>;

    /// The last commit on one object.
    async fn last_commit(&self, org: &OrgId, object: &ObjectRef) -> Result<Option<Recorded>, JournalError>;

    /// Every commit on one object, in order.
    async fn history(&self, org: &OrgId, object: &ObjectRef) -> Result<Vec<Recorded>, JournalError>;

    /// At most `limit` commits of an organization after a sequence, in order, and whether there are more.
    async fn page(
        &self,
        org: &OrgId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Recorded>, bool), JournalError>;

    /// Every commit of every organization after a sequence, checked to be contiguous.
    async fn subscribe_events(&self, after: u64) -> Result<Subscription<Recorded>, JournalError>;

    /// Follows the commits on objects of one kind, of every organization, under a name. How far those of that name have come is kept in
    /// the log's server; `after` is where a name begins that is new. A name stands for one kind for ever.
    async fn follow(&self, name: &str, kind: Kind, after: u64) -> Result<Box<dyn Follower>, JournalError>;

    /// Identifies a log.
    async fn info(&self, log: LogName) -> Result<LogInfo, JournalError>;

    // Results.

    /// Publishes the one result of a conversation.
    async fn publish_result(
        &self,
        org: &OrgId,
        result: &ConversationResult,
    ) -> Result<Published, JournalError>;

    /// The result of one conversation.
    async fn result(&self, key: &ConversationKey)
    -> Result<Option<Stored<ConversationResult>>, JournalError>;

    /// Whether a conversation has a result.
    async fn has_result(&self, key: &ConversationKey) -> Result<bool, JournalError>;

    /// All results of a run that exist now, in no particular order; the stream ends.
    async fn run_results(
        &self,
        org: &OrgId,
        run: RunId,
    ) -> Result<Subscription<Stored<ConversationResult>>, JournalError>;

    /// Every result of every organization after a sequence, checked to be contiguous.
    async fn subscribe_results(
        &self,
        after: u64,
    ) -> Result<Subscription<(OrgId, Stored<ConversationResult>)>, JournalError>;

    /// As [`Journal::subscribe_results`], without the results themselves.
    async fn subscribe_result_counts(&self, after: u64) -> Result<Subscription<RunCount>, JournalError>;

    // Turns.

    /// The journal of a conversation, in order, and the sequence of its last entry (0 if there is none).
    async fn turns(&self, key: &ConversationKey) -> Result<(Vec<TurnRecord>, u64), JournalError>;

    /// Appends to the journal of a conversation if its last entry stands at `expected`; returns the new entry's sequence.
    async fn append_turn(
        &self,
        key: &ConversationKey,
        record: &TurnRecord,
        expected: u64,
    ) -> Result<u64, AppendError>;

    // Jobs.

    /// Puts jobs into the queue. A job that was put there shortly before is not doubled.
    async fn enqueue(&self, jobs: &[Job]) -> Result<(), JournalError>;

    /// The conversations of a run that are in the queue, in a worker's hands or waiting to be tried again.
    async fn in_flight(&self, org: &OrgId, run: RunId) -> Result<BTreeSet<u32>, JournalError>;

    /// Takes at most `max` jobs; waits up to `wait` for the first. No job: an empty list.
    async fn lease(&self, max: usize, wait: Duration) -> Result<Vec<Box<dyn Lease>>, JournalError>;

    /// How long a lease lasts without a sign of life.
    fn lease_duration(&self) -> Duration;

    /// Removes what waits in the queue for a run that is over. Jobs in a worker's hands are removed too; their leases then end quietly.
    async fn purge_jobs(&self, org: &OrgId, run: RunId) -> Result<(), JournalError>;

    /// At most `limit` jobs that were given up after a sequence.
    async fn dead_letters(&self, after: u64, limit: usize) -> Result<Vec<Stored<DeadLetter>>, JournalError>;

    // Webhook deliveries.

    /// Keeps a finished delivery, for [`crate::DELIVERIES_MAX_AGE`]. Of one id only the first is kept.
    async fn record_delivery(
        &self,
        org: &OrgId,
        delivery: &WebhookDelivery,
    ) -> Result<Published, JournalError>;

    /// Whether a delivery is kept.
    async fn has_delivery(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
        id: Oid,
    ) -> Result<bool, JournalError>;

    /// The newest [`crate::MAX_DELIVERIES`] deliveries to a destination, newest first.
    async fn deliveries(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
    ) -> Result<Vec<Stored<WebhookDelivery>>, JournalError>;

    // Objects.

    /// Stores an object. Names end in the digest of the bytes, so storing one twice changes nothing.
    async fn put_object(&self, name: &str, bytes: Bytes) -> Result<(), JournalError>;

    /// Reads an object; none if there is none of this name.
    async fn object(&self, name: &str) -> Result<Option<Bytes>, JournalError>;

    // Notices.

    /// Tells whoever watches a run.
    async fn tell(&self, notice: Notice) -> Result<(), JournalError>;

    /// What is told about one run, or about all of an organization's.
    async fn watch(&self, org: &OrgId, run: Option<RunId>) -> Result<Subscription<Notice>, JournalError>;

    /// Tells workers that a run was cancelled.
    async fn tell_cancelled(&self, org: &OrgId, run: RunId) -> Result<(), JournalError>;

    /// The runs that are cancelled from now on. A notice can be lost: the log itself is the authority.
    async fn watch_cancelled(&self) -> Result<Subscription<(OrgId, RunId)>, JournalError>;

    // Agents.

    /// Asks an agent that waits for requests on its subject, and waits for its one reply, at most `wait`. If several processes of the agent
    /// wait there in a queue group, one of them is asked. Nothing is stored, and nothing is tried again: who asks decides that.
    async fn ask_agent(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Bytes,
        wait: Duration,
    ) -> Result<Bytes, AskError>;

    // Leadership.

    /// Takes or keeps the lead under `name` for `ttl`. At most one holder has it at a time.
    async fn lead(&self, name: &str, holder: &str, ttl: Duration) -> Result<LeaseState, JournalError>;

    /// Gives the lead back.
    async fn resign(&self, name: &str, holder: &str) -> Result<(), JournalError>;
}
