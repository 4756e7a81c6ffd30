//! Agents on a Rasa server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Json, Text};

/// Rasa's REST channel. The server keeps the conversation under the session's id, so any worker can go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rasa {
    /// The server, up to and without `/webhooks` (template).
    pub base_url: Text,
    /// The channel's name in the path; Rasa's own is [`DEFAULT_CHANNEL`].
    pub channel: Text,
    /// What is sent when the agent is to speak first, such as `/greet`; none: the agent cannot speak first.
    pub opening: Option<Text>,
    /// Further headers (templates).
    pub headers: BTreeMap<String, String>,
    /// Each message's `metadata` (an object).
    pub metadata: Option<Json>,
}

/// Default of [`Rasa::channel`].
pub const DEFAULT_CHANNEL: &str = "rest";
