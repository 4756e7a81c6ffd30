//! The organization, its users and its API keys.

use api::{
    Empty, api_key,
    bus::queries::{ApiKeyList, UserList},
    error::Problem,
    organization,
    read::read,
    user,
};
use model::{ApiKey, DirectoryExt, Kind, ObjectRef, RoleId};
use projections::{ListQuery, MAX_LIMIT, OrgView};
use serde_json::Value;

use super::{filter::size, object, role::role_id};
use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, not_found, render};

pub(super) async fn organization(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    read::<Empty>(body)?;
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let found = view
                .organization(org.clone())
                .map_err(|error| failure::of_read(&error))?;
            let found = found.ok_or_else(|| not_found(&ObjectRef::new(Kind::Organization, org)))?;
            render(&organization::Instance::from(&found))
        })
        .await
}

pub(super) async fn users(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<user::ListQuery>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<UserList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: request.id.into_iter().map(Into::into).collect(),
                is_deleted: request.is_deleted,
                limit: size(request.limit),
                offset: request.continuation_token,
                visible_to,
                ..ListQuery::default()
            };
            let page = view.users(&wanted).map_err(|error| failure::of_query(&error))?;
            render(&user::List {
                users: page
                    .items
                    .iter()
                    .map(|state| user::Instance::of(&org, state))
                    .collect(),
                has_more: page.has_more,
                continuation_token: page.next_offset,
            })
        })
        .await
}

/// Every live key of the organization.
pub(super) async fn api_keys(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    read::<Empty>(body)?;
    let org = caller.org.clone();
    let visible_to = visible_to::<ApiKeyList>(caller);
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                is_deleted: Some(false),
                limit: MAX_LIMIT,
                visible_to,
                ..ListQuery::default()
            };
            let mut api_keys = Vec::new();
            loop {
                let page = view
                    .api_keys(&wanted)
                    .map_err(|error| failure::of_query(&error))?;
                for key in &page.items {
                    let role = role_of(view, key)?;
                    api_keys.push(api_key::Instance::of(&org, key, role));
                }
                match page.next_offset {
                    Some(next) => wanted.offset = next,
                    None => return render(&api_key::List { api_keys }),
                }
            }
        })
        .await
}

/// A key's role, or else the role of its user; none if it is not known.
fn role_of(view: &OrgView<'_>, key: &ApiKey) -> Result<Option<RoleId>, Problem> {
    if let Some(role) = &key.role {
        return role_id(view, role);
    }
    let owner = view
        .user(key.user_id.clone())
        .map_err(|error| failure::of_read(&error))?;
    owner.map_or(Ok(None), |owner| role_id(view, &owner.role))
}

pub(super) async fn user(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    object::view(gateway, caller, Kind::User, body).await
}
