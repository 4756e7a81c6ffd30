//! Scenarios.

use api::{error::Problem, read::read, scenario};
use model::{Kind, ObjectRef};
use projections::ListQuery;
use serde_json::Value;

use super::{keys, page, query, users};
use crate::gateway::{
    Caller, Gateway, not_found,
    queries::filter::{created_by, order, size, tags, versions},
    render,
};

pub(in super::super) async fn scenarios(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<scenario::ListQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.is_deleted,
                tags: tags(request.tag),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
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
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                tags: tags(request.tag),
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

pub(in super::super) async fn scenario_versions(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<scenario::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::Scenario, id);
            let wanted = versions(
                request.version,
                request.limit,
                request.continuation_token,
                &request.sort_by,
            );
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let simulation_scenario_versions = page
                .items
                .iter()
                .filter_map(|version| scenario::VersionInstance::of(&org, id, version))
                .collect();
            render(&scenario::Versions {
                simulation_scenario_versions,
                has_more: page.has_more,
                continuation_token: page.next_offset,
            })
        })
        .await
}
