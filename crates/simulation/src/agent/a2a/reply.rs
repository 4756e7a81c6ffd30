//! What an A2A agent sends, of either version and binding.
//!
//! The forms differ in names only: `kind` or a key says what something is, parts stand under `parts` or `content`, states are
//! written `input-required` or `TASK_STATE_INPUT_REQUIRED`.

use serde_json::Value;

/// The longest id that is kept and sent back, in bytes.
const MAX_ID_BYTES: usize = 1024;

/// One thing that an agent sends; a stream is many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An answer without a task.
    Message { context: Option<String>, text: String },
    /// A task as a whole.
    Task(Task),
    /// A task's new state.
    Status {
        task: String,
        context: Option<String>,
        status: Status,
    },
    /// Something that a task made, or more of it.
    Artifact {
        task: String,
        context: Option<String>,
        artifact: Artifact,
        append: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) context: Option<String>,
    pub(super) status: Status,
    pub(super) artifacts: Vec<Artifact>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) state: State,
    /// What the agent says with it.
    pub(super) said: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Artifact {
    pub(super) id: String,
    pub(super) text: String,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Submitted,
    Working,
    InputRequired,
    AuthRequired,
    Completed,
    Failed,
    Canceled,
    Rejected,
}

impl State {
    fn read(text: &str) -> Option<Self> {
        let word = text.to_ascii_lowercase().replace('_', "-");
        Some(match word.strip_prefix("task-state-").unwrap_or(&word) {
            "submitted" => Self::Submitted,
            "working" => Self::Working,
            "input-required" => Self::InputRequired,
            "auth-required" => Self::AuthRequired,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "canceled" | "cancelled" => Self::Canceled,
            "rejected" => Self::Rejected,
            _ => return None,
        })
    }

    /// Whether the agent is still at it.
    pub(super) const fn is_busy(self) -> bool {
        matches!(self, Self::Submitted | Self::Working)
    }
}

impl Event {
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        if let Some(kind) = value.get("kind").and_then(Value::as_str) {
            return match kind {
                "message" => Self::message(value),
                "task" => Task::read(value).map(Self::Task),
                "status-update" => Self::status(value),
                "artifact-update" => Self::artifact(value),
                other => Err(format!("`{}` is no kind of result", other.escape_debug())),
            };
        }
        let inner = |key: &str| value.get(key).filter(|inner| inner.is_object());
        if let Some(task) = inner("task") {
            Task::read(task).map(Self::Task)
        } else if let Some(message) = inner("message") {
            Self::message(message)
        } else if let Some(update) = inner("statusUpdate") {
            Self::status(update)
        } else if let Some(update) = inner("artifactUpdate") {
            Self::artifact(update)
        } else {
            Err("the result is neither a message nor a task".to_owned())
        }
    }

    fn message(message: &Value) -> Result<Self, String> {
        Ok(Self::Message {
            context: optional_id(message, "contextId")?,
            text: parts(message)?,
        })
    }

    fn status(update: &Value) -> Result<Self, String> {
        Ok(Self::Status {
            task: id(update, "taskId")?,
            context: optional_id(update, "contextId")?,
            status: Status::read(update)?,
        })
    }

    fn artifact(update: &Value) -> Result<Self, String> {
        let artifact = update
            .get("artifact")
            .ok_or("an artifact update has no `artifact`")?;
        Ok(Self::Artifact {
            task: id(update, "taskId")?,
            context: optional_id(update, "contextId")?,
            artifact: Artifact::read(artifact)?,
            append: update.get("append") == Some(&Value::Bool(true)),
        })
    }
}

impl Task {
    pub(super) fn read(task: &Value) -> Result<Self, String> {
        let artifacts = match task.get("artifacts") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(artifacts)) => {
                artifacts.iter().map(Artifact::read).collect::<Result<_, _>>()?
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                return Err("`artifacts` is not a list".to_owned());
            }
        };
        Ok(Self {
            id: id(task, "id")?,
            context: optional_id(task, "contextId")?,
            status: Status::read(task)?,
            artifacts,
        })
    }
}

impl Status {
    fn read(owner: &Value) -> Result<Self, String> {
        let state = owner
            .pointer("/status/state")
            .and_then(Value::as_str)
            .ok_or("a task has no `status.state`")?;
        let message = owner
            .pointer("/status/message")
            .filter(|message| !message.is_null());
        Ok(Self {
            state: State::read(state)
                .ok_or_else(|| format!("a task is in the unknown state `{}`", state.escape_debug()))?,
            said: message.map(parts).transpose()?,
        })
    }
}

impl Artifact {
    fn read(artifact: &Value) -> Result<Self, String> {
        Ok(Self {
            id: id(artifact, "artifactId")?,
            text: parts(artifact)?,
        })
    }
}

fn optional_id(value: &Value, field: &str) -> Result<Option<String>, String> {
    match value.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) if id.is_empty() => Ok(None),
        Some(Value::String(id)) if id.len() > MAX_ID_BYTES => {
            Err(format!("`{field}` is longer than {MAX_ID_BYTES} bytes"))
        }
        Some(Value::String(id)) => Ok(Some(id.clone())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(format!("`{field}` is not a text"))
        }
    }
}

