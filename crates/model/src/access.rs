//! Who may do what: permissions, grants and their conditions.

mod role;
mod temporary_grant;

use std::collections::BTreeMap;

pub use role::{AccessRole, FrontendView, MAX_GRANTS, RoleDefinition, builtin_role_id};
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use temporary_grant::TemporaryGrant;

use crate::{Invalid, Json, Object, OrgId, UserId};

/// Everything in every organization's administration: what the built-in administrator role holds.
pub const ADMINISTRATOR_ROLE: &str = "DefaultAdministratorRole";

/// Stands for the caller's organization in the value of a condition.
const SELF_ORG: &str = "{self_org_id}";
/// Stands for the caller in the value of a condition.
const SELF_USER: &str = "{self_user_id}";
/// The attribute that everything has: the organization it is in.
const ORG: &str = "org_id";

/// What a permission is asked for: the attributes of the object, by name. See [`Object::attributes`].
pub type Attributes = BTreeMap<String, Value>;

/// Permission to do one thing, to everything that meets the conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The permission, such as `Simulation:GetSimulationPersona`.
    pub permission: String,
    /// What must hold of the attributes of what it is used on; all of it.
    pub conditions: BTreeMap<String, GrantCondition>,
}

/// The most bytes of a permission's or an attribute's name.
const MAX_NAME_BYTES: usize = 256;
/// The most conditions of one grant.
const MAX_CONDITIONS: usize = 50;
/// The most values of one condition.
const MAX_CONDITION_VALUES: usize = 100;
/// The most bytes of one value of a condition.
const MAX_VALUE_BYTES: usize = 4 * 1024;

impl Grant {
    /// Keeps a grant within bounds: names of 1 to 256 bytes without control characters, at most 50 conditions of at most 100 values
    /// of at most 4 KiB.
    pub fn check(&self) -> Result<(), Invalid> {
        check_name("a permission", &self.permission)?;
        if self.conditions.len() > MAX_CONDITIONS {
            return Err(Invalid::new(format!(
                "must have at most {MAX_CONDITIONS} conditions, this has {}",
                self.conditions.len()
            )));
        }
        for (name, condition) in &self.conditions {
            check_name("an attribute", name)?;
            let values = condition.values();
            if values.len() > MAX_CONDITION_VALUES {
                return Err(Invalid::new(format!(
                    "a condition has at most {MAX_CONDITION_VALUES} values, this has {}",
                    values.len()
                )));
            }
            if values.iter().any(|value| value.as_str().len() > MAX_VALUE_BYTES) {
                return Err(Invalid::new(format!(
                    "a value of a condition has at most {MAX_VALUE_BYTES} bytes"
                )));
            }
        }
        Ok(())
    }
}

fn check_name(what: &str, name: &str) -> Result<(), Invalid> {
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(Invalid::new(format!(
            "the name of {what} must have 1 to {MAX_NAME_BYTES} bytes and no control characters"
        )));
    }
    Ok(())
}

/// What must hold of one attribute. An attribute that is not there meets no condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantCondition {
    /// It has this value.
    Equals(Json),
    /// It has one of these values.
    In(Vec<Json>),
    /// It has another value.
    NotEquals(Json),
}

impl GrantCondition {
    /// Every value that it names.
    pub fn values(&self) -> &[Json] {
        match self {
            Self::Equals(value) | Self::NotEquals(value) => std::slice::from_ref(value),
            Self::In(values) => values,
        }
    }
}

/// How far a permission reaches for one caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To nothing.
    Nothing,
    /// To what meets the conditions of some grant.
    Some,
    /// To everything.
    Everything,
}

/// What one caller may do in its organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    org: OrgId,
    user: UserId,
    grants: Vec<Grant>,
    is_administrator: bool,
}

impl Access {
    /// A caller with these grants.
    pub const fn granted(org: OrgId, user: UserId, grants: Vec<Grant>) -> Self {
        Self {
            org,
            user,
            grants,
            is_administrator: false,
        }
    }

    /// A caller who may do everything.
    pub const fn administrator(org: OrgId, user: UserId) -> Self {
        Self {
            org,
            user,
            grants: Vec::new(),
            is_administrator: true,
        }
    }

