//! What a run of a graph leaves behind: messages and interrupts.

use model::Usage;
use serde_json::{Value, json};

use super::super::{AgentError, Answer, rich_text::paragraphs, tool_calls};
use crate::Briefing;

/// How far the thread was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The id of the last message.
    pub(super) last: Option<String>,
    /// The graph waits for an answer to these interrupts rather than for a message.
    pub(super) interrupts: Vec<String>,
}

impl Seen {
    /// Reads what [`Self::write`] wrote.
    pub(super) fn read(text: &str, briefing: &Briefing) -> Result<Self, AgentError> {
        let broken = || AgentError::Unsuitable {
            agent: briefing.agent.name.to_string(),
            reason: "what is stored about its thread cannot be read".to_owned(),
        };
        let value: Value = serde_json::from_str(text).map_err(|_why| broken())?;
        let string = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let interrupts = value
            .get("interrupts")
            .and_then(Value::as_array)
            .ok_or_else(broken)?;
        Ok(Self {
            last: value.get("last").and_then(string),
            interrupts: interrupts.iter().filter_map(string).collect(),
        })
    }

    pub(super) fn write(&self) -> String {
        json!({ "interrupts": self.interrupts, "last": self.last }).to_string()
    }
}

/// A graph's state after a run.
#[derive(Debug)]
pub(super) struct Output {
    values: Value,
    interrupts: Vec<Interrupt>,
    /// The graph has come to its end, or to an interrupt.
    settled: bool,
}

#[derive(Debug)]
struct Interrupt {
    id: String,
    text: String,
}

impl Output {
    /// From the response of a run that was waited for. A run that failed is a success of HTTP.
    pub(super) fn of_run(values: &Value) -> Result<Self, String> {
        if let Some(error) = values.get("__error__") {
            let part = |name: &str| error.get(name).and_then(Value::as_str);
            let message = part("message").or_else(|| error.as_str());
            return Err(format!(
                "the run failed: {}: {}",
                part("error").unwrap_or("error"),
                message.unwrap_or("no message")
            ));
        }
        Ok(Self {
            values: values.clone(),
            interrupts: interrupts(values.get("__interrupt__")),
            settled: true,
        })
    }

    /// From a thread's state; none if it has none.
    pub(super) fn of_state(state: &Value) -> Option<Self> {
        let values = state.get("values").filter(|values| values.is_object())?;
        let tasks = state.get("tasks").and_then(Value::as_array).into_iter().flatten();
        let interrupts: Vec<Interrupt> = tasks
            .flat_map(|task| interrupts(task.get("interrupts")))
            .collect();
        let ended = state
            .get("next")
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty);
        Some(Self {
            settled: ended || !interrupts.is_empty(),
            values: values.clone(),
            interrupts,
        })
    }

    /// Whether this is what came of sending the message, or of answering the interrupts.
    pub(super) fn answers(&self, seen: &Seen, message_id: &str) -> bool {
        if !self.settled {
            return false;
        }
        let open: Vec<&str> = self
            .interrupts
            .iter()
            .map(|interrupt| interrupt.id.as_str())
            .collect();
        if !seen.interrupts.is_empty() {
            return open != seen.interrupts;
        }
        let messages = self.messages().unwrap_or_default();
        let after = messages
            .iter()
            .skip_while(|message| !is(message, message_id))
            .skip(1);
        !open.is_empty() || after.into_iter().any(|message| kind(message) == "ai")
    }

    fn messages(&self) -> Option<&[Value]> {
        self.values
            .get("messages")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
    }

    /// What the graph said and called since the message, or since it was interrupted.
    pub(super) fn answer(
        &self,
        seen: &Seen,
        message_id: &str,
        completed: Option<&str>,
    ) -> Result<(Answer, Seen), String> {
        let messages = match self.messages() {
            Some(messages) => messages,
            None if !self.interrupts.is_empty() => &[],
            None => return Err("the run's output has no `messages`".to_owned()),
        };
        let position = |id: &str| messages.iter().rposition(|message| is(message, id));
        let from = position(message_id)
            .or_else(|| seen.last.as_deref().and_then(position))
            .or_else(|| messages.iter().rposition(|message| kind(message) == "human"))
            .map_or(0, |position| position + 1);
        let new = messages.get(from..).unwrap_or_default();
        let said = new.iter().filter(|message| kind(message) == "ai").map(content);
        let asked = self.interrupts.iter().map(|interrupt| interrupt.text.clone());
        let answer = Answer {
            text: paragraphs(said.chain(asked)),
            tool_calls: tool_calls::read(Some(&calls(new)))?,
            usage: new.iter().filter_map(usage).reduce(|mut sum, usage| {
                sum.add(usage);
                sum
            }),
            completed: self.completed(completed)?,
            ..Answer::default()
        };
        let last = messages
            .last()
            .and_then(|message| message.get("id"))
            .and_then(Value::as_str);
        let seen = Seen {
            last: last.map(ToOwned::to_owned),
            interrupts: self
                .interrupts
                .iter()
                .map(|interrupt| interrupt.id.clone())
                .collect(),
        };
        Ok((answer, seen))
    }

    fn completed(&self, pointer: Option<&str>) -> Result<bool, String> {
        let Some(pointer) = pointer else {
            return Ok(false);
        };
        match self.values.pointer(pointer) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(completed)) => Ok(*completed),
            Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => Err(format!(
                "what stands at `{pointer}` (completed) is not true or false"
            )),
        }
    }
}

