//! Roles and temporary grants: nobody hands on what their own role does not permit.

use api::{
    CommandRequest as _,
    error::{ErrorCode, Problem},
    read::read,
    role, temporary_grant,
};
use model::{DirectoryExt as _, RoleId, TemporaryGrantId, Time};
use serde_json::Value;

use super::{answer, id};
use crate::gateway::{
    Answer, Caller, Gateway, Metadata,
    access::{Handed, require_covers},
    of_read,
    queries::role_id,
    render,
};

pub(super) async fn create(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<role::Create>(body)?;
    let grants = request.permission_grants.iter().map(|shape| shape.0.clone());
    require_covers(gateway, caller, Handed::Grants(grants.collect())).await?;
    let done = gateway.run(caller, metadata, request.into_command()).await?;
    answer(&done, render(&role::Created { role_id: id(&done)? })?)
}

/// A new description changes nothing that anybody may do. Anything else makes it another role, which the caller must be able to give.
pub(super) async fn update(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<role::Update>(body)?;
    let handed = match (&request.permission_grants, &request.frontend_view) {
        (Some(shapes), _) => Some(Handed::Grants(
            shapes.iter().map(|shape| shape.0.clone()).collect(),
        )),
        (None, Some(_)) => Some(Handed::Role(request.name.clone())),
        (None, None) => None,
    };
    if let Some(handed) = handed {
        require_covers(gateway, caller, handed).await?;
    }
    let done = gateway.run(caller, metadata, request.into_command()).await?;
    answer(&done, render(&role::Created { role_id: id(&done)? })?)
}

pub(super) async fn assign(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<role::Assign>(body)?;
    require_covers(gateway, caller, Handed::Role(request.name.clone())).await?;
    let name = request.name.clone();
    let done = gateway.run(caller, metadata, request.into_command()).await?;
    let role_id: Option<RoleId> = gateway
        .look(&caller.org, move |view| role_id(view, &name))
        .await?;
    let role_id = role_id.ok_or_else(|| {
        Problem::new(
            ErrorCode::Internal,
            "the role was assigned but is not there; roles are never deleted",
        )
    })?;
    answer(&done, render(&role::Created { role_id })?)
}

pub(super) async fn grant_for_a_while(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<temporary_grant::Create>(body)?;
    let grants = vec![request.permission_grant.0.clone()];
    require_covers(gateway, caller, Handed::Grants(grants)).await?;
    let lifetime_ms = request.duration.as_millis();
    let done = gateway.run(caller, metadata, request.into_command()).await?;
    let id = id(&done)?;
    let expires_at = match done.decided_at {
        Some(decided_at) => decided_at.plus_millis(lifetime_ms),
        None => stored_expiry(gateway, caller, id).await?,
    };
    let created = temporary_grant::Created {
        temporary_permission_grant_id: id,
        expires_at,
    };
    answer(&done, render(&created)?)
}

/// When a grant expires that was made before.
async fn stored_expiry(gateway: &Gateway, caller: &Caller, id: TemporaryGrantId) -> Result<Time, Problem> {
    gateway
        .look(&caller.org, move |view| {
            let grant = view.temporary_grant(id).map_err(|error| of_read(&error))?;
            grant.map(|grant| grant.expires_at).ok_or_else(|| {
                let detail = "the grant was made but is not there; grants are never deleted";
                Problem::new(ErrorCode::Internal, detail)
            })
        })
        .await
}
