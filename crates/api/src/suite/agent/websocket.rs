//! Connections over a WebSocket.

use std::collections::BTreeMap;

use model::{Continuation, FrameFormat, Protocol, ReplyExtract, WebSocket};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::ContinuationWord;
use crate::{
    FieldErrors, Pointer,
    read::{Fields, words},
};

/// A conversation over one WebSocket: a frame per turn goes out, one frame or several come back as the reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct WebSocketDoc {
    /// `ws://` or `wss://` (template over `session_id`, `traceparent`, `resumed`, `persona`, `scenario`, `context_graph` and `secret`).
    pub url: String,
    /// Headers of the request that opens the connection (templates, as `url`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
    /// What frames hold. Default: `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<FramesWord>,
    /// A frame sent once per connection, before anything else (template, as `url`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// Whether the agent speaks when it is connected to. What it says is its reply if it is to speak first, and dropped otherwise.
    /// Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<bool>,
    /// The frame of each turn (template over `message`, `kind`, `turn`, `session_id`, `idempotency_key`, `traceparent`, `history`,
    /// `persona`, `scenario`, `context_graph` and `secret`).
    pub message: String,
    /// How a reply is taken out of each of its frames; the texts are joined as they come. Without `text`, a frame of plain text is the
    /// text.
    #[serde(skip_serializing_if = "ReplyExtractDoc::is_empty")]
    #[schemars(default)]
    pub extract: ReplyExtractDoc,
    /// What is there only in a frame that reports an error: a JSON Pointer, or a template over `response`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether a frame ends the reply: a JSON Pointer, or a template over `response`, `session_id`, `turn` and `idempotency_key`.
    /// Default: every frame is a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Whether a frame is of no interest, as `last`. Default: every frame is of interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// What happens to a conversation that lost its worker. Default: `restart`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation: Option<ContinuationWord>,
}

/// What frames hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FramesWord {
    /// One JSON value each.
    Json,
    /// Plain text.
    Text,
}

words! {
    FrameFormat {
        Json = "json",
        Text = "text",
    }
}

/// Where the parts of a reply stand: JSON Pointers, or templates over `response` if they hold `{{`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ReplyExtractDoc {
    /// The reply's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Tool calls: an array of objects with `name`, `arguments` and, if known, `result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<String>,
    /// Whether the agent says that the conversation is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
}

impl ReplyExtractDoc {
    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_none() && self.tool_calls.is_none() && self.completed.is_none()
    }
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let url = fields.required("url");
    let headers = fields.texts("headers", 100);
    let frames = fields.or("frames", FrameFormat::Json);
    let open = fields.optional("open");
    let greeting = fields.or("greeting", false);
    let message = fields.required("message");
    let extract = fields.optional_with("extract", read_extract);
    let error = fields.optional("error");
    let last = fields.optional("last");
    let ignore = fields.optional("ignore");
    let continuation = fields.or("continuation", Continuation::Restart);
    fields.finish();
    Some(Protocol::WebSocket(WebSocket {
        url: url?,
        headers: headers?,
        frames: frames?,
        open: open?,
        greeting: greeting?,
        message: message?,
        extract: extract?.unwrap_or_default(),
        error: error?,
        last: last?,
        ignore: ignore?,
        continuation: continuation?,
    }))
}

pub(super) fn read_extract(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<ReplyExtract> {
    let mut fields = Fields::of(value, at, errors)?;
    let text = fields.optional("text");
    let tool_calls = fields.optional("toolCalls");
    let completed = fields.optional("completed");
    fields.finish();
    Some(ReplyExtract {
        text: text?,
        tool_calls: tool_calls?,
        completed: completed?,
    })
}

pub(super) fn write(socket: &WebSocket) -> WebSocketDoc {
    WebSocketDoc {
        url: socket.url.to_string(),
        headers: socket.headers.clone(),
        frames: match socket.frames {
            FrameFormat::Json => None,
            FrameFormat::Text => Some(FramesWord::Text),
        },
        open: socket.open.as_ref().map(ToString::to_string),
        greeting: socket.greeting.then_some(true),
        message: socket.message.to_string(),
        extract: write_extract(&socket.extract),
        error: socket.error.as_ref().map(ToString::to_string),
        last: socket.last.as_ref().map(ToString::to_string),
        ignore: socket.ignore.as_ref().map(ToString::to_string),
        continuation: match socket.continuation {
            Continuation::Continue => Some(ContinuationWord::Continue),
            Continuation::Restart => None,
        },
    }
}

pub(super) fn write_extract(extract: &ReplyExtract) -> ReplyExtractDoc {
    ReplyExtractDoc {
        text: extract.text.as_ref().map(ToString::to_string),
        tool_calls: extract.tool_calls.as_ref().map(ToString::to_string),
        completed: extract.completed.as_ref().map(ToString::to_string),
    }
}
