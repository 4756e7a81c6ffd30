//! Agents on a LangGraph server: one thread per conversation, one run per turn.
//!
//! The thread's id follows from the session and a message's id from the turn, so any worker can go on, and a turn that is sent again
//! does not stand in the thread twice: before a run is repeated, the thread is asked whether the first one finished.

mod output;

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use model::{AgentInput, Connection, Digest, Json, LangGraph, Turn};
use output::{Output, Seen};
use serde_json::{Map, Value, json};

use super::{
    AgentCall, AgentError, Answer, EVENT_PREFIX, Exchange,
    caller::{Caller, Settings, Stamp},
    http::{Http, Request},
};
use crate::{Briefing, Secrets};

/// Fields of a run's input that `input` may not set.
pub(crate) const OWN_INPUT_FIELDS: &[&str] = &["messages"];

pub(super) struct GraphSession {
    caller: Caller,
    /// A run's body without what differs by turn.
    body: Map<String, Value>,
    input: Map<String, Value>,
    completed: Option<String>,
    thread: String,
    seen: Seen,
    /// Another worker may have begun the turn that comes next.
    taken_over: bool,
    place: String,
}

impl GraphSession {
    /// Makes the thread, unless the agent has spoken in it already.
    pub(super) async fn open(
        briefing: &Briefing,
        connection: &Connection,
        graph: &LangGraph,
        history: &[Turn],
        http: Http,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let settings = Settings::of(briefing, secrets);
        let base = settings.url("base_url", &graph.base_url)?;
        let mut caller = Caller::new(briefing, connection, http, base, &settings, &graph.headers)?;
        if let Some(key) = &graph.api_key {
            caller.set_header("api_key", "x-api-key", settings.fill("api_key", key)?)?;
        }
        let fields = |json: &Option<Json>| match json.as_ref().map(Json::value) {
            Some(Value::Object(fields)) => fields,
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_))
            | None => Map::new(),
        };
        let mut body = Map::new();
        body.insert("assistant_id".to_owned(), graph.assistant_id.as_str().into());
        if graph.config.is_some() {
            body.insert("config".to_owned(), fields(&graph.config).into());
        }
        // A run that nobody waits for any more gives way to the one that repeats it.
        body.insert("multitask_strategy".to_owned(), "rollback".into());
        body.insert("on_disconnect".to_owned(), "cancel".into());
        let thread = uuid(&[b"thread", briefing.session_id.as_bytes()]);
        let last = history.iter().rev().find_map(|turn| turn.session.as_deref());
        let session = Self {
            place: caller
                .post(&["threads", &thread, "runs", "wait"], &Value::Null)?
                .place(),
            caller,
            body,
            input: fields(&graph.input),
            completed: graph.completed.as_ref().map(ToString::to_string),
            thread,
            seen: last.map_or_else(|| Ok(Seen::default()), |last| Seen::read(last, briefing))?,
            taken_over: last.is_some(),
        };
        if !session.taken_over {
            session.make_thread(&briefing.session_id).await?;
        }
        Ok(session)
    }

    async fn make_thread(&self, session_id: &str) -> Result<(), AgentError> {
        let body = json!({
            "thread_id": self.thread,
            "if_exists": "do_nothing",
            "metadata": { "session_id": session_id },
        });
        let mut request = self.caller.post(&["threads"], &body)?;
        let idempotency_key = format!("{session_id}-open");
        let stamp = Stamp {
            turn_index: 0,
            idempotency_key: &idempotency_key,
        };
        self.caller.stamp(&mut request, stamp)?;
        let (place, request) = (request.place(), &request);
        let send = || async { self.caller.ask(request).await };
        let (reply, _calls) = self.caller.attempts.run(0, &place, send).await?;
        if reply.value.get("thread_id").and_then(Value::as_str) == Some(self.thread.as_str()) {
            return Ok(());
        }
        let reason = "the response does not name the thread that was asked for; is this a LangGraph server?";
        Err(self.caller.http.malformed(request, reason, &reply.bytes))
    }

    /// The run of a turn.
    fn run(&self, input: &AgentInput, message_id: &str) -> Value {
        let mut body = self.body.clone();
        let said = match input {
            AgentInput::Greet => None,
            AgentInput::Message(text) => Some(text.clone()),
            AgentInput::Event(text) => Some(format!("{EVENT_PREFIX}{text}")),
        };
        match (said, self.seen.interrupts.as_slice()) {
            (Some(said), [_one]) => {
                body.insert("command".to_owned(), json!({ "resume": said }));
            }
            (Some(said), [_one, ..]) => {
                let each = self
                    .seen
                    .interrupts
                    .iter()
                    .map(|id| (id.clone(), said.clone().into()));
                body.insert(
                    "command".to_owned(),
                    json!({ "resume": each.collect::<Map<String, Value>>() }),
                );
            }
            (said, []) | (said @ None, _) => {
                let messages: Vec<Value> = said
                    .map(|said| json!({ "type": "human", "id": message_id, "content": said }))
                    .into_iter()
                    .collect();
                let mut input = self.input.clone();
                input.insert("messages".to_owned(), messages.into());
                body.insert("input".to_owned(), input.into());
            }
        }
        Value::Object(body)
    }

    /// What an earlier try of this turn, by whichever worker, left in the thread, if it came to its end.
    async fn finished(&self, stamp: Stamp<'_>, message_id: &str) -> Result<Option<Output>, AgentError> {
        let mut request = self.caller.get(&["threads", &self.thread, "state"])?;
        self.caller.stamp(&mut request, stamp)?;
        let reply = self.caller.ask(&request).await?;
        Ok(Output::of_state(&reply.value).filter(|output| output.answers(&self.seen, message_id)))
    }

    async fn attempt(
        &self,
        run: &Request,
        stamp: Stamp<'_>,
        message_id: &str,
        repeated: bool,
    ) -> Result<(Answer, Seen), AgentError> {
        if repeated && let Some(output) = self.finished(stamp, message_id).await? {
            let answer = output.answer(&self.seen, message_id, self.completed.as_deref());
            return answer.map_err(|reason| self.caller.http.malformed(run, reason, b""));
        }
        let reply = self.caller.ask(run).await?;
        let answer = Output::of_run(&reply.value)
            .and_then(|output| output.answer(&self.seen, message_id, self.completed.as_deref()));
        answer.map_err(|reason| self.caller.http.malformed(run, reason, &reply.bytes))
    }
}

