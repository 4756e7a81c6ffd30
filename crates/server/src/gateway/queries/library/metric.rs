//! Metrics.

use api::{
    bus::queries::{MetricList, MetricSearch},
    error::Problem,
    metric,
    read::read,
};
use projections::ListQuery;
use serde_json::Value;

use super::{keys, page, query, users};
use crate::gateway::{
    Caller, Gateway,
    authorize::visible_to,
    queries::filter::{created_by, order, size, tags},
    render,
};

pub(in super::super) async fn metrics(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<metric::ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<MetricList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: Some(request.is_deleted),
                types: request.r#type.into_iter().map(|word| word.0).collect(),
                applied_to_services: request.applied_to_service,
                tags: tags(request.tag),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (metrics, has_more, continuation_token, filter_values) = page(
                query(view.metrics(&wanted))?,
                |state| metric::Instance::of(&org, &state),
                |values| metric::FilterValues {
                    applied_to_services_ids: values.applied_to_services,
                    creators: users(&org, &values.creators),
                    tags: values.tags,
                    types: values.types.into_iter().map(Into::into).collect(),
                },
            );
            render(&metric::List {
                metrics,
                has_more,
                continuation_token,
                filter_values,
            })
        })
        .await
}

pub(in super::super) async fn search_metrics(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<metric::SearchQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<MetricSearch>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                types: request.r#type.into_iter().map(|word| word.0).collect(),
                applied_to_services: request.applied_to_service,
                tags: tags(request.tag),
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_metrics(request.query.as_str(), &wanted))?;
            let metrics = found.iter().map(|state| metric::Raw::of(&org, state)).collect();
            render(&metric::Found { metrics })
        })
        .await
}
