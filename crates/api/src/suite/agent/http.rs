//! Connections over HTTP.

use std::collections::BTreeMap;

use model::{Continuation, HttpExtract, HttpMethod, HttpOpen, HttpRequest, Protocol, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ContinuationWord;
use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, map, words},
};

/// An OpenAI-compatible `POST {baseUrl}/chat/completions`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct OpenAiChatDoc {
    /// Up to and without `/chat/completions` (template).
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The key sent as a bearer token (template, such as `{{ secret.OPENAI_API_KEY }}`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// What the system message says (template over `persona`, `scenario` and `context_graph`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Further headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
    /// Further fields of the request body, such as `temperature` or `tools`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
}

/// Any JSON API, by templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct HttpTemplateDoc {
    /// The request of each turn.
    pub request: RequestDoc,
    /// How the reply is taken out of the response.
    pub extract: ExtractDoc,
    /// A request made once, before the first turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenDoc>,
    /// What happens to a conversation that lost its worker. Default: `continue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation: Option<ContinuationWord>,
}

/// A request, by templates over `message`, `turn`, `session_id`, `idempotency_key`, `history`, `persona`, `scenario`,
/// `context_graph`, `session` and `secret`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RequestDoc {
    /// The method. Default: `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<MethodWord>,
    /// The URL (template).
    pub url: String,
    /// Headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: a template that yields JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A request method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum MethodWord {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

/// Where the reply stands in the response: JSON Pointers, or templates over `response` if they hold `{{`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ExtractDoc {
    /// The reply's text.
    pub text: String,
    /// Tool calls: an array of objects with `name`, `arguments` and, if known, `result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<String>,
    /// Whether the agent says that the conversation is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
}

/// A request that opens a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OpenDoc {
    /// The request.
    pub request: RequestDoc,
    /// By name: what later templates see as `session.NAME`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub extract: BTreeMap<String, String>,
}

words! {
    HttpMethod {
        Get = "GET",
        Post = "POST",
        Put = "PUT",
    }
}

pub(super) fn read_openai_chat(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let base_url = fields.required("baseUrl");
    let model = fields.required("model");
    let api_key = fields.optional("apiKey");
    let system = fields.optional("system");
    let headers = fields.texts("headers", 100);
    let parameters = fields.json_object("parameters");
    fields.finish();
    Some(Protocol::OpenAiChat {
        base_url: base_url?,
        model: model?,
        api_key: api_key?,
        system: system?,
        headers: headers?,
        parameters: parameters?,
    })
}

pub(super) fn read_http_template(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let request = fields.with("request", read_request);
    let extract = fields.with("extract", read_extract);
    let open = fields.optional_with("open", read_open);
    let continuation = fields.or("continuation", Continuation::Continue);
    fields.finish();
    Some(Protocol::HttpTemplate {
        request: request?,
        extract: extract?,
        open: open?,
        continuation: continuation?,
    })
}

fn read_request(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<HttpRequest> {
    let mut fields = Fields::of(value, at, errors)?;
    let method = fields.or("method", HttpMethod::Post);
    let url = fields.required("url");
    let headers = fields.texts("headers", 100);
    let body = fields.optional("body");
    fields.finish();
    Some(HttpRequest {
        method: method?,
        url: url?,
        headers: headers?,
        body: body?,
    })
}

fn read_extract(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<HttpExtract> {
    let mut fields = Fields::of(value, at, errors)?;
    let text = fields.required("text");
    let tool_calls = fields.optional("toolCalls");
    let completed = fields.optional("completed");
    fields.finish();
    Some(HttpExtract {
        text: text?,
        tool_calls: tool_calls?,
        completed: completed?,
    })
}

fn read_open(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<HttpOpen> {
    let mut fields = Fields::of(value, at, errors)?;
    let request = fields.with("request", read_request);
    let extract = fields.optional_with("extract", |value, at, errors| {
        map(value, 100, at, errors, Text::read)
    });
    fields.finish();
    Some(HttpOpen {
        request: request?,
        extract: extract?.unwrap_or_default(),
    })
}

pub(super) fn write(
    request: &HttpRequest,
    extract: &HttpExtract,
    open: Option<&HttpOpen>,
    continuation: Continuation,
) -> HttpTemplateDoc {
    HttpTemplateDoc {
        request: write_request(request),
        extract: ExtractDoc {
            text: extract.text.to_string(),
            tool_calls: extract.tool_calls.as_ref().map(ToString::to_string),
            completed: extract.completed.as_ref().map(ToString::to_string),
        },
        open: open.map(|open| OpenDoc {
            request: write_request(&open.request),
            extract: open
                .extract
                .iter()
                .map(|(name, place)| (name.clone(), place.to_string()))
                .collect(),
        }),
        continuation: match continuation {
            Continuation::Continue => None,
            Continuation::Restart => Some(ContinuationWord::Restart),
        },
    }
}

fn write_request(request: &HttpRequest) -> RequestDoc {
    RequestDoc {
        method: match request.method {
            HttpMethod::Post => None,
            HttpMethod::Get => Some(MethodWord::Get),
            HttpMethod::Put => Some(MethodWord::Put),
        },
        url: request.url.to_string(),
        headers: request.headers.clone(),
        body: request.body.as_ref().map(ToString::to_string),
    }
}
