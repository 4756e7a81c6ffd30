//! What lists of conversations look up.

use super::{Field, IndexEntry, value};
use crate::row::ConversationRow;

/// The index entries of a conversation; none as long as its run has not arrived.
pub(crate) fn conversation_entries(row: &ConversationRow) -> Vec<IndexEntry> {
    let Some(planned) = &row.planned else {
        return Vec::new();
    };
    [
        (Field::All, Vec::new()),
        (Field::Creator, value::text(planned.creator.as_str())),
        (Field::Service, value::oid(planned.service_id.0)),
        (Field::UnitTest, value::oid(row.unit_test_id.0)),
        (Field::Run, value::oid(row.run.0)),
        (Field::RunIndex, value::number(row.run_index)),
    ]
    .into_iter()
    .map(|(field, value)| IndexEntry { field, value })
    .collect()
}
