//! The values that are found among everything that matches a query: what people may filter by next.
//!
//! They are told on a first page, which must cost the same however many objects there are. So what takes long to find out is not
//! found out: see [`FilterValues`].

use std::collections::BTreeSet;

use model::{
    Kind, MetricId, MetricType, Oid, PersonaId, ScenarioId, ServiceId, UnitTestId, UnitTestSetId, UserId,
};

use super::{source::Selection, walk::Direction};
use crate::{
    OrgView, QueryError, RowError,
    index::{Field, facets, filter_entries, values_prefix},
    key::KeyReader,
};

/// The most values shown for one field.
pub const MAX_FILTER_VALUES: usize = 1_000;

/// Up to this many matches, their own values are collected. Above it, each value is asked whether a match has it.
const MAX_LOADED: u64 = 100;

/// How many places of the index may be looked up for all fields of a page together. No field takes more than an equal share of
/// what those before it left.
const MAX_STEPS: u64 = 4_000;

/// How many of them may be looked up for one value.
const MAX_STEPS_PER_VALUE: u64 = 250;

/// Values by field, each once, ascending. Fields that the kind does not show are empty.
///
/// Every value shown occurs on something that matches. One that occurs is missing only if `truncated` says so: because there are
/// more values than are shown, or because more objects than can be looked at for a page have it or match, and none of the first
/// ones both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterValues {
    /// Who created them.
    pub creators: Vec<UserId>,
    /// Keys of tags.
    pub tags: Vec<String>,
    /// Roles of personas and users.
    pub roles: Vec<String>,
    /// Services of unit tests.
    pub service_ids: Vec<ServiceId>,
    /// Personas of unit tests.
    pub persona_ids: Vec<PersonaId>,
    /// Scenarios of unit tests.
    pub scenario_ids: Vec<ScenarioId>,
    /// Metrics of unit tests and of evaluations.
    pub metric_ids: Vec<MetricId>,
    /// Unit tests of sets.
    pub unit_test_ids: Vec<UnitTestId>,
    /// Sets of runs.
    pub set_ids: Vec<UnitTestSetId>,
    /// Services that metrics are applied to.
    pub applied_to_services: Vec<ServiceId>,
    /// Value types of metrics.
    pub types: Vec<MetricType>,
    /// Some field may have more values than are shown.
    pub truncated: bool,
}

