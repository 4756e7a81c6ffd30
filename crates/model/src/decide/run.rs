//! Runs: starting one pins every version and seals the manifest.

mod planner;

use std::collections::BTreeMap;

use planner::Planner;

use super::{
    staged::{Staged, not_found},
    unit_test,
};
use crate::{
    ArtifactRef, DecideError, Digest, Directory, DirectoryExt, Event, Invalid, Kind, MANIFEST_FORMAT,
    Manifest, ObjectRef, Plan, Rejection, Run, RunCompleted, RunId, RunOptions, RunStarted, RunVerdict,
    StartOptions, Tally, UnitTestSetId,
};

type Change = (ObjectRef, u32);

pub(super) fn start(
    staged: &mut Staged<'_>,
    set_id: UnitTestSetId,
    options: StartOptions,
) -> Result<(Change, (Digest, Vec<u8>)), DecideError> {
    let (_, set) = unit_test::live_set(staged, set_id)?;
    if let Some(run) = staged.unfinished_run(&staged.context.actor, set_id)? {
        return Err(Rejection::RunUnfinished { run }.into());
    }
    if options.max_concurrency == Some(0) {
        let reason = Invalid::new("must be at least 1");
        return Err(Rejection::invalid("/rehearse/max_concurrency", reason).into());
    }
    let run = RunId(staged.ids.next());
    let options = RunOptions {
        seed: options.seed.unwrap_or_else(|| staged.ids.seed()),
        max_concurrency: options.max_concurrency,
    };
    let org = staged.org().clone();
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        build: staged.context.capabilities.build.clone(),
        organization: staged
            .organization(org.clone())?
            .map(|organization| organization.profile),
        org,
        run,
        started: crate::Change {
            by: staged.context.actor.clone(),
            at: staged.context.now,
        },
        set_id,
        set_name: set.definition.name.clone(),
        plan: Plan {
            tests: Vec::new(),
            options,
        },
        simulator: "scripted".to_owned(),
        judges: "deterministic".to_owned(),
        personas: BTreeMap::new(),
        scenarios: BTreeMap::new(),
        metrics: BTreeMap::new(),
        agents: BTreeMap::new(),
        context_graphs: BTreeMap::new(),
    };
    let mut planner = Planner::new(manifest);
    for entry in &set.definition.entries {
        planner.plan(staged, *entry)?;
    }
    let manifest = planner.into_manifest();
    let sealed = manifest.seal().map_err(|reason| Rejection::invalid("", reason))?;
    let object = ObjectRef::new(Kind::Run, run);
    let started = RunStarted {
        set_id,
        set_name: set.definition.name,
        plan: manifest.plan,
        manifest: sealed.0,
    };
    staged.record(&object, Event::RunStarted(started))?;
    Ok(((object, 0), sealed))
}

pub(super) fn cancel(staged: &mut Staged<'_>, id: RunId) -> Result<Change, DecideError> {
    let (object, run) = existing(staged, id)?;
    if run.is_over() {
        return Err(Rejection::RunOver { run: id }.into());
    }
    staged.record(&object, Event::RunCancelled(()))?;
    Ok((object, 0))
}

pub(super) fn complete(
    staged: &mut Staged<'_>,
    id: RunId,
    tally: &Tally,
    artifact: ArtifactRef,
) -> Result<Change, DecideError> {
    let (object, run) = existing(staged, id)?;
    if run.completed.is_some() {
        return Err(Rejection::RunOver { run: id }.into());
    }
    let planned = run.plan.n_conversations();
    if tally.planned != planned
        || tally.finished().saturating_add(tally.cancelled) != planned
        || (tally.cancelled > 0 && run.cancelled.is_none())
    {
        let reason = Invalid::new(format!(
            "the tally does not account for the run's {planned} conversations"
        ));
        return Err(Rejection::invalid("/tally", reason).into());
    }
    let verdict = if run.cancelled.is_some() {
        RunVerdict::Cancelled
    } else {
        tally.verdict()
    };
    staged.record(
        &object,
        Event::RunCompleted(RunCompleted {
            tally: *tally,
            verdict,
            artifact,
        }),
    )?;
    Ok((object, 0))
}

fn existing(staged: &Staged<'_>, id: RunId) -> Result<(ObjectRef, Run), DecideError> {
    let run = staged.run(id)?.ok_or_else(|| not_found(Kind::Run, id))?;
    Ok((ObjectRef::new(Kind::Run, id), run))
}
