//! The side that is fed: batches of a log become rows.
//!
//! Rows and checkpoint change in one transaction, so a batch is taken in whole or not at all, and what was lost in a crash is
//! asked for again. It takes only what comes next: a log is never skipped and never read twice.

mod conversations;
mod events;
mod pending;
mod results;

use conversations::Runs;
pub(crate) use conversations::conversation_key;
pub(crate) use events::{name_key, open_key, reference_key, unfinished_key};
use model::{ConversationResult, OrgId, Recorded, Time};
use pending::Pending;
pub(crate) use results::{arrival_key, outcome_key, result_key, verdict_byte};

use crate::{
    Database, Log, ProjectError, RowError,
    database::{checkpoint, put_checkpoint, read_checkpoint},
    row::Checkpoint,
    tables::WriteTables,
};

/// The most records that change the database in one transaction; longer batches are cut.
const MAX_BATCH: usize = 5_000;

/// Takes in what the logs hold. All its methods block; call them where that does no harm.
#[derive(Clone, Debug)]
pub struct Projector {
    database: Database,
}

/// A batch in the making.
struct Batch<'tables, 'txn> {
    tables: &'tables mut WriteTables<'txn>,
    pending: Pending,
    runs: Runs,
}

impl Projector {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Says which log will be fed: when it was created, and its last sequence. To be called whenever the log was (re)connected to.
    /// Returns the last sequence taken in; feed what comes after it.
    pub fn bind(&self, log: Log, created: Time, last_sequence: u64) -> Result<u64, ProjectError> {
        let transaction = self.database.begin_write(1)?;
        let mut tables = WriteTables::open(&transaction)?;
        let reached = match checkpoint(&tables, log)? {
            None => {
                put_checkpoint(&mut tables, log, Checkpoint { created, sequence: 0 })?;
                0
            }
            Some(known) if known.created != created => {
                return Err(ProjectError::Recreated {
                    log,
                    known: known.created,
                    found: created,
                });
            }
            Some(known) if known.sequence > last_sequence => {
                return Err(ProjectError::Shorter {
                    log,
                    checkpoint: known.sequence,
                    last: last_sequence,
                });
            }
            Some(known) => known.sequence,
        };
        drop(tables);
        transaction.commit().map_err(RowError::from)?;
        Ok(reached)
    }

    /// Where the projection stands in `log`; none if it was never bound to it.
    pub fn checkpoint(&self, log: Log) -> Result<Option<Checkpoint>, ProjectError> {
        Ok(read_checkpoint(&self.database.tables()?, log)?)
    }

    /// Takes in commits, which must be the ones that come next. Returns the last sequence taken in. On an error, the 5,000
    /// records around it are not taken in.
    pub fn apply_events(&self, events: &[Recorded]) -> Result<u64, ProjectError> {
        self.apply(
            Log::Events,
            events,
            |recorded| recorded.sequence,
            |batch, recorded| batch.event(recorded),
        )
    }

    /// Takes in results, which must be the ones that come next; see [`Projector::apply_events`].
    pub fn apply_results(&self, results: &[(OrgId, u64, ConversationResult)]) -> Result<u64, ProjectError> {
        self.apply(
            Log::Results,
            results,
            |(_org, sequence, _result)| *sequence,
            |batch, result| batch.result(result),
        )
    }

    /// Puts everything taken in so far onto the disk. Without it the last second may have to be taken in again after a crash.
    pub fn flush(&self) -> Result<(), ProjectError> {
        Ok(self.database.flush()?)
    }

    fn apply<R>(
        &self,
        log: Log,
        records: &[R],
        sequence_of: impl Fn(&R) -> u64,
        take_in: impl Fn(&mut Batch<'_, '_>, &R) -> Result<(), ProjectError>,
    ) -> Result<u64, ProjectError> {
        let mut reached = self.database.sequences().of(log);
        for records in records.chunks(MAX_BATCH) {
            let transaction = self.database.begin_write(records.len())?;
            let mut tables = WriteTables::open(&transaction)?;
            let mut checkpoint = checkpoint(&tables, log)?.ok_or(ProjectError::Unbound { log })?;
            let mut batch = Batch {
                tables: &mut tables,
                pending: Pending::default(),
                runs: Runs::default(),
            };
            for record in records {
                let (expected, found) = (checkpoint.sequence + 1, sequence_of(record));
                if found != expected {
                    return Err(ProjectError::Gap { log, expected, found });
                }
                take_in(&mut batch, record)?;
                checkpoint.sequence = found;
            }
            let Batch {
                tables: written,
                pending,
                runs: _,
            } = batch;
            pending.write(written)?;
            put_checkpoint(written, log, checkpoint)?;
            drop(tables);
            transaction.commit().map_err(RowError::from)?;
            reached = checkpoint.sequence;
            self.database.reached(log, reached);
        }
        Ok(reached)
    }
}

#[cfg(test)]
mod tests;
