//! Values of metrics, over all runs.

use api::{
    error::Problem,
    metric_result::{FilterValues, Instance, List, ListQuery, Source, SourceType},
    read::read,
    shape,
};
use model::message_id;
use projections::{EvaluationQuery, Page};
use serde_json::Value;

use super::filter::size;
use crate::gateway::{Caller, Gateway, failure, render};

pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            // Only simulated conversations are measured here, so a list of others is empty.
            let simulated = request.conversation_id.is_empty()
                && (request.source_type.is_empty()
                    || request
                        .source_type
                        .iter()
                        .any(|source| source.0 == SourceType::Simulation));
            let wanted = EvaluationQuery {
                metric_ids: request.metric_id,
                metric_versions: request
                    .metric_id_and_version
                    .into_iter()
                    .map(|filter| (filter.metric_id, filter.version))
                    .collect(),
                runs: request.simulation_unit_test_set_run_id,
                after: request.timestamp_after,
                before: request.timestamp_before,
                ascending: request.sort_by.first().is_some_and(|key| !key.descending),
                limit: size(request.limit),
                offset: request.continuation_token,
            };
            let page = if simulated {
                view.evaluations(&wanted)
                    .map_err(|error| failure::of_query(&error))?
            } else {
                Page::empty()
            };
            let items = page.items.iter().map(|item| Instance {
                id: item.id,
                org_id: org.clone(),
                created_at: item.at,
                updated_at: item.at,
                metric_id: item.evaluation.metric_id,
                metric_version: item.evaluation.metric_version,
                result: shape::result(item.evaluation.value.as_ref()),
                justification: item.evaluation.justification.clone(),
                source: Source::Simulation {
                    simulation_unit_test_set_run_id: item.run,
                    unit_test_id: item.unit_test_id,
                    run_index: item.run_index,
                    references: item
                        .evaluation
                        .references
                        .iter()
                        .map(|turn| message_id(item.run, item.n, *turn))
                        .collect(),
                },
            });
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
