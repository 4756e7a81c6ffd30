//! The invariants between tables: what follows from objects and results stands where it should, and nothing else does.

mod results;

use std::collections::BTreeMap;

use model::{Object, OrgId, Version, codec};

use crate::{
    QueryError, RowError, View,
    index::{Derived, EvaluationPostings, Field, Space, posting_prefix},
    key::{Key, KeyReader},
    project::{name_key, open_key, reference_key, unfinished_key},
    row::RunCounts,
    tables::ReadTable,
};

/// The most broken invariants that are listed.
const MAX_BROKEN: usize = 1_000;

impl View {
    /// Every broken invariant, in words; at most 1,000. None: every table agrees with the objects and results. Reads every row.
    pub fn check(&self) -> Result<Vec<String>, QueryError> {
        let mut check = Check {
            view: self,
            broken: Vec::new(),
            expected: BTreeMap::new(),
            counts: BTreeMap::new(),
        };
        check.objects()?;
        check.results()?;
        check.totals()?;
        Ok(check.broken)
    }
}

struct Check<'view> {
    view: &'view View,
    broken: Vec<String>,
    /// How many rows each table must have.
    expected: BTreeMap<&'static str, u64>,
    /// How many postings each value must have.
    counts: BTreeMap<Vec<u8>, u64>,
}

impl Check<'_> {
    fn broken(&mut self, what: impl FnOnce() -> String) {
        if self.broken.len() < MAX_BROKEN {
            self.broken.push(what());
        }
    }

    /// `table` must hold exactly `value` at `key`.
    fn expect(
        &mut self,
        table: &ReadTable,
        key: &[u8],
        value: &[u8],
        of: impl FnOnce() -> String,
    ) -> Result<(), RowError> {
        *self.expected.entry(table.name).or_default() += 1;
        match table.get(key)? {
            Some(found) if found.value() == value => {}
            Some(_) => self.broken(|| format!("{}: the row of {} is not as it should be", table.name, of())),
            None => self.broken(|| format!("{}: the row of {} is missing", table.name, of())),
        }
        Ok(())
    }

    fn posting(
        &mut self,
        prefix: Vec<u8>,
        order: &[u8],
        carried: &[u8],
        of: impl FnOnce() -> String,
    ) -> Result<(), RowError> {
        self.expect(
            &self.view.tables.postings,
            &[&prefix, order].concat(),
            carried,
            of,
        )?;
        *self.counts.entry(prefix).or_default() += 1;
        Ok(())
    }

    fn objects(&mut self) -> Result<(), RowError> {
        let view = self.view;
        let tables = &view.tables;
        for row in tables.objects.all()? {
            let (key, bytes) = row?;
            let object: Object = tables.objects.decode(bytes.value())?;
            let Some(org) = KeyReader(key.value())
                .text()
                .and_then(|org| org.parse::<OrgId>().ok())
            else {
                self.broken(|| "objects: a key begins with no organization".to_owned());
                continue;
            };
            let this = object.object_ref();
            if key.value() != Key::org(&org).object(&this).done() {
                self.broken(|| format!("objects: {this} of {org} stands under another key"));
            }
            let mut counts = RunCounts::default();
            if let Object::Run(run) = &object {
                counts = tables
                    .tallies
                    .row(&Key::org(&org).oid(run.id.0).done())?
                    .unwrap_or_default();
            }
            self.derived(&org, &object, &Derived::of(&object, &counts.total))?;
        }
        Ok(())
    }

    fn derived(&mut self, org: &OrgId, object: &Object, derived: &Derived) -> Result<(), RowError> {
        let view = self.view;
        let tables = &view.tables;
        let this = object.object_ref();
        let of = || format!("{this} of {org}");
        for entry in &derived.entries {
            let prefix = posting_prefix(org, Space::objects(derived.kind), entry.field, &entry.value);
            let carried = if entry.field == Field::All {
                derived.carried.as_slice()
            } else {
                &[]
            };
            self.posting(prefix, &derived.order, carried, || {
                format!("{} ({})", of(), entry.field.as_str())
            })?;
        }
        if let Some(name) = &derived.name {
            let namesakes = tables
                .names
                .scan(&Key::org(org).kind(derived.kind).text(name).done())?
                .count();
            if namesakes > 1 {
                self.broken(|| format!("names: {} shares its name with another", of()));
            }
            self.expect(&tables.names, &name_key(org, derived, name), &[], of)?;
        }
        for target in &derived.references {
            self.expect(&tables.references, &reference_key(org, target, derived), &[], of)?;
            let found: Option<Object> = tables.objects.row(&Key::org(org).object(target).done())?;
            if found.is_none_or(|found| found.life().is_deleted()) {
                self.broken(|| format!("references: {} refers to {target}, which does not live", of()));
            }
        }
        if let Some(unfinished) = &derived.unfinished {
            self.expect(&tables.unfinished_runs, &unfinished_key(org, unfinished), &[], of)?;
            self.expect(&tables.open_runs, &open_key(org, unfinished), &[], of)?;
        }
        for number in 1..=object.latest_version() {
            *self.expected.entry(tables.versions.name).or_default() += 1;
            let version: Option<Version> = tables
                .versions
                .row(&Key::org(org).object_then(&this).number(number).done())?;
            if version.is_none_or(|version| version.number != number) {
                self.broken(|| format!("versions: version {number} of {} is missing", of()));
            }
        }
        if let Object::Run(run) = object {
            let last = tables.last_runs.get(&Key::org(org).oid(run.set_id.0).done())?;
            if last.is_none() {
                self.broken(|| format!("last_runs: the set of {} has none", of()));
            }
        }
        if let Object::Evaluation(evaluation) = object {
            self.evaluation(org, &EvaluationPostings::of_manual(evaluation), of)?;
        }
        Ok(())
    }

    fn totals(&mut self) -> Result<(), RowError> {
        let view = self.view;
        let tables = &view.tables;
        for (prefix, count) in std::mem::take(&mut self.counts) {
            self.expect(&tables.counts, &prefix, &codec::to_row(&count)?, || {
                "a value".to_owned()
            })?;
        }
        let checked = [
            &tables.versions,
            &tables.names,
            &tables.references,
            &tables.unfinished_runs,
            &tables.open_runs,
            &tables.outcomes,
            &tables.arrivals,
            &tables.tallies,
            &tables.concluded,
            &tables.evaluations,
            &tables.conversations,
            &tables.postings,
            &tables.counts,
        ];
        for table in checked {
            let (expected, found) = (self.expected.get(table.name).copied().unwrap_or(0), table.len()?);
            if found != expected {
                self.broken(|| {
                    format!(
                        "{}: {found} rows where {expected} follow from objects and results",
                        table.name
                    )
                });
            }
        }
        Ok(())
    }
}
