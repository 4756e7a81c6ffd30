//! Agents on a LangGraph server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Json, Text};

/// A graph on a LangGraph server.
///
/// Each conversation has a thread of its own, whose id follows from the session, so any worker can go
/// on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LangGraph {
    /// The server (template).
    pub base_url: Text,
    /// The graph's name or an assistant's id.
    pub assistant_id: Text,
    /// The key sent as `x-api-key` (template); none: no key.
    pub api_key: Option<Text>,
    /// Further headers (templates).
    pub headers: BTreeMap<String, String>,
    /// Further fields of each run's input, beside `messages` (an object).
    pub input: Option<Json>,
    /// The run's `config`, such as `{"configurable": {…}}` (an object).
    pub config: Option<Json>,
    /// Where the graph's state says that the conversation is complete (JSON Pointer); none: it never does.
    pub completed: Option<Text>,
}
