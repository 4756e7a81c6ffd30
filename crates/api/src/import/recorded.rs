//! Recorded conversations: OpenAI message lists with tool calls, as conversations that can be judged.
//!
//! Read are a list of conversations, one conversation, or one conversation per line. A conversation is an object with its messages in
//! `traj` (as τ-bench writes it, with `task_id`, `trial` and `reward`) or in `messages`, or a bare list of messages. Messages are
//! data: nothing in them is interpreted but the marks by which recordings say that the user left.

mod end;
mod message;
mod recording;
mod suite;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

pub use end::RecordedEnd;
use model::{Role, ToolCall};
use serde_json::Value;
pub use suite::{DEFAULT_NAME, Imported, LENGTH_METRIC, LeftOut, Options, REWARD_METRIC, Summary, convert};

use crate::{
    FieldErrors, Pointer,
    import::{read_id, shown_key},
    read::{described, integer},
};

/// The most conversations of one file.
pub const MAX_CONVERSATIONS: usize = 100_000;
/// The most messages of one conversation.
pub const MAX_MESSAGES: usize = 5_000;
/// The most values of one conversation.
const MAX_VALUES: usize = 50;
/// The longest text of a value, in bytes.
const MAX_VALUE_BYTES: usize = 512;

/// A conversation that was held elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedConversation {
    /// The task that it is about: its id in the recording, else the conversation's position in the file, from 0.
    pub task: String,
    /// Which repetition of the task, from 0.
    pub trial: u32,
    /// What the agent was told before the conversation; several system messages are joined.
    pub system: Option<String>,
    /// What was said, in order; user and agent take turns.
    pub turns: Vec<RecordedTurn>,
    /// What the recording measured, such as its `reward`, by name.
    pub values: BTreeMap<String, RecordedValue>,
    /// How the conversation ended.
    pub end: RecordedEnd,
}

/// What one side said and did until the other side's next message.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedTurn {
    /// The user or the agent.
    pub role: Role,
    /// What was said; several messages are joined by an empty line. May be empty if the agent only called tools, or said nothing.
    pub text: String,
    /// For an agent turn: the tools that the agent called, in order.
    pub tool_calls: Vec<ToolCall>,
    /// The messages that the turn was made of, tool results included: their indices in the recording.
    pub messages: Vec<u32>,
}

/// A value that a recording measured.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordedValue {
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

/// Reads a file of recorded conversations.
///
/// # Errors
/// Everything that is wrong with it, with the place: pointers begin with the position of the conversation in the file.
pub fn read(text: &str) -> Result<Vec<RecordedConversation>, FieldErrors> {
    let values = values(text)?;
    // One list of conversations is unwrapped; a list of messages is one conversation.
    let (items, is_list) = match values.as_slice() {
        [Value::Array(items)] if !is_messages(items) => (items.as_slice(), true),
        items => (items, false),
    };
    let root = Pointer::root();
    if items.is_empty() || items.len() > MAX_CONVERSATIONS {
        return Err(FieldErrors::one(
            &root,
            format!(
                "must hold 1 to {MAX_CONVERSATIONS} conversations, this holds {}",
                items.len()
            ),
        ));
    }
    let mut errors = FieldErrors::default();
    let mut conversations: Vec<RecordedConversation> = Vec::with_capacity(items.len());
    let mut seen: BTreeMap<(String, u32), usize> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        // A file that is one conversation has no positions.
        let at = if is_list || items.len() > 1 {
            root.index(index)
        } else {
            root.clone()
        };
        let Some(conversation) = conversation(item, index, &at, &mut errors) else {
            continue;
        };
        match seen.get(&(conversation.task.clone(), conversation.trial)) {
            Some(other) => {
                let (task, trial) = (shown_key(&conversation.task), conversation.trial);
                errors.push(
                    &at,
                    format!("is trial {trial} of task `{task}`, like conversation {other} of the file"),
                );
            }
            None => {
                seen.insert((conversation.task.clone(), conversation.trial), index);
                conversations.push(conversation);
            }
        }
    }
    if errors.is_empty() {
        Ok(conversations)
    } else {
        Err(errors)
    }
}

