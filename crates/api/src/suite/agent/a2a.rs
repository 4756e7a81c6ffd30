//! Connections to agents that speak A2A.

use std::collections::BTreeMap;

use model::{A2aBinding, A2aVersion, Protocol, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Word as _, words},
};

/// An agent that speaks A2A, found by its card or by where messages are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct A2aDoc {
    /// Where the agent's card is (template): the address under which `/.well-known/agent-card.json` stands, or, if its path ends in
    /// `.json`, the card itself. Either this or `endpoint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// Where messages are sent (template); no card is read. Either this or `card`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// How messages are sent. Default: what the card prefers; with `endpoint`: `jsonRpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<A2aBindingWord>,
    /// The version spoken. Default: what the card prefers; with `endpoint`: `1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<A2aVersionWord>,
    /// Replies are streamed. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streaming: Option<bool>,
    /// The key sent as a bearer token (template, such as `{{ secret.AGENT_KEY }}`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Further headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
}

/// How messages to an A2A agent are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum A2aBindingWord {
    /// JSON-RPC over HTTP.
    JsonRpc,
    /// HTTP and JSON, called REST.
    HttpJson,
}

/// A version of A2A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum A2aVersionWord {
    /// 1.0
    #[serde(rename = "1.0")]
    V1,
    /// 0.3
    #[serde(rename = "0.3")]
    V0_3,
}

words! {
    A2aBinding {
        JsonRpc = "jsonRpc",
        HttpJson = "httpJson",
    }
}

words! {
    A2aVersion {
        V1 = "1.0",
        V0_3 = "0.3",
    }
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let card: Option<Option<Text>> = fields.optional("card");
    let endpoint: Option<Option<Text>> = fields.optional("endpoint");
    let binding = fields.optional("binding");
    let version = fields.optional_with("version", read_version);
    let streaming = fields.or("streaming", false);
    let api_key = fields.optional("apiKey");
    let headers = fields.texts("headers", 100);
    let places = card.zip(endpoint);
    let is_one = places
        .as_ref()
        .is_none_or(|(card, endpoint)| card.is_some() != endpoint.is_some());
    if !is_one {
        fields.fault_here("an A2A connection has exactly one of `card` and `endpoint`");
    }
    fields.finish();
    let (card, endpoint) = places.filter(|_places| is_one)?;
    Some(Protocol::A2a {
        card,
        endpoint,
        binding: binding?,
        version: version?,
        streaming: streaming?,
        api_key: api_key?,
        headers: headers?,
    })
}

/// YAML reads an unquoted `1.0` as a number; that the meaning is plain must not depend on quotation marks.
fn read_version(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<A2aVersion> {
    use crate::read::Read as _;
    match value {
        Value::Number(number) => A2aVersion::read(&Value::String(number_text(number)), at, errors),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            A2aVersion::read(value, at, errors)
        }
    }
}

fn number_text(number: &serde_json::Number) -> String {
    let text = number.to_string();
    if text == "1" {
        A2aVersion::V1.word().to_owned()
    } else {
        text
    }
}

pub(super) fn write(protocol: &Protocol) -> Option<A2aDoc> {
    let Protocol::A2a {
        card,
        endpoint,
        binding,
        version,
        streaming,
        api_key,
        headers,
    } = protocol
    else {
        return None;
    };
    Some(A2aDoc {
        card: card.as_ref().map(ToString::to_string),
        endpoint: endpoint.as_ref().map(ToString::to_string),
        binding: binding.map(|binding| match binding {
            A2aBinding::JsonRpc => A2aBindingWord::JsonRpc,
            A2aBinding::HttpJson => A2aBindingWord::HttpJson,
        }),
        version: version.map(|version| match version {
            A2aVersion::V1 => A2aVersionWord::V1,
            A2aVersion::V0_3 => A2aVersionWord::V0_3,
        }),
        streaming: streaming.then_some(true),
        api_key: api_key.as_ref().map(ToString::to_string),
        headers: headers.clone(),
    })
}
