//! Personas.

use api::{
    bus::queries::{PersonaList, PersonaSearch},
    error::Problem,
    persona,
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

pub(in super::super) async fn personas(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<persona::ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<PersonaList>(caller);
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
                visible_to,
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
    let visible_to = visible_to::<PersonaSearch>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                roles: request.role.into_iter().map(String::from).collect(),
                tags: tags(request.tag),
                visible_to,
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
