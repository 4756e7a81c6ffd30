//! Values of metrics, over all runs.

use api::{
    UserInfo,
    bus::queries::MetricResultList,
    error::Problem,
    metric_result::{FilterValues, Instance, List, ListQuery, Source, SourceType},
    read::read,
    shape::{self, SourceShape},
};
use model::{OrgId, message_id};
use projections::{EvaluationItem, EvaluationOrigin, EvaluationQuery, EvaluationSource, Page};
use serde_json::Value;

use super::filter::size;
use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, render};

pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<MetricResultList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let origins = origins(&request.source_type);
            // Nothing is measured when real conversations end, so a list of such values is empty.
            let exists = request.source_type.is_empty() || !origins.is_empty();
            let wanted = EvaluationQuery {
                metric_ids: request.metric_id,
                metric_versions: request
                    .metric_id_and_version
                    .into_iter()
                    .map(|filter| (filter.metric_id, filter.version))
                    .collect(),
                runs: request.simulation_unit_test_set_run_id,
                conversation_ids: request.conversation_id,
                origins,
                after: request.timestamp_after,
                before: request.timestamp_before,
                ascending: request.sort_by.first().is_some_and(|key| !key.descending),
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..EvaluationQuery::default()
            };
            let page = if exists {
                view.evaluations(&wanted)
                    .map_err(|error| failure::of_query(&error))?
            } else {
                Page::empty()
            };
            let items = page.items.into_iter().map(|item| instance(&org, item));
            render(&List {
                metric_evaluation_results: items.collect(),
                has_more: page.has_more,
                continuation_token: page.next_offset,
                filter_values: page.filter_values.map(|values| FilterValues {
                    metric_ids: values.metric_ids,
                }),
            })
        })
        .await
}

/// The origins of values that are kept here.
fn origins(sources: &[SourceShape]) -> Vec<EvaluationOrigin> {
    let origin = |source: &SourceShape| match source.0 {
        SourceType::Simulation => Some(EvaluationOrigin::Simulation),
        SourceType::Manual => Some(EvaluationOrigin::Manual),
        SourceType::PostSession => None,
    };
    sources.iter().filter_map(origin).collect()
}

fn instance(org: &OrgId, item: EvaluationItem) -> Instance {
    let EvaluationItem {
        id,
        run,
        n,
        at,
        evaluation,
        source,
    } = item;
    let (created_at, source) = match source {
        EvaluationSource::Simulation {
            unit_test_id,
            run_index,
            ..
        } => {
            let references = evaluation.references.iter();
            let source = Source::Simulation {
                simulation_unit_test_set_run_id: run,
                unit_test_id,
                run_index,
                references: references.map(|turn| message_id(run, n, *turn)).collect(),
            };
            (at, source)
        }
        EvaluationSource::Manual {
            conversation_id,
            evaluate_to,
            invoked_by,
            references,
            created_at,
        } => {
            let source = Source::Manual {
                conversation_id,
                evaluate_to_interaction_id: evaluate_to,
                invoked_by: UserInfo {
                    org_id: org.clone(),
                    user_id: invoked_by,
                },
                references,
            };
            (created_at, source)
        }
    };
    Instance {
        id,
        org_id: org.clone(),
        created_at,
        updated_at: at,
        metric_id: evaluation.metric_id,
        metric_version: evaluation.metric_version,
        result: shape::result(evaluation.value.as_ref()),
        // A judge that failed gave no reasons; that it failed is the reason.
        justification: evaluation.error.unwrap_or(evaluation.justification),
        source,
    }
}
