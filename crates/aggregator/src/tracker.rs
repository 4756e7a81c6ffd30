//! Which runs are due, as far as two subscriptions tell: commits, and results that exist.
//!
//! The two come in no order relative to each other, so results may be seen before the run they belong to, and long after its end.
//! Pure: it is told what arrived and asked what is due; when to act on it, and what if that fails, is the service's business.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::{Event, Kind, MAX_CONVERSATIONS, OrgId, Recorded, RunId};

use crate::bitset::Bitset;

/// Names a run.
pub(crate) type RunKey = (OrgId, RunId);

/// The runs that are not completed.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    open: BTreeMap<RunKey, Open>,
    /// Runs whose results are of no interest any more: a few bytes for each run there ever was.
    completed: HashSet<RunKey>,
    due: BTreeSet<RunKey>,
}

#[derive(Debug, Default)]
struct Open {
    /// How many conversations there are to be; none: the run itself has not been seen yet.
    planned: Option<u32>,
    cancelled: bool,
    done: Bitset,
}

impl Open {
    fn is_due(&self) -> bool {
        self.planned
            .is_some_and(|planned| self.cancelled || self.done.len() == planned)
    }
}

impl Tracker {
    /// Takes in a commit.
    pub(crate) fn commit(&mut self, recorded: &Recorded) {
        let commit = &recorded.commit;
        if commit.object.kind != Kind::Run {
            return;
        }
        let Ok(run) = commit.object.key.as_str().parse::<RunId>() else {
            return;
        };
        let key = (commit.org.clone(), run);
        for event in &commit.events {
            #[expect(
                clippy::wildcard_enum_match_arm,
                reason = "an object of kind run has no other events"
            )]
            match event {
                Event::RunStarted(started) if !self.completed.contains(&key) => {
                    let planned = started.plan.n_conversations();
                    let open = self.open.entry(key.clone()).or_default();
                    open.planned = Some(planned);
                    open.done.truncate(planned);
                }
                Event::RunCancelled(_) => {
                    if let Some(open) = self.open.get_mut(&key) {
                        open.cancelled = true;
                    }
                }
                Event::RunCompleted(_) => self.completed(&key),
                _ => {}
            }
        }
        self.refresh(&key);
    }

    /// Takes in that conversation `n` of a run has a result.
    pub(crate) fn result(&mut self, key: RunKey, n: u32) {
        if n >= MAX_CONVERSATIONS || self.completed.contains(&key) {
            return;
        }
        let open = self.open.entry(key.clone()).or_default();
        if open.planned.is_none_or(|planned| n < planned) && open.done.insert(n) {
            self.refresh(&key);
        }
    }

    /// Takes in that a run is completed: it is never due again.
    pub(crate) fn completed(&mut self, key: &RunKey) {
        self.open.remove(key);
        self.due.remove(key);
        self.completed.insert(key.clone());
    }

    /// Takes a run that is due and for which `idle` holds; [`Tracker::give_back`] makes it due again.
    pub(crate) fn take_due(&mut self, idle: impl Fn(&RunKey) -> bool) -> Option<RunKey> {
        let key = self.due.iter().find(|key| idle(key)).cloned()?;
        self.due.remove(&key);
        Some(key)
    }

    /// Whether a run is not completed.
    pub(crate) fn is_open(&self, key: &RunKey) -> bool {
        self.open.contains_key(key)
    }

    /// Makes a run due again that was taken and could not be completed.
    pub(crate) fn give_back(&mut self, key: &RunKey) {
        self.refresh(key);
    }

    fn refresh(&mut self, key: &RunKey) {
        if self.open.get(key).is_some_and(Open::is_due) {
            self.due.insert(key.clone());
        }
    }
}

#[cfg(test)]
mod tests;
