//! From a query's filters to the postings that answer it.

use std::collections::BTreeSet;

use model::Kind;

use super::{
    ListQuery, MAX_VALUES, TagFilter,
    walk::{Direction, Posting, Source, Walk},
};
use crate::{
    OrgView, QueryError, RowError,
    index::{Field, Space, filters, posting_prefix, value},
};

/// Something that holds for every match: one of these fields has the value that stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition(BTreeSet<(Field, Vec<u8>)>);

impl Condition {
    /// The field has this value.
    pub(super) fn is(field: Field, value: Vec<u8>) -> Self {
        Self(BTreeSet::from([(field, value)]))
    }

    /// Any of these holds.
    pub(super) fn any(values: impl IntoIterator<Item = (Field, Vec<u8>)>) -> Self {
        Self(values.into_iter().collect())
    }
}

impl ListQuery {
    /// The query's filters but `ids` and times. Errors if the kind does not have one of them.
    pub(super) fn conditions(&self, kind: Kind) -> Result<Vec<Condition>, QueryError> {
        let allowed = filters(kind).ok_or(QueryError::Unlisted { kind })?;
        let mut conditions = Vec::new();
        let mut any = |field: Field, values: Vec<Vec<u8>>| {
            if values.is_empty() {
                return Ok(());
            }
            if !allowed.contains(&field) {
                return Err(QueryError::Filter {
                    kind,
                    filter: field.as_str(),
                });
            }
            check_values(values.len())?;
            conditions.push(Condition::any(values.into_iter().map(|value| (field, value))));
            Ok(())
        };
        let flag = |flag: Option<bool>| flag.map(value::flag).into_iter().collect::<Vec<_>>();
        any(Field::Deleted, flag(self.is_deleted))?;
        any(Field::Active, flag(self.is_active))?;
        any(Field::Completed, flag(self.is_completed))?;
        any(Field::FailedMetrics, flag(self.failed_metrics))?;
        any(Field::Errored, flag(self.errored))?;
        any(
            Field::Creator,
            self.creators
                .iter()
                .map(|user| value::text(user.as_str()))
                .collect(),
        )?;
        any(
            Field::User,
            self.users.iter().map(|user| value::text(user.as_str())).collect(),
        )?;
        any(
            Field::Role,
            self.roles.iter().map(|role| value::text(role)).collect(),
        )?;
        any(
            Field::Service,
            self.service_ids.iter().map(|id| value::oid(id.0)).collect(),
        )?;
        any(
            Field::Persona,
            self.persona_ids.iter().map(|id| value::oid(id.0)).collect(),
        )?;
        any(
            Field::Scenario,
            self.scenario_ids.iter().map(|id| value::oid(id.0)).collect(),
        )?;
        any(
            Field::Metric,
            self.metric_ids.iter().map(|id| value::oid(id.0)).collect(),
        )?;
        any(
            Field::UnitTest,
            self.unit_test_ids.iter().map(|id| value::oid(id.0)).collect(),
        )?;
        any(
            Field::Set,
            self.set_ids.iter().map(|id| value::oid(id.0)).collect(),
        )?;
        any(
            Field::Type,
            self.types.iter().map(|of| value::text(of.as_str())).collect(),
        )?;
        any(
            Field::AppliedTo,
            self.applied_to_services
                .iter()
                .map(|id| value::oid(id.0))
                .collect(),
        )?;
        if !self.tags.is_empty() && !allowed.contains(&Field::Tag) {
            return Err(QueryError::Filter {
                kind,
                filter: Field::Tag.as_str(),
            });
        }
        check_values(self.tags.len())?;
        conditions.extend(self.tags.iter().map(|tag| match tag {
            TagFilter::Exact(key, tag) => Condition::is(Field::Tag, value::tag(key, Some(tag))),
            TagFilter::Null(key) => Condition::is(Field::Tag, value::tag(key, None)),
            TagFilter::AnyValue(key) => Condition::is(Field::TagKey, value::text(key)),
        }));
        Ok(conditions)
    }
}

/// Keeps filters within bounds.
pub(super) fn check_values(found: usize) -> Result<(), QueryError> {
    if found > MAX_VALUES {
        return Err(QueryError::TooManyValues {
            limit: MAX_VALUES,
            found,
        });
    }
    Ok(())
}

