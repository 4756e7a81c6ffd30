//! Roles: named lists of permission grants.

use std::{borrow::Cow, collections::BTreeSet};

use model::{
    ADMINISTRATOR_ROLE, AccessRole, Command, FrontendView, Grant, MAX_GRANTS, Name, RoleDefinition, RoleId,
    Text, UserId, builtin_role_id,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldErrors, Pointer,
    bus::{COMMANDS, QUERIES},
    read::Read,
    request::{CommandRequest, request},
    shape::{FrontendViewWord, PermissionGrantShape},
};

/// The most characters of the name of a new role.
const MAX_NAME_CHARS: usize = 256;

/// The name of a new role: a name of at most 256 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewName(Name);

impl Read for NewName {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let n_chars = value.as_str().map_or(0, |text| text.chars().count());
        if n_chars > MAX_NAME_CHARS {
            errors.push(
                at,
                format!("must be at most {MAX_NAME_CHARS} characters long, this is {n_chars}"),
            );
            return None;
        }
        Name::read(value, at, errors).map(Self)
    }
}

impl PartialSchema for NewName {
    fn schema() -> RefOr<Schema> {
        // A schema always is JSON: its keywords are made of JSON.
        let mut keywords = serde_json::to_value(Name::schema()).unwrap_or_else(|_never| json!({}));
        keywords["maxLength"] = json!(MAX_NAME_CHARS);
        crate::openapi::schema(keywords)
    }
}

impl ToSchema for NewName {
    fn name() -> Cow<'static, str> {
        "RoleNewName".into()
    }
}

request! {
    /// Makes a role.
    Create {
        /// Its name, which never changes.
        role_name: NewName = required(),
        /// What it is for.
        description: Text = required(),
        /// What its users may do.
        permission_grants: Vec<PermissionGrantShape> = all(MAX_GRANTS),
        /// Which interface its users see.
        frontend_view: FrontendViewWord = required(),
    }
}

request! {
    /// Changes a role, for everyone who has it.
    Update {
        /// The role.
        name: Name = required(),
        /// What it is for; none: unchanged.
        description: Option<Text> = optional(),
        /// What its users may do; none: unchanged.
        permission_grants: Option<Vec<PermissionGrantShape>> = optional_list(0..=MAX_GRANTS),
        /// Which interface its users see; none: unchanged.
        frontend_view: Option<FrontendViewWord> = optional(),
    }
}

request! {
    /// Gives a user another role.
    Assign {
        /// The role.
        name: Name = required(),
        /// The user.
        user_id: UserId = required(),
    }
}

request! {
    /// Lists roles.
    ListQuery {
        /// Whether the answer shows what users of the roles may do.
        return_permission_grants: bool = flag_or(false),
        /// Only these.
        id: Vec<RoleId> = values(),
        /// Only those of these names.
        name: Vec<Name> = values(),
    }
}

fn grants(shapes: Vec<PermissionGrantShape>) -> Vec<Grant> {
    shapes.into_iter().map(|shape| shape.0).collect()
}

impl CommandRequest for Create {
    fn into_command(self) -> Command {
        Command::CreateRole {
            definition: RoleDefinition {
                name: self.role_name.0,
                description: self.description,
                frontend_view: self.frontend_view.0,
                grants: grants(self.permission_grants),
            },
        }
    }
}

impl CommandRequest for Update {
    fn into_command(self) -> Command {
        Command::ModifyRole {
            name: self.name,
            description: self.description,
            grants: self.permission_grants.map(grants),
            frontend_view: self.frontend_view.map(|word| word.0),
        }
    }
}

impl CommandRequest for Assign {
    fn into_command(self) -> Command {
        Command::AssignRole {
            role: self.name,
            user_id: self.user_id,
        }
    }
}

/// A role was made, changed or assigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RoleCreated)]
pub struct Created {
    /// Its id.
    pub role_id: RoleId,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RoleInstance)]
pub struct Instance {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Text,
    /// Which interface its users see.
    pub frontend_view: FrontendViewWord,
    /// What its users may do; empty where it was not asked for.
    pub permission_grants: Vec<PermissionGrantShape>,
}

/// The organization's roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RoleList)]
pub struct List {
    /// All that match; the built-in administrator role comes first.
    pub roles: Vec<Instance>,
}

impl Instance {
    /// The role, with its grants.
    pub fn of(role: &AccessRole) -> Self {
        Self::defined(role.id, &role.definition)
    }

    /// The administrator role that every organization has, with a grant of every permission.
    pub fn built_in() -> Self {
        let literal = "the literal is not empty and has no control characters";
        let everything = every_permission().into_iter().map(|permission| Grant {
            permission: permission.to_owned(),
            conditions: std::collections::BTreeMap::new(),
        });
        let definition = RoleDefinition {
            name: Name::try_from(ADMINISTRATOR_ROLE).expect(literal),
            description: Text::try_from("May do everything.").expect(literal),
            frontend_view: FrontendView::Admin,
            grants: everything.collect(),
        };
        Self::defined(builtin_role_id(), &definition)
    }

    fn defined(id: RoleId, definition: &RoleDefinition) -> Self {
        let grants = definition.grants.iter().cloned();
        Self {
            id,
            name: definition.name.clone(),
            description: definition.description.clone(),
            frontend_view: definition.frontend_view.into(),
            permission_grants: grants.map(PermissionGrantShape).collect(),
        }
    }

    /// The same without its grants.
    pub fn without_grants(self) -> Self {
        Self {
            permission_grants: Vec::new(),
            ..self
        }
    }
}

/// Every permission that some endpoint asks for.
pub fn every_permission() -> BTreeSet<&'static str> {
    let endpoints = COMMANDS.iter().chain(QUERIES);
    endpoints
        .flat_map(|endpoint| endpoint.permissions)
        .flat_map(|either| either.split('|'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_role_grants_every_permission_once() {
        let role = Instance::built_in();
        let granted: Vec<&str> = role
            .permission_grants
            .iter()
            .map(|grant| grant.0.permission.as_str())
            .collect();
        for wanted in [
            "Service:CreateVersionSet",
            "Service:UpdateVersionSet",
            "Role:GetRole",
        ] {
            assert_eq!(
                granted.iter().filter(|name| **name == wanted).count(),
                1,
                "{wanted}"
            );
        }
        assert!(granted.iter().all(|name| !name.contains('|')));
        assert!(
            role.permission_grants
                .iter()
                .all(|grant| grant.0.conditions.is_empty())
        );
        assert!(role.without_grants().permission_grants.is_empty());
    }
}
