//! Tasks of τ²-bench as a suite.
//!
//! Each task becomes a persona (what the user knows, and what it does not), a scenario (why it calls, and how it goes about it),
//! metrics and a unit test; all tests stand in one set. The policy becomes a context graph, so that an agent's `system` names it as
//! `{{ context_graph.policy }}`: there it is data, whereas text within `system` itself would be read as a template.
//!
//! The environment of the benchmark, its database and tools, is not here. So what a task's `reward_basis` wants compared with the
//! environment's state cannot be: see [`convert`] for what decides instead.

mod agent;
mod brief;
mod metrics;
mod name;
mod suite;
mod summary;
mod task;
mod test;

pub use agent::AgentChoice;
use model::{Name, Text, Time};
use serde_json::Value;
pub use summary::{LeftOut, Row, Summary};

use crate::{FieldErrors, Pointer, read::described, suite::Document};

/// The most tasks of one file: a set has no more tests.
pub const MAX_TASKS: usize = crate::suite::MAX_TESTS;
/// The cap on interactions of an imported test that is given none.
pub const DEFAULT_MAX_INTERACTIONS: u32 = 30;

/// The domain of tasks that name none.
pub const DEFAULT_DOMAIN: &str = "tau2";

/// What the tasks do not say themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The domain, which every name begins with; none: the one that the tasks name, else [`DEFAULT_DOMAIN`].
    pub domain: Option<Name>,
    /// The agent under test.
    pub agent: AgentChoice,
    /// The agent's policy.
    pub policy: Option<Text>,
    /// How often each test is repeated, at least 1.
    pub repeat: u32,
    /// The cap on interactions, 1 to 100.
    pub max_interactions: u32,
    /// When conversations are deemed to start; none: when they really do.
    pub starts_at: Option<Time>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domain: None,
            agent: AgentChoice::Service(None),
            policy: None,
            repeat: 1,
            max_interactions: DEFAULT_MAX_INTERACTIONS,
            starts_at: None,
        }
    }
}

/// What a file of tasks became.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The suite, each document after those that it names. Empty if no task could be imported.
    pub documents: Vec<Document>,
    /// What became of the tasks.
    pub summary: Summary,
}

/// Makes a suite of the tasks of a file: a list of tasks, or an object that holds it as `tasks`. The same tasks and options always
/// give the same documents.
///
/// What decides whether a test passes, its *gates*, follows from the task's `reward_basis`. Texts that the agent must communicate gate
/// if it names `COMMUNICATE`. Assertions in prose gate if it names `NL_ASSERTION`, or anything that only the benchmark's environment
/// could tell (`DB`, `ACTION`, `ENV_ASSERTION`): they say in words what the agent should have done, and stand in for that. Tool calls
/// are a reference path, not a requirement: they are measured and reported under criteria that always hold.
///
/// A task that cannot be imported is left out and stands in the summary with everything that is wrong with it.
///
/// # Errors
/// The file as a whole is no file of tasks, or its tasks are of several domains and none was chosen.
pub fn convert(tasks: &Value, options: &Options) -> Result<Imported, FieldErrors> {
    let root = Pointer::root();
    let (list, at) = match tasks {
        Value::Object(fields) => (fields.get("tasks"), root.key("tasks")),
        Value::Array(_) => (Some(tasks), root),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (None, root),
    };
    let Some(list) = list.and_then(Value::as_array) else {
        let found = described(tasks);
        return Err(FieldErrors::one(
            &Pointer::root(),
            format!("must be a list of tasks, or an object with such a list as `tasks`; this is {found}"),
        ));
    };
    if list.is_empty() || list.len() > MAX_TASKS {
        return Err(FieldErrors::one(
            &at,
            format!("must hold 1 to {MAX_TASKS} tasks, this holds {}", list.len()),
        ));
    }
    suite::build(list, &at, options)
}

#[cfg(test)]
mod tests;
