//! Following a run: what happens to it, event by event, from any place on.
//!
//! A run's events stand in two logs, which are written independently. A place is therefore two sequences, one in each log, and what
//! comes after it is everything beyond either; so the same place gives the same rest on every server and however the logs were read
//! side by side. Results are told in the order of their log. The end is told after as many results as the run was completed with;
//! what a conversation of a cancelled run still came to after that is not told.
//!
//! Nothing here knows how events are sent, or how their reader is kept waiting.

mod milestone;

use std::sync::Arc;

use api::{
    bus::{Call as _, queries::RunGet},
    error::Problem,
    read::read,
    run::{ConversationFinished, EventId, EventName, FollowQuery},
};
use milestone::Milestone;
use model::{Access, Directory as _, Run, RunId, Tally};
use projections::{OrgView, Sequences};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Duration;

use super::{
    Caller, Gateway, Metadata,
    authorize::authorize,
    failure::{internal, of_query},
    poll::Poll,
    queries::{Gate, conversation_row, load_run},
};

/// How many results are told at once at most.
const BATCH: usize = 64;

/// How long a run is followed at most. Tokens end much sooner.
const PATIENCE: Duration = Duration::from_secs(365 * 24 * 3600);

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunEvent {
    /// Its id, from which to go on.
    pub(crate) id: EventId,
    /// What it is.
    pub(crate) name: EventName,
    /// What it tells, as JSON on one line.
    pub(crate) data: String,
}

/// What has come by now.
#[derive(Debug)]
pub(crate) enum Taken {
    /// These, in this order; there may be more already.
    Events(Vec<RunEvent>),
    /// Nothing yet.
    Nothing,
    /// Nothing, and nothing will come.
    Over,
}

/// Somebody who follows a run. Holds one of a limited number of places until it is dropped.
#[derive(Debug)]
pub(crate) struct Follower {
    gateway: Gateway,
    caller: Caller,
    poll: Poll,
    /// What the last look showed at least.
    seen: Sequences,
    /// The run as it was last known.
    run: Arc<Run>,
    /// Commits on the run that are not told yet.
    untold: Arc<[Milestone]>,
    /// How far commits on the run are known.
    known: u64,
    told: EventId,
    is_over: bool,
}

impl Gateway {
    /// Begins to follow a run. None: the place to go on from is at its end.
    pub(crate) async fn follow(
        &self,
        caller: &Caller,
        metadata: &Metadata,
        body: &Value,
    ) -> Result<Option<Follower>, Problem> {
        self.require_following()?;
        let request = read::<FollowQuery>(body)?;
        let told = request.last_event_id.unwrap_or_default();
        // Another server may have told what is not shown here yet. Of a run that is over, nothing is missing.
        let seen = metadata.seen.unwrap_or(0);
        let wanted = if self.is_complete(caller, request.id).await? {
            seen
        } else {
            seen.max(told.events)
        };
        self.polls.catch_up(&self.database, wanted).await?;
        permit(self, caller, request.id).await?;
        let id = request.id;
        let state = self.look(&caller.org, move |view| load_run(view, id)).await?;
        let mut poll = self.followers.begin(&self.database, PATIENCE);
        poll.take_place()?;
        let mut follower = Follower {
            gateway: self.clone(),
            caller: caller.clone(),
            seen: poll.look(),
            poll,
            run: Arc::new(state.run),
            untold: Arc::default(),
            known: 0,
            told,
            is_over: false,
        };
        follower.learn().await?;
        let is_told = follower.run.completed.is_some() && follower.untold.is_empty();
        Ok((!is_told).then_some(follower))
    }

    async fn is_complete(&self, caller: &Caller, id: RunId) -> Result<bool, Problem> {
        let found = self.look(&caller.org, move |view| {
            let state = view.run_state(id).map_err(|error| of_query(&error))?;
            Ok(state.is_some_and(|state| state.run.completed.is_some()))
        });
        found.await
    }
}

impl Follower {
    /// Goes on for the same caller, who may do other things by now.
    ///
    /// # Errors
    /// The caller may no longer read the run.
    pub(crate) async fn permit(&mut self, caller: Caller) -> Result<(), Problem> {
        permit(&self.gateway, &caller, self.run.id).await?;
        self.caller = caller;
        Ok(())
    }

