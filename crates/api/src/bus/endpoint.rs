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

impl Endpoint {
    /// Whether it leaves out what the caller may not see, rather than refusing the caller: lists and searches of things that are
    /// permitted one by one, messages of a conversation among them. Its permission is then that to see such a thing.
    pub fn filters_rows(&self) -> bool {
        // The log and what was given up are shown whole or not at all.
        let is_whole = matches!(self.kind, "event" | "deadletter");
        self.family == Family::Query
            && matches!(self.verb, "list" | "page" | "search" | "messages")
            && !is_whole
    }

    /// Whether it lists what belongs to one object. Whoever may see none of it is refused.
    pub fn is_about_one(&self) -> bool {
        matches!(
            (self.kind, self.verb),
            ("conversation", "messages") | ("webhook_delivery", "list")
        )
    }
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