fn id(value: &Value, field: &str) -> Result<String, String> {
    optional_id(value, field)?.ok_or_else(|| format!("`{field}` is missing"))
}

/// The words of a message or artifact. Texts follow each other as they are; data stands on a line of its own as JSON, and a file
/// is only named.
fn parts(owner: &Value) -> Result<String, String> {
    let parts = match owner.get("parts").or_else(|| owner.get("content")) {
        None | Some(Value::Null) => return Ok(String::new()),
        Some(Value::Array(parts)) => parts,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err("`parts` is not a list".to_owned());
        }
    };
    let mut text = String::new();
    let mut on_own_line = false;
    for part in parts {
        let plain = part.get("text").and_then(Value::as_str);
        if (on_own_line || plain.is_none()) && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        on_own_line = plain.is_none();
        match (plain, part.get("data")) {
            (Some(plain), _) => text.push_str(plain),
            (None, Some(data)) => text.push_str(&data.to_string()),
            (None, None) => text.push_str(&file(part)?),
        }
    }
    Ok(text)
}

/// How a file is told: by name, type and address; its bytes say nothing to a reader.
fn file(part: &Value) -> Result<String, String> {
    let holder = part.get("file").unwrap_or(part);
    let first = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| holder.get(name).and_then(Value::as_str))
    };
    let address = first(&["url", "uri", "fileWithUri"]);
    if address.is_none() && first(&["raw", "bytes", "fileWithBytes"]).is_none() {
        return Err("a part has neither text nor data nor a file".to_owned());
    }
    let words: Vec<&str> = [
        Some("file"),
        first(&["filename", "name"]),
        first(&["mediaType", "mimeType"]),
        address,
    ]
    .into_iter()
    .flatten()
    .collect();
    Ok(format!("[{}]", words.join(" ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_of_both_versions_read_alike() {
        let expected = Event::Message {
            context: Some("c".to_owned()),
            text: "Hi!".to_owned(),
        };
        for message in [
            json!({"message": {"messageId": "m", "contextId": "c", "role": "ROLE_AGENT", "parts": [{"text": "Hi!"}]}}),
            json!({"message": {"messageId": "m", "contextId": "c", "content": [{"text": "Hi"}, {"text": "!"}]}}),
            json!({"kind": "message", "messageId": "m", "contextId": "c", "parts": [{"kind": "text", "text": "Hi!"}]}),
        ] {
            assert_eq!(Event::read(&message).as_ref(), Ok(&expected), "{message}");
        }
    }

    #[test]
    fn every_kind_of_part_is_told() {
        let message = json!({"parts": [
            {"text": "Here: "}, {"text": "two"}, {"data": {"n": 1}}, {"kind": "data", "data": [2]},
            {"url": "https://a/x.pdf", "filename": "x.pdf", "mediaType": "application/pdf"},
            {"kind": "file", "file": {"name": "y.png", "bytes": "AAAA"}}, {"raw": "AAAA"}, {"text": "end"},
        ]});
        assert_eq!(
            parts(&message).unwrap(),
            "Here: two\n{\"n\":1}\n[2]\n[file x.pdf application/pdf https://a/x.pdf]\n[file y.png]\n[file]\nend"
        );
        assert!(parts(&json!({"parts": [{}]})).is_err());
    }

    #[test]
    fn every_state_is_known_however_it_is_written() {
        for (one, other, state) in [
            ("submitted", "TASK_STATE_SUBMITTED", State::Submitted),
            ("working", "TASK_STATE_WORKING", State::Working),
            (
                "input-required",
                "TASK_STATE_INPUT_REQUIRED",
                State::InputRequired,
            ),
            ("auth-required", "TASK_STATE_AUTH_REQUIRED", State::AuthRequired),
            ("completed", "TASK_STATE_COMPLETED", State::Completed),
            ("failed", "TASK_STATE_FAILED", State::Failed),
            ("canceled", "TASK_STATE_CANCELLED", State::Canceled),
            ("rejected", "TASK_STATE_REJECTED", State::Rejected),
        ] {
            assert_eq!((State::read(one), State::read(other)), (Some(state), Some(state)));
        }
        assert_eq!(State::read("unknown"), None);
    }

    #[test]
    fn what_is_neither_is_refused() {
        let long = "x".repeat(MAX_ID_BYTES + 1);
        for (value, why) in [
            (json!({}), "neither a message nor a task"),
            (json!({"kind": "poem"}), "`poem` is no kind"),
            (json!({"task": {"id": "t"}}), "no `status.state`"),
            (
                json!({"task": {"id": "t", "status": {"state": "asleep"}}}),
                "unknown state `asleep`",
            ),
            (
                json!({"task": {"status": {"state": "working"}}}),
                "`id` is missing",
            ),
            (
                json!({"message": {"contextId": 3, "parts": []}}),
                "`contextId` is not a text",
            ),
            (
                json!({"message": {"contextId": long, "parts": []}}),
                "longer than 1024 bytes",
            ),
            (json!({"message": {"parts": "hi"}}), "`parts` is not a list"),
            (json!({"artifactUpdate": {"taskId": "t"}}), "no `artifact`"),
        ] {
            let refused = Event::read(&value).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
