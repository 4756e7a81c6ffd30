//! The organization, its users and its API keys.

use api::{api_key, error::Problem, organization, read::read, user};
use model::{DirectoryExt, Kind, Object, ObjectRef};
use projections::{ListQuery, MAX_LIMIT};
use serde_json::Value;

use super::{filter::size, object};
use crate::gateway::{Caller, Gateway, failure, not_found, render};

pub(super) async fn organization(gateway: &Gateway, caller: &Caller) -> Result<Value, Problem> {
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
    gateway
        .look(&caller.org, move |view| {
            let wanted = ListQuery {
                ids: request.id.into_iter().map(Into::into).collect(),
                is_deleted: request.is_deleted,
                limit: size(request.limit),
                offset: request.continuation_token,
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
pub(super) async fn api_keys(gateway: &Gateway, caller: &Caller) -> Result<Value, Problem> {
    let org = caller.org.clone();
    gateway
        .look(&caller.org, move |view| {
            let mut wanted = ListQuery {
                is_deleted: Some(false),
                limit: MAX_LIMIT,
                ..ListQuery::default()
            };
            let mut api_keys = Vec::new();
            loop {
                let page = view
                    .api_keys(&wanted)
                    .map_err(|error| failure::of_query(&error))?;
                for key in &page.items {
                    let owner = ObjectRef::new(Kind::User, key.user_id.clone());
                    let owner =
                        model::Directory::object(view, &owner).map_err(|error| failure::of_read(&error))?;
                    let role = match &owner {
                        Some(Object::User(user)) => Some(&user.role),
                        Some(_) | None => None,
                    };
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

pub(super) async fn user(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    object::view(gateway, caller, Kind::User, body).await
}
