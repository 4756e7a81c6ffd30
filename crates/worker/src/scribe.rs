//! Writing to the journal of a conversation. Every entry is appended behind the one that this worker knows as the last, which
//! fences: once another worker has written, nothing of this one gets in any more.

use journal::{AppendError, JournalError};
use model::{ConversationKey, TurnRecord};

use crate::{backoff::Backoff, link::Link};

/// Writes to the journal of one conversation.
#[derive(Debug)]
pub(crate) struct Scribe<'a> {
    link: &'a Link,
    key: &'a ConversationKey,
    last_sequence: u64,
}

/// How writing an entry went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is the journal's last entry.
    Stored,
    /// Another worker has written meanwhile: the conversation is no longer this worker's.
    Fenced,
}

impl<'a> Scribe<'a> {
    /// Writes behind the entry at `last_sequence` (0: there is none).
    pub(crate) const fn new(link: &'a Link, key: &'a ConversationKey, last_sequence: u64) -> Self {
        Self {
            link,
            key,
            last_sequence,
        }
    }

    /// Writes an entry, however long the log cannot be reached.
    pub(crate) async fn write(&mut self, record: &TurnRecord) -> Result<Written, JournalError> {
        let mut backoff = Backoff::brief();
        let mut may_be_stored = false;
        loop {
            let appended = self
                .link
                .journal()
                .append_turn(self.key, record, self.last_sequence)
                .await;
            match appended {
                Ok(sequence) => {
                    self.link.reached();
                    self.last_sequence = sequence;
                    return Ok(Written::Stored);
                }
                Err(AppendError::Conflict { .. }) if may_be_stored => return self.look_for(record).await,
                Err(AppendError::Conflict { .. }) => return Ok(Written::Fenced),
                Err(AppendError::Journal(error)) if error.retryable() => {
                    self.link.missed(&error);
                    may_be_stored = true;
                    backoff.wait().await;
                }
                Err(AppendError::Journal(error)) => return Err(error),
            }
        }
    }

    /// An append whose acknowledgement was lost shows as a conflict when it is repeated: with our own entry.
    async fn look_for(&mut self, record: &TurnRecord) -> Result<Written, JournalError> {
        let (records, last_sequence) = self.link.ride_out(|| self.link.journal().turns(self.key)).await?;
        if records.last() == Some(record) {
            self.last_sequence = last_sequence;
            Ok(Written::Stored)
        } else {
            Ok(Written::Fenced)
        }
    }
}
