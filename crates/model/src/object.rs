//! Kinds of objects, how an object is named in the log, and what every object carries.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Invalid, Time, Token, UserId};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $token:literal,)+) => {
        /// A kind of object: the third token of an event's subject.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The subject token, such as `unit_test`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $token,)+
                }
            }
        }

        impl FromStr for Kind {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($token => Ok(Self::$variant),)+
                    _ => Err(Invalid::new(format!(
                        "unknown kind; known are {}",
                        Self::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
                    ))),
                }
            }
        }
    };
}

kinds! {
    /// The tenant itself.
    Organization = "organization",
    /// A person or program that acts.
    User = "user",
    /// A credential of a user.
    ApiKey = "api_key",
    /// Who the simulated user is.
    Persona = "persona",
    /// What the simulated user wants.
    Scenario = "scenario",
    /// What is measured.
    Metric = "metric",
    /// How an agent under test is reached.
    Agent = "agent",
    /// An opaque document handed to the agent.
    ContextGraph = "context_graph",
    /// An agent and a context graph, with version sets.
    Service = "service",
    /// Persona, scenario, service version set and criteria.
    UnitTest = "unit_test",
    /// Unit tests and how often each is repeated.
    UnitTestSet = "unit_test_set",
    /// One execution of a unit test set.
    Run = "run",
    /// What users may do, by name.
    Role = "role",
    /// What one user may do for a while.
    TemporaryGrant = "temporary_grant",
    /// Where an organization is told what happened.
    WebhookDestination = "webhook_destination",
    /// The value of a metric, measured on demand.
    Evaluation = "evaluation",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names one object of an organization.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its id: 24 hexadecimal digits, or the organization's or user's own id.
    pub key: Token,
}

impl ObjectRef {
    /// The object of `kind` with this id.
    pub fn new(kind: Kind, key: impl Into<Token>) -> Self {
        Self {
            kind,
            key: key.into(),
        }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.key)
    }
}

/// Who made a change, and when (for people; order comes from sequences).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The acting user.
    pub by: UserId,
    /// When the command was decided.
    pub at: Time,
}

/// The life of an object: when it was made, last changed and deleted, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The creation.
    pub created: Change,
    /// The newest change; the creation if there was none.
    pub updated: Change,
    /// The deletion. A deleted object stays readable and frees its name.
    pub deleted: Option<Change>,
}

impl Life {
    /// The life of an object that was just created.
    pub fn begun(change: Change) -> Self {
        Self {
            created: change.clone(),
            updated: change,
            deleted: None,
        }
    }

    /// Whether the object was deleted.
    pub fn is_deleted(&self) -> bool {
        self.deleted.is_some()
    }

    pub(crate) fn update(&mut self, change: &Change) {
        self.updated = change.clone();
    }

    pub(crate) fn delete(&mut self, change: &Change) {
        self.updated = change.clone();
        self.deleted = Some(change.clone());
    }
}