fn is(message: &Value, id: &str) -> bool {
    message.get("id").and_then(Value::as_str) == Some(id)
}

/// `human`, `ai`, `tool` or whatever else a message says to be.
fn kind(message: &Value) -> &str {
    let kind = message
        .get("type")
        .or_else(|| message.get("role"))
        .and_then(Value::as_str);
    match kind {
        Some("AIMessageChunk" | "assistant") => "ai",
        Some("user") => "human",
        Some(kind) => kind,
        None => "",
    }
}

/// A message's words; parts that are no text are left out.
fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.as_str().or_else(|| part.get("text").and_then(Value::as_str)))
            .collect(),
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => String::new(),
    }
}

/// The tool calls of messages, with the results that later ones hold.
fn calls(messages: &[Value]) -> Value {
    let result = |id: Option<&str>| {
        let id = id?;
        let answers = |message: &&Value| {
            kind(message) == "tool" && message.get("tool_call_id").and_then(Value::as_str) == Some(id)
        };
        messages
            .iter()
            .find(answers)
            .map(|message| tool_calls::parsed(&content(message)))
    };
    let list = |message: &'_ Value, name: &str| -> Vec<Value> {
        let list = message.get(name).and_then(Value::as_array).into_iter().flatten();
        list.map(|call| {
            json!({
                "name": call.get("name"),
                "arguments": call.get("args"),
                "result": result(call.get("id").and_then(Value::as_str)),
            })
        })
        .collect()
    };
    let made = messages.iter().filter(|message| kind(message) == "ai");
    made.flat_map(|message| [list(message, "tool_calls"), list(message, "invalid_tool_calls")].concat())
        .collect()
}

fn usage(message: &Value) -> Option<Usage> {
    let usage = message.get("usage_metadata").filter(|usage| usage.is_object())?;
    let tokens = |name| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
    Some(Usage::of_tokens(tokens("input_tokens"), tokens("output_tokens")))
}

fn interrupts(list: Option<&Value>) -> Vec<Interrupt> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.map(|interrupt| Interrupt {
        id: interrupt
            .get("id")
            .or_else(|| interrupt.get("interrupt_id"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        text: asked(interrupt.get("value").unwrap_or(&Value::Null)),
    })
    .collect()
}

/// What an interrupt asks: a text, the text of an object that holds nothing else, or whatever it is.
fn asked(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "[interrupt]".to_owned(),
        Value::Object(fields) => match fields.values().next() {
            Some(Value::String(text)) if fields.len() == 1 => text.clone(),
            Some(_) | None => value.to_string(),
        },
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}