/// The JSON values of a text, one after the other.
fn values(text: &str) -> Result<Vec<Value>, FieldErrors> {
    let text = text.trim_start_matches('\u{feff}');
    let mut values = Vec::new();
    for read in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match read {
            Ok(value) => values.push(value),
            Err(source) => {
                let before = match values.len() {
                    0 => String::new(),
                    n_values => format!(" after {n_values} values"),
                };
                return Err(FieldErrors::one(
                    &Pointer::root(),
                    format!("is neither JSON nor JSON lines{before}: {source}"),
                ));
            }
        }
        if values.len() > MAX_CONVERSATIONS {
            break;
        }
    }
    Ok(values)
}

/// Whether a list holds messages rather than conversations.
fn is_messages(items: &[Value]) -> bool {
    items.first().is_some_and(|item| item.get("role").is_some())
}

fn conversation(
    value: &Value,
    index: usize,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<RecordedConversation> {
    let (messages, at_messages) = match value {
        Value::Array(messages) => (messages, at.clone()),
        Value::Object(fields) => {
            let key = if fields.contains_key("traj") {
                "traj"
            } else {
                "messages"
            };
            let at = at.key(key);
            match fields.get(key) {
                Some(Value::Array(messages)) => (messages, at),
                Some(other) => {
                    errors.push(
                        &at,
                        format!("must be a list of messages, this is {}", described(other)),
                    );
                    return None;
                }
                None => {
                    errors.push(&at, "is required; a conversation has `messages` or `traj`");
                    return None;
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            errors.push(
                at,
                format!("must be a conversation, this is {}", described(value)),
            );
            return None;
        }
    };
    if messages.is_empty() || messages.len() > MAX_MESSAGES {
        errors.push(
            &at_messages,
            format!(
                "must hold 1 to {MAX_MESSAGES} messages, this holds {}",
                messages.len()
            ),
        );
        return None;
    }
    let task = task(value, index, at, errors);
    let trial = match value.get("trial") {
        None | Some(Value::Null) => Some(0),
        Some(trial) => integer(trial, &(0..=u64::from(u32::MAX)), &at.key("trial"), errors)
            .and_then(|trial| u32::try_from(trial).ok()),
    };
    let values = measured(value, at, errors);
    let dialogue = turns::read(messages, &at_messages, errors)?;
    Some(RecordedConversation {
        task: task?,
        trial: trial?,
        system: dialogue.system,
        turns: dialogue.turns,
        values: values?,
        end: dialogue.end,
    })
}

/// The keys under which recordings name their task.
const TASK_KEYS: [&str; 3] = ["task_id", "task", "id"];

fn task(value: &Value, index: usize, at: &Pointer, errors: &mut FieldErrors) -> Option<String> {
    let named = TASK_KEYS
        .into_iter()
        .find_map(|key| value.get(key).filter(|id| !id.is_null()).map(|id| (key, id)));
    let Some((key, id)) = named else {
        return Some(index.to_string());
    };
    let task = read_id(id).filter(|id| id.len() <= MAX_VALUE_BYTES);
    if task.is_none() {
        errors.push(
            &at.key(key),
            format!("must be a whole number, or text of 1 to {MAX_VALUE_BYTES} bytes"),
        );
    }
    task
}

/// Numbers, truth values and words beside the messages.
fn measured(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<BTreeMap<String, RecordedValue>> {
    let mut values = BTreeMap::new();
    let known: BTreeSet<&str> = TASK_KEYS.into_iter().chain(["trial"]).collect();
    for (key, value) in value.as_object().into_iter().flatten() {
        if known.contains(key.as_str()) || key.trim().is_empty() || key.len() > MAX_VALUE_BYTES {
            continue;
        }
        let value = match value {
            Value::Bool(truth) => RecordedValue::Boolean(*truth),
            Value::Number(number) => match number.as_f64().filter(|number| number.is_finite()) {
                Some(number) => RecordedValue::Number(number),
                None => continue,
            },
            Value::String(text) if text.len() <= MAX_VALUE_BYTES => RecordedValue::Text(text.clone()),
            // Longer texts, lists and objects tell about the recording; they are no measurements.
            Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        values.insert(key.clone(), value);
    }
    if values.len() > MAX_VALUES {
        errors.push(
            at,
            format!(
                "must have at most {MAX_VALUES} values beside its messages, this has {}",
                values.len()
            ),
        );
        return None;
    }
    Some(values)
}

#[cfg(test)]
mod tests;
