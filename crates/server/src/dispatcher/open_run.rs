//! One run that is not over, as the dispatcher knows it.
//!
//! Pure but for reading the projections. What it costs to admit does not grow with the size of the run: where the last admission ended
//! is kept, and given up as soon as a job is found to be lost.

use std::collections::{BTreeMap, BTreeSet};

use model::{Admission, ConversationKey, Digest, DirectoryExt as _, Job, OrgId, Run};
use projections::{Concluded, Database};

use super::{RoundError, RunKey, share::Demand};

/// What never changes about a run.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    manifest: Digest,
    planned: u32,
    cap: u32,
    order: Admission,
}

impl Facts {
    fn of(run: &Run) -> Self {
        Self {
            manifest: run.manifest,
            planned: run.plan.n_conversations(),
            cap: run.plan.options.max_concurrency.unwrap_or(u32::MAX),
            order: run.plan.admission(),
        }
    }
}

/// An open run, as the projections show it.
#[derive(Debug)]
pub(super) struct Seen {
    /// None if they were known.
    pub(super) facts: Option<Facts>,
    pub(super) concluded: Concluded,
}

/// Every run that is not over. A plan may be large, so only those of runs that are not `known` are read.
pub(super) fn read_open(
    database: &Database,
    known: &BTreeSet<RunKey>,
) -> Result<BTreeMap<RunKey, Seen>, RoundError> {
    let view = database.view()?;
    let mut open = BTreeMap::new();
    for key in view.unfinished_runs()? {
        let organization = view.organization(key.0.clone());
        let facts = if known.contains(&key) {
            None
        } else {
            let run = organization.run(key.1)?;
            Some(Facts::of(&run.ok_or(RoundError::NoRun { run: key.1 })?))
        };
        let concluded = organization.concluded(key.1)?;
        open.insert(key, Seen { facts, concluded });
    }
    Ok(open)
}

/// A run that is not over.
#[derive(Debug)]
pub(super) struct OpenRun {
    facts: Facts,
    concluded: Concluded,
    /// What is in the queue: read from there, then kept up. None: not read yet.
    in_flight: Option<BTreeSet<u32>>,
    /// Where to go on admitting. Whatever comes before it is concluded or in flight.
    next: Admission,
}

impl OpenRun {
    pub(super) fn new(facts: Facts, concluded: Concluded) -> Self {
        let next = facts.order.clone();
        Self {
            facts,
            concluded,
            in_flight: None,
            next,
        }
    }

    /// Takes in which conversations have a result by now.
    pub(super) fn conclude(&mut self, concluded: Concluded) {
        self.concluded = concluded;
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.retain(|n| !self.concluded.contains(*n));
        }
    }

    /// Whether the queue has been read.
    pub(super) const fn is_synced(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Takes in what the queue holds.
    pub(super) fn sync(&mut self, mut in_flight: BTreeSet<u32>) {
        in_flight.retain(|n| !self.concluded.contains(*n));
        let is_lost = |n: &u32| !in_flight.contains(n) && !self.concluded.contains(*n);
        let before = self.in_flight.as_ref();
        if before.is_some_and(|before| before.iter().any(is_lost)) {
            self.next = self.facts.order.clone();
        }
        self.in_flight = Some(in_flight);
    }

    fn n_in_flight(&self) -> u32 {
        let n = self.in_flight.as_ref().map_or(0, BTreeSet::len);
        u32::try_from(n).unwrap_or(u32::MAX)
    }

    /// What the run asks for.
    pub(super) fn demand(&self, org: &OrgId, max_in_flight: u32) -> Demand {
        let in_flight = self.n_in_flight();
        let open = self.facts.planned.saturating_sub(self.concluded.len());
        Demand {
            org: org.clone(),
            in_flight,
            waiting: open.saturating_sub(in_flight),
            cap: self.facts.cap.min(max_in_flight),
        }
    }

    /// The jobs of the next `share` conversations. From now on they count as in flight: if they do not get into the queue, the next
    /// look at it finds them lost.
    pub(super) fn admit(&mut self, key: &RunKey, share: u32) -> Vec<Job> {
        let in_flight = self.in_flight.get_or_insert_default();
        let mut jobs = Vec::new();
        for _ in 0..share {
            let waits = |n: &u32| !self.concluded.contains(*n) && !in_flight.contains(n);
            let Some(n) = self.next.find(waits) else { break };
            in_flight.insert(n);
            jobs.push(Job {
                key: ConversationKey {
                    org: key.0.clone(),
                    run: key.1,
                    n,
                },
                manifest: self.facts.manifest,
                failures: Vec::new(),
            });
        }
        jobs
    }
}