impl OrgView<'_> {
    /// The values among everything that is selected.
    pub(super) fn filter_values(
        &self,
        kind: Kind,
        selection: &Selection<'_>,
    ) -> Result<FilterValues, QueryError> {
        if !selection.is_everything() && selection.at_most()? <= MAX_LOADED {
            self.values_by_match(kind, selection)
        } else {
            self.values_by_value(kind, selection)
        }
    }

    /// Loads every match and collects its values.
    pub(super) fn values_by_match(
        &self,
        kind: Kind,
        selection: &Selection<'_>,
    ) -> Result<FilterValues, QueryError> {
        let fields = facets(kind);
        let mut values = FilterValues::default();
        let mut found = BTreeSet::new();
        let mut walk = selection.walk(Direction::Forward, Vec::new())?;
        while let Some(order) = walk.next()? {
            let entries = filter_entries(&self.object_at(kind, order)?);
            found.extend(entries.into_iter().filter(|entry| fields.contains(&entry.field)));
        }
        for &field in fields {
            let of_field = found.iter().filter(|entry| entry.field == field);
            for (index, entry) in of_field.enumerate() {
                if index == MAX_FILTER_VALUES {
                    values.truncated = true;
                    break;
                }
                self.add_value(&mut values, field, &entry.value)?;
            }
        }
        Ok(values)
    }

    /// Asks of each value whether a match has it.
    pub(super) fn values_by_value(
        &self,
        kind: Kind,
        selection: &Selection<'_>,
    ) -> Result<FilterValues, QueryError> {
        let mut values = FilterValues::default();
        let mut n_steps = MAX_STEPS;
        for (&field, n_fields) in facets(kind).iter().zip((1..=facets(kind).len() as u64).rev()) {
            let share = n_steps / n_fields;
            n_steps -= share - self.values_of(selection, field, share, &mut values)?;
        }
        Ok(values)
    }

    /// The values of the only field that a space shows.
    pub(super) fn values_of_one(
        &self,
        selection: &Selection<'_>,
        field: Field,
    ) -> Result<FilterValues, QueryError> {
        let mut values = FilterValues::default();
        self.values_of(selection, field, MAX_STEPS, &mut values)?;
        Ok(values)
    }

    /// The values of one field among everything that is selected, found in about `n_steps`. How many of these are left.
    fn values_of(
        &self,
        selection: &Selection<'_>,
        field: Field,
        mut n_steps: u64,
        values: &mut FilterValues,
    ) -> Result<u64, RowError> {
        let prefix = values_prefix(&self.org, selection.space, field);
        let n_unselected = selection.n_unselected_at_most()?;
        let mut n_found = 0;
        let counts = &self.view.tables.counts;
        for row in counts.scan(&prefix)? {
            let row = row?;
            let value = row.0.value().get(prefix.len()..).unwrap_or_default();
            if n_found == MAX_FILTER_VALUES {
                values.truncated = true;
                return Ok(n_steps);
            }
            let count: u64 = counts.decode(row.1.value())?;
            // More objects have the value than do not match: one of them matches.
            if n_unselected.is_none_or(|n_unselected| count <= n_unselected) {
                let cost = selection.n_places();
                let Some(left) = n_steps.checked_sub(cost) else {
                    values.truncated = true;
                    return Ok(0);
                };
                let posting = selection.posting(field, value, Direction::Forward)?;
                let mut walk = selection.walk(Direction::Forward, vec![(count, posting)])?;
                let found = walk.next_within(left.min(MAX_STEPS_PER_VALUE))?;
                n_steps = left.saturating_sub(walk.n_steps());
                if !found {
                    values.truncated |= walk.gave_up();
                    continue;
                }
            }
            self.add_value(values, field, value)?;
            n_found += 1;
        }
        Ok(n_steps)
    }

    fn add_value(&self, values: &mut FilterValues, field: Field, bytes: &[u8]) -> Result<(), RowError> {
        let added = add(values, field, &mut KeyReader(bytes));
        added.ok_or_else(|| {
            self.view
                .tables
                .counts
                .inconsistent("a key holds no value of its field")
        })
    }
}

fn add(values: &mut FilterValues, field: Field, reader: &mut KeyReader<'_>) -> Option<()> {
    fn id<T>(reader: &mut KeyReader<'_>, of: impl FnOnce(Oid) -> T) -> Option<T> {
        reader.oid().map(of)
    }
    match field {
        Field::Creator => values.creators.push(reader.text()?.parse().ok()?),
        Field::TagKey => values.tags.push(reader.text()?),
        Field::Role => values.roles.push(reader.text()?),
        Field::Service => values.service_ids.push(id(reader, ServiceId)?),
        Field::Persona => values.persona_ids.push(id(reader, PersonaId)?),
        Field::Scenario => values.scenario_ids.push(id(reader, ScenarioId)?),
        Field::Metric => values.metric_ids.push(id(reader, MetricId)?),
        Field::UnitTest => values.unit_test_ids.push(id(reader, UnitTestId)?),
        Field::Set => values.set_ids.push(id(reader, UnitTestSetId)?),
        Field::AppliedTo => values.applied_to_services.push(id(reader, ServiceId)?),
        Field::Type => {
            let name = reader.text()?;
            let types = [
                MetricType::Boolean,
                MetricType::Numerical,
                MetricType::Categorical,
            ];
            values
                .types
                .push(types.into_iter().find(|of| of.as_str() == name)?);
        }
        Field::All
        | Field::Deleted
        | Field::Tag
        | Field::Active
        | Field::Completed
        | Field::FailedMetrics
        | Field::Errored
        | Field::User
        | Field::MetricVersion
        | Field::Run
        | Field::Manual
        | Field::Conversation
        | Field::RunIndex
        | Field::Name
        | Field::WholeName
        | Field::NameWord
        | Field::TextWord => {}
    }
    Some(())
}
