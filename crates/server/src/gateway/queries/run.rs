//! Runs: lists, progress, conversations, transcripts and artifacts.

mod gate;
mod results;

use api::{
    Get, Key,
    bus::queries::RunList,
    conversation,
    error::{ErrorCode, Problem},
    read::read,
    run::{
        self, ArtifactChunk, ArtifactQuery, Criterion, FilterValues, Instance, List, ListQuery,
        MAX_CHUNK_BYTES, Outcome, Progress, TranscriptQuery, WaitQuery,
    },
};
pub(in crate::gateway) use gate::Gate;
use model::{ConversationKey, Kind, ObjectRef, OrgId, RunId};
use projections::{MAX_LIMIT, OrgView, ResultQuery, RunState};
pub(super) use results::results;
pub(in crate::gateway) use results::row as conversation_row;
use serde_json::Value;
use tokio::time::Duration;

use super::{
    filter::{created_by, order, size},
    object,
};
use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, not_found, render};

/// How many results one answer shows at most, over all its runs: one for each criterion of each conversation, and one for what broke in
/// it. Runs that do not fit are shown without results, which `run.results` gives page by page; a message could not hold them.
const MAX_SHOWN: u64 = 50_000;

/// How many tests an error names at most.
const MAX_NAMED: usize = 10;

pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let (org, access) = (caller.org.clone(), caller.access.clone());
    let visible_to = visible_to::<RunList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = projections::ListQuery {
                ids: request.id.into_iter().map(Into::into).collect(),
                set_ids: request.simulation_unit_test_set_id,
                is_completed: request.is_completed,
                failed_metrics: request.failed_metrics,
                errored: request.errored,
                created_after: request.created_after,
                created_before: request.created_before,
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..projections::ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let page = view.runs(&wanted).map_err(|error| failure::of_query(&error))?;
            let mut room = MAX_SHOWN;
            let mut runs = Vec::new();
            let mut gate = Gate::new(view, &access);
            for state in &page.items {
                runs.push(gate.pass(instance(view, &org, state, &mut room)?)?);
            }
            let filter_values = page.filter_values.map(|values| FilterValues {
                creators: super::library::users(&org, &values.creators),
                simulation_unit_test_set_ids: values.set_ids,
                tags: values.tags,
            });
            render(&List {
                simulation_unit_test_set_runs: runs,
                has_more: page.has_more,
                continuation_token: page.next_offset,
                filter_values,
            })
        })
        .await
}

pub(super) async fn get(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<Get>(body)?;
    if request.as_of.is_some() {
        let found = object::get(gateway, caller, Kind::Run, body).await?;
        let model::Object::Run(run) = &found else {
            return Err(not_found(&found.object_ref()));
        };
        let run = Instance::of(&caller.org, run, &Progress::default());
        return shown(gateway, caller, run).await;
    }
    let (org, access) = (caller.org.clone(), caller.access.clone());
    gateway
        .look(&caller.org, move |view| {
            let state = match &request.key {
                Key::Id(id) => {
                    let id = id.as_str().parse().map_err(|_malformed| unknown(id.as_str()))?;
                    load(view, id)?
                }
                Key::Name(name) => return Err(unknown(name.as_str())),
            };
            let run = instance(view, &org, &state, &mut MAX_SHOWN.clone())?;
            render(&Gate::new(view, &access).pass(run)?)
        })
        .await
}

/// Waits for the run to be over, or for more results than the caller knows of; answers with what there is when the time is up.
pub(super) async fn wait(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<WaitQuery>(body)?;
    let mut poll = gateway
        .polls
        .begin(&gateway.database, Duration::from_millis(request.wait_ms));
    loop {
        let seen = poll.look();
        let id = request.id;
        let state = gateway.look(&caller.org, move |view| load(view, id)).await?;
        // A cancelled run is over, but only its completion says how it came out.
        let over = state.run.completed.is_some();
        let news = request
            .after_finished
            .is_some_and(|known| state.tally.finished() > known);
        if over || news || !poll.wait(|now| now != seen).await? {
            let progress = Progress {
                tally: state.tally,
                outcomes: None,
                spent: Some(spent(&state)),
            };
            let mut run = Instance::of(&caller.org, &state.run, &progress);
            if !state.run.is_over() {
                let in_flight = gateway.journal.0.in_flight(&caller.org, request.id).await;
                let in_flight = in_flight.map_err(|error| failure::of_journal(&error))?;
                run.rehearse.in_flight = u32::try_from(in_flight.len()).ok();
            }
            return shown(gateway, caller, run).await;
        }
    }
}

/// A run as its caller may see it.
async fn shown(gateway: &Gateway, caller: &Caller, run: Instance) -> Result<Value, Problem> {
    let access = caller.access.clone();
    gateway
        .look(&caller.org, move |view| {
            render(&Gate::new(view, &access).pass(run)?)
        })
        .await
}

