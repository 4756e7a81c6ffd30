//! Organizations, users and API keys.

use super::{
    role::require_role,
    staged::{Staged, not_found},
};
use crate::{
    ApiKeyCreated, ApiKeyId, DecideError, Directory, DirectoryExt, Event, Kind, MAX_API_KEYS, Name,
    ObjectRef, OrganizationProfile, Rejection, User, UserCreated, UserId,
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
    require_role(staged, role)?;
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
    let (object, _) = require_user(staged, id)?;
    staged.record(&object, Event::UserDeleted(()))?;
    Ok((object, 0))
}

/// A key to be made.
pub(super) struct NewKey<'a> {
    pub(super) user_id: &'a UserId,
    pub(super) name: &'a Name,
    pub(super) secret_hash: [u8; 32],
    pub(super) lifetime_ms: Option<u64>,
    pub(super) role: Option<&'a Name>,
}

pub(super) fn create_api_key(
    staged: &mut Staged<'_>,
    id: Option<ApiKeyId>,
    key: NewKey<'_>,
) -> Result<Change, DecideError> {
    require_user(staged, key.user_id)?;
    let id = id.unwrap_or_else(|| ApiKeyId(staged.ids.next()));
    let object = ObjectRef::new(Kind::ApiKey, id);
    if staged.object(&object)?.is_some() {
        return Err(Rejection::AlreadyExists {
            kind: Kind::ApiKey,
            what: id.to_string(),
        }
        .into());
    }
    if let Some(role) = key.role {
        require_role(staged, role)?;
    }
    staged.require_fewer(Kind::ApiKey, MAX_API_KEYS)?;
    let created = ApiKeyCreated {
        id,
        user_id: key.user_id.clone(),
        role: key.role.cloned(),
        name: key.name.clone(),
        secret_hash: key.secret_hash,
        expires_at: key
            .lifetime_ms
            .map(|lifetime| staged.context.now.plus_millis(lifetime)),
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

/// The user, unless it was deleted.
pub(super) fn require_user(staged: &Staged<'_>, id: &UserId) -> Result<(ObjectRef, User), DecideError> {
    match staged.user(id.clone())? {
        Some(user) if !user.life.is_deleted() => Ok((ObjectRef::new(Kind::User, id.clone()), user)),
        Some(_) | None => Err(not_found(Kind::User, id)),
    }
}
