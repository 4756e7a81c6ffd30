//! Users.

use model::{Command, Name, OrgId, Time, User, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    UserInfo,
    request::{CommandRequest, request},
};

request! {
    /// Makes a user.
    Create {
        /// Its id: what subjects and credentials name.
        id: UserId = required(),
        /// What people call it.
        name: Name = required(),
        /// Its role, which says what it may do.
        role: Name = required(),
    }
}

request! {
    /// Deletes a user: its keys open nothing any more.
    Delete {
        /// The user.
        id: UserId = required(),
    }
}

request! {
    /// Lists users.
    ListQuery {
        /// Only these.
        id: Vec<UserId> = values(),
        /// The page's size.
        limit: u32 = page_size(1..=500, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Only deleted ones, or only others; none: both.
        is_deleted: Option<bool> = flag(),
    }
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateUser {
            id: self.id,
            name: self.name,
            role: self.role,
        }
    }
}

impl CommandRequest for Delete {
    fn into_command(self) -> Command {
        Command::DeleteUser { id: self.id }
    }
}

/// A user was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UserCreated)]
pub struct Created {
    /// Its id.
    pub id: UserId,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UserInstance)]
pub struct Instance {
    /// Its id.
    pub id: UserId,
    /// The tenant.
    pub org_id: OrgId,
    /// What people call it.
    pub name: Name,
    /// Its role.
    pub role: Name,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub creator: UserInfo,
    /// When it was last changed.
    pub updated_at: Time,
    /// Who changed it last.
    pub updated_by: UserInfo,
}

impl Instance {
    /// The user.
    pub fn of(org: &OrgId, user: &User) -> Self {
        Self {
            id: user.id.clone(),
            org_id: org.clone(),
            name: user.name.clone(),
            role: user.role.clone(),
            is_deleted: user.life.is_deleted(),
            created_at: user.life.created.at,
            creator: UserInfo::of(org, &user.life.created),
            updated_at: user.life.updated.at,
            updated_by: UserInfo::of(org, &user.life.updated),
        }
    }
}

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UserList)]
pub struct List {
    /// The page.
    pub users: Vec<Instance>,
    /// Whether there is a further page.
    pub has_more: bool,
    /// Where the further page begins; none if there is none.
    #[schema(required)]
    pub continuation_token: Option<u64>,
}
