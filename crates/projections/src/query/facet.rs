//! The values that are found among everything that matches a query: what people may filter by next.

use std::collections::BTreeSet;

use model::{
    Kind, MetricId, MetricType, Oid, PersonaId, ScenarioId, ServiceId, UnitTestId, UnitTestSetId, UserId,
};

use super::{source::Selection, walk::Direction};
use crate::{
    OrgView, QueryError, RowError,
    index::{Field, facets, index_entries, values_prefix},
    key::KeyReader,
};

/// The most values shown for one field.
pub const MAX_FILTER_VALUES: usize = 1_000;

/// Up to this many matches, their own values are collected. Above it, each value is asked whether a match has it.
const MAX_LOADED: u64 = 100;

/// How many postings may be looked at to answer for one field.
const MAX_STEPS: u64 = 100_000;

/// Values by field, each once, ascending. Fields that the kind does not show are empty.
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
    /// Some field has more values than are shown.
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
            let entries = index_entries(&self.object_at(kind, order)?);
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
        for &field in facets(kind) {
            self.values_of(selection, field, &mut values)?;
        }
        Ok(values)
    }

    /// The values of one field among everything that is selected.
    pub(super) fn values_of(
        &self,
        selection: &Selection<'_>,
        field: Field,
        values: &mut FilterValues,
    ) -> Result<(), RowError> {
        let prefix = values_prefix(&self.org, selection.space, field);
        let (mut n_found, mut n_steps) = (0, 0);
        for row in self.view.tables.counts.scan(&prefix)? {
            let row = row?;
            let value = row.0.value().get(prefix.len()..).unwrap_or_default();
            if n_found == MAX_FILTER_VALUES || n_steps >= MAX_STEPS {
                values.truncated = true;
                return Ok(());
            }
            n_steps += 1;
            if !selection.is_everything() {
                let count = selection.count(field, value)?;
                let posting = selection.posting(field, value, Direction::Forward)?;
                let mut walk = selection.walk(Direction::Forward, vec![(count, posting)])?;
                let found = walk.next_within(MAX_STEPS - n_steps.min(MAX_STEPS))?;
                n_steps += walk.n_steps();
                if !found {
                    continue;
                }
            }
            self.add_value(values, field, value)?;
            n_found += 1;
        }
        Ok(())
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
        | Field::Name
        | Field::WholeName
        | Field::NameWord
        | Field::TextWord => {}
    }
    Some(())
}
