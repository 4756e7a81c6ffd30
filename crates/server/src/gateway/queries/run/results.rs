//! The finished conversations of a run, page by page.

use api::{
    error::Problem,
    read::read,
    run::{ConversationRow, ConversationRows, CriterionRow, ResultsQuery},
    shape,
};
use model::{Run, Tally, Verdict, evaluation_id};
use projections::{OrgView, Page, ResultQuery, ResultRow, RunState};
use serde_json::Value;

use super::{super::filter::size, Gate, load};
use crate::gateway::{Caller, Gateway, failure, render};

pub(in super::super) async fn results(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<ResultsQuery>(body)?;
    let access = caller.access.clone();
    gateway
        .look(&caller.org, move |view| {
            let state = load(view, request.id)?;
            let wanted = ResultQuery {
                test_idx: None,
                verdicts: request.verdict.into_iter().map(|verdict| verdict.0).collect(),
                limit: size(request.limit),
                offset: request.continuation_token,
            };
            let mut gate = Gate::new(view, &access);
            let mut shown = Vec::new();
            let shows_set = gate.shows_set(state.run.set_id)?;
            for (test_idx, test) in (0_u32..).zip(&state.run.plan.tests) {
                let is_wanted =
                    request.unit_test_id.is_empty() || request.unit_test_id.contains(&test.unit_test_id);
                if is_wanted && shows_set && gate.shows_test(test.unit_test_id)? {
                    shown.push(test_idx);
                }
            }
            let page = if shown.len() == state.run.plan.tests.len() {
                view.run_results(request.id, &wanted)
                    .map_err(|error| failure::of_query(&error))?
            } else {
                of_tests(view, &state, shown.into_iter(), &wanted)?
            };
            let conversations = page.items.iter().map(|result| row(&state.run, result)).collect();
            render(&ConversationRows {
                conversations,
                has_more: page.has_more,
                continuation_token: page.next_offset,
            })
        })
        .await
}

/// A page over some of a run's tests, one test after the other. What lies before the page is counted, not read.
fn of_tests(
    view: &OrgView<'_>,
    state: &RunState,
    tests: impl Iterator<Item = u32>,
    wanted: &ResultQuery,
) -> Result<Page<ResultRow>, Problem> {
    let mut skip = wanted.offset;
    let mut items = Vec::new();
    let mut has_more = false;
    for test_idx in tests {
        let tally = usize::try_from(test_idx)
            .ok()
            .and_then(|index| state.tests.get(index));
        let n_results = tally.map_or(0, |tally| count(tally, &wanted.verdicts));
        if n_results <= skip {
            skip -= n_results;
            continue;
        }
        let limit = wanted.limit.saturating_sub(items.len());
        if limit == 0 {
            has_more = true;
            break;
        }
        let query = ResultQuery {
            test_idx: Some(test_idx),
            verdicts: wanted.verdicts.clone(),
            limit,
            offset: skip,
        };
        let part = view
            .run_results(state.run.id, &query)
            .map_err(|error| failure::of_query(&error))?;
        skip = 0;
        items.extend(part.items);
        if part.has_more {
            has_more = true;
            break;
        }
    }
    let next_offset = has_more.then(|| wanted.offset.saturating_add(items.len() as u64));
    Ok(Page {
        items,
        has_more,
        next_offset,
        next_cursor: None,
        filter_values: None,
    })
}

/// How many of a test's conversations ended with one of these verdicts; none: with any.
fn count(tally: &Tally, verdicts: &[Verdict]) -> u64 {
    if verdicts.is_empty() {
        return tally.finished().into();
    }
    let of = |verdict| match verdict {
        Verdict::Passed => tally.passed,
        Verdict::Failed => tally.failed,
        Verdict::Invalid => tally.invalid,
        Verdict::Errored => tally.errored,
    };
    let verdicts: std::collections::BTreeSet<Verdict> = verdicts.iter().copied().collect();
    verdicts.into_iter().map(|verdict| u64::from(of(verdict))).sum()
}

/// A finished conversation as lists show it.
pub(in crate::gateway) fn row(run: &Run, result: &ResultRow) -> ConversationRow {
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
    let test = usize::try_from(result.test_idx)
        .ok()
        .and_then(|index| run.plan.tests.get(index));
    ConversationRow {
        n: result.n,
        test_idx: result.test_idx,
        unit_test_id: result.unit_test_id,
        unit_test_name: test.map_or_else(|| run.set_name.clone(), |test| test.name.clone()),
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
