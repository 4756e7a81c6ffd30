//! The port, method by method: each is done in the module of its subject.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use model::{
    AgentId, Commit, ConversationKey, ConversationResult, DeadLetter, Job, Kind, ObjectRef, Oid, OrgId,
    Recorded, RunId, TurnRecord, WebhookDelivery, WebhookDestinationId,
};

use super::MemoryJournal;
use crate::{
    AppendError, Appended, AskError, Follower, Journal, JournalError, Lease, LeaseState, LogInfo, LogName,
    Notice, Published, RunCount, Stored, Subscription,
};

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(&self, commits: &[Commit], expected: u64) -> Result<Appended, AppendError> {
        self.do_append(commits, expected).await
    }

    async fn org_tail(&self, org: &OrgId) -> Result<u64, JournalError> {
        self.look("org_tail", org.as_str(), |state| {
            Ok(state.org_tails.get(org).copied().unwrap_or(0))
        })
        .await
    }

    async fn last_commit(&self, org: &OrgId, object: &ObjectRef) -> Result<Option<Recorded>, JournalError> {
        self.do_last_commit(org, object).await
    }

    async fn history(&self, org: &OrgId, object: &ObjectRef) -> Result<Vec<Recorded>, JournalError> {
        self.read_history("history", org, object).await
    }

    async fn page(
        &self,
        org: &OrgId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Recorded>, bool), JournalError> {
        self.do_page(org, after, limit).await
    }

    async fn subscribe_events(&self, after: u64) -> Result<Subscription<Recorded>, JournalError> {
        self.do_subscribe_events(after).await
    }

    async fn follow(&self, name: &str, kind: Kind, after: u64) -> Result<Box<dyn Follower>, JournalError> {
        self.do_follow(name, kind, after).await
    }

    async fn info(&self, log: LogName) -> Result<LogInfo, JournalError> {
        self.do_info(log).await
    }

    async fn publish_result(
        &self,
        org: &OrgId,
        result: &ConversationResult,
    ) -> Result<Published, JournalError> {
        self.do_publish_result(org, result).await
    }

    async fn result(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Stored<ConversationResult>>, JournalError> {
        self.do_result(key).await
    }

    async fn has_result(&self, key: &ConversationKey) -> Result<bool, JournalError> {
        self.do_has_result(key).await
    }

    async fn run_results(
        &self,
        org: &OrgId,
        run: RunId,
    ) -> Result<Subscription<Stored<ConversationResult>>, JournalError> {
        self.do_run_results(org, run).await
    }

    async fn subscribe_results(
        &self,
        after: u64,
    ) -> Result<Subscription<(OrgId, Stored<ConversationResult>)>, JournalError> {
        self.do_subscribe_results(after).await
    }

    async fn subscribe_result_counts(&self, after: u64) -> Result<Subscription<RunCount>, JournalError> {
        self.do_subscribe_result_counts(after).await
    }

    async fn turns(&self, key: &ConversationKey) -> Result<(Vec<TurnRecord>, u64), JournalError> {
        self.do_turns(key).await
    }

    async fn append_turn(
        &self,
        key: &ConversationKey,
        record: &TurnRecord,
        expected: u64,
    ) -> Result<u64, AppendError> {
        self.do_append_turn(key, record, expected).await
    }

    async fn enqueue(&self, jobs: &[Job]) -> Result<(), JournalError> {
        self.do_enqueue(jobs).await
    }

    async fn in_flight(&self, org: &OrgId, run: RunId) -> Result<BTreeSet<u32>, JournalError> {
        self.do_in_flight(org, run).await
    }

    async fn lease(&self, max: usize, wait: Duration) -> Result<Vec<Box<dyn Lease>>, JournalError> {
        self.do_lease(max, wait).await
    }

    fn lease_duration(&self) -> Duration {
        self.shared.options.lease_duration
    }

    async fn purge_jobs(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        self.do_purge_jobs(org, run).await
    }

    async fn dead_letters(&self, after: u64, limit: usize) -> Result<Vec<Stored<DeadLetter>>, JournalError> {
        self.do_dead_letters(after, limit).await
    }

    async fn record_delivery(
        &self,
        org: &OrgId,
        delivery: &WebhookDelivery,
    ) -> Result<Published, JournalError> {
        self.do_record_delivery(org, delivery).await
    }

    async fn has_delivery(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
        id: Oid,
    ) -> Result<bool, JournalError> {
        self.do_has_delivery(org, destination, id).await
    }

    async fn deliveries(
        &self,
        org: &OrgId,
        destination: WebhookDestinationId,
    ) -> Result<Vec<Stored<WebhookDelivery>>, JournalError> {
        self.do_deliveries(org, destination).await
    }

    async fn put_object(&self, name: &str, bytes: Bytes) -> Result<(), JournalError> {
        self.do_put_object(name, bytes).await
    }

    async fn object(&self, name: &str) -> Result<Option<Bytes>, JournalError> {
        self.do_object(name).await
    }

    async fn tell(&self, notice: Notice) -> Result<(), JournalError> {
        self.do_tell(notice).await
    }

    async fn watch(&self, org: &OrgId, run: Option<RunId>) -> Result<Subscription<Notice>, JournalError> {
        self.do_watch(org, run).await
    }

    async fn tell_cancelled(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        self.do_tell_cancelled(org, run).await
    }

    async fn watch_cancelled(&self) -> Result<Subscription<(OrgId, RunId)>, JournalError> {
        self.do_watch_cancelled().await
    }

    async fn ask_agent(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Bytes,
        wait: Duration,
    ) -> Result<Bytes, AskError> {
        self.do_ask_agent(org, agent, request, wait).await
    }

    async fn lead(&self, name: &str, holder: &str, ttl: Duration) -> Result<LeaseState, JournalError> {
        self.do_lead(name, holder, ttl).await
    }

    async fn resign(&self, name: &str, holder: &str) -> Result<(), JournalError> {
        self.do_resign(name, holder).await
    }
}
