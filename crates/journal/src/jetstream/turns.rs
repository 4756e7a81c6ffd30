//! Turns: the journal of a running conversation, fenced by the sequence of its last entry.

use model::{ConversationKey, TurnRecord, codec};

use super::{Inner, failure::code, streams::TURNS};
use crate::{AppendError, JournalError, subject};

impl Inner {
    pub(super) async fn turns(&self, key: &ConversationKey) -> Result<(Vec<TurnRecord>, u64), JournalError> {
        let read = async {
            self.connection
                .range(TURNS, subject::turns(key), 1)
                .await?
                .collect()
                .await
        };
        let entries = read.await.map_err(|failure| failure.into_error("turns"))?;
        let last = entries.last().map_or(0, |entry| entry.sequence);
        let records = entries.iter().map(|entry| {
            codec::decode_turn(&entry.payload).map_err(|source| JournalError::Unreadable {
                stream: TURNS,
                sequence: entry.sequence,
                source,
            })
        });
        Ok((records.collect::<Result<_, _>>()?, last))
    }

    pub(super) async fn append_turn(
        &self,
        key: &ConversationKey,
        record: &TurnRecord,
        expected: u64,
    ) -> Result<u64, AppendError> {
        const OPERATION: &str = "append_turn";
        let subject = subject::turns(key);
        let payload = codec::encode_turn(record).map_err(JournalError::from)?;
        let (message, id) = self.fenced(subject.clone(), payload, expected);
        match self.turns.publish(message).await {
            Ok(ack) => Ok(ack.sequence),
            Err(failure) if failure.is(code::WRONG_LAST_SEQUENCE) => {
                let own = self.own_message(TURNS, &subject, &id).await;
                own.map_err(|failure| failure.into_error(OPERATION))?
                    .ok_or(AppendError::Conflict { expected })
            }
            Err(failure) => Err(failure.into_error(OPERATION).into()),
        }
    }
}
