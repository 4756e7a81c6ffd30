//! Results: exactly one for each conversation.

use async_nats::{HeaderMap, header};
use futures::stream;
use model::{ConversationKey, ConversationResult, OrgId, RunId, codec};

use super::{
    Inner,
    connection::Outgoing,
    failure::{Failure, code},
    read::Entry,
    streams::RESULTS,
    subscribe::{Follow, follow},
};
use crate::{JournalError, Published, RunCount, Stored, Subscription, subject};

/// Tells our own message from another's on the same subject, after an answer was lost.
pub(super) const PUBLISH_ID: &str = "Rehearse-Publish-Id";

impl Inner {
    pub(super) async fn publish_result(
        &self,
        org: &OrgId,
        result: &ConversationResult,
    ) -> Result<Published, JournalError> {
        const OPERATION: &str = "publish_result";
        let key = ConversationKey {
            org: org.clone(),
            run: result.run,
            n: result.n,
        };
        let subject = subject::result(&key);
        let (message, id) = self.fenced(subject.clone(), codec::encode_result(result)?, 0);
        match self.results.publish(message).await {
            Ok(ack) => Ok(Published::Stored(ack.sequence)),
            Err(failure) if failure.is(code::WRONG_LAST_SEQUENCE) => {
                let own = self.own_message(RESULTS, &subject, &id).await;
                Ok(own
                    .map_err(|failure| failure.into_error(OPERATION))?
                    .map_or(Published::AlreadyThere, Published::Stored))
            }
            Err(failure) => Err(failure.into_error(OPERATION)),
        }
    }

    /// A message that is stored only if the last one on its subject stands at `expected`, and its id.
    pub(super) fn fenced(&self, subject: String, payload: Vec<u8>, expected: u64) -> (Outgoing, String) {
        let id = self.connection.unique();
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        headers.insert(PUBLISH_ID, id.as_str());
        (
            Outgoing {
                subject,
                headers,
                payload: payload.into(),
            },
            id,
        )
    }

    /// The sequence of the last message on a subject, if it is the one with this id.
    pub(super) async fn own_message(
        &self,
        stream: &str,
        subject: &str,
        id: &str,
    ) -> Result<Option<u64>, Failure> {
        let last = self.connection.last(stream, subject).await?;
        let own = last.filter(|last| {
            last.entry
                .headers
                .get(PUBLISH_ID)
                .is_some_and(|found| found.as_str() == id)
        });
        Ok(own.map(|last| last.entry.sequence))
    }

    pub(super) async fn result(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Stored<ConversationResult>>, JournalError> {
        let last = self.connection.last(RESULTS, &subject::result(key)).await;
        let last = last.map_err(|failure| failure.into_error("result"))?;
        last.map(|last| Ok(stored(&last.entry)?.1)).transpose()
    }

    pub(super) async fn has_result(&self, key: &ConversationKey) -> Result<bool, JournalError> {
        let last = self
            .connection
            .last_sequence(RESULTS, &subject::result(key))
            .await;
        Ok(last.map_err(|failure| failure.into_error("has_result"))? > 0)
    }

    pub(super) async fn run_results(
        &self,
        org: &OrgId,
        run: RunId,
    ) -> Result<Subscription<Stored<ConversationResult>>, JournalError> {
        const OPERATION: &str = "run_results";
        let range = self
            .connection
            .range(RESULTS, subject::run_results(org, run), 1)
            .await;
        let range = range.map_err(|failure| failure.into_error(OPERATION))?;
        Ok(Box::pin(stream::unfold(Some(range), |range| async move {
            let mut range = range?;
            match range.next().await {
                Ok(None) => None,
                Ok(Some(entry)) => match stored(&entry) {
                    Ok((_org, result)) => Some((Ok(result), Some(range))),
                    Err(error) => Some((Err(error), None)),
                },
                Err(failure) => Some((Err(failure.into_error(OPERATION)), None)),
            }
        })))
    }

    pub(super) async fn subscribe_results(
        &self,
        after: u64,
    ) -> Result<Subscription<(OrgId, Stored<ConversationResult>)>, JournalError> {
        let what = Follow {
            stream: RESULTS,
            after,
            headers_only: false,
        };
        follow(&self.connection, what, |entry| stored(&entry)).await
    }

    pub(super) async fn subscribe_result_counts(
        &self,
        after: u64,
    ) -> Result<Subscription<RunCount>, JournalError> {
        let what = Follow {
            stream: RESULTS,
            after,
            headers_only: true,
        };
        follow(&self.connection, what, |entry| {
            let ConversationKey { org, run, n } = key_of(&entry)?;
            Ok(RunCount {
                org,
                run,
                n,
                sequence: entry.sequence,
            })
        })
        .await
    }
}

fn unreadable(entry: &Entry, source: codec::DecodeError) -> JournalError {
    JournalError::Unreadable {
        stream: RESULTS,
        sequence: entry.sequence,
        source,
    }
}

fn key_of(entry: &Entry) -> Result<ConversationKey, JournalError> {
    subject::parse_conversation(&entry.subject).ok_or_else(|| {
        let reason = format!("its subject {} names no conversation", entry.subject);
        unreadable(
            entry,
            codec::DecodeError::Damaged {
                what: "conversation.result",
                reason,
            },
        )
    })
}

fn stored(entry: &Entry) -> Result<(OrgId, Stored<ConversationResult>), JournalError> {
    let key = key_of(entry)?;
    let value = codec::decode_result(&entry.payload).map_err(|source| unreadable(entry, source))?;
    if (value.run, value.n) != (key.run, key.n) {
        let reason = format!(
            "it is of conversation {} of run {} and stands on {}",
            value.n, value.run, entry.subject
        );
        return Err(unreadable(
            entry,
            codec::DecodeError::Damaged {
                what: "conversation.result",
                reason,
            },
        ));
    }
    Ok((
        key.org,
        Stored {
            sequence: entry.sequence,
            value,
        },
    ))
}
