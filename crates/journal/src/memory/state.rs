//! What the memory journal keeps: plain data, changed under one lock, with no clock of its own.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{ConversationKey, OrgId, RunId};
use tokio::{sync::mpsc, time::Instant};

use super::{agents::Attending, deliveries::Deliveries, followers::Following, queue::Queue};
use crate::{Appended, Notice};

/// A log: messages by sequence, from 1.
#[derive(Debug)]
pub(super) struct Log<K> {
    messages: Vec<(K, Bytes)>,
}

impl<K> Default for Log<K> {
    fn default() -> Self {
        Self { messages: Vec::new() }
    }
}

impl<K> Log<K> {
    /// The sequence of the last message; 0 if there is none.
    pub(super) fn last_sequence(&self) -> u64 {
        self.messages.len() as u64
    }

    /// Appends and returns the sequence.
    pub(super) fn push(&mut self, key: K, bytes: Bytes) -> u64 {
        self.messages.push((key, bytes));
        self.last_sequence()
    }

    /// The message at a sequence.
    pub(super) fn get(&self, sequence: u64) -> Option<&(K, Bytes)> {
        let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.messages.get(index)
    }

    /// The messages after a sequence, with theirs.
    pub(super) fn after(&self, sequence: u64) -> impl Iterator<Item = (u64, &(K, Bytes))> {
        let n_skipped = usize::try_from(sequence).map_or(self.messages.len(), |n| n.min(self.messages.len()));
        (sequence.saturating_add(1)..).zip(&self.messages[n_skipped..])
    }
}

/// Whose commit a message of the events log is, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventKey {
    pub(super) org: OrgId,
    pub(super) subject: String,
}

/// A command that was appended lately.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recent {
    pub(super) appended: Appended,
    pub(super) until: Instant,
}

/// Who leads, and until when.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub(super) holder: String,
    pub(super) until: Instant,
}

/// Someone who listens to notices.
#[derive(Debug)]
pub(super) struct Watcher<T> {
    pub(super) org: Option<OrgId>,
    pub(super) run: Option<RunId>,
    pub(super) mailbox: mpsc::Sender<T>,
}

impl<T> Watcher<T> {
    pub(super) fn listens_to(&self, org: &OrgId, run: RunId) -> bool {
        self.org.as_ref().is_none_or(|listened| listened == org)
            && self.run.is_none_or(|listened| listened == run)
    }
}

/// Everything that the journal keeps.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) events: Log<EventKey>,
    pub(super) org_tails: BTreeMap<OrgId, u64>,
    pub(super) recent_commands: BTreeMap<String, Recent>,
    pub(super) results: Log<ConversationKey>,
    pub(super) result_sequences: BTreeMap<ConversationKey, u64>,
    pub(super) turns: BTreeMap<ConversationKey, Vec<(u64, Bytes)>>,
    pub(super) last_turn: u64,
    pub(super) queue: Queue,
    pub(super) dead_letters: Log<()>,
    pub(super) followers: BTreeMap<String, Following>,
    pub(super) deliveries: Deliveries,
    pub(super) objects: BTreeMap<String, Bytes>,
    pub(super) leads: BTreeMap<String, Lead>,
    /// Agents that wait for requests, by their subject.
    pub(super) agents: BTreeMap<String, Attending>,
    pub(super) watchers: Vec<Watcher<Notice>>,
    pub(super) cancel_watchers: Vec<Watcher<(OrgId, RunId)>>,
    pub(super) n_calls: u64,
    pub(super) n_connections: u64,
}
