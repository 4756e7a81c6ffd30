//! One object: as it is, or as it was.

use api::{
    AsOf, Get, Key,
    error::{ErrorCode, Problem},
    event::object_view,
    read::read,
};
use model::{Directory, Kind, Object, ObjectRef, OrgId, Recorded, Token, evolve};
use projections::OrgView;
use serde_json::Value;

use crate::gateway::{Caller, Gateway, failure};

/// The object that a request asks for.
pub(crate) async fn get(
    gateway: &Gateway,
    caller: &Caller,
    kind: Kind,
    body: &Value,
) -> Result<Object, Problem> {
    let request = read::<Get>(body)?;
    let key = request.key;
    let object = gateway
        .look(&caller.org, move |view| find(view, kind, &key))
        .await?;
    match request.as_of {
        None => Ok(object),
        Some(as_of) => as_it_was(gateway, &caller.org, &object.object_ref(), as_of).await,
    }
}

/// The object that a request asks for, with its newest content.
pub(crate) async fn view(
    gateway: &Gateway,
    caller: &Caller,
    kind: Kind,
    body: &Value,
) -> Result<Value, Problem> {
    let object = get(gateway, caller, kind, body).await?;
    object_view(&caller.org, &object).map_err(|error| failure::internal(&error))
}

/// The object with this id, deleted or not, or the live one, else the newest deleted one, of this name.
pub(crate) fn find(view: &OrgView<'_>, kind: Kind, key: &Key) -> Result<Object, Problem> {
    let (token, shown): (Option<Token>, &str) = match key {
        Key::Id(id) => (Some(id.clone()), id.as_str()),
        Key::Name(name) => {
            let keys = view
                .object_keys_by_name(kind, name.as_str())
                .map_err(|error| failure::of_query(&error))?;
            (keys.into_iter().next(), name.as_str())
        }
    };
    let object = match token {
        Some(key) => view
            .object(&ObjectRef { kind, key })
            .map_err(|error| failure::of_read(&error))?,
        None => None,
    };
    object.ok_or_else(|| Problem::new(ErrorCode::NotFound, format!("there is no {kind} `{shown}`")))
}

async fn as_it_was(
    gateway: &Gateway,
    org: &OrgId,
    object: &ObjectRef,
    as_of: AsOf,
) -> Result<Object, Problem> {
    let history = gateway
        .journal
        .0
        .history(org, object)
        .await
        .map_err(|error| failure::of_journal(&error))?;
    let is_past = |recorded: &&Recorded| match as_of {
        AsOf::Sequence(sequence) => recorded.sequence <= sequence,
        AsOf::Time(time) => recorded.commit.meta.at <= time,
    };
    let mut state = None;
    for recorded in history.iter().take_while(is_past) {
        let evolved = evolve(state, &recorded.commit).map_err(|misfit| failure::internal(&misfit))?;
        state = Some(evolved.object);
    }
    state.ok_or_else(|| Problem::new(ErrorCode::NotFound, format!("{object} did not exist yet")))
}
