//! One run that is not over, as the dispatcher knows it.
//!
//! Pure but for reading the projections. What it costs to admit does not grow with the size of the run: where the last admission ended
//! is kept, and given up as soon as a job is found to be lost.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Admission, BudgetLimit, ConversationKey, Digest, DirectoryExt as _, Job, OrgId, Run, Time, Usage,
};
use projections::{Concluded, Database};

use super::{
    RoundError, RunKey,
    budget::{Purse, usage},
    share::Demand,
};

/// What never changes about a run.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    manifest: Digest,
    cap: u32,
    order: Admission,
    purse: Purse,
}

impl Facts {
    fn of(run: &Run) -> Self {
        Self {
            manifest: run.manifest,
            cap: run.plan.options.max_concurrency.unwrap_or(u32::MAX),
            order: run.plan.admission(),
            purse: Purse::of(run),
        }
    }
}

/// An open run, as the projections show it.
#[derive(Debug)]
pub(super) struct Seen {
    /// None if they were known.
    pub(super) facts: Option<Facts>,
    pub(super) concluded: Concluded,
    /// Of the conversations that were not known to be concluded, where usage is counted.
    pub(super) usage: Usage,
}

/// What is known of a run already: which conversations are concluded whose usage was counted; none where they are not.
pub(super) type Counted = Option<Concluded>;

/// Every run that is not over. A plan may be large, so only those of runs that are not `known` are read.
pub(super) fn read_open(
    database: &Database,
    known: &BTreeMap<RunKey, Counted>,
) -> Result<BTreeMap<RunKey, Seen>, RoundError> {
    let view = database.view()?;
    let mut open = BTreeMap::new();
    for key in view.unfinished_runs()? {
        let organization = view.organization(key.0.clone());
        let (facts, counted) = match known.get(&key) {
            Some(counted) => (None, counted.clone()),
            None => {
                let run = organization.run(key.1)?;
                let facts = Facts::of(&run.ok_or(RoundError::NoRun { run: key.1 })?);
                let counted = facts.purse.counts_usage().then(Concluded::default);
                (Some(facts), counted)
            }
        };
        let concluded = organization.concluded(key.1)?;
        let usage = match counted {
            Some(counted) => usage(&organization, key.1, &counted, &concluded)?,
            None => Usage::default(),
        };
        let seen = Seen {
            facts,
            concluded,
            usage,
        };
        open.insert(key, seen);
    }
    Ok(open)
}

/// A run that is not over.
#[derive(Debug)]
pub(super) struct OpenRun {
    facts: Facts,
    concluded: Concluded,
    /// What the concluded ones used, where it is counted.
    usage: Usage,
    /// What is in the queue: read from there, then kept up. None: not read yet.
    in_flight: Option<BTreeSet<u32>>,
    /// Where to go on admitting. Whatever comes before it is concluded or in flight.
    next: Admission,
}

impl OpenRun {
    pub(super) fn new(facts: Facts, concluded: Concluded, usage: Usage) -> Self {
        let next = facts.order.clone();
        Self {
            facts,
            concluded,
            usage,
            in_flight: None,
            next,
        }
    }

    /// Takes in which conversations have a result by now.
    pub(super) fn conclude(&mut self, concluded: Concluded, usage: Usage) {
        self.concluded = concluded;
        self.usage.add(usage);
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.retain(|n| !self.concluded.contains(*n));
        }
    }

    /// Whose usage has been counted.
    pub(super) fn counted(&self) -> Counted {
        self.facts.purse.counts_usage().then(|| self.concluded.clone())
    }

    /// The limit of its budget that the run has reached.
    pub(super) fn limit_reached(&self, now: Time) -> Option<BudgetLimit> {
        self.facts.purse.reached(now, self.concluded.len(), self.usage)
    }

    /// When its time is up; none: never.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.facts.purse.deadline()
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
        let open = self
            .facts
            .purse
            .n_conversations()
            .saturating_sub(self.concluded.len());
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
