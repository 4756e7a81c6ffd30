//! Changes of a batch that are written together at its end.
//!
//! Many records of a batch change the same rows; written once, in key order, they cost a fraction.

use std::collections::{BTreeMap, BTreeSet};

use model::{CommandRecord, OrgId};

use crate::{
    RowError,
    index::{Derived, Field, IndexEntry, Space, posting_prefix},
    row::RunCounts,
    tables::{WriteTable, WriteTables},
};

/// Changes not yet written.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// By what a value's postings begin with.
    values: BTreeMap<Vec<u8>, ValueChanges>,
    commands: BTreeMap<Vec<u8>, CommandRecord>,
    tallies: BTreeMap<Vec<u8>, RunCounts>,
    bitmaps: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Changes to the postings of one value.
#[derive(Debug, Default)]
struct ValueChanges {
    /// How much their count changes.
    count: i64,
    /// By order: what the posting carries; none: it goes.
    postings: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// The row at `key` for changing: from `pending` if the batch has touched it, else from the table, else new.
fn fetched<R>(
    pending: &mut BTreeMap<Vec<u8>, R>,
    key: Vec<u8>,
    stored: impl FnOnce(&[u8]) -> Result<R, RowError>,
) -> Result<&mut R, RowError> {
    use std::collections::btree_map::Entry;
    Ok(match pending.entry(key) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => {
            let row = stored(entry.key())?;
            entry.insert(row)
        }
    })
}

impl Pending {
    /// The record of a command, if an earlier commit made one.
    pub(super) fn command(
        &mut self,
        table: &WriteTable<'_>,
        key: Vec<u8>,
        new: impl FnOnce() -> CommandRecord,
    ) -> Result<&mut CommandRecord, RowError> {
        fetched(&mut self.commands, key, |key| {
            Ok(table.row(key)?.unwrap_or_else(new))
        })
    }

    /// The counts of a run.
    pub(super) fn tally(&mut self, table: &WriteTable<'_>, key: Vec<u8>) -> Result<&mut RunCounts, RowError> {
        fetched(&mut self.tallies, key, |key| {
            Ok(table.row(key)?.unwrap_or_default())
        })
    }

    /// A chunk of a run's bitmap.
    pub(super) fn bitmap(&mut self, table: &WriteTable<'_>, key: Vec<u8>) -> Result<&mut Vec<u8>, RowError> {
        fetched(&mut self.bitmaps, key, |key| {
            Ok(table.bytes(key)?.unwrap_or_default())
        })
    }

    /// Adds a posting that was not there.
    pub(super) fn add_posting(&mut self, prefix: Vec<u8>, order: &[u8], carried: Vec<u8>) {
        let changes = self.values.entry(prefix).or_default();
        changes.postings.insert(order.to_vec(), Some(carried));
        changes.count += 1;
    }

    /// Removes a posting that was there.
    pub(super) fn remove_posting(&mut self, prefix: Vec<u8>, order: &[u8]) {
        let changes = self.values.entry(prefix).or_default();
        changes.postings.insert(order.to_vec(), None);
        changes.count -= 1;
    }

    /// Turns the postings of an object as it was into those of it as it is.
    pub(super) fn reindex(&mut self, org: &OrgId, before: Option<&Derived>, after: &Derived) {
        let space = Space::objects(after.kind);
        let prefix = |entry: &IndexEntry| posting_prefix(org, space, entry.field, &entry.value);
        let none = BTreeSet::new();
        let old_entries = before.map_or(&none, |before| &before.entries);
        let moved = before.is_some_and(|before| before.order != after.order);
        if let Some(before) = before {
            for entry in old_entries {
                let kept = after.entries.contains(entry);
                if kept && !moved {
                    continue;
                }
                let changes = self.values.entry(prefix(entry)).or_default();
                changes.postings.insert(before.order.clone(), None);
                changes.count -= i64::from(!kept);
            }
        }
        let recarried = before.is_none_or(|before| before.carried != after.carried);
        for entry in &after.entries {
            let kept = old_entries.contains(entry);
            let carried = if entry.field == Field::All {
                after.carried.as_slice()
            } else {
                &[]
            };
            if kept && !moved && !(entry.field == Field::All && recarried) {
                continue;
            }
            let changes = self.values.entry(prefix(entry)).or_default();
            changes
                .postings
                .insert(after.order.clone(), Some(carried.to_vec()));
            changes.count += i64::from(!kept);
        }
    }

    /// Writes everything.
    pub(super) fn write(self, tables: &mut WriteTables<'_>) -> Result<(), RowError> {
        for (prefix, changes) in self.values {
            if changes.count != 0 {
                let count: u64 = tables.counts.row(&prefix)?.unwrap_or(0);
                match count.checked_add_signed(changes.count) {
                    None => return Err(tables.counts.inconsistent("there were fewer postings than went")),
                    Some(0) => tables.counts.remove(&prefix).map(drop)?,
                    Some(count) => tables.counts.put_row(&prefix, &count)?,
                }
            }
            let postings = changes.postings.into_iter();
            tables
                .postings
                .change(postings.map(|(order, carried)| ([&prefix, order.as_slice()].concat(), carried)))?;
        }
        for (key, record) in self.commands {
            tables.commands.put_row(&key, &record)?;
        }
        for (key, counts) in self.tallies {
            tables.tallies.put_row(&key, &counts)?;
        }
        for (key, bitmap) in self.bitmaps {
            tables.concluded.put(&key, &bitmap).map(drop)?;
        }
        Ok(())
    }
}
