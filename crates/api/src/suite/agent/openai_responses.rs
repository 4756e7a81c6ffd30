//! Connections to OpenAI's Responses API and what is compatible with it.

use std::collections::BTreeMap;

use model::{Protocol, ResponsesHistory};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, words},
};

/// An OpenAI-compatible `POST {baseUrl}/responses`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct OpenAiResponsesDoc {
    /// Up to and without `/responses` (template).
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The key sent as a bearer token (template, such as `{{ secret.OPENAI_API_KEY }}`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// What the model is told beside the conversation (template over `persona`, `scenario` and `context_graph`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Who keeps what was said. Default: `server`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<ResponsesHistoryWord>,
    /// Further headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
    /// Further fields of the request body, such as `temperature` or `tools`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
}

/// Who keeps what was said, between calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ResponsesHistoryWord {
    /// The server: a call carries what is new and the id of the last response.
    Server,
    /// Rehearse: each call carries everything, and the server is asked to store nothing.
    Client,
}

words! {
    ResponsesHistory {
        Server = "server",
        Client = "client",
    }
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let base_url = fields.required("baseUrl");
    let model = fields.required("model");
    let api_key = fields.optional("apiKey");
    let instructions = fields.optional("instructions");
    let history = fields.or("history", ResponsesHistory::Server);
    let headers = fields.texts("headers", 100);
    let parameters = fields.json_object("parameters");
    fields.finish();
    Some(Protocol::OpenAiResponses {
        base_url: base_url?,
        model: model?,
        api_key: api_key?,
        instructions: instructions?,
        history: history?,
        headers: headers?,
        parameters: parameters?,
    })
}

pub(super) fn write(protocol: &Protocol) -> Option<OpenAiResponsesDoc> {
    let Protocol::OpenAiResponses {
        base_url,
        model,
        api_key,
        instructions,
        history,
        headers,
        parameters,
    } = protocol
    else {
        return None;
    };
    Some(OpenAiResponsesDoc {
        base_url: base_url.to_string(),
        model: model.to_string(),
        api_key: api_key.as_ref().map(ToString::to_string),
        instructions: instructions.as_ref().map(ToString::to_string),
        history: match history {
            ResponsesHistory::Server => None,
            ResponsesHistory::Client => Some(ResponsesHistoryWord::Client),
        },
        headers: headers.clone(),
        parameters: parameters.as_ref().map(crate::wire::object),
    })
}
