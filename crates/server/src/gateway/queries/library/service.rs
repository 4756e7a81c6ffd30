//! Services.

use api::{bus::queries::ServiceList, error::Problem, read::read, service};
use projections::ListQuery;
use serde_json::Value;

use super::{keys, page, query};
use crate::gateway::{
    Caller, Gateway,
    authorize::visible_to,
    queries::filter::{order, size, tags},
    render,
};

pub(in super::super) async fn services(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<service::ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<ServiceList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: keys(request.id),
                is_active: request.is_active,
                tags: tags(request.tags),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            let (services, has_more, continuation_token, filter_values) = page(
                query(view.services(&wanted))?,
                |state| service::Instance::of(&org, &state),
                |values| service::FilterValues { tags: values.tags },
            );
            render(&service::List {
                services,
                has_more,
                continuation_token,
                filter_values,
            })
        })
        .await
}
