//! What follows from results: counts, bitmaps, evaluations and conversations.

use std::collections::BTreeMap;

use model::{Kind, Object, ObjectRef, OrgId, Tally, Verdict, codec};

use super::Check;
use crate::{
    ResultRow, RowError,
    index::{
        CONVERSATIONS, EVALUATIONS, EvaluationPostings, conversation_entries, order_by_id, posting_prefix,
    },
    key::{Key, KeyReader},
    project::{conversation_key, outcome_key},
    row::{Arrival, CHUNK, ConversationRow, PlannedConversation, RunCounts, set_bit},
};

impl Check<'_> {
    pub(super) fn results(&mut self) -> Result<(), RowError> {
        let view = self.view;
        let tables = &view.tables;
        let mut tallies: BTreeMap<Vec<u8>, RunCounts> = BTreeMap::new();
        let mut bitmaps: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut arrivals: BTreeMap<Vec<u8>, Vec<(u64, u32, Verdict)>> = BTreeMap::new();
        // Results stand run by run.
        let mut run_of: Option<(Vec<u8>, Option<Object>)> = None;
        for row in tables.results.all()? {
            let (key, bytes) = row?;
            let result: ResultRow = tables.results.decode(bytes.value())?;
            let Some(org) = KeyReader(key.value())
                .text()
                .and_then(|org| org.parse::<OrgId>().ok())
            else {
                self.broken(|| "results: a key begins with no organization".to_owned());
                continue;
            };
            let of = || format!("conversation {} of run {} of {org}", result.n, result.run);
            self.conversation(&org, &result, &mut run_of)?;
            self.expect(&tables.outcomes, &outcome_key(&org, &result), &[], of)?;
            let run = Key::org(&org).oid(result.run.0);
            set_bit(
                bitmaps
                    .entry(run.clone().number(result.n / CHUNK).done())
                    .or_default(),
                result.n % CHUNK,
            );
            arrivals
                .entry(run.clone().done())
                .or_default()
                .push((result.sequence, result.n, result.verdict));
            tallies
                .entry(run.done())
                .or_default()
                .count(result.test_idx, result.verdict, &result.spent);
            for postings in EvaluationPostings::of_result(&result) {
                self.evaluation(&org, &postings, of)?;
            }
        }
        for (key, counts) in tallies {
            self.expect(&tables.tallies, &key, &codec::to_row(&counts)?, || {
                "a run".to_owned()
            })?;
        }
        for (run, arrived) in arrivals {
            self.arrivals(&run, arrived)?;
        }
        for (key, bitmap) in bitmaps {
            self.expect(&tables.concluded, &key, &bitmap, || "a run".to_owned())?;
        }
        Ok(())
    }

    /// The results of one run in the order in which they came. `run` is what their keys begin with.
    fn arrivals(&mut self, run: &[u8], mut arrived: Vec<(u64, u32, Verdict)>) -> Result<(), RowError> {
        arrived.sort_unstable_by_key(|(sequence, ..)| *sequence);
        let mut total = Tally::default();
        for (sequence, n, verdict) in arrived {
            total.count(verdict);
            let row = codec::to_row(&Arrival { n, total })?;
            let key = [run, &sequence.to_be_bytes()].concat();
            self.expect(&self.view.tables.arrivals, &key, &row, || {
                format!("the result at sequence {sequence}")
            })?;
        }
        Ok(())
    }

    /// An evaluation and its postings.
    pub(super) fn evaluation(
        &mut self,
        org: &OrgId,
        postings: &EvaluationPostings,
        of: impl Fn() -> String + Copy,
    ) -> Result<(), RowError> {
        let place = codec::to_row(&postings.place)?;
        let evaluations = &self.view.tables.evaluations;
        self.expect(evaluations, &Key::org(org).oid(postings.id).done(), &place, of)?;
        for (field, value) in &postings.entries {
            self.posting(
                posting_prefix(org, EVALUATIONS, *field, value),
                &postings.order,
                &place,
                of,
            )?;
        }
        Ok(())
    }

    /// The conversation of a result, and its postings.
    fn conversation(
        &mut self,
        org: &OrgId,
        result: &ResultRow,
        run_of: &mut Option<(Vec<u8>, Option<Object>)>,
    ) -> Result<(), RowError> {
        let view = self.view;
        let tables = &view.tables;
        let key = Key::org(org)
            .object(&ObjectRef::new(Kind::Run, result.run))
            .done();
        if run_of.as_ref().is_none_or(|(known, _run)| *known != key) {
            let run = tables.objects.row(&key)?;
            *run_of = Some((key, run));
        }
        let planned = match run_of {
            Some((_key, Some(Object::Run(run)))) => PlannedConversation::of(run, result.n),
            Some(_) | None => None,
        };
        let of = || format!("conversation {} of run {} of {org}", result.n, result.run);
        let key = conversation_key(org, result.run, result.n);
        let found: Option<ConversationRow> = tables.conversations.row(&key)?;
        // What was said is in no other table.
        let last_message = found.and_then(|found| found.last_message);
        let row = ConversationRow::of(result, last_message, planned);
        self.expect(&tables.conversations, &key, &codec::to_row(&row)?, of)?;
        let order = order_by_id(row.started_at, row.id());
        for entry in conversation_entries(&row) {
            let prefix = posting_prefix(org, CONVERSATIONS, entry.field, &entry.value);
            self.posting(prefix, &order, &[], || {
                format!("{} ({})", of(), entry.field.as_str())
            })?;
        }
        Ok(())
    }
}
