//! Roles, who has which, and temporary grants.

use super::{
    account::require_user,
    staged::{Staged, not_found},
};
use crate::{
    ADMINISTRATOR_ROLE, AccessRole, DecideError, Directory, DirectoryExt, Event, FrontendView, Grant,
    Invalid, Kind, Name, ObjectRef, Rejection, RoleDefinition, RoleId, Tags, TemporaryGrantCreated,
    TemporaryGrantId, Text, UserId,
};

type Change = (ObjectRef, u32);

pub(super) fn create(staged: &mut Staged<'_>, definition: &RoleDefinition) -> Result<Change, DecideError> {
    if definition.name.as_str() == ADMINISTRATOR_ROLE {
        return Err(Rejection::NameTaken {
            kind: Kind::Role,
            name: definition.name.to_string(),
        }
        .into());
    }
    staged.require_free_name(Kind::Role, definition.name.as_str(), None)?;
    check(definition)?;
    let object = ObjectRef::new(Kind::Role, RoleId(staged.ids.next()));
    staged.record(&object, Event::RoleCreated(definition.clone()))?;
    Ok((object, 0))
}

pub(super) fn modify(
    staged: &mut Staged<'_>,
    name: &Name,
    description: Option<&Text>,
    grants: Option<&Vec<Grant>>,
    frontend_view: Option<FrontendView>,
) -> Result<Change, DecideError> {
    if name.as_str() == ADMINISTRATOR_ROLE {
        return Err(Rejection::BuiltInRole {
            name: name.to_string(),
        }
        .into());
    }
    let (object, state) = named(staged, name)?;
    let old = state.definition;
    let new = RoleDefinition {
        name: old.name.clone(),
        description: description.unwrap_or(&old.description).clone(),
        frontend_view: frontend_view.unwrap_or(old.frontend_view),
        grants: grants.unwrap_or(&old.grants).clone(),
    };
    if new != old {
        check(&new)?;
        staged.record(&object, Event::RoleUpdated(new))?;
    }
    Ok((object, 0))
}

pub(super) fn assign(staged: &mut Staged<'_>, role: &Name, user_id: &UserId) -> Result<Change, DecideError> {
    let (object, user) = require_user(staged, user_id)?;
    require_role(staged, role)?;
    if user.role != *role {
        staged.record(&object, Event::UserRoleAssigned(role.clone()))?;
    }
    Ok((object, 0))
}

pub(super) fn create_temporary_grant(
    staged: &mut Staged<'_>,
    user_id: &UserId,
    lifetime_ms: u64,
    grant: &Grant,
    justification: &Text,
    tags: &Tags,
) -> Result<Change, DecideError> {
    require_user(staged, user_id)?;
    grant
        .check()
        .map_err(|reason| Rejection::invalid("/permission_grant", reason))?;
    if lifetime_ms == 0 {
        let reason = Invalid::new("must be longer than nothing");
        return Err(Rejection::invalid("/duration", reason).into());
    }
    let object = ObjectRef::new(Kind::TemporaryGrant, TemporaryGrantId(staged.ids.next()));
    let created = TemporaryGrantCreated {
        user_id: user_id.clone(),
        grant: grant.clone(),
        expires_at: staged.context.now.plus_millis(lifetime_ms),
        justification: justification.clone(),
        tags: tags.clone(),
    };
    staged.record(&object, Event::TemporaryGrantCreated(created))?;
    Ok((object, 0))
}

/// Refuses the name of a role that is neither stored nor built in.
pub(super) fn require_role(staged: &Staged<'_>, name: &Name) -> Result<(), DecideError> {
    if name.as_str() == ADMINISTRATOR_ROLE || staged.named(Kind::Role, name.as_str())?.is_some() {
        return Ok(());
    }
    Err(not_found(Kind::Role, name))
}

fn named(staged: &Staged<'_>, name: &Name) -> Result<(ObjectRef, AccessRole), DecideError> {
    let unknown = || not_found(Kind::Role, name);
    let key = staged.named(Kind::Role, name.as_str())?.ok_or_else(unknown)?;
    let id: RoleId = key.as_str().parse().map_err(|_invalid| unknown())?;
    let state = staged.role(id)?.ok_or_else(unknown)?;
    Ok((ObjectRef::new(Kind::Role, id), state))
}

fn check(definition: &RoleDefinition) -> Result<(), DecideError> {
    definition.check().map_err(|(index, reason)| {
        let pointer = match index {
            Some(index) => format!("/permission_grants/{index}"),
            None => "/permission_grants".to_owned(),
        };
        Rejection::invalid(pointer, reason).into()
    })
}
