//! Results become rows without transcripts, counts, bitmaps and the postings of their evaluations.

use model::{
    ConversationKey, ConversationResult, Kind, Object, ObjectRef, OrgId, RunId, Verdict, codec, evaluation_id,
};

use super::Batch;
use crate::{
    ProjectError, RowError,
    index::{Derived, EVALUATIONS, Field, posting_prefix, value},
    key::Key,
    row::{CHUNK, EvaluationPlace, Flags, ResultRow, set_bit},
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
        self.count(org, result)?;
        self.evaluations(org, &row)?;
        Ok(())
    }

    /// Counts the result in, and moves the run's postings if that changes what lists tell about it.
    fn count(&mut self, org: &OrgId, result: &ConversationResult) -> Result<(), RowError> {
        let key = Key::org(org).oid(result.run.0).done();
        let counts = self.pending.tally(&self.tables.tallies, key)?;
        let old = counts.total;
        counts.count(result.test_idx, result.verdict);
        let new = counts.total;
        if Flags::of(&old, false) == Flags::of(&new, false) {
            return Ok(());
        }
        let run = ObjectRef::new(Kind::Run, result.run);
        let stored: Option<Object> = self.tables.objects.row(&Key::org(org).object(&run).done())?;
        // The two logs are read side by side: the run may not have arrived yet. Then it is indexed with its counts when it does.
        if let Some(object) = stored {
            let (before, after) = (Derived::of(&object, &old), Derived::of(&object, &new));
            self.pending.reindex(org, Some(&before), &after);
        }
        Ok(())
    }

    fn evaluations(&mut self, org: &OrgId, row: &ResultRow) -> Result<(), RowError> {
        for (evaluation_idx, evaluation) in (0_u32..).zip(&row.evaluations) {
            let id = evaluation_id(row.run, row.n, evaluation_idx);
            let place = codec::to_row(&EvaluationPlace {
                run: row.run,
                n: row.n,
                evaluation_idx,
            })?;
            self.tables
                .evaluations
                .put(&Key::org(org).oid(id).done(), &place)
                .map(drop)?;
            let order = Key::default().newest_first(row.finished_at).oid(id).done();
            let metric = evaluation.metric_id.0;
            let entries = [
                (Field::All, Vec::new()),
                (Field::Metric, value::oid(metric)),
                (
                    Field::MetricVersion,
                    value::version(metric, evaluation.metric_version),
                ),
                (Field::Run, value::oid(row.run.0)),
            ];
            for (field, value) in entries {
                self.pending.add_posting(
                    posting_prefix(org, EVALUATIONS, field, &value),
                    &order,
                    place.clone(),
                );
            }
        }
        Ok(())
    }
}

/// The key of a result.
pub(crate) fn result_key(org: &OrgId, run: RunId, n: u32) -> Vec<u8> {
    Key::org(org).oid(run.0).number(n).done()
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
