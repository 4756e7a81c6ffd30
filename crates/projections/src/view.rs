//! The side that is asked: everything at one moment.

mod directory;

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use model::{Object, ObjectRef, OrgId, RunId};

use crate::{
    Log, QueryError, RowError, Sequences,
    key::{Key, KeyReader, above},
    tables::ReadTables,
};

/// Everything at one moment. Cheap to make; keeps disk space from being reused while it lives, so drop it soon.
pub struct View {
    pub(crate) tables: ReadTables,
    sequences: Sequences,
    loads: AtomicU64,
}

/// One organization at one moment.
#[derive(Clone, Debug)]
pub struct OrgView<'view> {
    pub(crate) view: &'view View,
    pub(crate) org: OrgId,
}

impl View {
    pub(crate) const fn new(tables: ReadTables, sequences: Sequences) -> Self {
        Self {
            tables,
            sequences,
            loads: AtomicU64::new(0),
        }
    }

    /// The last sequence of `log` that shows in this view.
    pub const fn sequence(&self, log: Log) -> u64 {
        self.sequences.of(log)
    }

    /// The last sequences that show in this view.
    pub const fn sequences(&self) -> Sequences {
        self.sequences
    }

    /// One organization. One that no commit is of has nothing in it.
    pub const fn organization(&self, org: OrgId) -> OrgView<'_> {
        OrgView { view: self, org }
    }

    /// Every organization that has an object.
    pub fn orgs(&self) -> Result<Vec<OrgId>, QueryError> {
        let objects = &self.tables.objects;
        let mut orgs = Vec::new();
        let mut from = Vec::new();
        loop {
            let mut rows = objects.range(std::ops::Bound::Included(&from), std::ops::Bound::Unbounded)?;
            let Some(row) = rows.next().transpose().map_err(RowError::from)? else {
                return Ok(orgs);
            };
            let org = KeyReader(row.0.value())
                .text()
                .and_then(|org| org.parse::<OrgId>().ok());
            let org = org.ok_or_else(|| objects.inconsistent("a key begins with no organization"))?;
            from = above(&Key::org(&org).done());
            orgs.push(org);
        }
    }

    /// Every run of every organization that is not over.
    pub fn unfinished_runs(&self) -> Result<Vec<(OrgId, RunId)>, QueryError> {
        let table = &self.tables.open_runs;
        let mut runs = Vec::new();
        for row in table.all()? {
            let row = row.map_err(RowError::from)?;
            let mut reader = KeyReader(row.0.value());
            let org = reader.text().and_then(|org| org.parse().ok());
            let (Some(org), Some(run)) = (org, reader.oid()) else {
                return Err(table.inconsistent("a key names no run").into());
            };
            runs.push((org, RunId(run)));
        }
        Ok(runs)
    }

    /// How many objects and results this view has loaded.
    pub fn loads(&self) -> u64 {
        self.loads.load(Ordering::Relaxed)
    }

    pub(crate) fn loaded(&self) {
        self.loads.fetch_add(1, Ordering::Relaxed);
    }
}

impl OrgView<'_> {
    /// The object, deleted or not.
    pub(crate) fn load(&self, object: &ObjectRef) -> Result<Option<Object>, RowError> {
        self.view.loaded();
        self.view
            .tables
            .objects
            .row(&Key::org(&self.org).object(object).done())
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("sequences", &self.sequences)
            .finish_non_exhaustive()
    }
}
