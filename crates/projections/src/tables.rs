//! The tables, and reading and writing their rows.
//!
//! Keys and values are bytes: keys are built in `key`, values are rows of the model's codec. Changing what a table holds means a
//! new [`SCHEMA`] number, upon which every database is made again from the log.

use std::ops::Bound;

use model::codec;
use redb::{
    AccessGuard, CursorError, Range, ReadOnlyTable, ReadTransaction, ReadableTable as _,
    ReadableTableMetadata as _, Table, TableDefinition, WriteTransaction,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{RowError, key::above};

/// The number of this layout of tables. Another number in a file means that the file is made again.
pub(crate) const SCHEMA: u32 = 7;

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Rows as they come out of a range.
pub(crate) type Rows = Range<'static, &'static [u8], &'static [u8]>;

/// A table at one moment.
pub(crate) struct ReadTable {
    pub(crate) name: &'static str,
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

/// A table in a transaction that changes it.
pub(crate) struct WriteTable<'txn> {
    pub(crate) name: &'static str,
    table: Table<'txn, &'static [u8], &'static [u8]>,
}

fn decode<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, RowError> {
    codec::from_row(bytes).map_err(|source| RowError::Damaged { table, source })
}

impl ReadTable {
    /// The bytes at `key`.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<AccessGuard<'static, &'static [u8]>>, RowError> {
        Ok(self.table.get(key)?)
    }

    /// The row at `key`.
    pub(crate) fn row<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, RowError> {
        self.get(key)?
            .map(|bytes| decode(self.name, bytes.value()))
            .transpose()
    }

    /// A row that a range yielded.
    pub(crate) fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, RowError> {
        decode(self.name, bytes)
    }

    /// The rows whose keys begin with `prefix`.
    pub(crate) fn scan(&self, prefix: &[u8]) -> Result<Rows, RowError> {
        let above = above(prefix);
        self.range(Bound::Included(prefix), Bound::Excluded(&above))
    }

    /// The rows between two keys.
    pub(crate) fn range(&self, lower: Bound<&[u8]>, upper: Bound<&[u8]>) -> Result<Rows, RowError> {
        Ok(self.table.range::<&[u8]>((lower, upper))?)
    }

    /// Every row.
    pub(crate) fn all(&self) -> Result<Rows, RowError> {
        self.range(Bound::Unbounded, Bound::Unbounded)
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> Result<u64, RowError> {
        Ok(self.table.len()?)
    }

    /// Says that the table is not as this build writes it.
    pub(crate) const fn inconsistent(&self, reason: &'static str) -> RowError {
        RowError::Inconsistent {
            table: self.name,
            reason,
        }
    }
}

impl WriteTable<'_> {
    /// The row at `key`.
    pub(crate) fn row<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, RowError> {
        self.table
            .get(key)?
            .map(|bytes| decode(self.name, bytes.value()))
            .transpose()
    }

    /// The bytes at `key`.
    pub(crate) fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowError> {
        Ok(self.table.get(key)?.map(|bytes| bytes.value().to_vec()))
    }

    /// Writes a row.
    pub(crate) fn put_row<T: Serialize>(&mut self, key: &[u8], row: &T) -> Result<(), RowError> {
        self.put(key, &codec::to_row(row)?).map(|_replaced| ())
    }

    /// Writes bytes; true if there were some at `key` before.
    pub(crate) fn put(&mut self, key: &[u8], bytes: &[u8]) -> Result<bool, RowError> {
        Ok(self.table.insert(key, bytes)?.is_some())
    }

    /// Removes what is at `key`; false if there was nothing.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Result<bool, RowError> {
        Ok(self.table.remove(key)?.is_some())
    }

    /// Writes or removes rows at keys that ascend and are close to each other, which is where a cursor pays: rows that stand side
    /// by side go in together.
    pub(crate) fn change(
        &mut self,
        changes: impl ExactSizeIterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<(), RowError> {
        if changes.len() < MIN_RUN {
            for (key, bytes) in changes {
                match bytes {
                    Some(bytes) => self.put(&key, &bytes).map(drop)?,
                    None => self.remove(&key).map(drop)?,
                }
            }
            return Ok(());
        }
        let mut changes = changes.peekable();
        let Some((first, _bytes)) = changes.peek() else {
            return Ok(());
        };
        let mut cursor = self.table.lower_bound_mut(Bound::Included(first.as_slice()))?;
        for (key, bytes) in changes {
            let key = key.as_slice();
            if let Some(bytes) = &bytes {
                match cursor.insert_before(key, bytes.as_slice()) {
                    Ok(()) => continue,
                    // The next row is not beyond the key, or the last one not before it: look the place up.
                    Err(CursorError::UnorderedKey) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            cursor.close()?;
            cursor = self.table.lower_bound_mut(Bound::Included(key))?;
            if cursor
                .peek_next()?
                .is_some_and(|(found, _bytes)| found.value() == key)
            {
                cursor.remove_next()?;
            }
            if let Some(bytes) = &bytes {
                cursor.insert_before(key, bytes.as_slice())?;
            }
        }
        Ok(cursor.close()?)
    }

    /// Says that the table is not as this build writes it.
    pub(crate) const fn inconsistent(&self, reason: &'static str) -> RowError {
        RowError::Inconsistent {
            table: self.name,
            reason,
        }
    }
}

/// From this many rows on, a cursor is worth its while.
const MIN_RUN: usize = 4;

macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident = $name:literal,)+) => {
        /// Every table at one moment.
        pub(crate) struct ReadTables {
            $($(#[$doc])* pub(crate) $field: ReadTable,)+
        }

        impl ReadTables {
            pub(crate) fn open(transaction: &ReadTransaction) -> Result<Self, RowError> {
                Ok(Self {
                    $($field: ReadTable {
                        name: $name,
                        table: transaction.open_table(Definition::new($name))?,
                    },)+
                })
            }

            /// Every table but the one that says where the rows come from.
            pub(crate) fn derived(&self) -> impl Iterator<Item = &ReadTable> {
                [$(&self.$field,)+].into_iter().filter(|table| table.name != "meta")
            }
        }

        /// Every table in a transaction that changes them.
        pub(crate) struct WriteTables<'txn> {
            $($(#[$doc])* pub(crate) $field: WriteTable<'txn>,)+
        }

        impl<'txn> WriteTables<'txn> {
            pub(crate) fn open(transaction: &'txn WriteTransaction) -> Result<Self, RowError> {
                Ok(Self {
                    $($field: WriteTable {
                        name: $name,
                        table: transaction.open_table(Definition::new($name))?,
                    },)+
                })
            }
        }
    };
}

tables! {
    /// `schema` → its number; `checkpoint/<log>` → where the projection stands.
    meta = "meta",
    /// org, kind, key → object.
    objects = "objects",
    /// org, kind, key, number → version.
    versions = "versions",
    /// org, kind, unique name, key → nothing.
    names = "names",
    /// org, kind and key referred to, kind and key of the referrer → nothing.
    references = "references",
    /// org, user, command id → what the command did.
    commands = "commands",
    /// org, user, set, run → nothing, while the run is not over.
    unfinished_runs = "unfinished_runs",
    /// org, run → nothing, while the run is not over.
    open_runs = "open_runs",
    /// org, set → the run of it that was started last.
    last_runs = "last_runs",
    /// org, run, n → result row.
    results = "results",
    /// org, run, verdict, position of the test, n → nothing.
    outcomes = "outcomes",
    /// org, run, sequence of the result → which conversation it is of, and the run's counts with it.
    arrivals = "arrivals",
    /// org, run → counts of results by test, and what they took.
    tallies = "tallies",
    /// org, run, chunk → bitmap of the conversations that have a result.
    concluded = "concluded",
    /// org, evaluation id → where the evaluation stands.
    evaluations = "evaluations",
    /// org, conversation id → what lists of conversations show.
    conversations = "conversations",
    /// org, space, field, value, order → what a list needs to know without loading the row.
    postings = "postings",
    /// org, space, field, value → how many postings there are.
    counts = "counts",
}

impl std::fmt::Debug for ReadTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReadTable").field(&self.name).finish()
    }
}
