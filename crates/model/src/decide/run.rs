//! Runs: starting one pins every version and seals the manifest.

mod casting;
mod planner;

use std::collections::{BTreeMap, BTreeSet};

use casting::Casting;
pub use casting::{DETERMINISTIC, SCRIPTED};
use planner::Planner;

use super::{
    staged::{Staged, not_found},
    unit_test,
};
use crate::{
    ArtifactRef, BudgetLimit, CancelReason, DecideError, Digest, Directory, DirectoryExt, Event, Invalid,
    Kind, MANIFEST_FORMAT, MAX_CONVERSATIONS, Manifest, ObjectRef, Plan, Rejection, Run, RunCompleted, RunId,
    RunOptions, RunStarted, RunVerdict, SetEntry, StartOptions, Tally, UnitTestId, UnitTestSet,
    UnitTestSetId,
};

type Change = (ObjectRef, u32);

pub(super) fn start(
    staged: &mut Staged<'_>,
    set_id: UnitTestSetId,
    options: &StartOptions,
    entries: Option<&[SetEntry]>,
    rerun_of: Option<RunId>,
) -> Result<(Change, (Digest, Vec<u8>)), DecideError> {
    let (_, set) = unit_test::live_set(staged, set_id)?;
    if let Some(run) = staged.unfinished_run(&staged.context.actor, set_id)? {
        return Err(Rejection::RunUnfinished { run }.into());
    }
    if options.max_concurrency == Some(0) {
        let reason = Invalid::new("must be at least 1");
        return Err(Rejection::invalid("/rehearse/max_concurrency", reason).into());
    }
    options.budget.check().map_err(|(limit, reason)| {
        let field = match limit {
            BudgetLimit::Duration => "max_duration_ms",
            BudgetLimit::Conversations => "max_conversations",
            BudgetLimit::Tokens => "max_tokens",
            BudgetLimit::Cost => "max_cost_micros",
        };
        Rejection::invalid(format!("/rehearse/budget/{field}"), reason)
    })?;
    if let Some(earlier) = rerun_of {
        let (_, earlier) = existing(staged, earlier)?;
        if earlier.set_id != set_id {
            let reason = Invalid::new("must be a run of the same set");
            return Err(Rejection::invalid("/rehearse/rerun_of", reason).into());
        }
    }
    if let Some(entries) = entries {
        check_entries(&set, entries)?;
    }
    let (casting, cast) = Casting::choose(&staged.context.capabilities.models, options)?;
    let recordings = options.recordings.clone().unwrap_or_default();
    let run = RunId(staged.ids.next());
    let options = RunOptions {
        seed: options.seed.unwrap_or_else(|| staged.ids.seed()),
        max_concurrency: options.max_concurrency,
        budget: options.budget,
        rerun_of,
        cast,
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
        simulator: SCRIPTED.to_owned(),
        judges: DETERMINISTIC.to_owned(),
        personas: BTreeMap::new(),
        scenarios: BTreeMap::new(),
        metrics: BTreeMap::new(),
        agents: BTreeMap::new(),
        context_graphs: BTreeMap::new(),
        models: BTreeMap::new(),
        agent_prices: BTreeMap::new(),
        recordings,
    };
    let mut planner = Planner::new(manifest, casting);
    for entry in entries.unwrap_or(&set.definition.entries) {
        planner.plan(staged, *entry)?;
    }
    let manifest = planner.into_manifest();
    let planned = manifest.plan.n_conversations();
    if manifest.plan.options.cast.recorded && usize::try_from(planned) != Ok(manifest.recordings.len()) {
        let reason = Invalid::new(format!(
            "must be one for each of the run's {planned} conversations, not {}",
            manifest.recordings.len()
        ));
        return Err(Rejection::invalid("/rehearse/recordings", reason).into());
    }
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

/// What a run executes instead of what its set says: some of the set's tests.
fn check_entries(set: &UnitTestSet, entries: &[SetEntry]) -> Result<(), DecideError> {
    const POINTER: &str = "/rehearse/entries";
    if entries.is_empty() || entries.len() > 10_000 {
        let reason = Invalid::new(format!("must be 1 to 10000 unit tests, not {}", entries.len()));
        return Err(Rejection::invalid(POINTER, reason).into());
    }
    let known: BTreeSet<UnitTestId> = set
        .definition
        .entries
        .iter()
        .map(|entry| entry.unit_test_id)
        .collect();
    let mut n_conversations = 0_u64;
    for (index, entry) in entries.iter().enumerate() {
        if !known.contains(&entry.unit_test_id) {
            let reason = Invalid::new("must be a unit test of the set");
            return Err(Rejection::invalid(format!("{POINTER}/{index}/unit_test_id"), reason).into());
        }
        if entry.run_count == 0 {
            let reason = Invalid::new("must be at least 1");
            return Err(Rejection::invalid(format!("{POINTER}/{index}/run_count"), reason).into());
        }
        n_conversations += u64::from(entry.run_count);
    }
    if n_conversations > u64::from(MAX_CONVERSATIONS) {
        let reason = format!(
            "a run has at most {MAX_CONVERSATIONS} conversations, this one would have {n_conversations}"
        );
        return Err(Rejection::invalid(POINTER, Invalid::new(reason)).into());
    }
    Ok(())
}

pub(super) fn cancel(
    staged: &mut Staged<'_>,
    id: RunId,
    reason: CancelReason,
) -> Result<Change, DecideError> {
    let (object, run) = existing(staged, id)?;
    if run.is_over() {
        return Err(Rejection::RunOver { run: id }.into());
    }
    staged.record(&object, Event::RunCancelled(reason))?;
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
