//! Unit test sets.

use api::{
    bus::queries::{UnitTestSetList, UnitTestSetSearch},
    error::Problem,
    read::read,
    unit_test_set,
};
use model::{Kind, Object};
use projections::{ListQuery, OrgView};
use serde_json::Value;

use super::{keys, page, query, users};
use crate::gateway::{
    Caller, Gateway,
    authorize::visible_to,
    not_found,
    queries::{
        filter::{created_by, order, size, tags},
        object,
    },
    render,
};

pub(in super::super) async fn unit_test_sets(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<unit_test_set::ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<UnitTestSetList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.is_deleted,
                unit_test_ids: request.unit_test_id,
                tags: tags(request.tag),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (simulation_unit_test_sets, has_more, continuation_token, filter_values) = page(
                query(view.unit_test_sets(&wanted))?,
                |state| {
                    let last = last_run(view, &state)?;
                    Ok::<_, Problem>(unit_test_set::Instance::of(&org, &state, last))
                },
                |values| unit_test_set::FilterValues {
                    creators: users(&org, &values.creators),
                    unit_test_ids: values.unit_test_ids,
                    tags: values.tags,
                },
            );
            let simulation_unit_test_sets =
                simulation_unit_test_sets.into_iter().collect::<Result<_, _>>()?;
            render(&unit_test_set::List {
                simulation_unit_test_sets,
                has_more,
                continuation_token,
                filter_values,
            })
        })
        .await
}

pub(in super::super) async fn search_unit_test_sets(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<unit_test_set::SearchQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<UnitTestSetSearch>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                unit_test_ids: request.unit_test_id,
                tags: tags(request.tag),
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_unit_test_sets(request.query.as_str(), &wanted))?;
            let simulation_unit_test_sets = found
                .iter()
                .map(|state| Ok(unit_test_set::Raw::of(&org, state, last_run(view, state)?)))
                .collect::<Result<_, Problem>>()?;
            render(&unit_test_set::Found {
                simulation_unit_test_sets,
            })
        })
        .await
}

pub(in super::super) async fn unit_test_set(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let found = object::get(gateway, caller, Kind::UnitTestSet, body).await?;
    let Object::UnitTestSet(state) = found else {
        return Err(not_found(&found.object_ref()));
    };
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let last = last_run(view, &state)?;
            render(&unit_test_set::Instance::of(&org, &state, last))
        })
        .await
}

pub(in super::super) fn last_run(
    view: &OrgView<'_>,
    set: &model::UnitTestSet,
) -> Result<Option<model::RunId>, Problem> {
    query(view.last_run(set.id))
}