/// A query's answer, not yet begun: conditions in one space, and what else narrows them.
#[derive(Clone, Debug)]
pub(super) struct Selection<'view> {
    pub(super) of: &'view OrgView<'view>,
    pub(super) space: Space,
    pub(super) conditions: Vec<Condition>,
    /// Only these orders.
    pub(super) these: Option<Vec<Vec<u8>>>,
    /// Not before this order, in the forward direction.
    pub(super) first: Option<Vec<u8>>,
    /// Not after this order, in the forward direction.
    pub(super) last: Option<Vec<u8>>,
}

impl<'view> Selection<'view> {
    pub(super) const fn new(of: &'view OrgView<'view>, space: Space, conditions: Vec<Condition>) -> Self {
        Self {
            of,
            space,
            conditions,
            these: None,
            first: None,
            last: None,
        }
    }

    /// How many things are not selected, at most; none if that would take long to tell.
    pub(super) fn n_unselected_at_most(&self) -> Result<Option<u64>, RowError> {
        if self.these.is_some() || self.first.is_some() || self.last.is_some() {
            return Ok(None);
        }
        let n_all = self.count(Field::All, &[])?;
        let mut n_unselected = 0_u64;
        for condition in &self.conditions {
            let mut n_met = 0;
            for (field, value) in &condition.0 {
                n_met = n_met.max(self.count(*field, value)?);
            }
            n_unselected = n_unselected.saturating_add(n_all.saturating_sub(n_met));
        }
        Ok(Some(n_unselected))
    }

    /// About how many places of the index beginning a walk looks up.
    pub(super) fn n_places(&self) -> u64 {
        let conditions = self.conditions.iter().map(|condition| condition.0.len() as u64);
        // Orders in memory are quicker than the index, but there may be many.
        let these = self.these.as_ref().map_or(0, |these| these.len() as u64 / 8);
        1 + conditions.sum::<u64>() + these
    }

    /// Whether everything in the space is selected.
    pub(super) const fn is_everything(&self) -> bool {
        self.conditions.is_empty() && self.these.is_none() && self.first.is_none() && self.last.is_none()
    }

    /// How many postings a value has.
    pub(super) fn count(&self, field: Field, value: &[u8]) -> Result<u64, RowError> {
        count(self.of, &posting_prefix(&self.of.org, self.space, field, value))
    }

    /// About how many match at most: the number of postings of the most selective condition.
    pub(super) fn at_most(&self) -> Result<u64, RowError> {
        let mut least = self.count(Field::All, &[])?;
        for condition in &self.conditions {
            least = least.min(self.count_of(condition)?);
        }
        let these = self.these.as_ref().map_or(u64::MAX, |these| these.len() as u64);
        Ok(least.min(these))
    }

    fn count_of(&self, condition: &Condition) -> Result<u64, RowError> {
        let mut total = 0_u64;
        for (field, value) in &condition.0 {
            total = total.saturating_add(self.count(*field, value)?);
        }
        Ok(total)
    }

    /// Begins to read what matches, and `more` too.
    pub(super) fn walk(
        &self,
        direction: Direction,
        more: Vec<(u64, Source<'view>)>,
    ) -> Result<Walk<'view>, RowError> {
        let mut sources = more;
        if let Some(these) = &self.these {
            sources.push((these.len() as u64, Source::these(these.clone(), direction)));
        }
        for condition in &self.conditions {
            let count = self.count_of(condition)?;
            let mut postings = Vec::new();
            for (field, value) in &condition.0 {
                postings.push(self.posting(*field, value, direction)?);
            }
            let source = if postings.len() == 1 { postings.pop() } else { None };
            sources.push((count, source.unwrap_or(Source::Any(postings))));
        }
        if sources.is_empty() {
            sources.push((0, self.posting(Field::All, &[], direction)?));
        }
        sources.sort_by_key(|&(count, _)| count);
        let sources = sources.into_iter().map(|(_count, source)| source).collect();
        let (from, until) = match direction {
            Direction::Forward => (&self.first, &self.last),
            Direction::Backward => (&self.last, &self.first),
        };
        Walk::new(sources, direction, from.as_deref(), until.clone())
    }

    /// The postings of one value.
    pub(super) fn posting(
        &self,
        field: Field,
        value: &[u8],
        direction: Direction,
    ) -> Result<Source<'view>, RowError> {
        let prefix = posting_prefix(&self.of.org, self.space, field, value);
        let posting = Posting::open(&self.of.view.tables.postings, prefix, direction)?;
        Ok(Source::Posting(Box::new(posting)))
    }
}

/// The count at `prefix`.
pub(super) fn count(of: &OrgView<'_>, prefix: &[u8]) -> Result<u64, RowError> {
    Ok(of.view.tables.counts.row(prefix)?.unwrap_or(0))
}
