//! Results and runs together become conversations, in whichever order the two logs are read.

use std::collections::BTreeMap;

use model::{Kind, Object, ObjectRef, OrgId, Run, RunId, codec, conversation_id};

use super::Batch;
use crate::{
    Concluded, RowError,
    index::{CONVERSATIONS, conversation_entries, order_by_id, posting_prefix},
    key::Key,
    row::{CHUNK, ConversationRow, PlannedConversation, ResultRow},
    tables::WriteTable,
};

/// The most runs that a batch remembers.
const MAX_RUNS: usize = 16;

/// Runs that the results of a batch are of, as they stand in the table. Plans are large, and neighbours often of the same run.
#[derive(Debug, Default)]
pub(super) struct Runs(BTreeMap<Vec<u8>, Option<Run>>);

impl Runs {
    /// The run, if it has arrived. To be asked only while a batch changes no runs.
    pub(super) fn get(
        &mut self,
        objects: &WriteTable<'_>,
        org: &OrgId,
        run: RunId,
    ) -> Result<Option<&Run>, RowError> {
        use std::collections::btree_map::Entry;
        let key = Key::org(org).object(&ObjectRef::new(Kind::Run, run)).done();
        if self.0.len() >= MAX_RUNS && !self.0.contains_key(&key) {
            self.0.clear();
        }
        let run = match self.0.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let run = match objects.row(entry.key())? {
                    Some(Object::Run(run)) => Some(run),
                    Some(_) => return Err(objects.inconsistent("an object stands under another kind")),
                    None => None,
                };
                entry.insert(run)
            }
        };
        Ok(run.as_ref())
    }
}

impl Batch<'_, '_> {
    /// Takes in a conversation with its result.
    pub(super) fn conversation(
        &mut self,
        org: &OrgId,
        result: &ResultRow,
        last_message: Option<String>,
    ) -> Result<(), RowError> {
        let run = self.runs.get(&self.tables.objects, org, result.run)?;
        let planned = run.and_then(|run| PlannedConversation::of(run, result.n));
        self.put_conversation(org, &ConversationRow::of(result, last_message, planned))
    }

    /// Takes in a run that has just arrived, where results of it came first.
    pub(super) fn conversations_of(&mut self, org: &OrgId, run: &Run) -> Result<(), RowError> {
        for chunk in 0..=run.plan.n_conversations() / CHUNK {
            let key = Key::org(org).oid(run.id.0).number(chunk).done();
            let Some(bitmap) = self.tables.concluded.bytes(&key)? else {
                continue;
            };
            for bit in (Concluded { bitmap }).iter() {
                let n = chunk * CHUNK + bit;
                let key = conversation_key(org, run.id, n);
                let row: Option<ConversationRow> = self.tables.conversations.row(&key)?;
                let mut row = row.ok_or_else(|| {
                    let table = &self.tables.conversations;
                    table.inconsistent("a result has no conversation")
                })?;
                row.planned = PlannedConversation::of(run, n);
                self.put_conversation(org, &row)?;
            }
        }
        Ok(())
    }

    fn put_conversation(&mut self, org: &OrgId, row: &ConversationRow) -> Result<(), RowError> {
        let key = conversation_key(org, row.run, row.n);
        self.tables
            .conversations
            .put(&key, &codec::to_row(row)?)
            .map(drop)?;
        let order = order_by_id(row.started_at, row.id());
        for entry in conversation_entries(row) {
            let prefix = posting_prefix(org, CONVERSATIONS, entry.field, &entry.value);
            self.pending.add_posting(prefix, &order, Vec::new());
        }
        Ok(())
    }
}

/// The key of a conversation.
pub(crate) fn conversation_key(org: &OrgId, run: RunId, n: u32) -> Vec<u8> {
    Key::org(org).oid(conversation_id(run, n)).done()
}
