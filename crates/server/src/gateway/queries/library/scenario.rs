//! Scenarios.

use api::{
    bus::queries::{ScenarioList, ScenarioSearch},
    error::Problem,
    read::read,
    scenario,
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

pub(in super::super) async fn scenarios(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<scenario::ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<ScenarioList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.is_deleted,
                tags: tags(request.tag),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (simulation_scenarios, has_more, continuation_token, filter_values) = page(
                query(view.scenarios(&wanted))?,
                |state| scenario::Instance::of(&org, &state),
                |values| scenario::FilterValues {
                    creators: users(&org, &values.creators),
                    tags: values.tags,
                },
            );
            render(&scenario::List {
                simulation_scenarios,
                has_more,
                continuation_token,
                filter_values,
            })
        })
        .await
}

pub(in super::super) async fn search_scenarios(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<scenario::SearchQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<ScenarioSearch>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                tags: tags(request.tag),
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_scenarios(request.query.as_str(), &wanted))?;
            let simulation_scenarios = found
                .iter()
                .map(|state| scenario::Instance::of(&org, state))
                .collect();
            render(&scenario::Found { simulation_scenarios })
        })
        .await
}
