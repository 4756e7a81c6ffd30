//! Where a history that the server keeps ends: the id of the last response, and what it left open.

use model::{Role, Turn};
use serde_json::{Value, json};

/// The longest id that is kept and sent back, in bytes.
const MAX_ID_BYTES: usize = 1024;
/// What a tool's output is said to be. A server that keeps the history refuses to go on while a call has none.
const NOT_RUN: &str = "The tool was not run: this conversation is a test.";

/// The end of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) response_id: String,
    /// Tool calls of that response that have no output, by their id.
    unanswered: Vec<Value>,
}

impl Chain {
    /// From a response.
    pub(super) fn at(response: &Value, unanswered: Vec<Value>) -> Result<Self, String> {
        let response_id = response.get("id").and_then(Value::as_str).unwrap_or_default();
        if response_id.is_empty() || response_id.len() > MAX_ID_BYTES {
            return Err(format!(
                "the response has no `id` of 1 to {MAX_ID_BYTES} bytes, so the server's history cannot be gone on with; set `history: client`"
            ));
        }
        Ok(Self {
            response_id: response_id.to_owned(),
            unanswered,
        })
    }

    /// From the agent's last turn; none if it has not spoken yet.
    pub(super) fn of(turns: &[Turn]) -> Result<Option<Self>, String> {
        let Some(turn) = turns.iter().rfind(|turn| turn.role == Role::Agent) else {
            return Ok(None);
        };
        let read = |session: &str| {
            let session: Value = serde_json::from_str(session).ok()?;
            let unanswered = session.get("unanswered").and_then(Value::as_array);
            Some(Self {
                response_id: session.get("response_id")?.as_str()?.to_owned(),
                unanswered: unanswered.cloned().unwrap_or_default(),
            })
        };
        match turn.session.as_deref().and_then(read) {
            Some(chain) => Ok(Some(chain)),
            None => Err(format!("turn {} does not say which response it was", turn.index)),
        }
    }

    /// What is stored with a turn.
    pub(super) fn session(&self) -> String {
        let mut session = json!({ "response_id": self.response_id });
        if let Some(fields) = session
            .as_object_mut()
            .filter(|_fields| !self.unanswered.is_empty())
        {
            fields.insert("unanswered".to_owned(), self.unanswered.clone().into());
        }
        session.to_string()
    }

    /// The input that closes what the response left open.
    pub(super) fn outputs(&self) -> impl Iterator<Item = Value> + '_ {
        self.unanswered.iter().map(|call| {
            let kind = call.get("type").and_then(Value::as_str).unwrap_or_default();
            let id = call.get("call_id").and_then(Value::as_str).unwrap_or_default();
            json!({ "type": format!("{kind}_output"), "call_id": id, "output": NOT_RUN })
        })
    }
}