    /// How far `permission` reaches.
    pub fn reach(&self, permission: &str) -> Reach {
        if self.is_administrator {
            return Reach::Everything;
        }
        let mut reach = Reach::Nothing;
        for grant in self.of(permission) {
            if grant.conditions.is_empty() {
                return Reach::Everything;
            }
            reach = Reach::Some;
        }
        reach
    }

    /// Whether `permission` reaches something with these attributes.
    pub fn permits(&self, permission: &str, attributes: &Attributes) -> bool {
        self.is_administrator
            || self.of(permission).any(|grant| {
                let mut conditions = grant.conditions.iter();
                conditions.all(|(name, condition)| match attributes.get(name) {
                    Some(found) => self.holds(condition, found),
                    // Nothing of another organization is ever asked for.
                    None if name == ORG => self.holds(condition, &Value::from(self.org.as_str())),
                    None => false,
                })
            })
    }

    /// Whether this caller may do everything.
    pub const fn is_administrator(&self) -> bool {
        self.is_administrator
    }

    /// Whether whoever holds `grants` may do nothing that this caller may not. Conditions are compared as they are written: a
    /// grant is covered by one of the same permission that asks for no more.
    pub fn covers(&self, grants: &[Grant]) -> bool {
        self.is_administrator
            || grants.iter().all(|wanted| {
                self.of(&wanted.permission).any(|grant| {
                    let mut conditions = grant.conditions.iter();
                    conditions.all(|(name, condition)| wanted.conditions.get(name) == Some(condition))
                })
            })
    }

    fn of(&self, permission: &str) -> impl Iterator<Item = &Grant> {
        self.grants
            .iter()
            .filter(move |grant| grant.permission == permission)
    }

    fn holds(&self, condition: &GrantCondition, found: &Value) -> bool {
        match condition {
            GrantCondition::Equals(value) => self.resolved(value) == *found,
            GrantCondition::In(values) => values.iter().any(|value| self.resolved(value) == *found),
            GrantCondition::NotEquals(value) => self.resolved(value) != *found,
        }
    }

    /// A condition's value, with the caller in the place of templates.
    fn resolved(&self, value: &Json) -> Value {
        let value = value.value();
        match value.as_str() {
            Some(SELF_ORG) => Value::from(self.org.as_str()),
            Some(SELF_USER) => Value::from(self.user.as_str()),
            Some(_) | None => value,
        }
    }
}

