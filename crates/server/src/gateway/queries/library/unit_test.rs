//! Unit tests.

use api::{
    bus::queries::{UnitTestList, UnitTestSearch},
    error::Problem,
    read::read,
    unit_test,
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

pub(in super::super) async fn unit_tests(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<unit_test::ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<UnitTestList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.is_deleted,
                service_ids: request.service_id,
                persona_ids: request.persona_id,
                scenario_ids: request.scenario_id,
                metric_ids: request.metric_id,
                tags: tags(request.tag),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (simulation_unit_tests, has_more, continuation_token, filter_values) = page(
                query(view.unit_tests(&wanted))?,
                |state| unit_test::Instance::of(&org, &state),
                |values| unit_test::FilterValues {
                    creators: users(&org, &values.creators),
                    tags: values.tags,
                    service_ids: values.service_ids,
                    persona_ids: values.persona_ids,
                    scenario_ids: values.scenario_ids,
                    metric_ids: values.metric_ids,
                },
            );
            render(&unit_test::List {
                simulation_unit_tests,
                has_more,
                continuation_token,
                filter_values,
            })
        })
        .await
}

pub(in super::super) async fn search_unit_tests(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<unit_test::SearchQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<UnitTestSearch>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                service_ids: request.service_id,
                persona_ids: request.persona_id,
                scenario_ids: request.scenario_id,
                metric_ids: request.metric_id,
                tags: tags(request.tag),
                visible_to,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_unit_tests(request.query.as_str(), &wanted))?;
            let simulation_unit_tests = found
                .iter()
                .map(|state| unit_test::Raw::of(&org, state))
                .collect();
            render(&unit_test::Found {
                simulation_unit_tests,
            })
        })
        .await
}
