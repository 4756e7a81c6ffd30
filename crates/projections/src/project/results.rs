//! Results become rows without transcripts, counts, bitmaps, and the postings of their
//! evaluations and conversations.

use model::{ConversationKey, ConversationResult, Object, OrgId, RunId, Verdict, codec};

use super::Batch;
use crate::{
    ProjectError, RowError,
    index::{Derived, EVALUATIONS, EvaluationPostings, posting_prefix},
    key::Key,
    row::{Arrival, CHUNK, Flags, ResultRow, Spent, last_message, set_bit},
};

impl Batch<'_, '_> {
    /// Takes in one result.
    pub(super) fn result(&mut self, record: &(OrgId, u64, ConversationResult)) -> Result<(), ProjectError> {
        let (org, sequence, result) = record;
        let row = ResultRow::of(*sequence, result);
        let key = result_key(org, result.run, result.n);
        if self
            .tables
            .results
            .put(&key, &codec::to_row(&row).map_err(RowError::from)?)?
        {
            let key = ConversationKey {
                org: org.clone(),
                run: result.run,
                n: result.n,
            };
            return Err(ProjectError::Repeated {
                key,
                sequence: *sequence,
            });
        }
        self.tables.outcomes.put(&outcome_key(org, &row), &[]).map(drop)?;
        let chunk = Key::org(org).oid(result.run.0).number(result.n / CHUNK).done();
        set_bit(
            self.pending.bitmap(&self.tables.concluded, chunk)?,
            result.n % CHUNK,
        );
        self.count(org, *sequence, result)?;
        self.evaluations(org, &row)?;
        self.conversation(org, &row, last_message(result))?;
        Ok(())
    }

    /// Counts the result in, and moves the run's postings if that changes what lists tell about it.
    fn count(&mut self, org: &OrgId, sequence: u64, result: &ConversationResult) -> Result<(), RowError> {
        let key = Key::org(org).oid(result.run.0).done();
        let counts = self.pending.tally(&self.tables.tallies, key)?;
        let old = counts.total;
        counts.count(result.test_idx, result.verdict, &Spent::of(result));
        let new = counts.total;
        let arrival = Arrival {
            n: result.n,
            total: new,
        };
        let at = arrival_key(org, result.run, sequence);
        self.tables.arrivals.put_row(&at, &arrival)?;
        if Flags::of(&old, false) == Flags::of(&new, false) {
            return Ok(());
        }
        // The two logs are read side by side: the run may not have arrived yet. Then it is indexed with its counts when it does.
        if let Some(run) = self.runs.get(&self.tables.objects, org, result.run)? {
            let object = Object::Run(run.clone());
            let (before, after) = (Derived::of(&object, &old), Derived::of(&object, &new));
            self.pending.reindex(org, Some(&before), &after);
        }
        Ok(())
    }

    fn evaluations(&mut self, org: &OrgId, row: &ResultRow) -> Result<(), RowError> {
        for postings in EvaluationPostings::of_result(row) {
            self.add_evaluation(org, &postings)?;
        }
        Ok(())
    }

    /// Lets an evaluation be found.
    pub(super) fn add_evaluation(
        &mut self,
        org: &OrgId,
        postings: &EvaluationPostings,
    ) -> Result<(), RowError> {
        let place = codec::to_row(&postings.place)?;
        self.tables
            .evaluations
            .put(&Key::org(org).oid(postings.id).done(), &place)
            .map(drop)?;
        for (field, value) in &postings.entries {
            self.pending.add_posting(
                posting_prefix(org, EVALUATIONS, *field, value),
                &postings.order,
                place.clone(),
            );
        }
        Ok(())
    }
}

/// The key of a result.
pub(crate) fn result_key(org: &OrgId, run: RunId, n: u32) -> Vec<u8> {
    Key::org(org).oid(run.0).number(n).done()
}

/// The key by which a result is found by its sequence.
pub(crate) fn arrival_key(org: &OrgId, run: RunId, sequence: u64) -> Vec<u8> {
    Key::org(org).oid(run.0).bytes(&sequence.to_be_bytes()).done()
}

/// The byte of a verdict in keys.
pub(crate) const fn verdict_byte(verdict: Verdict) -> u8 {
    verdict as u8
}

/// The key by which a result is found by its verdict.
pub(crate) fn outcome_key(org: &OrgId, row: &ResultRow) -> Vec<u8> {
    let key = Key::org(org).oid(row.run.0).byte(verdict_byte(row.verdict));
    key.number(row.test_idx).number(row.n).done()
}
