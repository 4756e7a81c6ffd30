//! The stream of events that answers a message: one JSON object per line, until the interaction is complete.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{
    AgentError, Answer,
    caller::Caller,
    http::{Body, Request},
    rich_text::{paragraphs, text},
    tool_calls,
};

/// How long the stream is listened to after the interaction is complete, so that its connection can be used again.
const LINGER: Duration = Duration::from_millis(500);

/// One message and its answer.
#[derive(Debug)]
pub(super) struct Interaction {
    /// Its id.
    pub(super) id: Option<String>,
    /// The conversation, if it was created with this.
    pub(super) conversation: Option<String>,
    pub(super) answer: Answer,
}

impl Interaction {
    /// The interaction after `last`, out of a conversation's messages, the latest first; none if there is none that was answered.
    pub(super) fn among(messages: &[Value], conversation: &str, last: Option<&str>) -> Option<Self> {
        let part = |message: &Value, name: &str| text(message, name).map(ToOwned::to_owned);
        let newer = messages
            .iter()
            .take_while(|message| part(message, "interaction_id").as_deref() != last);
        let said: Vec<&Value> = newer
            .filter(|message| text(message, "message_type") == Some("agent-message"))
            .collect();
        let id = part(said.first()?, "interaction_id")?;
        let texts = said.iter().rev().filter_map(|message| part(message, "message"));
        Some(Self {
            id: Some(id),
            conversation: Some(conversation.to_owned()),
            answer: Answer {
                text: paragraphs(texts),
                ..Answer::default()
            },
        })
    }
}

/// A stream that is being read.
pub(super) struct Events<'a> {
    body: Body,
    request: &'a Request,
    caller: &'a Caller,
    /// What was read of lines that are not whole yet.
    bytes: Vec<u8>,
    conversation: Option<String>,
    /// The pieces of the reply, for a stream that does not end with the whole.
    pieces: String,
    calls: Vec<Call>,
}

/// A tool call; its result follows later in the stream.
struct Call {
    round: Option<i64>,
    tool: String,
    arguments: Value,
    result: Option<Value>,
}

impl<'a> Events<'a> {
    pub(super) const fn of(body: Body, request: &'a Request, caller: &'a Caller) -> Self {
        Self {
            body,
            request,
            caller,
            bytes: Vec::new(),
            conversation: None,
            pieces: String::new(),
            calls: Vec::new(),
        }
    }

    /// Reads until the interaction is complete.
    pub(super) async fn read(mut self) -> Result<Interaction, AgentError> {
        loop {
            let Some(chunk) = self.body.next().await? else {
                let line = std::mem::take(&mut self.bytes);
                if let Some(interaction) = self.line(&line)? {
                    return Ok(interaction);
                }
                return Err(self.cut_off());
            };
            let Some(end) = chunk.iter().rposition(|byte| *byte == b'\n') else {
                self.bytes.extend_from_slice(&chunk);
                continue;
            };
            let (whole, begun) = chunk.split_at(end + 1);
            let mut lines = std::mem::replace(&mut self.bytes, begun.to_vec());
            lines.extend_from_slice(whole);
            for line in lines.split(|byte| *byte == b'\n') {
                if let Some(interaction) = self.line(line)? {
                    // What may follow is about the time after the conversation.
                    let _rest = tokio::time::timeout(LINGER, self.body.rest()).await;
                    return Ok(interaction);
                }
            }
        }
    }

    /// The server closed the stream too early; the interaction may be kept or not, which the next try finds out.
    fn cut_off(&self) -> AgentError {
        AgentError::Unreachable {
            place: self.request.place(),
            reason: "the stream ended before `interaction-complete`".to_owned(),
        }
    }

    fn malformed(&self, reason: impl Into<String>, line: &[u8]) -> AgentError {
        self.caller.http.malformed(self.request, reason, line)
    }

