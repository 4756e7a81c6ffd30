//! What an endpoint is.

use super::{COMMANDS, QUERIES};

/// Whether an endpoint changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// It does.
    Command,
    /// It does not.
    Query,
}

impl Family {
    /// The first token of its subjects: `cmd` or `qry`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "cmd",
            Self::Query => "qry",
        }
    }
}

/// An endpoint of the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it changes something.
    pub family: Family,
    /// What it is about: the fourth token of its subjects.
    pub kind: &'static str,
    /// What it does: the fifth token of its subjects.
    pub verb: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What the caller's role must permit: all of these. `A|B` is either of two.
    pub permissions: &'static [&'static str],
    /// A request (JSON).
    pub example_request: &'static str,
    /// The reply to it (JSON).
    pub example_response: &'static str,
}

/// The endpoint of this name; none if there is none.
pub fn endpoint(family: Family, kind: &str, verb: &str) -> Option<&'static Endpoint> {
    let table = match family {
        Family::Command => COMMANDS,
        Family::Query => QUERIES,
    };
    table
        .iter()
        .find(|endpoint| endpoint.kind == kind && endpoint.verb == verb)
}
