//! Evaluations: the values of metrics, over all runs.

use model::{
    Attributes, Evaluation, EvaluationId, Kind, MetricId, Object, ObjectRef, Oid, RunId, Time, UserId,
    evaluation_id,
};

use super::{
    Cursor, Page, Visibility,
    list::time_bounds,
    pager::{Items, Orders, Span, page},
    source::{Condition, Selection, check_values},
    visibility::Sight,
    walk::Direction,
};
use crate::{
    EvaluationItem, EvaluationSource, OrgView, QueryError, ResultRow, RowError,
    index::{EVALUATIONS, Field, posting_prefix, value},
    key::Key,
    project::result_key,
    row::EvaluationPlace,
};

/// How an evaluation came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationOrigin {
    /// The conversation was judged when it ended.
    Simulation,
    /// Somebody asked.
    Manual,
}

/// Which evaluations, in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EvaluationQuery {
    /// Of one of these metrics.
    pub metric_ids: Vec<MetricId>,
    /// Of one of these metrics, in this version or in any.
    pub metric_versions: Vec<(MetricId, Option<u32>)>,
    /// Of one of these runs. Evaluations that were made on demand are of a conversation rather than a run.
    pub runs: Vec<RunId>,
    /// Of one of these conversations. Only evaluations that were made on demand are found by it.
    pub conversation_ids: Vec<Oid>,
    /// From one of these origins; empty: from any.
    pub origins: Vec<EvaluationOrigin>,
    /// Made then or later.
    pub after: Option<Time>,
    /// Made then or earlier.
    pub before: Option<Time>,
    /// Only what this caller may see; see [`super::ListQuery::visible_to`]. Conditions may be about `id`, `metric_id`, `source`
    /// (`simulation` or `manual`) and `creator` (who started the run, or who asked).
    pub visible_to: Option<Visibility>,
    /// The oldest first rather than the newest.
    pub ascending: bool,
    /// The most items.
    pub limit: usize,
    /// How many items to leave out.
    pub offset: u64,
    /// Go on after this place instead of leaving out a number of items.
    pub cursor: Option<Cursor>,
}

impl OrgView<'_> {
    /// Evaluations.
    pub fn evaluations(&self, query: &EvaluationQuery) -> Result<Page<EvaluationItem>, QueryError> {
        let span = Span::new(query.limit, query.offset, query.cursor.as_ref())?;
        let mut selection = Selection::new(self, EVALUATIONS, query.conditions()?);
        (selection.first, selection.last) = time_bounds(query.after, query.before);
        let direction = if query.ascending {
            Direction::Backward
        } else {
            Direction::Forward
        };
        let sight = Sight::of(query.visible_to.as_ref());
        let mut page = if matches!(sight, Sight::Nothing) {
            Page::empty()
        } else {
            let orders = Orders::listed(selection.walk(direction, Vec::new())?, &span);
            let mut evaluations = Evaluations {
                of: self,
                result: None,
                creator: None,
            };
            page(orders, &span, sight, &mut evaluations)?
        };
        if span.is_first() {
            page.filter_values = Some(self.values_of_one(&selection, Field::Metric)?);
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

    /// Who started a run; none if the run has not arrived yet, which its first results may do before it.
    fn creator_of(&self, run: RunId) -> Result<Option<UserId>, RowError> {
        let object = self.load(&ObjectRef::new(Kind::Run, run))?;
        Ok(object.map(|object| object.life().created.by.clone()))
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
        let (run, n, evaluation_idx) = match place {
            EvaluationPlace::Result {
                run,
                n,
                evaluation_idx,
            } => (run, n, evaluation_idx),
            EvaluationPlace::Manual(id) => return self.manual_evaluation(id),
        };
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
            at: row.finished_at,
            evaluation: evaluation.ok_or_else(|| results.inconsistent("a result lacks an evaluation"))?,
            source: EvaluationSource::Simulation {
                test_idx: row.test_idx,
                unit_test_id: row.unit_test_id,
                run_index: row.run_index,
            },
        };
        *last = Some(row);
        Ok(item)
    }

    fn manual_evaluation(&self, id: EvaluationId) -> Result<EvaluationItem, RowError> {
        let Some(Object::Evaluation(state)) = self.load(&ObjectRef::new(Kind::Evaluation, id))? else {
            let objects = &self.view.tables.objects;
            return Err(objects.inconsistent("a manual evaluation is missing"));
        };
        Ok(EvaluationItem {
            id: state.id.0,
            run: state.run,
            n: state.n,
            at: state.life.updated.at,
            evaluation: Evaluation {
                metric_id: state.metric_id,
                metric_version: state.metric_version,
                value: state.value,
                justification: state.justification,
                references: Vec::new(),
                error: None,
                votes: Vec::new(),
                usage: None,
            },
            source: EvaluationSource::Manual {
                conversation_id: state.conversation_id,
                evaluate_to: state.evaluate_to,
                invoked_by: state.life.updated.by,
                references: state.references,
                created_at: state.life.created.at,
            },
        })
    }
}

/// Evaluations. Neighbours are often of the same conversation and the same run.
struct Evaluations<'view> {
    of: &'view OrgView<'view>,
    result: Option<ResultRow>,
    creator: Option<(RunId, Option<UserId>)>,
}

impl Items for Evaluations<'_> {
    type Item = EvaluationItem;

    fn load(&mut self, order: &[u8]) -> Result<EvaluationItem, RowError> {
        self.of.evaluation_at(order, &mut self.result)
    }

    fn attributes(&mut self, item: &EvaluationItem) -> Result<Attributes, RowError> {
        let mut attributes = Attributes::from([
            ("id".to_owned(), item.id.to_string().into()),
            ("metric_id".to_owned(), item.metric_id().to_string().into()),
        ]);
        if let EvaluationSource::Manual { invoked_by, .. } = &item.source {
            attributes.insert("source".to_owned(), "manual".into());
            attributes.insert("creator".to_owned(), invoked_by.as_str().into());
            return Ok(attributes);
        }
        attributes.insert("source".to_owned(), "simulation".into());
        let creator = match self.creator.take() {
            Some((run, creator)) if run == item.run => creator,
            Some(_) | None => self.of.creator_of(item.run)?,
        };
        if let Some(creator) = &creator {
            attributes.insert("creator".to_owned(), creator.as_str().into());
        }
        self.creator = Some((item.run, creator));
        Ok(attributes)
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
        check_values(self.conversation_ids.len())?;
        check_values(self.origins.len())?;
        if !self.conversation_ids.is_empty() {
            conditions.push(Condition::any(
                self.conversation_ids
                    .iter()
                    .map(|id| (Field::Conversation, value::oid(*id))),
            ));
        }
        if !self.origins.is_empty() {
            let is_manual = |origin: &EvaluationOrigin| *origin == EvaluationOrigin::Manual;
            conditions.push(Condition::any(
                self.origins
                    .iter()
                    .map(|origin| (Field::Manual, value::flag(is_manual(origin)))),
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
