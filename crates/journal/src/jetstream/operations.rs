//! The port, method by method: each is done in the module of its subject.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use model::{
    AgentId, Commit, ConversationKey, ConversationResult, DeadLetter, Job, Kind, ObjectRef, Oid, OrgId,
    Recorded, RunId, TurnRecord, WebhookDelivery, WebhookDestinationId,
};

use super::{JetStream, streams, subscribe};
use crate::{
    AppendError, Appended, AskError, Follower, Journal, JournalError, Lease, LeaseState, LogInfo, LogName,
    Notice, Published, RunCount, Stored, Subscription,
};

#[async_trait]
impl Journal for JetStream {
    async fn append(&self, commits: &[Commit], expected: u64) -> Result<Appended, AppendError> {
        self.inner.append(commits, expected).await
    }

    async fn org_tail(&self, org: &OrgId) -> Result<u64, JournalError> {
        self.inner.org_tail(org).await
    }

    async fn last_commit(&self, org: &OrgId, object: &ObjectRef) -> Result<Option<Recorded>, JournalError> {
        self.inner.last_commit(org, object).await
    }

    async fn history(&self, org: &OrgId, object: &ObjectRef) -> Result<Vec<Recorded>, JournalError> {
        self.inner.history(org, object).await
    }

    async fn page(
        &self,
        org: &OrgId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Recorded>, bool), JournalError> {
        self.inner.page(org, after, limit).await
    }

    async fn subscribe_events(&self, after: u64) -> Result<Subscription<Recorded>, JournalError> {
        self.inner.subscribe_events(after).await
    }

    async fn follow(&self, name: &str, kind: Kind, after: u64) -> Result<Box<dyn Follower>, JournalError> {
        self.inner.follow(name, kind, after).await
    }

    async fn info(&self, log: LogName) -> Result<LogInfo, JournalError> {
        let stream = match log {
            LogName::Events => streams::EVENTS,
            LogName::Results => streams::RESULTS,
        };
        let extent = subscribe::extent(&self.inner.connection, stream).await;
        Ok(extent.map_err(|failure| failure.into_error("info"))?.info)
    }

    async fn publish_result(
        &self,
        org: &OrgId,
        result: &ConversationResult,
    ) -> Result<Published, JournalError> {
        self.inner.publish_result(org, result).await
    }

    async fn result(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Stored<ConversationResult>>, JournalError> {
        self.inner.result(key).await
    }

    async fn has_result(&self, key: &ConversationKey) -> Result<bool, JournalError> {
        self.inner.has_result(key).await
    }

    async fn run_results(
        &self,
        org: &OrgId,
        run: RunId,
    ) -> Result<Subscription<Stored<ConversationResult>>, JournalError> {
        self.inner.run_results(org, run).await
    }

    async fn subscribe_results(
        &self,
        after: u64,
    ) -> Result<Subscription<(OrgId, Stored<ConversationResult>)>, JournalError> {
        self.inner.subscribe_results(after).await
    }

    async fn subscribe_result_counts(&self, after: u64) -> Result<Subscription<RunCount>, JournalError> {
        self.inner.subscribe_result_counts(after).await
    }

    async fn turns(&self, key: &ConversationKey) -> Result<(Vec<TurnRecord>, u64), JournalError> {
        self.inner.turns(key).await
    }

    async fn append_turn(
        &self,
        key: &ConversationKey,
        record: &TurnRecord,
        expected: u64,
    ) -> Result<u64, AppendError> {
        self.inner.append_turn(key, record, expected).await
    }

    async fn enqueue(&self, jobs: &[Job]) -> Result<(), JournalError> {
        self.inner.enqueue(jobs).await
    }

    async fn in_flight(&self, org: &OrgId, run: RunId) -> Result<BTreeSet<u32>, JournalError> {
        self.inner.in_flight(org, run).await
    }

    async fn lease(&self, max: usize, wait: Duration) -> Result<Vec<Box<dyn Lease>>, JournalError> {
        self.inner.lease(max, wait).await
    }

    fn lease_duration(&self) -> Duration {
        self.inner.stream_options.lease_duration
    }

    async fn purge_jobs(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        self.inner.purge_jobs(org, run).await
    }

    async fn dead_letters(&self, after: u64, limit: usize) -> Result<Vec<Stored<DeadLetter>>, JournalError> {
        self.inner.dead_letters(after, limit).await
    }

    async fn record_delivery(
        &self,
        org: &OrgId,
        delivery: &WebhookDelivery,
    ) -> Result<Published, JournalError> {
        self.inner.record_delivery(org, delivery).await
    }

    async fn has_delivery(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
        id: Oid,
    ) -> Result<bool, JournalError> {
        self.inner.has_delivery(org, destination, id).await
    }

    async fn deliveries(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
    ) -> Result<Vec<Stored<WebhookDelivery>>, JournalError> {
        self.inner.deliveries(org, destination).await
    }

    async fn put_object(&self, name: &str, bytes: Bytes) -> Result<(), JournalError> {
        self.inner.put_object(name, bytes).await
    }

    async fn object(&self, name: &str) -> Result<Option<Bytes>, JournalError> {
        self.inner.object(name).await
    }

    async fn tell(&self, notice: Notice) -> Result<(), JournalError> {
        self.inner.tell(notice).await
    }

    async fn watch(&self, org: &OrgId, run: Option<RunId>) -> Result<Subscription<Notice>, JournalError> {
        self.inner.watch(org, run).await
    }

    async fn tell_cancelled(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        self.inner.tell_cancelled(org, run).await
    }

    async fn watch_cancelled(&self) -> Result<Subscription<(OrgId, RunId)>, JournalError> {
        self.inner.watch_cancelled().await
    }

    async fn ask_agent(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Bytes,
        wait: Duration,
    ) -> Result<Bytes, AskError> {
        self.inner.ask_agent(org, agent, request, wait).await
    }

    async fn lead(&self, name: &str, holder: &str, ttl: Duration) -> Result<LeaseState, JournalError> {
        self.inner.lead(name, holder, ttl).await
    }

    async fn resign(&self, name: &str, holder: &str) -> Result<(), JournalError> {
        self.inner.resign(name, holder).await
    }
}
