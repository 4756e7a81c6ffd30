//! The recording as one conversation sees it: counts its requests, looks them up, and adds what was asked.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use model::Digest;
use serde_json::Value;

use super::{
    CassetteError, CassetteMode,
    entry::{Entry, Key},
    miss::Miss,
    outcome::{Outcome, redact_value},
    request::{Kind, Request},
    tape::Tape,
};
use crate::Secrets;

/// One attempt at one conversation.
pub(crate) struct Conversation {
    tape: Arc<Tape>,
    mode: CassetteMode,
    secrets: Secrets,
    repetition: u32,
    attempt: u32,
    /// How often each request came so far.
    counts: Mutex<BTreeMap<Digest, u32>>,
}

/// A request that has its place in the conversation.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(super) kind: Kind,
    pub(super) key: Key,
    /// The request for people. It may hold secrets: masked is what leaves.
    pub(super) shown: Value,
}

impl Conversation {
    pub(super) const fn new(
        tape: Arc<Tape>,
        mode: CassetteMode,
        secrets: Secrets,
        repetition: u32,
        attempt: u32,
    ) -> Self {
        Self {
            tape,
            mode,
            secrets,
            repetition,
            attempt,
            counts: Mutex::new(BTreeMap::new()),
        }
    }

    /// Counts a request. Call this before anything is awaited, so that requests made at the same time keep their order.
    pub(crate) fn place(&self, request: Request) -> Placed {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(request.digest).or_insert(0);
        let occurrence = *count;
        *count = count.saturating_add(1);
        Placed {
            kind: request.kind,
            key: Key {
                repetition: self.repetition,
                attempt: self.attempt,
                occurrence,
                digest: request.digest,
            },
            shown: request.shown,
        }
    }

    /// How the request ended when it was recorded; none: it is to be asked.
    pub(crate) async fn find(&self, placed: &Placed) -> Result<Option<Outcome>, CassetteError> {
        let (mode, wanted, secrets) = (self.mode, placed.clone(), self.secrets.clone());
        self.blocking(move |tape| match mode {
            CassetteMode::Off => Ok(None),
            // Faults of the file are found before anything is asked.
            CassetteMode::Record => tape.refresh().map(|()| None),
            CassetteMode::Auto => Ok(tape.find(wanted.key)?.filter(Outcome::is_success)),
            CassetteMode::Replay => tape.replay(&Miss::new(wanted, secrets)).map(Some),
        })
        .await
    }

    /// Adds how the request ended, and returns what a replay will return.
    pub(crate) async fn keep(&self, placed: Placed, outcome: Outcome) -> Result<Outcome, CassetteError> {
        let outcome = outcome
            .redacted(&self.secrets)
            .map_err(|reason| self.tape.unwritable(reason))?;
        let entry = Entry {
            kind: placed.kind,
            key: placed.key,
            request: redact_value(placed.shown, &self.secrets),
            outcome: outcome.clone(),
        };
        self.blocking(move |tape| tape.append(entry)).await?;
        Ok(outcome)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tape) -> Result<T, CassetteError> + Send + 'static,
    ) -> Result<T, CassetteError> {
        let tape = Arc::clone(&self.tape);
        match tokio::task::spawn_blocking(move || work(&tape)).await {
            Ok(outcome) => outcome,
            Err(why) => Err(self.tape.unusable(why.to_string())),
        }
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("mode", &self.mode)
            .field("repetition", &self.repetition)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
