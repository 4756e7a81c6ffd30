//! Lists, searches, versions and single objects of everything that people write.

use api::{
    agent, context_graph, error::Problem, metric, persona, read::read, scenario, service, unit_test, unit_test_set,
};
use model::{Kind, Object, ObjectRef, OrgId, Token};
use projections::{FilterValues, ListQuery, OrgView, Page};
use serde_json::Value;

use super::{
    filter::{created_by, order, size, tags, versions},
    object,
};
use crate::gateway::{Caller, Gateway, failure::{self, of_query}, not_found, render};

/// Ids as the projections want them.
fn keys<I: Into<Token>>(ids: Vec<I>) -> Vec<Token> {
    ids.into_iter().map(Into::into).collect()
}

pub(super) fn users(org: &OrgId, users: &[model::UserId]) -> Vec<api::UserInfo> {
    users.iter().map(|user| api::UserInfo { org_id: org.clone(), user_id: user.clone() }).collect()
}

fn query<T>(answered: Result<T, projections::QueryError>) -> Result<T, Problem> {
    answered.map_err(|error| of_query(&error))
}

fn page<T, I, F>(
    page: Page<T>,
    item: impl FnMut(T) -> I,
    values: impl FnOnce(FilterValues) -> F,
) -> (Vec<I>, bool, Option<u64>, Option<F>) {
    let items = page.items.into_iter().map(item).collect();
    (items, page.has_more, page.next_offset, page.filter_values.map(values))
}

pub(super) async fn personas(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<persona::ListQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.is_deleted,
                roles: request.role.into_iter().map(String::from).collect(),
                tags: tags(request.tag),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (simulation_personas, has_more, continuation_token, filter_values) =
                page(query(view.personas(&wanted))?, |state| persona::Instance::of(&org, &state), |values| persona::FilterValues { creators: users(&org, &values.creators), tags: values.tags, roles: values.roles });
            render(&persona::List { simulation_personas, has_more, continuation_token, filter_values })
        })
        .await
}

pub(super) async fn search_personas(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<persona::SearchQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                roles: request.role.into_iter().map(String::from).collect(),
                tags: tags(request.tag),
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_personas(request.query.as_str(), &wanted))?;
            let simulation_personas = found.iter().map(|state| persona::Instance::of(&org, state)).collect();
            render(&persona::Found { simulation_personas })
        })
        .await
}

pub(super) async fn persona_versions(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<persona::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::Persona, id);
            let wanted = versions(request.version, request.limit, request.continuation_token, &request.sort_by);
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let simulation_persona_versions = page.items.iter().filter_map(|version| persona::VersionInstance::of(&org, id, version)).collect();
            render(&persona::Versions { simulation_persona_versions, has_more: page.has_more, continuation_token: page.next_offset })
        })
        .await
}

pub(super) async fn scenarios(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
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
            let (simulation_scenarios, has_more, continuation_token, filter_values) =
                page(query(view.scenarios(&wanted))?, |state| scenario::Instance::of(&org, &state), |values| scenario::FilterValues { creators: users(&org, &values.creators), tags: values.tags });
            render(&scenario::List { simulation_scenarios, has_more, continuation_token, filter_values })
        })
        .await
}

pub(super) async fn search_scenarios(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
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
            let simulation_scenarios = found.iter().map(|state| scenario::Instance::of(&org, state)).collect();
            render(&scenario::Found { simulation_scenarios })
        })
        .await
}

pub(super) async fn scenario_versions(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<scenario::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::Scenario, id);
            let wanted = versions(request.version, request.limit, request.continuation_token, &request.sort_by);
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let simulation_scenario_versions = page.items.iter().filter_map(|version| scenario::VersionInstance::of(&org, id, version)).collect();
            render(&scenario::Versions { simulation_scenario_versions, has_more: page.has_more, continuation_token: page.next_offset })
        })
        .await
}

pub(super) async fn metrics(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<metric::ListQuery>(body)?;
    let org = caller.org.clone();
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
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (metrics, has_more, continuation_token, filter_values) =
                page(query(view.metrics(&wanted))?, |state| metric::Instance::of(&org, &state), |values| metric::FilterValues { applied_to_services_ids: values.applied_to_services, creators: users(&org, &values.creators), tags: values.tags, types: values.types.into_iter().map(Into::into).collect() });
            render(&metric::List { metrics, has_more, continuation_token, filter_values })
        })
        .await
}

pub(super) async fn search_metrics(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<metric::SearchQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                types: request.r#type.into_iter().map(|word| word.0).collect(),
                applied_to_services: request.applied_to_service,
                tags: tags(request.tag),
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_metrics(request.query.as_str(), &wanted))?;
            let metrics = found.iter().map(|state| metric::Raw::of(&org, state)).collect();
            render(&metric::Found { metrics })
        })
        .await
}

pub(super) async fn metric_versions(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<metric::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::Metric, id);
            let wanted = versions(request.version, request.limit, request.continuation_token, &request.sort_by);
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let metric_versions = page.items.iter().filter_map(|version| metric::VersionInstance::of(&org, id, version)).collect();
            render(&metric::Versions { metric_versions, has_more: page.has_more, continuation_token: page.next_offset })
        })
        .await
}

pub(super) async fn agents(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<agent::ListQuery>(body)?;
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.deprecated,
                limit: size(request.limit),
                offset: request.continuation_token,
                ..ListQuery::default()
            };
            let (agents, has_more, continuation_token, _) =
                page(query(view.agents(&wanted))?, |state| agent::Instance::of(&state), drop);
            render(&agent::List { agents, has_more, continuation_token })
        })
        .await
}

