//! Organizations, users and API keys.

use super::staged::{Staged, not_found};
use crate::{
    ApiKeyCreated, ApiKeyId, DecideError, Directory, DirectoryExt, Event, Kind, Name, Object, ObjectRef,
    OrganizationProfile, Rejection, Time, UserCreated, UserId,
};

type Change = (ObjectRef, u32);

pub(super) fn create_organization(
    staged: &mut Staged<'_>,
    profile: &OrganizationProfile,
) -> Result<Change, DecideError> {
    let object = ObjectRef::new(Kind::Organization, staged.org().clone());
    if staged.object(&object)?.is_some() {
        return Err(Rejection::AlreadyExists {
            kind: Kind::Organization,
            what: object.key.to_string(),
        }
        .into());
    }
    staged.record(&object, Event::OrganizationCreated(profile.clone()))?;
    Ok((object, 0))
}

pub(super) fn update_organization(
    staged: &mut Staged<'_>,
    profile: &OrganizationProfile,
) -> Result<Change, DecideError> {
    let org = staged.org().clone();
    let state = staged
        .organization(org.clone())?
        .ok_or_else(|| not_found(Kind::Organization, &org))?;
    let object = ObjectRef::new(Kind::Organization, org);
    if state.profile != *profile {
        staged.record(&object, Event::OrganizationUpdated(profile.clone()))?;
    }
    Ok((object, 0))
}

pub(super) fn create_user(
    staged: &mut Staged<'_>,
    id: &UserId,
    name: &Name,
    role: &Name,
) -> Result<Change, DecideError> {
    let object = ObjectRef::new(Kind::User, id.clone());
    if staged.object(&object)?.is_some() {
        return Err(Rejection::AlreadyExists {
            kind: Kind::User,
            what: id.to_string(),
        }
        .into());
    }
    staged.record(
        &object,
        Event::UserCreated(UserCreated {
            name: name.clone(),
            role: role.clone(),
        }),
    )?;
    Ok((object, 0))
}

pub(super) fn delete_user(staged: &mut Staged<'_>, id: &UserId) -> Result<Change, DecideError> {
    let object = require_user(staged, id)?;
    staged.record(&object, Event::UserDeleted(()))?;
    Ok((object, 0))
}

pub(super) fn create_api_key(
    staged: &mut Staged<'_>,
    id: ApiKeyId,
    user_id: &UserId,
    name: &Name,
    secret_hash: [u8; 32],
    expires_at: Option<Time>,
) -> Result<Change, DecideError> {
    require_user(staged, user_id)?;
    let object = ObjectRef::new(Kind::ApiKey, id);
    if staged.object(&object)?.is_some() {
        return Err(Rejection::AlreadyExists {
            kind: Kind::ApiKey,
            what: id.to_string(),
        }
        .into());
    }
    let created = ApiKeyCreated {
        id,
        user_id: user_id.clone(),
        name: name.clone(),
        secret_hash,
        expires_at,
    };
    staged.record(&object, Event::ApiKeyCreated(created))?;
    Ok((object, 0))
}

pub(super) fn delete_api_key(staged: &mut Staged<'_>, id: ApiKeyId) -> Result<Change, DecideError> {
    let object = ObjectRef::new(Kind::ApiKey, id);
    match staged.object(&object)? {
        Some(key) if !key.life().is_deleted() => {
            staged.record(&object, Event::ApiKeyDeleted(()))?;
            Ok((object, 0))
        }
        Some(_) | None => Err(not_found(Kind::ApiKey, id)),
    }
}

fn require_user(staged: &Staged<'_>, id: &UserId) -> Result<ObjectRef, DecideError> {
    let object = ObjectRef::new(Kind::User, id.clone());
    match staged.object(&object)? {
        Some(Object::User(user)) if !user.life.is_deleted() => Ok(object),
        _ => Err(not_found(Kind::User, id)),
    }
}
