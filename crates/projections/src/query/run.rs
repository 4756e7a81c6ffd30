//! Runs: how far they have come, and the results of their conversations.

use std::{collections::BTreeSet, ops::Bound};

use model::{Kind, Object, ObjectRef, Run, RunId, Tally, Verdict};

use super::{
    MAX_LIMIT, Page,
    walk::{Direction, Posting, Source, Walk},
};
use crate::{
    Concluded, OrgView, QueryError, ResultRow, RowError, Spent,
    key::{Key, KeyReader},
    project::{arrival_key, result_key, verdict_byte},
    row::{Arrival, CHUNK, Flags, RunCounts},
};

/// A run and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// The run.
    pub run: Run,
    /// How its conversations ended so far; once it is completed, as it was completed.
    pub tally: Tally,
    /// The same for each test of the plan, in order.
    pub tests: Vec<Tally>,
    /// What the conversations took that have a result.
    pub spent: Spent,
    /// Nothing more is admitted: the run was cancelled, or everything is accounted for.
    pub is_completed: bool,
    /// Some conversation failed, so far.
    pub failed_metrics: bool,
    /// Some conversation was errored or invalid, so far, or the run was cancelled.
    pub errored: bool,
}

/// A result as it came into the log.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivedResult {
    /// The result.
    pub result: ResultRow,
    /// How the run's conversations ended up to this one; nothing planned and nothing cancelled.
    pub tally: Tally,
}

/// Which results of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultQuery {
    /// Of the test at this position of the plan.
    pub test_idx: Option<u32>,
    /// With one of these verdicts; empty: with any.
    pub verdicts: Vec<Verdict>,
    /// The most items.
    pub limit: usize,
    /// How many items to leave out.
    pub offset: u64,
}

