//! What happens to a run as a whole: it is started, perhaps cancelled, and completed.

use api::{
    error::{ErrorCode, Problem},
    run::{EventName, Instance, Progress},
};
use model::{Event, Kind, Object, ObjectRef, OrgId, Recorded, Run, Tally, evolve};

use crate::gateway::{
    Gateway,
    failure::{internal, of_journal},
    queries::Gate,
};

/// A commit on a run.
#[derive(Clone, Debug)]
pub(super) struct Milestone {
    /// Its sequence in the log of events.
    pub(super) sequence: u64,
    /// What happened.
    pub(super) name: EventName,
    /// The run as it was then.
    run: Run,
}

impl Milestone {
    /// The run as it was then, as the caller may see it; `tally` is what its results had come to.
    pub(super) fn view(
        &self,
        org: &OrgId,
        gate: &mut Gate<'_>,
        mut tally: Tally,
    ) -> Result<Instance, Problem> {
        tally.planned = self.run.plan.n_conversations();
        if self.run.is_over() {
            tally.cancel_rest();
        }
        let progress = Progress {
            tally,
            outcomes: None,
            spent: None,
        };
        gate.pass(Instance::of(org, &self.run, &progress))
    }
}

/// How far a run is: each commit on it changes this.
pub(super) const fn stage(run: &Run) -> (bool, bool) {
    (run.cancelled.is_some(), run.completed.is_some())
}

/// The commits on a run that stand after a sequence, as far as `run` shows them.
pub(super) async fn after(
    gateway: &Gateway,
    org: &OrgId,
    run: &Run,
    sequence: u64,
) -> Result<Vec<Milestone>, Problem> {
    let object = ObjectRef::new(Kind::Run, run.id);
    let history = gateway.journal().history(org, &object).await;
    let history = history.map_err(|error| of_journal(&error))?;
    let mut milestones = Vec::new();
    let mut state = None;
    for recorded in &history {
        let evolved = evolve(state, &recorded.commit).map_err(|misfit| internal(&misfit))?;
        if let (Object::Run(then), Some(name)) = (&evolved.object, name_of(recorded)) {
            milestones.push(Milestone {
                sequence: recorded.sequence,
                name,
                run: then.clone(),
            });
        }
        state = Some(evolved.object);
        if milestones
            .last()
            .is_some_and(|milestone| stage(&milestone.run) == stage(run))
        {
            milestones.retain(|milestone| milestone.sequence > sequence);
            return Ok(milestones);
        }
    }
    // The projections are ahead of the replica that answered.
    let detail = format!("the history of run {} is not whole here yet; try again", run.id);
    Err(Problem::new(ErrorCode::Unavailable, detail))
}

/// What a commit on a run is called.
fn name_of(recorded: &Recorded) -> Option<EventName> {
    let mut names = recorded.commit.events.iter().filter_map(|event| {
        if matches!(event, Event::RunStarted(_)) {
            Some(EventName::RunStarted)
        } else if matches!(event, Event::RunCancelled(_)) {
            Some(EventName::RunCancelled)
        } else if matches!(event, Event::RunCompleted(_)) {
            Some(EventName::RunCompleted)
        } else {
            None
        }
    });
    names.next()
}
