//! How a request ended, as it is written: answers, replies and the errors that remained.
//!
//! The records are types of their own, so that a field that is added elsewhere cannot go missing here unnoticed.

use model::{ToolCall, Usage};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{AgentError, AgentReply, Answer, AskError, Secrets, agent::tool_calls};

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// A language model answered.
    Answer(AnswerRecord),
    /// An agent replied.
    Reply(ReplyRecord),
    /// A language model gave no usable answer.
    AnswerError(AskError),
    /// An agent could not be talked to.
    ReplyError(AgentError),
}

/// An [`Answer`] as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerRecord {
    /// None: it is the compact JSON text of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    usage: Usage,
    latency_ms: u64,
    requests: u32,
}

/// An [`AgentReply`] as it is written.
///
/// What its session goes on with is left out: it is another one in every run, and an agent that is reached after a replay must not go on in a
/// session of the run that was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyRecord {
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    completed: bool,
    latency_ms: u64,
    calls: u32,
}

impl From<Answer> for AnswerRecord {
    fn from(answer: Answer) -> Self {
        let Answer {
            text,
            value,
            usage,
            latency_ms,
            requests,
        } = answer;
        let written = value.as_ref().map(Value::to_string);
        let follows = written.as_ref() == Some(&text);
        Self {
            text: (!follows).then_some(text),
            value,
            usage,
            latency_ms,
            requests,
        }
    }
}

impl From<AnswerRecord> for Answer {
    fn from(record: AnswerRecord) -> Self {
        let text = record
            .text
            .or_else(|| record.value.as_ref().map(Value::to_string))
            .unwrap_or_default();
        Self {
            text,
            value: record.value,
            usage: record.usage,
            latency_ms: record.latency_ms,
            requests: record.requests,
        }
    }
}

impl From<AgentReply> for ReplyRecord {
    fn from(reply: AgentReply) -> Self {
        let AgentReply {
            text,
            tool_calls,
            usage,
            completed,
            latency_ms,
            calls,
            session: _,
        } = reply;
        Self {
            text,
            tool_calls,
            usage,
            completed,
            latency_ms,
            calls,
        }
    }
}

impl From<ReplyRecord> for AgentReply {
    fn from(record: ReplyRecord) -> Self {
        Self {
            text: record.text,
            tool_calls: record.tool_calls,
            usage: record.usage,
            completed: record.completed,
            latency_ms: record.latency_ms,
            calls: record.calls,
            session: None,
        }
    }
}

impl Outcome {
    /// Whether it is an answer or a reply.
    pub(crate) const fn is_success(&self) -> bool {
        match self {
            Self::Answer(_) | Self::Reply(_) => true,
            Self::AnswerError(_) | Self::ReplyError(_) => false,
        }
    }

    /// The same without secrets in any of its texts.
    pub(super) fn redacted(self, secrets: &Secrets) -> Result<Self, String> {
        Ok(match self {
            Self::Answer(answer) => Self::Answer(AnswerRecord {
                text: answer.text.map(|text| secrets.redact(&text)),
                value: answer.value.map(|value| redact_value(value, secrets)),
                ..answer
            }),
            Self::Reply(reply) => Self::Reply(ReplyRecord {
                text: secrets.redact(&reply.text),
                tool_calls: reply
                    .tool_calls
                    .into_iter()
                    .map(|call| tool_calls::redacted(call, secrets))
                    .collect(),
                ..reply
            }),
            Self::AnswerError(error) => Self::AnswerError(redact_error(&error, secrets)?),
            Self::ReplyError(error) => Self::ReplyError(redact_error(&error, secrets)?),
        })
    }
}

/// Errors consist of texts and numbers; only the texts are touched.
fn redact_error<E: Serialize + DeserializeOwned>(error: &E, secrets: &Secrets) -> Result<E, String> {
    let mut value = serde_json::to_value(error).map_err(|why| why.to_string())?;
    if let Value::Object(fields) = &mut value {
        for (name, field) in fields.iter_mut() {
            if name != ERROR_TAG {
                *field = redact_value(field.take(), secrets);
            }
        }
    }
    serde_json::from_value(value).map_err(|why| why.to_string())
}

/// The field that says which error it is.
const ERROR_TAG: &str = "error";

/// `value` without secrets, in names as well.
pub(super) fn redact_value(value: Value, secrets: &Secrets) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
        Value::String(text) => Value::String(secrets.redact(&text)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| redact_value(item, secrets))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| (secrets.redact(&name), redact_value(field, secrets)))
            .collect(),
    }
}
