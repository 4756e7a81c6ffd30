//! What a user may do, from what the projections know about the user; and who may do more than whom.
//!
//! Comparisons are of roles: what a temporary grant lets a user do, the user can neither hand on nor sign in with.

use api::error::{ErrorCode, Problem};
use model::{
    ADMINISTRATOR_ROLE, Access, ApiKey, Directory as _, DirectoryExt as _, Grant, Kind, Name, Object,
    ObjectRef, Time, User, UserId,
};
use projections::{ListQuery, MAX_LIMIT, OrgView};

use super::{
    Caller, Gateway,
    failure::{of_query, of_read},
};

/// What a user may do now: what its role permits, and what its temporary grants do. None if there is no such user, or no more.
pub(crate) fn access_of(view: &OrgView<'_>, user: &UserId, now: Time) -> Result<Option<Access>, Problem> {
    let Some(user) = live(view, user)? else {
        return Ok(None);
    };
    match grants_of(view, &user.role)? {
        RoleGrants::Everything => Ok(Some(Access::administrator(view.org().clone(), user.id))),
        RoleGrants::These(mut grants) => {
            add_temporary(view, &user.id, now, &mut grants)?;
            Ok(Some(Access::granted(view.org().clone(), user.id, grants)))
        }
    }
}

/// What a user in this role may do, without anything temporary. A role that does not exist permits nothing.
pub(crate) fn role_access(view: &OrgView<'_>, user: UserId, role: &Name) -> Result<Access, Problem> {
    let org = view.org().clone();
    Ok(match grants_of(view, role)? {
        RoleGrants::Everything => Access::administrator(org, user),
        RoleGrants::These(grants) => Access::granted(org, user, grants),
    })
}

/// What a caller is about to hand to somebody.
#[derive(Clone, Debug)]
pub(crate) enum Handed {
    /// A role: by assigning it, or by making a user or a key that has it.
    Role(Name),
    /// What another user may do: by making a key of that user. A user that does not exist may do nothing.
    User(UserId),
    /// These grants: by writing them into a role, or for a while.
    Grants(Vec<Grant>),
}

/// Refuses a caller whose role does not itself permit everything that it is about to hand to somebody.
pub(crate) async fn require_covers(
    gateway: &Gateway,
    caller: &Caller,
    handed: Handed,
) -> Result<(), Problem> {
    if caller.access.is_administrator() {
        return Ok(());
    }
    gateway.catch_up().await?;
    let caller = caller.clone();
    gateway
        .look(&caller.org.clone(), move |view| {
            let standing = standing(view, &caller)?;
            let (covers, what) = match &handed {
                Handed::Role(role) => (covers_role(view, &standing, role)?, format!("the role `{role}`")),
                Handed::User(user) => match live(view, user)? {
                    Some(user) if user.id != caller.user => (
                        covers_role(view, &standing, &user.role)?,
                        format!("the role of user `{}`", user.id),
                    ),
                    Some(_) | None => return Ok(()),
                },
                Handed::Grants(grants) => (standing.covers(grants), "what is to be granted".to_owned()),
            };
            if covers {
                return Ok(());
            }
            let detail = format!("your role does not permit everything that {what} permits");
            Err(Problem::new(ErrorCode::Forbidden, detail))
        })
        .await
}

/// Whether an API key opens for a user: it is the user's own, or its role permits everything that the user's role does.
pub(crate) fn opens_for(view: &OrgView<'_>, key: &ApiKey, user: &User) -> Result<bool, Problem> {
    match &key.role {
        None => Ok(key.user_id == user.id),
        Some(role) => {
            let access = role_access(view, key.user_id.clone(), role)?;
            covers_role(view, &access, &user.role)
        }
    }
}

/// What a role permits.
enum RoleGrants {
    Everything,
    These(Vec<Grant>),
}

fn grants_of(view: &OrgView<'_>, role: &Name) -> Result<RoleGrants, Problem> {
    if role.as_str() == ADMINISTRATOR_ROLE {
        return Ok(RoleGrants::Everything);
    }
    let key = view
        .named(Kind::Role, role.as_str())
        .map_err(|error| of_read(&error))?;
    let object = match key {
        Some(key) => view
            .object(&ObjectRef::new(Kind::Role, key))
            .map_err(|error| of_read(&error))?,
        None => None,
    };
    match object {
        Some(Object::Role(role)) => Ok(RoleGrants::These(role.definition.grants)),
        Some(_) | None => Ok(RoleGrants::These(Vec::new())),
    }
}

fn covers_role(view: &OrgView<'_>, access: &Access, role: &Name) -> Result<bool, Problem> {
    Ok(match grants_of(view, role)? {
        RoleGrants::Everything => access.is_administrator(),
        RoleGrants::These(grants) => access.covers(&grants),
    })
}

/// What the role of a caller permits who is no administrator.
fn standing(view: &OrgView<'_>, caller: &Caller) -> Result<Access, Problem> {
    match live(view, &caller.user)? {
        Some(user) => role_access(view, user.id, &user.role),
        None => Ok(Access::granted(
            caller.org.clone(),
            caller.user.clone(),
            Vec::new(),
        )),
    }
}

fn live(view: &OrgView<'_>, user: &UserId) -> Result<Option<User>, Problem> {
    let found = view.user(user.clone()).map_err(|error| of_read(&error))?;
    Ok(found.filter(|user| !user.life.is_deleted()))
}

fn add_temporary(
    view: &OrgView<'_>,
    user: &UserId,
    now: Time,
    grants: &mut Vec<Grant>,
) -> Result<(), Problem> {
    let mut wanted = ListQuery {
        users: vec![user.clone()],
        limit: MAX_LIMIT,
        ..ListQuery::default()
    };
    loop {
        let page = view.temporary_grants(&wanted).map_err(|error| of_query(&error))?;
        let in_force = page.items.into_iter().filter(|grant| grant.is_in_force(now));
        grants.extend(in_force.map(|temporary| temporary.grant));
        match page.next_offset {
            Some(next) => wanted.offset = next,
            None => return Ok(()),
        }
    }
}
