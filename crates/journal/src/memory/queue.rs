//! The memory journal's work queue: jobs, who holds them until when, and those that wait to be tried again.
//!
//! As with JetStream, whoever speaks last about a job is believed: a worker whose time was up still removes, prolongs or hands back
//! a job that another has taken since. What keeps that harmless is the fence on turns and the single result.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    time::Duration,
};

use model::{ConversationKey, Job, OrgId, RunId};
use tokio::time::Instant;

use crate::checks::{DUPLICATE_WINDOW, job_id};

/// Place in the line of jobs to be handed out: those that were handed out before come first, in the order in which they came back.
type Place = (bool, u64, u64);

#[derive(Debug)]
struct Queued {
    job: Job,
    deliveries: u64,
    status: Status,
}

#[derive(Clone, Copy, Debug)]
enum Status {
    Waits(Place),
    Held { until: Instant, connection: u64 },
}

/// A job handed out.
#[derive(Debug)]
pub(super) struct HandedOut {
    pub(super) sequence: u64,
    pub(super) job: Job,
    pub(super) deliveries: u64,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    last_sequence: u64,
    n_returned: u64,
    entries: BTreeMap<u64, Queued>,
    line: BTreeSet<Place>,
    deadlines: BTreeSet<(Instant, u64)>,
    scheduled: BTreeMap<ConversationKey, (Instant, Job)>,
    recent: BTreeMap<String, Instant>,
}

impl Queue {
    /// Adds a job unless the same one was added or scheduled lately.
    pub(super) fn add(&mut self, job: Job, now: Instant) {
        if self.remember(&job, now) {
            self.push(job);
        }
    }

    /// Adds a job once `due` has come, unless the same one was added or scheduled lately.
    pub(super) fn schedule(&mut self, job: Job, due: Instant, now: Instant) {
        if self.remember(&job, now) {
            self.scheduled.insert(job.key.clone(), (due, job));
        }
    }

    fn remember(&mut self, job: &Job, now: Instant) -> bool {
        self.recent.retain(|_id, until| *until > now);
        match self.recent.entry(job_id(job)) {
            Entry::Vacant(entry) => {
                entry.insert(now + DUPLICATE_WINDOW);
                true
            }
            // A repetition does not prolong the window.
            Entry::Occupied(_) => false,
        }
    }

    fn push(&mut self, job: Job) {
        self.last_sequence += 1;
        let place = (true, 0, self.last_sequence);
        self.line.insert(place);
        self.entries.insert(
            self.last_sequence,
            Queued {
                job,
                deliveries: 0,
                status: Status::Waits(place),
            },
        );
    }

    /// Does what is due by now: scheduled jobs join the line, jobs whose holder was silent for too long come back.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(&(until, sequence)) = self.deadlines.first()
            && until <= now
        {
            self.give_back(sequence);
        }
        let mut due: Vec<(Instant, ConversationKey)> = self
            .scheduled
            .iter()
            .filter(|(_key, (due, _job))| *due <= now)
            .map(|(key, (due, _job))| (*due, key.clone()))
            .collect();
        due.sort();
        for (_due, key) in due {
            if let Some((_due, job)) = self.scheduled.remove(&key) {
                self.push(job);
            }
        }
    }

    /// When something will be due next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let expiry = self.deadlines.first().map(|(until, _sequence)| *until);
        let schedule = self.scheduled.values().map(|(due, _job)| *due).min();
        expiry.into_iter().chain(schedule).min()
    }

    /// Whether there is a job to hand out.
    pub(super) fn has_waiting(&self) -> bool {
        !self.line.is_empty()
    }

    /// Hands out the next job.
    pub(super) fn hand_out(&mut self, until: Instant, connection: u64) -> Option<HandedOut> {
        let place = self.line.pop_first()?;
        let (_is_new, _order, sequence) = place;
        let entry = self.entries.get_mut(&sequence)?;
        entry.deliveries += 1;
        entry.status = Status::Held { until, connection };
        self.deadlines.insert((until, sequence));
        Some(HandedOut {
            sequence,
            job: entry.job.clone(),
            deliveries: entry.deliveries,
        })
    }

    /// Prolongs a job's time, if it is held.
    pub(super) fn prolong(&mut self, sequence: u64, now: Instant, lease: Duration) {
        if let Some(Queued {
            status: Status::Held { until, .. },
            ..
        }) = self.entries.get_mut(&sequence)
        {
            self.deadlines.remove(&(*until, sequence));
            *until = now + lease;
            self.deadlines.insert((*until, sequence));
        }
    }

    /// Puts a held job back into the line.
    pub(super) fn give_back(&mut self, sequence: u64) {
        if let Some(entry) = self.entries.get_mut(&sequence)
            && let Status::Held { until, .. } = entry.status
        {
            self.deadlines.remove(&(until, sequence));
            self.n_returned += 1;
            let place = (false, self.n_returned, sequence);
            entry.status = Status::Waits(place);
            self.line.insert(place);
        }
    }

    /// Puts everything that one connection holds back into the line.
    pub(super) fn give_back_all_of(&mut self, lost: u64) {
        let held: Vec<u64> = self
            .entries
            .iter()
            .filter(|(_sequence, entry)| matches!(entry.status, Status::Held { connection, .. } if connection == lost))
            .map(|(sequence, _entry)| *sequence)
            .collect();
        for sequence in held {
            self.give_back(sequence);
        }
    }

    /// Removes a job, whoever holds it.
    pub(super) fn remove(&mut self, sequence: u64) {
        if let Some(entry) = self.entries.remove(&sequence) {
            match entry.status {
                Status::Waits(place) => self.line.remove(&place),
                Status::Held { until, .. } => self.deadlines.remove(&(until, sequence)),
            };
        }
    }

    /// Removes every job of a run.
    pub(super) fn purge(&mut self, org: &OrgId, run: RunId) {
        let is_of_run = |key: &ConversationKey| key.org == *org && key.run == run;
        let doomed: Vec<u64> = self
            .entries
            .iter()
            .filter(|(_sequence, entry)| is_of_run(&entry.job.key))
            .map(|(sequence, _entry)| *sequence)
            .collect();
        for sequence in doomed {
            self.remove(sequence);
        }
        self.scheduled.retain(|key, _due| !is_of_run(key));
    }

    /// The conversations of a run that are in the queue in any way.
    pub(super) fn in_flight(&self, org: &OrgId, run: RunId) -> BTreeSet<u32> {
        self.entries
            .values()
            .map(|entry| &entry.job.key)
            .chain(self.scheduled.keys())
            .filter(|key| key.org == *org && key.run == run)
            .map(|key| key.n)
            .collect()
    }
}