    /// What has come since the last time.
    pub(crate) async fn take(&mut self) -> Result<Taken, Problem> {
        loop {
            if self.is_over {
                return Ok(Taken::Over);
            }
            self.gateway.require_following()?;
            self.seen = self.poll.look();
            if self.seen.events > self.known {
                self.learn().await?;
            }
            let access = self.caller.access.clone();
            let (run, untold, told) = (Arc::clone(&self.run), Arc::clone(&self.untold), self.told);
            let look = self.gateway.look(&self.caller.org, move |view| {
                Look::at(view, &access, &run, &untold, told)
            });
            let look = look.await?;
            self.told = look.told;
            self.is_over = look.is_over;
            if self
                .untold
                .iter()
                .any(|milestone| milestone.sequence <= look.told.events)
            {
                let untold = self.untold.iter().cloned();
                let left = untold.filter(|milestone| milestone.sequence > look.told.events);
                self.untold = left.collect();
            }
            if !look.events.is_empty() {
                return Ok(Taken::Events(look.events));
            }
            // What came may be nothing that the caller may see.
            if !look.has_more {
                return Ok(Taken::Nothing);
            }
        }
    }

    /// Waits until something may have come. False: the server stops.
    pub(crate) async fn wait(&mut self) -> Result<bool, Problem> {
        let seen = self.seen;
        self.poll.wait(|now| now != seen).await
    }

    /// Looks which commits on the run there are by now.
    async fn learn(&mut self) -> Result<(), Problem> {
        let (id, shown) = (self.run.id, self.seen.events);
        let state = self
            .gateway
            .look(&self.caller.org, move |view| load_run(view, id));
        let run = state.await?.run;
        let is_new = self.known == 0 || milestone::stage(&run) != milestone::stage(&self.run);
        if is_new {
            let untold = milestone::after(&self.gateway, &self.caller.org, &run, self.told.events).await?;
            self.untold = untold.into();
            self.run = Arc::new(run);
        }
        self.known = shown;
        Ok(())
    }
}

/// Refuses a caller who may not read the run.
async fn permit(gateway: &Gateway, caller: &Caller, run: RunId) -> Result<(), Problem> {
    authorize(
        gateway,
        caller,
        &RunGet::ENDPOINT,
        &json!({"id": run.to_string()}),
    )
    .await
}

/// What is to be told at one moment.
struct Look {
    events: Vec<RunEvent>,
    told: EventId,
    is_over: bool,
    /// There is more already.
    has_more: bool,
}

impl Look {
    fn at(
        view: &OrgView<'_>,
        access: &Access,
        run: &Run,
        untold: &[Milestone],
        told: EventId,
    ) -> Result<Self, Problem> {
        let mut gate = Gate::new(view, access);
        let mut look = Self {
            events: Vec::new(),
            told,
            is_over: false,
            has_more: false,
        };
        let mut tally = view
            .run_tally_at(run.id, told.results)
            .map_err(|error| of_query(&error))?;
        let (end, before): (Vec<_>, Vec<_>) = untold
            .iter()
            .partition(|milestone| milestone.name == EventName::RunCompleted);
        for milestone in before {
            look.told.events = milestone.sequence;
            look.push(milestone.name, &milestone.view(view.org(), &mut gate, tally)?)?;
        }
        let end = end.first();
        let n_finished = run
            .completed
            .as_ref()
            .map(|completion| completion.tally.finished());
        let is_last = |tally: &Tally| n_finished.is_some_and(|last| tally.finished() >= last);
        let arrived = view
            .run_results_after(run.id, told.results, BATCH)
            .map_err(|error| of_query(&error))?;
        look.has_more = arrived.len() == BATCH;
        let shows_set = gate.shows_set(run.set_id)?;
        for one in arrived {
            if is_last(&tally) {
                break;
            }
            tally = one.tally;
            look.told.results = one.result.sequence;
            if shows_set && gate.shows_test(one.result.unit_test_id)? {
                let finished = ConversationFinished {
                    conversation: conversation_row(run, &one.result),
                    tally: (&Tally {
                        planned: run.plan.n_conversations(),
                        ..tally
                    })
                        .into(),
                };
                look.push(EventName::ConversationFinished, &finished)?;
            }
        }
        if let Some(end) = end.filter(|_| is_last(&tally)) {
            look.told.events = end.sequence;
            look.push(end.name, &end.view(view.org(), &mut gate, tally)?)?;
            look.is_over = true;
        }
        Ok(look)
    }

    fn push<T: Serialize>(&mut self, name: EventName, data: &T) -> Result<(), Problem> {
        self.events.push(RunEvent {
            id: self.told,
            name,
            data: serde_json::to_string(data).map_err(|error| internal(&error))?,
        });
        Ok(())
    }
}
