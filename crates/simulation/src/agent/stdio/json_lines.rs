//! One JSON object per line, protocol 1.
//!
//! To the child: first `{"type":"start","protocol":1,…}`, which it does not answer, then per turn
//! `{"type":"message"|"greet"|"event","turn":N,"idempotency_key":"…","text":"…"}` (a greeting has no text). From the
//! child: exactly one line per turn, `{"text":"…","tool_calls":[{"name","arguments","result"}],"completed":true,`
//! `"usage":{"input_tokens","output_tokens"}}` or `{"error":"…"}`; all but one of `text`, `tool_calls` and `completed` may be
//! left out. A reply may repeat the `turn` it answers; it is then checked. Unknown fields are ignored. The child is told
//! what an agent may know of its user, not what the user wants.

use model::{AgentInput, Turn};
use serde_json::json;

use super::{
    super::{AgentCall, AgentError, Answer, reply},
    process::Process,
};
use crate::{Briefing, view};

/// The number of this protocol.
const PROTOCOL: u32 = 1;

/// The first line.
pub(super) fn start(briefing: &Briefing, history: &[Turn]) -> String {
    let mut line = json!({ "type": "start", "protocol": PROTOCOL, "session_id": briefing.session_id });
    if let Some(fields) = line.as_object_mut() {
        fields.extend(view::told_to_agents(briefing));
        fields.insert("history".to_owned(), view::history(history));
    }
    line.to_string()
}

/// One turn.
pub(super) async fn exchange(process: &mut Process, call: &AgentCall<'_>) -> Result<Answer, AgentError> {
    process.expect_silence().await?;
    process.write_line(&message(call)).await?;
    let line = process.read_line().await?;
    reply::read(&line, call.turn_index, "one line of JSON")
        .map_err(|reason| process.malformed(&reason, &line))
}

fn message(call: &AgentCall<'_>) -> String {
    let (kind, text) = match &call.input {
        AgentInput::Greet => ("greet", None),
        AgentInput::Message(text) => ("message", Some(text)),
        AgentInput::Event(text) => ("event", Some(text)),
    };
    let mut line = json!({ "type": kind, "turn": call.turn_index, "idempotency_key": call.idempotency_key });
    if let (Some(text), Some(fields)) = (text, line.as_object_mut()) {
        fields.insert("text".to_owned(), text.as_str().into());
    }
    line.to_string()
}
