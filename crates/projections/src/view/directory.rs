//! What decisions look up.

use model::{
    CommandId, CommandRecord, Directory, Kind, Object, ObjectRef, OrgId, ReadError, RunId, Token,
    UnitTestSetId, UserId, Version,
};

use super::OrgView;
use crate::{
    QueryError, RowError,
    index::{Field, Space, filters, order_token, posting_prefix, value},
    key::{Key, KeyReader, kind_of_byte},
};

/// How many objects that once had a name are looked at.
const MAX_NAMESAKES: usize = 100;

impl OrgView<'_> {
    /// The objects of `kind` that have or had this name: live ones first, then the newest change first. At most 100.
    pub fn object_keys_by_name(&self, kind: Kind, name: &str) -> Result<Vec<Token>, QueryError> {
        let mut live = self.keys_named(kind, name)?;
        let postings = &self.view.tables.postings;
        let prefix = posting_prefix(&self.org, Space::objects(kind), Field::Name, &value::text(name));
        for row in postings.scan(&prefix)?.take(MAX_NAMESAKES) {
            let row = row.map_err(RowError::from)?;
            let key = row
                .0
                .value()
                .get(prefix.len()..)
                .and_then(order_token)
                .and_then(|key| key.parse().ok());
            let key: Token = key.ok_or_else(|| postings.inconsistent("a posting names no object"))?;
            if !live.contains(&key) {
                live.push(key);
            }
        }
        Ok(live)
    }

    /// The live objects of `kind` that have this name, in order of key.
    fn keys_named(&self, kind: Kind, name: &str) -> Result<Vec<Token>, RowError> {
        let names = &self.view.tables.names;
        let prefix = Key::org(&self.org).kind(kind).text(name).done();
        let mut keys = Vec::new();
        for row in names.scan(&prefix)? {
            let row = row?;
            let key = row
                .0
                .value()
                .get(prefix.len()..)
                .and_then(|key| KeyReader(key).rest()?.parse().ok());
            keys.push(key.ok_or_else(|| names.inconsistent("a name belongs to no object"))?);
        }
        Ok(keys)
    }

    /// The run of `set` that was started last.
    pub fn last_run(&self, set: UnitTestSetId) -> Result<Option<RunId>, QueryError> {
        let table = &self.view.tables.last_runs;
        let Some(bytes) = table.get(&Key::org(&self.org).oid(set.0).done())? else {
            return Ok(None);
        };
        let run = KeyReader(bytes.value())
            .oid()
            .ok_or_else(|| table.inconsistent("a row names no run"))?;
        Ok(Some(RunId(run)))
    }
}

impl Directory for OrgView<'_> {
    fn org(&self) -> &OrgId {
        &self.org
    }

    fn object(&self, object: &ObjectRef) -> Result<Option<Object>, ReadError> {
        Ok(self.load(object)?)
    }

    fn version(&self, object: &ObjectRef, number: u32) -> Result<Option<Version>, ReadError> {
        let key = Key::org(&self.org).object_then(object).number(number).done();
        Ok(self.view.tables.versions.row(&key)?)
    }

    fn named(&self, kind: Kind, name: &str) -> Result<Option<Token>, ReadError> {
        Ok(self.keys_named(kind, name)?.into_iter().next())
    }

    fn referrers(&self, object: &ObjectRef) -> Result<Vec<ObjectRef>, ReadError> {
        let references = &self.view.tables.references;
        let prefix = Key::org(&self.org).object_then(object).done();
        let mut referrers = Vec::new();
        for row in references.scan(&prefix)? {
            let row = row.map_err(RowError::from)?;
            let mut reader = KeyReader(row.0.value().get(prefix.len()..).unwrap_or_default());
            let kind = reader.byte().and_then(kind_of_byte);
            let key = reader.rest().and_then(|key| key.parse().ok());
            let (Some(kind), Some(key)) = (kind, key) else {
                return Err(references.inconsistent("a reference comes from no object").into());
            };
            referrers.push(ObjectRef { kind, key });
        }
        Ok(referrers)
    }

    fn unfinished_run(&self, user: &UserId, set: UnitTestSetId) -> Result<Option<RunId>, ReadError> {
        let table = &self.view.tables.unfinished_runs;
        let prefix = Key::org(&self.org).text(user.as_str()).oid(set.0).done();
        let Some(row) = table.scan(&prefix)?.next().transpose().map_err(RowError::from)? else {
            return Ok(None);
        };
        let run = KeyReader(row.0.value().get(prefix.len()..).unwrap_or_default()).oid();
        Ok(Some(RunId(
            run.ok_or_else(|| table.inconsistent("a key names no run"))?,
        )))
    }

    fn n_live(&self, kind: Kind) -> Result<u64, ReadError> {
        let can_be_deleted = filters(kind).is_some_and(|filters| filters.contains(&Field::Deleted));
        let (field, value) = if can_be_deleted {
            (Field::Deleted, value::flag(false))
        } else {
            (Field::All, Vec::new())
        };
        let counted = posting_prefix(&self.org, Space::objects(kind), field, &value);
        Ok(self.view.tables.counts.row(&counted)?.unwrap_or(0))
    }

    fn command(&self, user: &UserId, id: &CommandId) -> Result<Option<CommandRecord>, ReadError> {
        let key = Key::org(&self.org).text(user.as_str()).text(id.as_str()).done();
        Ok(self.view.tables.commands.row(&key)?)
    }
}
