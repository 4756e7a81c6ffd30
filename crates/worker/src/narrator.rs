//! Tells whoever watches a run how its conversations go: counts only, never what was said. What cannot be told is dropped.

use std::time::Duration;

use journal::Notice;
use model::{ConversationKey, Role, Verdict, WorkerId};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{link::Link, setting::Setting};

/// Turns that follow each other faster than this are not told each.
const MIN_BETWEEN_TURNS: Duration = Duration::from_millis(100);
/// A notice that takes longer is dropped: no conversation waits for those who watch it.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// Tells about one conversation.
#[derive(Debug)]
pub(crate) struct Narrator<'a> {
    link: &'a Link,
    key: &'a ConversationKey,
    last_turn: Option<Instant>,
}

impl<'a> Narrator<'a> {
    pub(crate) const fn new(link: &'a Link, key: &'a ConversationKey) -> Self {
        Self {
            link,
            key,
            last_turn: None,
        }
    }

    /// A worker took the conversation.
    pub(crate) async fn started(&self, setting: &Setting<'_>, worker: &WorkerId, resumed: bool) {
        self.tell(&json!({
            "type": "conversation_started",
            "n": self.key.n,
            "test": setting.test.name.as_str(),
            "run_index": setting.run_index,
            "worker": worker.as_str(),
            "resumed": resumed,
        }))
        .await;
    }

    /// Something was said.
    pub(crate) async fn turn(&mut self, index: u32, role: Role) {
        let now = Instant::now();
        if self
            .last_turn
            .is_some_and(|last| now.duration_since(last) < MIN_BETWEEN_TURNS)
        {
            return;
        }
        self.last_turn = Some(now);
        self.tell(&json!({ "type": "turn", "n": self.key.n, "index": index, "role": role.as_str() }))
            .await;
    }

    /// The conversation has its result.
    pub(crate) async fn finished(&self, verdict: Verdict) {
        self.tell(&json!({ "type": "conversation_finished", "n": self.key.n, "verdict": verdict.as_str() }))
            .await;
    }

    async fn tell(&self, payload: &Value) {
        let notice = Notice {
            org: self.key.org.clone(),
            run: self.key.run,
            payload: payload.to_string().into(),
        };
        match timeout(MAX_WAIT, self.link.journal().tell(notice)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a notice was dropped"),
            Err(_elapsed) => tracing::debug!("a notice was dropped: it took too long"),
        }
    }
}
