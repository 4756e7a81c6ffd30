//! What the connection tells besides answers: that it was made anew, and what the server forbade.
//!
//! A server that forbids a publish or a subscription says so on the connection, not in an answer; the request just stays
//! unanswered. So whoever waits for an answer also waits for these.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use async_nats::{Event, ServerError};
use tokio::sync::watch;

/// How many prohibitions are remembered: enough for those who wait to find theirs.
const N_PROHIBITIONS: usize = 128;

/// A moment in the connection's life: counters whose change is what matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    n_connects: u64,
    n_prohibitions: u64,
}

#[derive(Debug, Default)]
struct Prohibitions {
    recent: VecDeque<(u64, String)>,
    inbox: Option<String>,
}

/// The connection's signals.
#[derive(Debug, Default)]
pub(super) struct Signals {
    counters: watch::Sender<Moment>,
    prohibitions: Mutex<Prohibitions>,
    inbox_prefix: String,
}

impl Signals {
    pub(super) fn new(inbox_prefix: &str) -> Self {
        Self {
            inbox_prefix: inbox_prefix.to_owned(),
            ..Self::default()
        }
    }

    /// Takes note of what the client tells.
    pub(super) fn note(&self, event: &Event) {
        match event {
            Event::Connected => self.counters.send_modify(|counters| counters.n_connects += 1),
            Event::ServerError(ServerError::Other(text))
                if text.to_lowercase().contains("permissions violation") =>
            {
                self.forbid(text);
            }
            Event::ServerError(error) => tracing::warn!(%error, "the NATS server reports an error"),
            Event::ClientError(error) => tracing::warn!(%error, "the NATS client reports an error"),
            Event::SlowConsumer(id) => {
                tracing::warn!(subscription = id, "messages come faster than they are read")
            }
            Event::Disconnected => tracing::warn!("the connection to NATS is lost; reconnecting"),
            Event::LameDuckMode | Event::Draining | Event::Closed => {
                tracing::debug!(%event, "NATS connection")
            }
        }
    }

    fn forbid(&self, text: &str) {
        tracing::warn!(error = text, "the NATS server forbids what was asked");
        let mut prohibitions = self.prohibitions.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.counters.borrow().n_prohibitions + 1;
        if text.contains(&format!("\"{}.", self.inbox_prefix)) {
            prohibitions.inbox = Some(text.to_owned());
        }
        prohibitions.recent.push_back((number, text.to_owned()));
        while prohibitions.recent.len() > N_PROHIBITIONS {
            prohibitions.recent.pop_front();
        }
        drop(prohibitions);
        self.counters
            .send_modify(|counters| counters.n_prohibitions = number);
    }

    /// Now.
    pub(super) fn now(&self) -> Moment {
        *self.counters.borrow()
    }

    /// Listens from now on.
    pub(super) fn listen(&self) -> Listener<'_> {
        self.listen_since(self.now())
    }

    /// Listens to what has happened since a moment, and from now on.
    pub(super) fn listen_since(&self, since: Moment) -> Listener<'_> {
        Listener {
            signals: self,
            changes: self.counters.subscribe(),
            since,
        }
    }
}

/// Hears what happens.
#[derive(Debug)]
pub(super) struct Listener<'a> {
    signals: &'a Signals,
    changes: watch::Receiver<Moment>,
    since: Moment,
}

/// What a [`Listener`] hears.
#[derive(Debug)]
pub(super) enum Signal {
    /// The connection was made anew: an answer to what was asked before may never come.
    Reconnected,
    /// The server forbids the subject, with its words.
    Forbidden(String),
}

impl Listener<'_> {
    /// Waits until the connection is made anew or the server forbids `subject` (or the client's own inbox).
    pub(super) async fn hear(&mut self, subject: &str) -> Signal {
        loop {
            let counters = *self.changes.borrow_and_update();
            if let Some(text) = self.prohibition_of(subject) {
                return Signal::Forbidden(text);
            }
            if counters.n_connects != self.since.n_connects {
                return Signal::Reconnected;
            }
            if self.changes.changed().await.is_err() {
                // The sender lives in `signals`, which this borrows.
                std::future::pending::<()>().await;
            }
        }
    }

    fn prohibition_of(&self, subject: &str) -> Option<String> {
        let prohibitions = self
            .signals
            .prohibitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let quoted = format!("\"{subject}\"");
        let is_meant =
            |(number, text): &&(u64, String)| *number > self.since.n_prohibitions && text.contains(&quoted);
        let recent = prohibitions
            .recent
            .iter()
            .find(is_meant)
            .map(|(_number, text)| text.clone());
        recent.or_else(|| prohibitions.inbox.clone())
    }
}
