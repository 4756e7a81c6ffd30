//! What is sent to an A2A agent, in the form of its version and binding, and how the result is taken out of what comes back.

use model::{A2aBinding, A2aVersion};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Map, Value, json};

use super::{card::shown_version, memory::Memory};
use crate::{
    agent::{AgentError, http::Request},
    excerpt::{EXCERPT_BYTES, excerpt},
};

/// What kinds of parts a reply may have.
const OUTPUT_MODES: [&str; 2] = ["text/plain", "application/json"];
/// Errors of JSON-RPC that another version may not have: an unknown method, and a version that is not supported.
const VERSION_ERRORS: [i64; 2] = [-32601, -32009];

/// Writes requests and reads envelopes.
pub(super) struct Wire {
    /// Where the interface is, with the headers of every request.
    base: Request,
    binding: A2aBinding,
    version: A2aVersion,
}

/// What the user says.
pub(super) struct Outgoing<'a> {
    pub(super) text: &'a str,
    pub(super) message_id: &'a str,
    pub(super) session_id: &'a str,
    pub(super) memory: &'a Memory,
}

impl Wire {
    pub(super) fn new(
        url: &str,
        field: &str,
        headers: HeaderMap,
        binding: A2aBinding,
        version: A2aVersion,
    ) -> Result<Self, AgentError> {
        let mut base = Request::new(Method::POST, url, field)?;
        base.headers = headers;
        base.header("headers", "a2a-version", shown_version(version))?;
        Ok(Self {
            base,
            binding,
            version,
        })
    }

    /// Where messages go, for errors.
    pub(super) fn place(&self) -> String {
        self.base.place()
    }

    /// A message from the user. The agent is asked to answer when it is done, or as it goes along.
    pub(super) fn message(&self, outgoing: &Outgoing<'_>, streaming: bool) -> Result<Request, AgentError> {
        let wait = match self.version {
            A2aVersion::V1 => ("returnImmediately", false),
            A2aVersion::V0_3 => ("blocking", true),
        };
        let mut configuration = json!({ "acceptedOutputModes": OUTPUT_MODES, "historyLength": 0 });
        if let Some(fields) = configuration.as_object_mut().filter(|_fields| !streaming) {
            fields.insert(wait.0.to_owned(), wait.1.into());
        }
        let parameters = json!({ "message": self.outgoing(outgoing), "configuration": configuration });
        let (method, operation) = match (self.version, streaming) {
            (A2aVersion::V1, false) => ("SendMessage", "message:send"),
            (A2aVersion::V1, true) => ("SendStreamingMessage", "message:stream"),
            (A2aVersion::V0_3, false) => ("message/send", "message:send"),
            (A2aVersion::V0_3, true) => ("message/stream", "message:stream"),
        };
        let mut request = match self.binding {
            A2aBinding::JsonRpc => self.call(outgoing.message_id, method, parameters),
            A2aBinding::HttpJson => {
                let mut request = self.under(Method::POST, &[operation]);
                request.body = Some(parameters.to_string());
                request
            }
        };
        request.header("headers", "content-type", "application/json")?;
        let accept = if streaming {
            "text/event-stream, application/json"
        } else {
            "application/json"
        };
        request.header("headers", "accept", accept)?;
        Ok(request)
    }

    /// A look at a task.
    pub(super) fn task(&self, id: &str) -> Result<Request, AgentError> {
        let mut request = match self.binding {
            A2aBinding::JsonRpc => {
                let method = match self.version {
                    A2aVersion::V1 => "GetTask",
                    A2aVersion::V0_3 => "tasks/get",
                };
                let mut request = self.call(id, method, json!({ "id": id, "historyLength": 0 }));
                request.header("headers", "content-type", "application/json")?;
                request
            }
            A2aBinding::HttpJson => {
                let mut request = self.under(Method::GET, &["tasks", id]);
                request.url.query_pairs_mut().append_pair("historyLength", "0");
                request
            }
        };
        request.header("headers", "accept", "application/json")?;
        Ok(request)
    }

    /// The result in an envelope.
    pub(super) fn result(&self, mut envelope: Value) -> Result<Value, String> {
        if let Some(error) = envelope.get("error").filter(|error| !error.is_null()) {
            return Err(self.error(error));
        }
        match self.binding {
            A2aBinding::HttpJson => Ok(envelope),
            A2aBinding::JsonRpc => match envelope.get_mut("result").map(Value::take) {
                None | Some(Value::Null) => Err("the response has neither `result` nor `error`".to_owned()),
                Some(result) => Ok(result),
            },
        }
    }

    fn error(&self, error: &Value) -> String {
        let code = error.get("code").and_then(Value::as_i64);
        let message = error
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("no message");
        let code_text = code.map(|code| format!(" {code}")).unwrap_or_default();
        let advice = if code.is_some_and(|code| VERSION_ERRORS.contains(&code)) {
            format!(
                " (it was spoken to as A2A {}; if it speaks another, set `version`)",
                shown_version(self.version)
            )
        } else {
            String::new()
        };
        let message = excerpt(message, EXCERPT_BYTES);
        format!("the agent reports error{code_text}: {message}{advice}")
    }

    fn outgoing(&self, outgoing: &Outgoing<'_>) -> Value {
        let old_rpc = (self.version, self.binding) == (A2aVersion::V0_3, A2aBinding::JsonRpc);
        let mut message = Map::new();
        let mut put = |name: &str, value: Value| message.insert(name.to_owned(), value);
        put("messageId", outgoing.message_id.into());
        if old_rpc {
            put("kind", "message".into());
            put("role", "user".into());
            put("parts", json!([{ "kind": "text", "text": outgoing.text }]));
        } else {
            put("role", "ROLE_USER".into());
            // REST of 0.3 follows names that 1.0 has given up.
            let parts = match self.version {
                A2aVersion::V1 => "parts",
                A2aVersion::V0_3 => "content",
            };
            put(parts, json!([{ "text": outgoing.text }]));
        }
        put("metadata", json!({ "sessionId": outgoing.session_id }));
        for (name, id) in [
            ("contextId", &outgoing.memory.context),
            ("taskId", &outgoing.memory.task),
        ] {
            if let Some(id) = id {
                put(name, id.as_str().into());
            }
        }
        Value::Object(message)
    }

    fn call(&self, id: &str, method: &str, parameters: Value) -> Request {
        let mut request = self.base.clone();
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters });
        request.body = Some(call.to_string());
        request
    }

    /// A request to a path under the interface's address.
    fn under(&self, method: Method, path: &[&str]) -> Request {
        let mut request = self.base.clone();
        request.method = method;
        let has_version = request.url.path().trim_end_matches('/').ends_with("/v1");
        // It can: an `http` URL has a host.
        if let Ok(mut segments) = request.url.path_segments_mut() {
            segments.pop_if_empty();
            if self.version == A2aVersion::V0_3 && !has_version {
                segments.push("v1");
            }
            segments.extend(path);
        }
        request
    }
}
