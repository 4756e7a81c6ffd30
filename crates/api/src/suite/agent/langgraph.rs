//! Connections to LangGraph servers.

use std::collections::BTreeMap;

use model::{LangGraph, Protocol};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{FieldErrors, Pointer, read::Fields};

/// A graph on a LangGraph server: a thread per conversation, `POST /threads/{id}/runs/wait` per turn.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct LangGraphDoc {
    /// The server (template).
    pub base_url: String,
    /// The graph's name or an assistant's id.
    pub assistant_id: String,
    /// The key sent as `x-api-key` (template, such as `{{ secret.LANGSMITH_API_KEY }}`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Further headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
    /// Further fields of each run's input, beside `messages`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Map<String, Value>>,
    /// The run's `config`, such as `{configurable: {…}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Map<String, Value>>,
    /// Where the graph's state says that the conversation is complete (JSON Pointer).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let base_url = fields.required("baseUrl");
    let assistant_id = fields.required("assistantId");
    let api_key = fields.optional("apiKey");
    let headers = fields.texts("headers", 100);
    let input = fields.json_object("input");
    let config = fields.json_object("config");
    let completed = fields.optional("completed");
    fields.finish();
    Some(Protocol::LangGraph(LangGraph {
        base_url: base_url?,
        assistant_id: assistant_id?,
        api_key: api_key?,
        headers: headers?,
        input: input?,
        config: config?,
        completed: completed?,
    }))
}

pub(super) fn write(protocol: &Protocol) -> Option<LangGraphDoc> {
    let Protocol::LangGraph(graph) = protocol else {
        return None;
    };
    Some(LangGraphDoc {
        base_url: graph.base_url.to_string(),
        assistant_id: graph.assistant_id.to_string(),
        api_key: graph.api_key.as_ref().map(ToString::to_string),
        headers: graph.headers.clone(),
        input: graph.input.as_ref().map(crate::wire::object),
        config: graph.config.as_ref().map(crate::wire::object),
        completed: graph.completed.as_ref().map(ToString::to_string),
    })
}