    /// Takes in one event; the interaction, if that completes it.
    fn line(&mut self, line: &[u8]) -> Result<Option<Interaction>, AgentError> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let event: Value = serde_json::from_slice(line)
            .map_err(|why| self.malformed(format!("a line of the stream is not JSON ({why})"), line))?;
        match text(&event, "type") {
            Some("conversation-created") => {
                self.conversation = text(&event, "conversation_id").map(ToOwned::to_owned);
                Ok(None)
            }
            Some("new-message") => {
                self.pieces
                    .push_str(event.get("message").and_then(Value::as_str).unwrap_or_default());
                Ok(None)
            }
            Some("current-agent-action") => {
                self.action(event.get("action").unwrap_or(&Value::Null));
                Ok(None)
            }
            Some("interaction-complete") => self.complete(&event, line).map(Some),
            Some("error") => Err(self.failed(&event, line)),
            // What the user said, and events that later versions may add.
            Some(_) => Ok(None),
            None => Err(self.malformed("an event of the stream has no `type`", line)),
        }
    }

    fn action(&mut self, action: &Value) {
        let round = action.get("tool_round_index").and_then(Value::as_i64);
        let Some(tool) = text(action, "tool_id") else {
            return;
        };
        match text(action, "type") {
            Some("tool-call-started") => self.calls.push(Call {
                round,
                tool: tool.to_owned(),
                arguments: action.get("input_params").cloned().unwrap_or_else(|| json!({})),
                result: None,
            }),
            Some("tool-call-ended") => {
                let result = action.get("result").map(|result| match result.as_str() {
                    Some(text) => tool_calls::parsed(text),
                    None => result.clone(),
                });
                let begun = self
                    .calls
                    .iter_mut()
                    .find(|call| call.result.is_none() && call.round == round && call.tool == tool);
                match begun {
                    Some(call) => call.result = result,
                    None => self.calls.push(Call {
                        round,
                        tool: tool.to_owned(),
                        arguments: action
                            .get("input_parameters")
                            .cloned()
                            .unwrap_or_else(|| json!({})),
                        result,
                    }),
                }
            }
            Some(_) | None => {}
        }
    }

    fn complete(&mut self, event: &Value, line: &[u8]) -> Result<Interaction, AgentError> {
        let text = match event.get("full_message") {
            Some(Value::String(whole)) => whole.clone(),
            None | Some(Value::Null) => std::mem::take(&mut self.pieces),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(self.malformed("`full_message` is not a text", line));
            }
        };
        let completed = event
            .get("conversation_completed")
            .and_then(Value::as_bool)
            .ok_or_else(|| self.malformed("`conversation_completed` is not true or false", line))?;
        let calls: Value = std::mem::take(&mut self.calls)
            .into_iter()
            .map(|call| json!({ "name": call.tool, "arguments": call.arguments, "result": call.result }))
            .collect();
        Ok(Interaction {
            id: event
                .get("interaction_id")
                .and_then(Value::as_str)
                .map(ToOwned::to_owned),
            conversation: self.conversation.take(),
            answer: Answer {
                text,
                tool_calls: tool_calls::read(Some(&calls)).map_err(|reason| self.malformed(reason, b""))?,
                completed,
                ..Answer::default()
            },
        })
    }

    /// An error within the stream voids the interaction; it is as good as the status that it names.
    fn failed(&self, event: &Value, line: &[u8]) -> AgentError {
        let status = event.get("http_error_code").and_then(Value::as_u64);
        let description = text(event, "error_description").unwrap_or("no description");
        match status.and_then(|status| u16::try_from(status).ok()) {
            Some(429) => AgentError::RateLimited {
                place: self.request.place(),
                retry_after_ms: None,
                detail: self.caller.http.quote(description.as_bytes()),
            },
            Some(status) => AgentError::Refused {
                place: self.request.place(),
                status,
                retry_after_ms: None,
                detail: self.caller.http.quote(description.as_bytes()),
            },
            None => self.malformed("the stream has an error", line),
        }
    }
}
