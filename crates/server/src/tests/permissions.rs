//! Permissions: every endpoint asks for what its table says, in the gateway, whatever the transport.

mod conditions;
mod isolation;
mod roles;
mod runs;
mod table;
mod world;

use std::{collections::BTreeMap, sync::Arc};

use model::{Access, Grant, GrantCondition, Json};

use super::*;

/// A grant without conditions.
fn grant(permission: &str) -> Grant {
    Grant {
        permission: permission.to_owned(),
        conditions: BTreeMap::new(),
    }
}

/// A grant for what meets a condition.
fn grant_if(permission: &str, attribute: &str, condition: GrantCondition) -> Grant {
    Grant {
        permission: permission.to_owned(),
        conditions: BTreeMap::from([(attribute.to_owned(), condition)]),
    }
}

fn equals(value: &str) -> GrantCondition {
    GrantCondition::Equals(Json::from_value(&json!(value)).unwrap())
}

fn differs(value: &str) -> GrantCondition {
    GrantCondition::NotEquals(Json::from_value(&json!(value)).unwrap())
}

fn among(values: &[&str]) -> GrantCondition {
    let values = values
        .iter()
        .map(|value| Json::from_value(&json!(value)).unwrap());
    GrantCondition::In(values.collect())
}

/// A caller with these grants.
fn granted(org: &str, user: &str, grants: Vec<Grant>) -> Caller {
    let (org, user): (model::OrgId, model::UserId) = (org.parse().unwrap(), user.parse().unwrap());
    Caller {
        access: Arc::new(Access::granted(org.clone(), user.clone(), grants)),
        org,
        user,
    }
}
