//! Runs: lists, progress, conversations, transcripts and artifacts.

use api::{
    Get, Key, conversation,
    error::{ErrorCode, Problem},
    read::read,
    run::{
        ArtifactChunk, ArtifactQuery, ConversationRow, ConversationRows, Criterion, CriterionRow, FilterValues, Instance,
        List, ListQuery, MAX_CHUNK_BYTES, Outcome, Progress, ResultsQuery, TranscriptQuery, WaitQuery,
    },
    shape,
};
use model::{ConversationKey, Kind, ObjectRef, OrgId, RunId, evaluation_id};
use projections::{MAX_LIMIT, OrgView, ResultQuery, ResultRow, RunState};
use serde_json::Value;
use tokio::time::{Duration, Instant, timeout_at};

use super::{
    filter::{created_by, order, size},
    object,
};
use crate::gateway::{Caller, Gateway, failure, not_found, render};

/// Lists show the results of runs up to this size; of larger ones only when they are asked for by id.
const MAX_LISTED_CONVERSATIONS: u32 = 2_000;

pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let org = caller.org.clone();
    let asked_for = !request.id.is_empty();
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
                ..projections::ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let page = view.runs(&wanted).map_err(|error| failure::of_query(&error))?;
            let mut runs = Vec::new();
            for state in &page.items {
                let whole = asked_for || state.tally.planned <= MAX_LISTED_CONVERSATIONS;
                runs.push(instance(view, &org, state, whole)?);
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
        let model::Object::Run(run) = &found else { return Err(not_found(&found.object_ref())) };
        return render(&Instance::of(&caller.org, run, &Progress::default()));
    }
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let state = match &request.key {
                Key::Id(id) => {
                    let id = id.as_str().parse().map_err(|_malformed| unknown(id.as_str()))?;
                    load(view, id)?
                }
                Key::Name(name) => return Err(unknown(name.as_str())),
            };
            render(&instance(view, &org, &state, true)?)
        })
        .await
}

/// Waits for the run to be over, or for more results than the caller knows of; answers with what there is when the time is up.
pub(super) async fn wait(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<WaitQuery>(body)?;
    let deadline = Instant::now() + Duration::from_millis(request.wait_ms);
    let mut changes = gateway.database.subscribe();
    loop {
        changes.mark_unchanged();
        let id = request.id;
        let state = gateway.look(&caller.org, move |view| load(view, id)).await?;
        // A cancelled run is over, but only its completion says how it came out.
        let over = state.run.completed.is_some();
        let news = request.after_finished.is_some_and(|known| state.tally.finished() > known);
        let waited = Instant::now() >= deadline;
        if over || news || waited || timeout_at(deadline, changes.changed()).await.is_err() {
            let progress = Progress { tally: state.tally, outcomes: None };
            return render(&Instance::of(&caller.org, &state.run, &progress));
        }
    }
}

pub(super) async fn results(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ResultsQuery>(body)?;
    gateway
        .look(&caller.org, move |view| {
            let state = load(view, request.id)?;
            let verdicts: Vec<_> = request.verdict.into_iter().map(|verdict| verdict.0).collect();
            let tests: Vec<u32> = (0_u32..)
                .zip(&state.run.plan.tests)
                .filter(|(_, test)| {
                    request.unit_test_id.is_empty() || request.unit_test_id.contains(&test.unit_test_id)
                })
                .map(|(test_idx, _)| test_idx)
                .collect();
            // One test, or all of them, is one walk; a selection of several is rare enough to be put together from its parts.
            let single = match tests.as_slice() {
                [test_idx] if !request.unit_test_id.is_empty() => Some(*test_idx),
                _ => None,
            };
            let mut wanted = ResultQuery {
                test_idx: single,
                verdicts,
                limit: size(request.limit),
                offset: request.continuation_token,
            };
            let page = if single.is_some() || tests.len() == state.run.plan.tests.len() {
                view.run_results(request.id, &wanted).map_err(|error| failure::of_query(&error))?
            } else {
                let (offset, limit) = (wanted.offset, wanted.limit);
                let mut items = Vec::new();
                let enough = usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(limit).saturating_add(1);
                for test_idx in tests {
                    wanted.test_idx = Some(test_idx);
                    wanted.offset = 0;
                    wanted.limit = MAX_LIMIT;
                    while items.len() < enough {
                        let part =
                            view.run_results(request.id, &wanted).map_err(|error| failure::of_query(&error))?;
                        items.extend(part.items);
                        match part.next_offset {
                            Some(next) => wanted.offset = next,
                            None => break,
                        }
                    }
                }
                let skip = usize::try_from(offset).unwrap_or(usize::MAX);
                let has_more = items.len() > skip.saturating_add(limit);
                let items: Vec<_> = items.into_iter().skip(skip).take(limit).collect();
                let next_offset = has_more.then(|| offset.saturating_add(items.len() as u64));
                projections::Page { items, has_more, next_offset, filter_values: None }
            };
            let conversations = page.items.iter().map(|result| row(&state, result)).collect();
            render(&ConversationRows {
                conversations,
                has_more: page.has_more,
                continuation_token: page.next_offset,
            })
        })
        .await
}

