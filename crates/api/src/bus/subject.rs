//! Subjects of the bus: built and parsed here.

use model::{OrgId, Token, UserId};

use super::{Endpoint, Family};

/// Every command.
pub const ALL_COMMANDS: &str = "cmd.*.*.*.*";
/// Every query.
pub const ALL_QUERIES: &str = "qry.*.*.*.*";

/// A subject of the bus. Who asks stands in it, so that a NATS account can permit each user its own subjects only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Whether something is to change.
    pub family: Family,
    /// The tenant.
    pub org: OrgId,
    /// Who asks.
    pub user: UserId,
    /// What it is about.
    pub kind: Token,
    /// What is asked.
    pub verb: Token,
}

impl Subject {
    /// The subject of an endpoint.
    pub fn of(org: &OrgId, user: &UserId, endpoint: &Endpoint) -> String {
        format!(
            "{}.{org}.{user}.{}.{}",
            endpoint.family.as_str(),
            endpoint.kind,
            endpoint.verb
        )
    }

    /// Everything that one user may ask, for the permissions of a NATS account.
    pub fn all_of(family: Family, org: &OrgId, user: &UserId) -> String {
        format!("{}.{org}.{user}.>", family.as_str())
    }

    /// Takes a subject apart; none if it is not of the bus.
    pub fn parse(subject: &str) -> Option<Self> {
        let tokens: Vec<&str> = subject.split('.').collect();
        let [family, org, user, kind, verb] = tokens.try_into().ok()?;
        let family = match family {
            "cmd" => Family::Command,
            "qry" => Family::Query,
            _ => return None,
        };
        Some(Self {
            family,
            org: org.parse().ok()?,
            user: user.parse().ok()?,
            kind: kind.parse().ok()?,
            verb: verb.parse().ok()?,
        })
    }
}