#[async_trait]
impl Exchange for GraphSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let message_id = uuid(&[b"message", call.idempotency_key.as_bytes()]);
        let body = self.run(&call.input, &message_id);
        let mut run = self
            .caller
            .post(&["threads", &self.thread, "runs", "wait"], &body)?;
        let stamp = Stamp {
            turn_index: call.turn_index,
            idempotency_key: &call.idempotency_key,
        };
        self.caller.stamp(&mut run, stamp)?;
        let tries = AtomicU32::new(u32::from(self.taken_over));
        let (this, run, tries, message_id) = (&*self, &run, &tries, message_id.as_str());
        let attempt = || async move {
            let repeated = tries.fetch_add(1, Ordering::Relaxed) > 0;
            this.attempt(run, stamp, message_id, repeated).await
        };
        let ((mut answer, seen), calls) = this
            .caller
            .attempts
            .run(call.turn_index, &this.place, attempt)
            .await?;
        answer.session = Some(seen.write());
        self.seen = seen;
        self.taken_over = false;
        Ok((answer, calls))
    }

    async fn close(self: Box<Self>) {}

    fn place(&self) -> &str {
        &self.place
    }
}

/// An id that follows from `parts` alone, in the form of RFC 9562, version 8.
fn uuid(parts: &[&[u8]]) -> String {
    let digest = Digest::of_parts(parts);
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests;
