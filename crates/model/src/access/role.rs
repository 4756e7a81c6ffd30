//! Roles: named lists of grants. What a user may do follows from the name of its role.

use serde::{Deserialize, Serialize};

use super::{ADMINISTRATOR_ROLE, Grant};
use crate::{Invalid, Life, Name, Oid, RoleId, Text};

/// The most grants that a role may have.
pub const MAX_GRANTS: usize = 500;

/// A role of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessRole {
    /// Its id.
    pub id: RoleId,
    /// What it is.
    pub definition: RoleDefinition,
    /// Creation and change.
    pub life: Life,
}

/// What a role is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDefinition {
    /// Unique among the organization's roles; never changes.
    pub name: Name,
    /// What the role is for.
    pub description: Text,
    /// Which interface its users see.
    pub frontend_view: FrontendView,
    /// What its users may do; at most [`MAX_GRANTS`].
    pub grants: Vec<Grant>,
}

/// Which interface the users of a role see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FrontendView {
    /// That of people who talk to agents.
    Client,
    /// That of people who make and test agents.
    Admin,
}

impl FrontendView {
    /// `client` or `admin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Admin => "admin",
        }
    }
}

impl RoleDefinition {
    /// Checks the grants. The error names the grant by its position, from 0.
    pub fn check(&self) -> Result<(), (Option<usize>, Invalid)> {
        if self.grants.len() > MAX_GRANTS {
            let reason = format!("at most {MAX_GRANTS} grants, these are {}", self.grants.len());
            return Err((None, Invalid::new(reason)));
        }
        for (index, grant) in self.grants.iter().enumerate() {
            grant.check().map_err(|reason| (Some(index), reason))?;
        }
        Ok(())
    }
}

/// The id of the built-in administrator role, [`ADMINISTRATOR_ROLE`]: the same in every organization.
pub fn builtin_role_id() -> RoleId {
    RoleId(Oid::derived(&[b"role", ADMINISTRATOR_ROLE.as_bytes()]))
}