pub(super) async fn transcript(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<TranscriptQuery>(body)?;
    let id = request.id;
    let state = gateway.look(&caller.org, move |view| load(view, id)).await?;
    let plan = &state.run.plan;
    let test_idx = match (&request.test, request.test_idx) {
        (Some(name), _) => Some(plan.tests.iter().position(|test| test.name == *name).ok_or_else(|| {
            let known: Vec<_> = plan.tests.iter().map(|test| format!("`{}`", test.name)).collect();
            let detail = format!("the run has no unit test `{name}`; it has {}", known.join(", "));
            Problem::new(ErrorCode::NotFound, detail)
        })?),
        (None, Some(test_idx)) => usize::try_from(test_idx).ok(),
        (None, None) => None,
    };
    let n = match test_idx {
        Some(test_idx) => plan.index_of(test_idx, request.run_index.unwrap_or(0)),
        None => request.n.filter(|n| *n < plan.n_conversations()),
    };
    let n = n.ok_or_else(|| Problem::new(ErrorCode::NotFound, "the run has no such conversation"))?;
    let key = ConversationKey { org: caller.org.clone(), run: id, n };
    let stored = gateway.journal.0.result(&key).await.map_err(|error| failure::of_journal(&error))?;
    let stored = stored.ok_or_else(|| {
        Problem::new(ErrorCode::ResultNotReady, format!("conversation {n} of run {id} has no result yet"))
    })?;
    render(&conversation::Conversation::from(&stored.value))
}

pub(super) async fn artifact(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ArtifactQuery>(body)?;
    let id = request.id;
    let state = gateway.look(&caller.org, move |view| load(view, id)).await?;
    let completion = state.run.completed.ok_or_else(|| {
        Problem::new(ErrorCode::ArtifactNotReady, format!("the artifact of run {id} is not there yet"))
    })?;
    let artifact = completion.artifact;
    let name = journal::subject::artifact_object(id, artifact.digest);
    let bytes = gateway.journal.0.object(&name).await.map_err(|error| failure::of_journal(&error))?;
    let bytes = bytes.ok_or_else(|| {
        Problem::new(ErrorCode::NotFound, format!("the artifact of run {id} is no longer in the object store"))
    })?;
    let from = usize::try_from(request.offset).unwrap_or(usize::MAX).min(bytes.len());
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

fn load(view: &OrgView<'_>, id: RunId) -> Result<RunState, Problem> {
    let state = view.run_state(id).map_err(|error| failure::of_query(&error))?;
    state.ok_or_else(|| not_found(&ObjectRef::new(Kind::Run, id)))
}

/// A run with its results, if they are wanted.
fn instance(view: &OrgView<'_>, org: &OrgId, state: &RunState, whole: bool) -> Result<Instance, Problem> {
    let outcomes = if whole { Some(outcomes(view, state.run.id)?) } else { None };
    Ok(Instance::of(org, &state.run, &Progress { tally: state.tally, outcomes }))
}

fn outcomes(view: &OrgView<'_>, run: RunId) -> Result<Vec<Outcome>, Problem> {
    let mut wanted = ResultQuery { limit: MAX_LIMIT, ..ResultQuery::default() };
    let mut outcomes = Vec::new();
    loop {
        let page = view.run_results(run, &wanted).map_err(|error| failure::of_query(&error))?;
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

fn row(state: &RunState, result: &ResultRow) -> ConversationRow {
    let criterion = |outcome: &model::CriterionOutcome| {
        let index = usize::try_from(outcome.evaluation_idx).ok();
        let evaluation = index.and_then(|index| result.evaluations.get(index));
        CriterionRow {
            name: outcome.name.clone(),
            metric_evaluation_result_id: evaluation_id(result.run, result.n, outcome.evaluation_idx),
            value: shape::result(evaluation.and_then(|evaluation| evaluation.value.as_ref())),
            passed: outcome.passed,
        }
    };
    let test = usize::try_from(result.test_idx).ok().and_then(|index| state.run.plan.tests.get(index));
    ConversationRow {
        n: result.n,
        test_idx: result.test_idx,
        unit_test_id: result.unit_test_id,
        unit_test_name: test.map_or_else(|| state.run.set_name.clone(), |test| test.name.clone()),
        run_index: result.run_index,
        verdict: result.verdict.into(),
        end_reason: result.end.as_str().to_owned(),
        error: result.error.clone(),
        n_turns: result.n_turns,
        started_at: result.started_at,
        duration_ms: result.finished_at.millis_since(result.started_at),
        attempts: result.attempts,
        criteria: result.criteria.iter().map(criterion).collect(),
    }
}
