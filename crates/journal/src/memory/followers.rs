//! Followers in memory: how far each name has come, and what is in whose hands until when.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use model::{Kind, Recorded};
use tokio::time::{Instant, sleep_until};

use super::{
    MemoryJournal,
    events::recorded,
    state::{EventKey, Log},
};
use crate::{Followed, Follower, JournalError, checks, subject};

/// What is kept of one name.
#[derive(Debug)]
pub(super) struct Following {
    kind: Kind,
    /// Everything up to there was looked at.
    looked_at: u64,
    /// What was handed out and came back; it is handed out first.
    returned: BTreeSet<u64>,
    held: BTreeMap<u64, Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    until: Instant,
    connection: u64,
}

impl Following {
    const fn new(kind: Kind, after: u64) -> Self {
        Self {
            kind,
            looked_at: after,
            returned: BTreeSet::new(),
            held: BTreeMap::new(),
        }
    }

    /// Takes back what is in hands that fulfil `is_lost`.
    fn take_back(&mut self, is_lost: impl Fn(&Held) -> bool) {
        let lost: Vec<u64> = self
            .held
            .iter()
            .filter(|(_sequence, held)| is_lost(held))
            .map(|(sequence, _held)| *sequence)
            .collect();
        for sequence in lost {
            self.held.remove(&sequence);
            self.returned.insert(sequence);
        }
    }

    /// Does what is due by now.
    fn settle(&mut self, now: Instant) {
        self.take_back(|held| held.until <= now);
    }

    /// Takes back everything that one connection holds.
    pub(super) fn give_back_all_of(&mut self, lost: u64) {
        self.take_back(|held| held.connection == lost);
    }

    /// The sequence of the next commit to hand out.
    fn next(&mut self, events: &Log<EventKey>) -> Option<u64> {
        if let Some(sequence) = self.returned.first() {
            return Some(*sequence);
        }
        for (sequence, (key, _bytes)) in events.after(self.looked_at) {
            let kind = subject::parse_event(&key.subject).map(|(_org, object)| object.kind);
            if kind == Some(self.kind) {
                return Some(sequence);
            }
            self.looked_at = sequence;
        }
        None
    }

    fn hand_out(&mut self, sequence: u64, held: Held) {
        self.returned.remove(&sequence);
        self.looked_at = self.looked_at.max(sequence);
        self.held.insert(sequence, held);
    }
}

impl MemoryJournal {
    pub(super) async fn do_follow(
        &self,
        name: &str,
        kind: Kind,
        after: u64,
    ) -> Result<Box<dyn Follower>, JournalError> {
        let name = checks::follower_name(name)?.to_string();
        self.call("follow", &name, |state| {
            let following = state
                .followers
                .entry(name.clone())
                .or_insert_with(|| Following::new(kind, after));
            if following.kind == kind {
                return Ok(());
            }
            Err(JournalError::Misconfigured {
                stream: format!("EVENTS, consumer {name},"),
                field: "filter_subject".to_owned(),
                found: subject::kind_events(following.kind),
                expected: subject::kind_events(kind),
            })
        })
        .await?;
        Ok(Box::new(MemoryFollower {
            journal: self.clone(),
            name,
        }))
    }
}

struct MemoryFollower {
    journal: MemoryJournal,
    name: String,
}

#[async_trait]
impl Follower for MemoryFollower {
    async fn next(&self, wait: Duration) -> Result<Option<Box<dyn Followed>>, JournalError> {
        let deadline = Instant::now() + wait;
        let mut changes = self.journal.shared.changes.subscribe();
        loop {
            changes.borrow_and_update();
            let found = self.hand_out().await?;
            if found.is_some() || Instant::now() >= deadline {
                return Ok(found);
            }
            let wake = self.next_due().map_or(deadline, |due| due.min(deadline));
            tokio::select! {
                // The sender is in the journal, so this cannot fail.
                _changed = changes.changed() => {}
                () = sleep_until(wake) => {}
            }
        }
    }
}

impl MemoryFollower {
    /// When something comes back next.
    fn next_due(&self) -> Option<Instant> {
        let state = self.journal.state();
        let following = state.followers.get(&self.name)?;
        following.held.values().map(|held| held.until).min()
    }

    /// The commit that is next now. It is one call as soon as there is one.
    async fn hand_out(&self) -> Result<Option<Box<dyn Followed>>, JournalError> {
        self.journal.connected("next")?;
        let is_there = {
            let mut state = self.journal.state();
            let state = &mut *state;
            state.followers.get_mut(&self.name).is_some_and(|following| {
                following.settle(Instant::now());
                following.next(&state.events).is_some()
            })
        };
        if !is_there {
            return Ok(None);
        }
        self.journal
            .call("next", &self.name, |state| {
                let now = Instant::now();
                let Some(following) = state.followers.get_mut(&self.name) else {
                    return Ok(None);
                };
                following.settle(now);
                let Some(sequence) = following.next(&state.events) else {
                    return Ok(None);
                };
                let Some((_key, bytes)) = state.events.get(sequence) else {
                    return Ok(None);
                };
                let recorded = recorded(sequence, bytes)?;
                let held = Held {
                    until: now + self.journal.shared.options.lease_duration,
                    connection: self.journal.connection.id,
                };
                following.hand_out(sequence, held);
                let in_hand = EventInHand {
                    journal: self.journal.clone(),
                    name: self.name.clone(),
                    recorded,
                };
                Ok(Some(Box::new(in_hand) as Box<dyn Followed>))
            })
            .await
    }
}

struct EventInHand {
    journal: MemoryJournal,
    name: String,
    recorded: Recorded,
}

#[async_trait]
impl Followed for EventInHand {
    fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    async fn progress(&self) -> Result<(), JournalError> {
        let lease = self.journal.shared.options.lease_duration;
        self.journal
            .call("progress", &self.name, |state| {
                let now = Instant::now();
                if let Some(following) = state.followers.get_mut(&self.name) {
                    following.settle(now);
                    if let Some(held) = following.held.get_mut(&self.recorded.sequence) {
                        held.until = now + lease;
                    }
                }
                Ok(())
            })
            .await
    }

    async fn done(&self) -> Result<(), JournalError> {
        self.journal
            .call("done", &self.name, |state| {
                if let Some(following) = state.followers.get_mut(&self.name) {
                    // As with JetStream, whoever speaks last about it is believed.
                    following.held.remove(&self.recorded.sequence);
                    following.returned.remove(&self.recorded.sequence);
                }
                Ok(())
            })
            .await
    }
}
