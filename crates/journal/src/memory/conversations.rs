//! Results and turns in memory.

use futures::{StreamExt as _, stream};
use model::{ConversationKey, ConversationResult, OrgId, RunId, TurnRecord, codec};

use super::{MemoryJournal, events::not_beyond};
use crate::{AppendError, JournalError, Published, RunCount, Stored, Subscription, subject};

const RESULTS: &str = "RESULTS";
const TURNS: &str = "TURNS";

fn stored_result(sequence: u64, bytes: &[u8]) -> Result<Stored<ConversationResult>, JournalError> {
    let value = codec::decode_result(bytes).map_err(|source| JournalError::Unreadable {
        stream: RESULTS,
        sequence,
        source,
    })?;
    Ok(Stored { sequence, value })
}

impl MemoryJournal {
    pub(super) async fn do_publish_result(
        &self,
        org: &OrgId,
        result: &ConversationResult,
    ) -> Result<Published, JournalError> {
        let key = ConversationKey {
            org: org.clone(),
            run: result.run,
            n: result.n,
        };
        let bytes = self.fit("publish_result", codec::encode_result(result)?)?;
        self.call("publish_result", &subject::result(&key), |state| {
            if state.result_sequences.contains_key(&key) {
                return Ok(Published::AlreadyThere);
            }
            let sequence = state.results.push(key.clone(), bytes);
            state.result_sequences.insert(key.clone(), sequence);
            Ok(Published::Stored(sequence))
        })
        .await
    }

    pub(super) async fn do_result(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Stored<ConversationResult>>, JournalError> {
        self.look("result", &subject::result(key), |state| {
            let sequence = state.result_sequences.get(key).copied();
            let message = sequence.and_then(|sequence| Some((sequence, state.results.get(sequence)?)));
            message
                .map(|(sequence, (_key, bytes))| stored_result(sequence, bytes))
                .transpose()
        })
        .await
    }

    pub(super) async fn do_has_result(&self, key: &ConversationKey) -> Result<bool, JournalError> {
        self.look("has_result", &subject::result(key), |state| {
            Ok(state.result_sequences.contains_key(key))
        })
        .await
    }

    pub(super) async fn do_run_results(
        &self,
        org: &OrgId,
        run: RunId,
    ) -> Result<Subscription<Stored<ConversationResult>>, JournalError> {
        let results = self
            .look("run_results", &subject::run_results(org, run), |state| {
                let of_run = state
                    .results
                    .after(0)
                    .filter(|(_sequence, (key, _bytes))| key.org == *org && key.run == run);
                Ok::<_, JournalError>(
                    of_run
                        .map(|(sequence, (_key, bytes))| (sequence, bytes.clone()))
                        .collect::<Vec<_>>(),
                )
            })
            .await?;
        Ok(stream::iter(results)
            .map(|(sequence, bytes)| stored_result(sequence, &bytes))
            .boxed())
    }

    pub(super) async fn do_subscribe_results(
        &self,
        after: u64,
    ) -> Result<Subscription<(OrgId, Stored<ConversationResult>)>, JournalError> {
        self.look("subscribe_results", RESULTS, |state| {
            not_beyond(RESULTS, after, state.results.last_sequence())
        })
        .await?;
        Ok(self.follow(after, |state, sequence| {
            let (key, bytes) = state.results.get(sequence)?;
            Some(stored_result(sequence, bytes).map(|stored| (key.org.clone(), stored)))
        }))
    }

    pub(super) async fn do_subscribe_result_counts(
        &self,
        after: u64,
    ) -> Result<Subscription<RunCount>, JournalError> {
        self.look("subscribe_result_counts", RESULTS, |state| {
            not_beyond(RESULTS, after, state.results.last_sequence())
        })
        .await?;
        Ok(self.follow(after, |state, sequence| {
            let (key, _bytes) = state.results.get(sequence)?;
            Some(Ok(RunCount {
                org: key.org.clone(),
                run: key.run,
                n: key.n,
                sequence,
            }))
        }))
    }

    pub(super) async fn do_turns(
        &self,
        key: &ConversationKey,
    ) -> Result<(Vec<TurnRecord>, u64), JournalError> {
        self.look("turns", &subject::turns(key), |state| {
            let entries = state.turns.get(key).map_or(&[][..], Vec::as_slice);
            let last = entries.last().map_or(0, |(sequence, _bytes)| *sequence);
            let records = entries.iter().map(|(sequence, bytes)| {
                codec::decode_turn(bytes).map_err(|source| JournalError::Unreadable {
                    stream: TURNS,
                    sequence: *sequence,
                    source,
                })
            });
            Ok((records.collect::<Result<_, _>>()?, last))
        })
        .await
    }

    pub(super) async fn do_append_turn(
        &self,
        key: &ConversationKey,
        record: &TurnRecord,
        expected: u64,
    ) -> Result<u64, AppendError> {
        let bytes = self.fit(
            "append_turn",
            codec::encode_turn(record).map_err(JournalError::from)?,
        )?;
        self.call("append_turn", &subject::turns(key), |state| {
            let entries = state.turns.entry(key.clone()).or_default();
            if entries.last().map_or(0, |(sequence, _bytes)| *sequence) != expected {
                return Err(AppendError::Conflict { expected });
            }
            state.last_turn += 1;
            entries.push((state.last_turn, bytes));
            Ok(state.last_turn)
        })
        .await
    }
}
