//! Evaluations: the values of metrics, over all runs.

use model::{MetricId, Oid, RunId, Time, evaluation_id};

use super::{
    FilterValues, MAX_LIMIT, Page,
    list::time_bounds,
    source::{Condition, Selection, check_values},
    walk::Direction,
};
use crate::{
    EvaluationItem, OrgView, QueryError, ResultRow, RowError,
    index::{EVALUATIONS, Field, posting_prefix, value},
    key::Key,
    project::result_key,
    row::EvaluationPlace,
};

/// Which evaluations, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvaluationQuery {
    /// Of one of these metrics.
    pub metric_ids: Vec<MetricId>,
    /// Of one of these metrics, in this version or in any.
    pub metric_versions: Vec<(MetricId, Option<u32>)>,
    /// Of one of these runs.
    pub runs: Vec<RunId>,
    /// Made then or later.
    pub after: Option<Time>,
    /// Made then or earlier.
    pub before: Option<Time>,
    /// The oldest first rather than the newest.
    pub ascending: bool,
    /// The most items.
    pub limit: usize,
    /// How many items to leave out.
    pub offset: u64,
}

impl OrgView<'_> {
    /// Evaluations.
    pub fn evaluations(&self, query: &EvaluationQuery) -> Result<Page<EvaluationItem>, QueryError> {
        if query.limit > MAX_LIMIT {
            return Err(QueryError::TooManyItems {
                limit: MAX_LIMIT,
                found: query.limit,
            });
        }
        let mut selection = Selection::new(self, EVALUATIONS, query.conditions()?);
        (selection.first, selection.last) = time_bounds(query.after, query.before);
        let direction = if query.ascending {
            Direction::Backward
        } else {
            Direction::Forward
        };
        let mut walk = selection.walk(direction, Vec::new())?;
        let mut orders = Vec::new();
        let mut n_left_out = 0;
        while n_left_out < query.offset && walk.next()?.is_some() {
            n_left_out += 1;
        }
        while orders.len() < query.limit
            && let Some(order) = walk.next()?
        {
            orders.push(order.to_vec());
        }
        let has_more = walk.next()?.is_some();
        let mut items = Vec::with_capacity(orders.len());
        // Neighbours are often of the same conversation.
        let mut last: Option<ResultRow> = None;
        for order in orders {
            items.push(self.evaluation_at(&order, &mut last)?);
        }
        let mut page = Page::of(items, query.offset, has_more);
        if query.offset == 0 {
            let mut values = FilterValues::default();
            self.values_of(&selection, Field::Metric, &mut values)?;
            page.filter_values = Some(values);
        }
        Ok(page)
    }

    /// One evaluation.
    pub fn evaluation(&self, id: Oid) -> Result<Option<EvaluationItem>, QueryError> {
        let place: Option<EvaluationPlace> = self
            .view
            .tables
            .evaluations
            .row(&Key::org(&self.org).oid(id).done())?;
        place
            .map(|place| self.evaluation_in(place, &mut None))
            .transpose()
            .map_err(Into::into)
    }

    fn evaluation_at(&self, order: &[u8], last: &mut Option<ResultRow>) -> Result<EvaluationItem, RowError> {
        let postings = &self.view.tables.postings;
        let prefix = posting_prefix(&self.org, EVALUATIONS, Field::All, &[]);
        let place: Option<EvaluationPlace> = postings.row(&[&prefix, order].concat())?;
        let place = place.ok_or_else(|| postings.inconsistent("an evaluation has no posting of its own"))?;
        self.evaluation_in(place, last)
    }

    fn evaluation_in(
        &self,
        place: EvaluationPlace,
        last: &mut Option<ResultRow>,
    ) -> Result<EvaluationItem, RowError> {
        let EvaluationPlace {
            run,
            n,
            evaluation_idx,
        } = place;
        let results = &self.view.tables.results;
        let row = match last.take() {
            Some(row) if row.run == run && row.n == n => row,
            Some(_) | None => {
                self.view.loaded();
                let row = results.row(&result_key(&self.org, run, n))?;
                row.ok_or_else(|| results.inconsistent("an evaluation's result is missing"))?
            }
        };
        let evaluation = row.evaluations.get(evaluation_idx as usize).cloned();
        let item = EvaluationItem {
            id: evaluation_id(run, n, evaluation_idx),
            run,
            n,
            test_idx: row.test_idx,
            unit_test_id: row.unit_test_id,
            run_index: row.run_index,
            at: row.finished_at,
            evaluation: evaluation.ok_or_else(|| results.inconsistent("a result lacks an evaluation"))?,
        };
        *last = Some(row);
        Ok(item)
    }
}

impl EvaluationQuery {
    fn conditions(&self) -> Result<Vec<Condition>, QueryError> {
        let mut conditions = Vec::new();
        check_values(self.metric_ids.len())?;
        check_values(self.metric_versions.len())?;
        check_values(self.runs.len())?;
        if !self.metric_ids.is_empty() {
            conditions.push(Condition::any(
                self.metric_ids.iter().map(|id| (Field::Metric, value::oid(id.0))),
            ));
        }
        if !self.runs.is_empty() {
            conditions.push(Condition::any(
                self.runs.iter().map(|id| (Field::Run, value::oid(id.0))),
            ));
        }
        if !self.metric_versions.is_empty() {
            let of = |(id, version): &(MetricId, Option<u32>)| match version {
                None => (Field::Metric, value::oid(id.0)),
                Some(version) => (Field::MetricVersion, value::version(id.0, *version)),
            };
            conditions.push(Condition::any(self.metric_versions.iter().map(of)));
        }
        Ok(conditions)
    }
}