impl OrgView<'_> {
    /// A run and how far it has come.
    pub fn run_state(&self, run: RunId) -> Result<Option<RunState>, QueryError> {
        let Some(object) = self.load(&ObjectRef::new(Kind::Run, run))? else {
            return Ok(None);
        };
        let Object::Run(run) = object else {
            return Err(self.misplaced().into());
        };
        Ok(Some(self.state_of(run)?))
    }

    pub(super) fn state_of(&self, run: Run) -> Result<RunState, QueryError> {
        let counts: Option<RunCounts> = self
            .view
            .tables
            .tallies
            .row(&Key::org(&self.org).oid(run.id.0).done())?;
        let counts = counts.unwrap_or_default();
        let flags = Flags::of(&counts.total, run.cancelled.is_some());
        let mut total = Tally::default();
        let mut tests = Vec::with_capacity(run.plan.tests.len());
        for (test_idx, test) in (0_u32..).zip(&run.plan.tests) {
            let mut tally = counts.tests.get(&test_idx).copied().unwrap_or_default();
            tally.planned = test.run_count;
            if run.is_over() {
                tally.cancelled = tally.planned.saturating_sub(tally.finished());
            }
            total.add(&tally);
            tests.push(tally);
        }
        Ok(RunState {
            tally: run
                .completed
                .as_ref()
                .map_or(total, |completion| completion.tally),
            tests,
            spent: counts.spent,
            is_completed: run.is_over(),
            failed_metrics: flags.failed_metrics,
            errored: flags.errored,
            run,
        })
    }

    /// The result of one conversation.
    pub fn run_result(&self, run: RunId, n: u32) -> Result<Option<ResultRow>, QueryError> {
        self.view.loaded();
        Ok(self.view.tables.results.row(&result_key(&self.org, run, n))?)
    }

    /// Results of a run, by test and repetition, which is the order of their index in the run.
    pub fn run_results(&self, run: RunId, query: &ResultQuery) -> Result<Page<ResultRow>, QueryError> {
        if query.limit > MAX_LIMIT {
            return Err(QueryError::TooManyItems {
                limit: MAX_LIMIT,
                found: query.limit,
            });
        }
        let all = [
            Verdict::Passed,
            Verdict::Failed,
            Verdict::Invalid,
            Verdict::Errored,
        ];
        let verdicts = if query.verdicts.is_empty() {
            &all[..]
        } else {
            &query.verdicts
        };
        let verdicts: BTreeSet<u8> = verdicts.iter().map(|&verdict| verdict_byte(verdict)).collect();
        let outcomes = &self.view.tables.outcomes;
        let mut sources = Vec::new();
        for verdict in verdicts {
            let mut prefix = Key::org(&self.org).oid(run.0).byte(verdict);
            if let Some(test_idx) = query.test_idx {
                prefix = prefix.number(test_idx);
            }
            sources.push(Source::Posting(Box::new(Posting::open(
                outcomes,
                prefix.done(),
                Direction::Forward,
            )?)));
        }
        let mut walk = Walk::new(vec![Source::Any(sources)], Direction::Forward, None, None)?;
        for _left_out in 0..query.offset {
            if walk.next()?.is_none() {
                return Ok(Page::empty());
            }
        }
        let mut rows = Vec::new();
        while rows.len() < query.limit
            && let Some(place) = walk.next()?
        {
            // The last four bytes are the conversation's index, whether or not the test stands before it.
            let n = place
                .last_chunk::<4>()
                .and_then(|bytes| KeyReader(bytes).number());
            let n = n.ok_or_else(|| outcomes.inconsistent("a key names no conversation"))?;
            let row = self.run_result(run, n)?;
            rows.push(
                row.ok_or_else(|| outcomes.inconsistent("a key names a conversation without a result"))?,
            );
        }
        let has_more = walk.next()?.is_some();
        Ok(Page::of(rows, query.offset, has_more))
    }

    /// At most `limit` results of a run that stand in the log of results after `sequence`, in the order in which they came.
    pub fn run_results_after(
        &self,
        run: RunId,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<ArrivedResult>, QueryError> {
        if limit > MAX_LIMIT {
            return Err(QueryError::TooManyItems {
                limit: MAX_LIMIT,
                found: limit,
            });
        }
        let table = &self.view.tables.arrivals;
        let (after, end) = (
            arrival_key(&self.org, run, sequence),
            arrival_key(&self.org, run, u64::MAX),
        );
        let mut arrived = Vec::new();
        for row in table
            .range(Bound::Excluded(&after), Bound::Included(&end))?
            .take(limit)
        {
            let (_key, bytes) = row.map_err(RowError::from)?;
            let Arrival { n, total } = table.decode(bytes.value())?;
            let result = self.run_result(run, n)?;
            arrived.push(ArrivedResult {
                result: result
                    .ok_or_else(|| table.inconsistent("a row names a conversation without a result"))?,
                tally: total,
            });
        }
        Ok(arrived)
    }

    /// How the conversations of a run ended whose results stand in the log of results up to `sequence`; nothing planned and nothing
    /// cancelled.
    pub fn run_tally_at(&self, run: RunId, sequence: u64) -> Result<Tally, QueryError> {
        let table = &self.view.tables.arrivals;
        let (begin, end) = (
            arrival_key(&self.org, run, 0),
            arrival_key(&self.org, run, sequence),
        );
        let last = table
            .range(Bound::Included(&begin), Bound::Included(&end))?
            .next_back();
        let Some(row) = last else {
            return Ok(Tally::default());
        };
        let (_key, bytes) = row.map_err(RowError::from)?;
        let arrival: Arrival = table.decode(bytes.value())?;
        Ok(arrival.total)
    }

    /// The conversations of a run that have a result.
    pub fn concluded(&self, run: RunId) -> Result<Concluded, QueryError> {
        let table = &self.view.tables.concluded;
        let prefix = Key::org(&self.org).oid(run.0).done();
        let mut bitmap = Vec::new();
        for row in table.scan(&prefix)? {
            let (key, bytes) = row.map_err(RowError::from)?;
            let chunk = KeyReader(key.value().get(prefix.len()..).unwrap_or_default()).number();
            let chunk = chunk.ok_or_else(|| table.inconsistent("a key names no chunk"))?;
            // A run has at most a million conversations; what a damaged key says must not decide how much memory is taken.
            if chunk > model::MAX_CONVERSATIONS / CHUNK {
                return Err(table.inconsistent("a chunk lies outside of every run").into());
            }
            bitmap.resize((chunk * (CHUNK / 8)) as usize, 0);
            bitmap.extend_from_slice(bytes.value());
        }
        Ok(Concluded { bitmap })
    }
}