pub(super) async fn transcript(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<TranscriptQuery>(body)?;
    let id = request.id;
    let state = gateway.look(&caller.org, move |view| load(view, id)).await?;
    let plan = &state.run.plan;
    let test_idx =
        match (&request.test, request.test_idx) {
            (Some(name), _) => Some(plan.tests.iter().position(|test| test.name == *name).ok_or_else(
                || {
                    let mut known: Vec<_> = plan
                        .tests
                        .iter()
                        .take(MAX_NAMED)
                        .map(|test| format!("`{}`", test.name))
                        .collect();
                    if plan.tests.len() > MAX_NAMED {
                        known.push(format!("{} more", plan.tests.len() - MAX_NAMED));
                    }
                    let detail = format!("the run has no unit test `{name}`; it has {}", known.join(", "));
                    Problem::new(ErrorCode::NotFound, detail)
                },
            )?),
            (None, Some(test_idx)) => usize::try_from(test_idx).ok(),
            (None, None) => None,
        };
    let n = match test_idx {
        Some(test_idx) => plan.index_of(test_idx, request.run_index.unwrap_or(0)),
        None => request.n.filter(|n| *n < plan.n_conversations()),
    };
    let n = n.ok_or_else(|| Problem::new(ErrorCode::NotFound, "the run has no such conversation"))?;
    if let Some(test) = plan.locate(n).and_then(|(test_idx, _)| plan.tests.get(test_idx)) {
        let (access, id) = (caller.access.clone(), test.unit_test_id);
        gateway
            .look(&caller.org, move |view| Gate::new(view, &access).require_test(id))
            .await?;
    }
    let key = ConversationKey {
        org: caller.org.clone(),
        run: id,
        n,
    };
    let stored = gateway
        .journal
        .0
        .result(&key)
        .await
        .map_err(|error| failure::of_journal(&error))?;
    let stored = stored.ok_or_else(|| {
        Problem::new(
            ErrorCode::ResultNotReady,
            format!("conversation {n} of run {id} has no result yet"),
        )
    })?;
    render(&conversation::Conversation::from(&stored.value))
}

pub(super) async fn artifact(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ArtifactQuery>(body)?;
    let id = request.id;
    let state = gateway.look(&caller.org, move |view| load(view, id)).await?;
    let completion = state.run.completed.ok_or_else(|| {
        Problem::new(
            ErrorCode::ArtifactNotReady,
            format!("the artifact of run {id} is not there yet"),
        )
    })?;
    let artifact = completion.artifact;
    let name = journal::subject::artifact_object(id, artifact.digest);
    let read = gateway.artifacts.read(gateway.journal.0.as_ref(), &name).await;
    let bytes = read.map_err(|error| failure::of_journal(&error))?;
    let bytes = bytes.ok_or_else(|| {
        Problem::new(
            ErrorCode::NotFound,
            format!("the artifact of run {id} is no longer in the object store"),
        )
    })?;
    let from = usize::try_from(request.offset)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let length = usize::try_from(request.length.min(MAX_CHUNK_BYTES)).unwrap_or(usize::MAX);
    let to = from.saturating_add(length).min(bytes.len());
    render(&ArtifactChunk {
        digest: artifact.digest,
        size_bytes: artifact.size_bytes,
        offset: request.offset,
        data: bytes.slice(from..to).to_vec(),
    })
}

fn unknown(what: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("there is no run `{what}`"))
}

pub(in crate::gateway) fn load(view: &OrgView<'_>, id: RunId) -> Result<RunState, Problem> {
    let state = view.run_state(id).map_err(|error| failure::of_query(&error))?;
    state.ok_or_else(|| not_found(&ObjectRef::new(Kind::Run, id)))
}

/// A run, with its results if there is room for them.
fn instance(view: &OrgView<'_>, org: &OrgId, state: &RunState, room: &mut u64) -> Result<Instance, Problem> {
    let tests = state.run.plan.tests.iter();
    let size = tests.map(|test| u64::from(test.run_count).saturating_mul(1 + test.criteria.len() as u64));
    let left = room.checked_sub(size.fold(0, u64::saturating_add));
    let outcomes = match left {
        Some(left) => {
            *room = left;
            Some(outcomes(view, state.run.id)?)
        }
        None => None,
    };
    Ok(Instance::of(
        org,
        &state.run,
        &Progress {
            tally: state.tally,
            outcomes,
            spent: Some(spent(state)),
        },
    ))
}

/// What the finished conversations of a run took.
pub(super) const fn spent(state: &RunState) -> run::Spent {
    let projections::Spent {
        agent,
        simulator,
        judges,
        attempts,
        broken,
    } = state.spent;
    run::Spent {
        agent,
        simulator,
        judges,
        attempts,
        broken,
    }
}

fn outcomes(view: &OrgView<'_>, run: RunId) -> Result<Vec<Outcome>, Problem> {
    let mut wanted = ResultQuery {
        limit: MAX_LIMIT,
        ..ResultQuery::default()
    };
    let mut outcomes = Vec::new();
    loop {
        let page = view
            .run_results(run, &wanted)
            .map_err(|error| failure::of_query(&error))?;
        outcomes.extend(page.items.into_iter().map(|result| {
            let criterion = |criterion: &model::CriterionOutcome| Criterion {
                evaluation_idx: criterion.evaluation_idx,
                passed: criterion.passed,
            };
            Outcome {
                n: result.n,
                test_idx: result.test_idx,
                run_index: result.run_index,
                verdict: result.verdict,
                criteria: result.criteria.iter().map(criterion).collect(),
                error: result.error,
            }
        }));
        match page.next_offset {
            Some(next) => wanted.offset = next,
            None => return Ok(outcomes),
        }
    }
}
