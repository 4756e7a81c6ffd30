//! Starting runs: afresh, or what went wrong in another.

use std::collections::BTreeMap;

use ::commands::Done;
use api::{
    CommandRequest as _,
    error::{ErrorCode, Problem},
    read::read,
    run::{Rerun, Start, StartExtension, Started, Wrong},
};
use model::{Command, Kind, ObjectRef, SetEntry, UnitTestId, Verdict};
use projections::RunState;
use serde_json::Value;

use super::{answer, id, recordings};
use crate::gateway::{Answer, Caller, Gateway, Metadata, failure::of_query, not_found, render};

pub(super) async fn start(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<Start>(body)?;
    recordings::require(gateway, caller, request.rehearse.as_ref()).await?;
    let done = gateway.run(caller, metadata, request.into_command()).await;
    started(&done.map_err(not_runnable)?)
}

/// A set that cannot run as it is: the contract knows no 400 for that.
fn not_runnable(problem: Problem) -> Problem {
    if problem.status == 400 {
        return Problem::new(ErrorCode::NotRunnable, problem.detail);
    }
    problem
}

pub(super) async fn rerun(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<Rerun>(body)?;
    recordings::require(gateway, caller, request.rehearse.as_ref()).await?;
    gateway.catch_up().await?;
    let run = request.id;
    let state = gateway.look(&caller.org, move |view| {
        let state = view.run_state(run).map_err(|error| of_query(&error))?;
        state.ok_or_else(|| not_found(&ObjectRef::new(Kind::Run, run)))
    });
    let state = state.await?;
    // Only then is it settled what went wrong, so that the same request always asks for the same.
    if state.run.completed.is_none() {
        let detail = format!("run {run} is not over yet");
        return Err(Problem::new(ErrorCode::NothingToRerun, detail));
    }
    let which = if request.which.is_empty() {
        Wrong::ALL.to_vec()
    } else {
        request.which
    };
    let entries = entries(&state, &which);
    if entries.is_empty() {
        let words: Vec<&str> = which.iter().map(|wrong| wrong.verdict().as_str()).collect();
        let detail = format!("no conversation of run {run} is {}", words.join(" or "));
        return Err(Problem::new(ErrorCode::NothingToRerun, detail));
    }
    let command = Command::StartRun {
        set_id: state.run.set_id,
        options: request.rehearse.map(StartExtension::options).unwrap_or_default(),
        entries: Some(entries),
        rerun_of: Some(run),
    };
    let done = gateway.run(caller, metadata, command).await;
    started(&done.map_err(not_runnable)?)
}

fn started(done: &Done) -> Result<Answer, Problem> {
    let simulation_unit_test_set_run_id = id(done)?;
    answer(
        done,
        render(&Started {
            simulation_unit_test_set_run_id,
        })?,
    )
}

/// The tests that went wrong in these ways, in the order of the plan, each as often as it did.
fn entries(state: &RunState, which: &[Wrong]) -> Vec<SetEntry> {
    let mut order: Vec<UnitTestId> = Vec::new();
    let mut counts: BTreeMap<UnitTestId, u32> = BTreeMap::new();
    for (test, tally) in state.run.plan.tests.iter().zip(&state.tests) {
        let count = |wrong: &Wrong| match wrong.verdict() {
            Verdict::Failed => tally.failed,
            Verdict::Errored => tally.errored,
            Verdict::Invalid => tally.invalid,
            Verdict::Passed => 0,
        };
        let n_wrong: u32 = which.iter().map(count).sum();
        if n_wrong == 0 {
            continue;
        }
        if !counts.contains_key(&test.unit_test_id) {
            order.push(test.unit_test_id);
        }
        *counts.entry(test.unit_test_id).or_default() += n_wrong;
    }
    let entry = |unit_test_id: UnitTestId| {
        let run_count = counts.get(&unit_test_id).copied()?;
        Some(SetEntry {
            unit_test_id,
            run_count,
        })
    };
    order.into_iter().filter_map(entry).collect()
}
