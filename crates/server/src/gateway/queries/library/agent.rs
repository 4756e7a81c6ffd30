//! Agents and context graphs.

use api::{
    agent,
    bus::queries::{AgentList, ContextGraphList},
    context_graph,
    error::Problem,
    read::read,
};
use model::{Kind, Object, ObjectRef};
use projections::ListQuery;
use serde_json::Value;

use super::{keys, load, page, query};
use crate::gateway::{
    Caller, Gateway,
    authorize::visible_to,
    not_found,
    queries::filter::{size, versions},
    render,
};

pub(in super::super) async fn agents(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<agent::ListQuery>(body)?;
    let visible_to = visible_to::<AgentList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.deprecated,
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            let (agents, has_more, continuation_token, _) = page(
                query(view.agents(&wanted))?,
                |state| agent::Instance::of(&state),
                drop,
            );
            render(&agent::List {
                agents,
                has_more,
                continuation_token,
            })
        })
        .await
}

pub(in super::super) async fn agent_versions(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<agent::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::Agent, id);
            let wanted = versions(
                request.version,
                request.limit,
                request.continuation_token,
                &request.sort_by,
            );
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let Some(Object::Agent(state)) = load(view, &object)? else {
                return Err(not_found(&object));
            };
            let agent_versions = page
                .items
                .iter()
                .filter_map(|version| agent::VersionInstance::of(&org, &state, version))
                .collect();
            render(&agent::Versions {
                agent_versions,
                has_more: page.has_more,
                continuation_token: page.next_offset,
            })
        })
        .await
}

pub(in super::super) async fn context_graphs(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<context_graph::ListQuery>(body)?;
    let visible_to = visible_to::<ContextGraphList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: keys(request.id),
                is_deleted: request.deprecated,
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            let (service_hierarchical_state_machines, has_more, continuation_token, _) = page(
                query(view.context_graphs(&wanted))?,
                |state| context_graph::Instance::of(&state),
                drop,
            );
            render(&context_graph::List {
                service_hierarchical_state_machines,
                has_more,
                continuation_token,
            })
        })
        .await
}