impl Object {
    /// What conditions of grants can be about: `id`, `kind`, `creator` (a user id), `name`, and what the kind adds; `org_id` is
    /// known without it.
    pub fn attributes(&self) -> Attributes {
        let object = self.object_ref();
        let mut attributes = Attributes::from([
            ("id".to_owned(), Value::from(object.key.as_str())),
            ("kind".to_owned(), Value::from(object.kind.as_str())),
            ("creator".to_owned(), Value::from(self.life().created.by.as_str())),
        ]);
        let mut add = |name: &str, value: Value| {
            attributes.insert(name.to_owned(), value);
        };
        match self {
            Self::Organization(state) => add("name", state.profile.title.as_str().into()),
            Self::User(state) => {
                add("name", state.name.as_str().into());
                add("role", state.role.as_str().into());
                add("user_id", state.id.as_str().into());
            }
            Self::ApiKey(state) => {
                add("name", state.name.as_str().into());
                add("user_id", state.user_id.as_str().into());
            }
            Self::Persona(state) => {
                add("name", state.name.as_str().into());
                add("role", state.role.as_str().into());
            }
            Self::Scenario(state) => add("name", state.name.as_str().into()),
            Self::Metric(state) => add("name", state.name.as_str().into()),
            Self::Agent(state) => add("name", state.name.as_str().into()),
            Self::ContextGraph(state) => add("name", state.name.as_str().into()),
            Self::Service(state) => {
                add("name", state.profile.name.as_str().into());
                add("is_active", state.profile.is_active.into());
                add("agent_id", state.profile.agent_id.to_string().into());
            }
            Self::UnitTest(state) => {
                add("name", state.name.as_str().into());
                add("service_id", state.definition.service_id.to_string().into());
                add("persona_id", state.definition.persona_id.to_string().into());
                add("scenario_id", state.definition.scenario_id.to_string().into());
            }
            Self::UnitTestSet(state) => add("name", state.definition.name.as_str().into()),
            Self::Run(state) => {
                add("simulation_unit_test_set_id", state.set_id.to_string().into());
                add("name", state.set_name.as_str().into());
            }
            Self::Role(state) => add("name", state.definition.name.as_str().into()),
            Self::TemporaryGrant(state) => {
                add("user_id", state.user_id.as_str().into());
                add("permission_name", state.grant.permission.as_str().into());
            }
            Self::WebhookDestination(state) => add("url", state.url.as_str().into()),
            Self::Evaluation(state) => {
                add("metric_id", state.metric_id.to_string().into());
                add("conversation_id", state.conversation_id.to_string().into());
            }
        }
        attributes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GET: &str = "Simulation:GetSimulationPersona";

    fn json(value: &Value) -> Json {
        Json::from_value(value).unwrap()
    }

    fn grant(permission: &str, conditions: &[(&str, GrantCondition)]) -> Grant {
        Grant {
            permission: permission.to_owned(),
            conditions: conditions
                .iter()
                .map(|(name, condition)| ((*name).to_owned(), condition.clone()))
                .collect(),
        }
    }

    fn access(grants: Vec<Grant>) -> Access {
        Access::granted("acme".parse().unwrap(), "ann".parse().unwrap(), grants)
    }

    fn attributes(pairs: &[(&str, Value)]) -> Attributes {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn a_grant_reaches_what_meets_all_its_conditions() {
        let own = grant(
            GET,
            &[
                ("creator", GrantCondition::Equals(json(&json!("{self_user_id}")))),
                (
                    "role",
                    GrantCondition::In(vec![json(&json!("customer")), json(&json!("patient"))]),
                ),
                ("name", GrantCondition::NotEquals(json(&json!("Secret")))),
            ],
        );
        let access = access(vec![own]);
        let permits = |creator: &str, role: &str, name: &str| {
            let pairs = [
                ("creator", json!(creator)),
                ("role", json!(role)),
                ("name", json!(name)),
            ];
            access.permits(GET, &attributes(&pairs))
        };
        assert!(permits("ann", "customer", "Maria"));
        assert!(!permits("bob", "customer", "Maria"));
        assert!(!permits("ann", "nurse", "Maria"));
        assert!(!permits("ann", "customer", "Secret"));
        assert!(!access.permits(GET, &attributes(&[("creator", json!("ann"))])));
        assert!(!access.permits("Metric:GetMetric", &attributes(&[("creator", json!("ann"))])));
    }

    #[test]
    fn everything_is_in_the_callers_organization() {
        let within = |org: &str| {
            let condition = GrantCondition::Equals(json(&json!(org)));
            access(vec![grant(GET, &[("org_id", condition)])])
        };
        assert!(within("{self_org_id}").permits(GET, &Attributes::new()));
        assert!(within("acme").permits(GET, &Attributes::new()));
        assert!(!within("other").permits(GET, &Attributes::new()));
    }

    #[test]
    fn a_permission_reaches_nothing_some_or_everything() {
        let some = grant(GET, &[("creator", GrantCondition::Equals(json(&json!("ann"))))]);
        assert_eq!(access(vec![]).reach(GET), Reach::Nothing);
        assert_eq!(access(vec![some.clone()]).reach(GET), Reach::Some);
        assert_eq!(access(vec![some, grant(GET, &[])]).reach(GET), Reach::Everything);
        let administrator = Access::administrator("acme".parse().unwrap(), "ann".parse().unwrap());
        assert_eq!(administrator.reach("Any:Thing"), Reach::Everything);
    }

    #[test]
    fn nobody_hands_on_more_than_they_have() {
        let condition = || GrantCondition::Equals(json(&json!("customer")));
        let narrow = grant(GET, &[("role", condition())]);
        let narrower = grant(GET, &[("role", condition()), ("name", condition())]);
        let wide = grant(GET, &[]);
        assert!(access(vec![narrow.clone()]).covers(&[narrow.clone(), narrower]));
        assert!(!access(vec![narrow.clone()]).covers(std::slice::from_ref(&wide)));
        assert!(access(vec![wide]).covers(&[narrow]));
        assert!(access(vec![]).covers(&[]));
    }
}
