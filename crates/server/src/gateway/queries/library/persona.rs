//! Personas.

use api::{error::Problem, persona, read::read};
use model::{Kind, ObjectRef};
use projections::ListQuery;
use serde_json::Value;

use super::{keys, page, query, users};
use crate::gateway::{
    Caller, Gateway, not_found,
    queries::filter::{created_by, order, size, tags, versions},
    render,
};

pub(in super::super) async fn personas(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
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
            let (simulation_personas, has_more, continuation_token, filter_values) = page(
                query(view.personas(&wanted))?,
                |state| persona::Instance::of(&org, &state),
                |values| persona::FilterValues {
                    creators: users(&org, &values.creators),
                    tags: values.tags,
                    roles: values.roles,
                },
            );
            render(&persona::List {
                simulation_personas,
                has_more,
                continuation_token,
                filter_values,
            })
        })
        .await
}

pub(in super::super) async fn search_personas(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
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
            let simulation_personas = found
                .iter()
                .map(|state| persona::Instance::of(&org, state))
                .collect();
            render(&persona::Found { simulation_personas })
        })
        .await
}

pub(in super::super) async fn persona_versions(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<persona::VersionsQuery>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let id = request.id;
            let object = ObjectRef::new(Kind::Persona, id);
            let wanted = versions(
                request.version,
                request.limit,
                request.continuation_token,
                &request.sort_by,
            );
            let page = query(view.versions(&object, &wanted))?.ok_or_else(|| not_found(&object))?;
            let simulation_persona_versions = page
                .items
                .iter()
                .filter_map(|version| persona::VersionInstance::of(&org, id, version))
                .collect();
            render(&persona::Versions {
                simulation_persona_versions,
                has_more: page.has_more,
                continuation_token: page.next_offset,
            })
        })
        .await
}