pub(super) async fn agent_versions(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<agent::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::Agent, id);
            let wanted = versions(request.version, request.limit, request.continuation_token, &request.sort_by);
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let Some(Object::Agent(state)) = load(view, &object)? else { return Err(not_found(&object)) };
            let agent_versions =
                page.items.iter().filter_map(|version| agent::VersionInstance::of(&org, &state, version)).collect();
            render(&agent::Versions { agent_versions, has_more: page.has_more, continuation_token: page.next_offset })
        })
        .await
}

pub(super) async fn context_graphs(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<context_graph::ListQuery>(body)?;
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.deprecated,
                limit: size(request.limit),
                offset: request.continuation_token,
                ..ListQuery::default()
            };
            let (service_hierarchical_state_machines, has_more, continuation_token, _) =
                page(query(view.context_graphs(&wanted))?, |state| context_graph::Instance::of(&state), drop);
            render(&context_graph::List { service_hierarchical_state_machines, has_more, continuation_token })
        })
        .await
}

pub(super) async fn context_graph_versions(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<context_graph::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::ContextGraph, id);
            let wanted = versions(request.version, request.limit, request.continuation_token, &request.sort_by);
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let state_machine_versions = page.items.iter().filter_map(|version| context_graph::VersionInstance::of(&org, id, version)).collect();
            render(&context_graph::Versions { state_machine_versions, has_more: page.has_more, continuation_token: page.next_offset })
        })
        .await
}

pub(super) async fn services(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<service::ListQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: keys(request.id),
                is_active: request.is_active,
                tags: tags(request.tags),
                sort: order(&request.sort_by),
                limit: size(request.limit),
                offset: request.continuation_token,
                ..ListQuery::default()
            };
            let (services, has_more, continuation_token, filter_values) =
                page(query(view.services(&wanted))?, |state| service::Instance::of(&org, &state), |values| service::FilterValues { tags: values.tags });
            render(&service::List { services, has_more, continuation_token, filter_values })
        })
        .await
}

pub(super) async fn unit_tests(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<unit_test::ListQuery>(body)?;
    let org = caller.org.clone();
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
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (simulation_unit_tests, has_more, continuation_token, filter_values) =
                page(query(view.unit_tests(&wanted))?, |state| unit_test::Instance::of(&org, &state), |values| unit_test::FilterValues { creators: users(&org, &values.creators), tags: values.tags, service_ids: values.service_ids, persona_ids: values.persona_ids, scenario_ids: values.scenario_ids, metric_ids: values.metric_ids });
            render(&unit_test::List { simulation_unit_tests, has_more, continuation_token, filter_values })
        })
        .await
}

pub(super) async fn search_unit_tests(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<unit_test::SearchQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                service_ids: request.service_id,
                persona_ids: request.persona_id,
                scenario_ids: request.scenario_id,
                metric_ids: request.metric_id,
                tags: tags(request.tag),
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_unit_tests(request.query.as_str(), &wanted))?;
            let simulation_unit_tests = found.iter().map(|state| unit_test::Raw::of(&org, state)).collect();
            render(&unit_test::Found { simulation_unit_tests })
        })
        .await
}

pub(super) async fn unit_test_sets(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<unit_test_set::ListQuery>(body)?;
    let org = caller.org.clone();
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
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let (simulation_unit_test_sets, has_more, continuation_token, filter_values) =
                page(query(view.unit_test_sets(&wanted))?, |state| { let last = last_run(view, &state)?; Ok::<_, Problem>(unit_test_set::Instance::of(&org, &state, last)) }, |values| unit_test_set::FilterValues { creators: users(&org, &values.creators), unit_test_ids: values.unit_test_ids, tags: values.tags });
            let simulation_unit_test_sets = simulation_unit_test_sets.into_iter().collect::<Result<_, _>>()?;
            render(&unit_test_set::List { simulation_unit_test_sets, has_more, continuation_token, filter_values })
        })
        .await
}

pub(super) async fn search_unit_test_sets(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<unit_test_set::SearchQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                unit_test_ids: request.unit_test_id,
                tags: tags(request.tag),
                ..ListQuery::default()
            };
            created_by(&mut wanted, &org, request.creator);
            let found = query(view.search_unit_test_sets(request.query.as_str(), &wanted))?;
            let simulation_unit_test_sets = found.iter().map(|state| Ok(unit_test_set::Raw::of(&org, state, last_run(view, state)?))).collect::<Result<_, Problem>>()?;
            render(&unit_test_set::Found { simulation_unit_test_sets })
        })
        .await
}

pub(super) async fn unit_test_set(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let found = object::get(gateway, caller, Kind::UnitTestSet, body).await?;
    let Object::UnitTestSet(state) = found else { return Err(not_found(&found.object_ref())) };
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let last = last_run(view, &state)?;
            render(&unit_test_set::Instance::of(&org, &state, last))
        })
        .await
}

fn last_run(view: &OrgView<'_>, set: &model::UnitTestSet) -> Result<Option<model::RunId>, Problem> {
    query(view.last_run(set.id))
}

fn load(view: &OrgView<'_>, object: &ObjectRef) -> Result<Option<Object>, Problem> {
    model::Directory::object(view, object).map_err(|error| failure::of_read(&error))
}
