//! Commits become objects, versions, names, references, command records and postings.

use model::{CommandRecord, Kind, Object, ObjectRef, Oid, OrgId, Recorded, Tally, evolve};

use super::Batch;
use crate::{
    ProjectError, RowError,
    index::{Derived, EVALUATIONS, EvaluationPostings, Unfinished, posting_prefix},
    key::Key,
    row::RunCounts,
};

impl Batch<'_, '_> {
    /// Takes in one commit.
    pub(super) fn event(&mut self, recorded: &Recorded) -> Result<(), ProjectError> {
        let Recorded { sequence, commit } = recorded;
        let org = &commit.org;
        let key = Key::org(org).object(&commit.object).done();
        let old: Option<Object> = self.tables.objects.row(&key)?;
        let total = self.total_of(org, &commit.object)?;
        let before = old.as_ref().map(|object| Derived::of(object, &total));
        let replaced = manual(old.as_ref());
        let evolved = evolve(old, commit).map_err(|source| ProjectError::Misfit {
            sequence: *sequence,
            source,
        })?;
        let after = Derived::of(&evolved.object, &total);

        self.tables.objects.put_row(&key, &evolved.object)?;
        for version in &evolved.versions {
            let key = Key::org(org)
                .object_then(&commit.object)
                .number(version.number)
                .done();
            self.tables.versions.put_row(&key, version)?;
        }
        if before.is_none()
            && let Object::Run(run) = &evolved.object
        {
            let key = Key::org(org).oid(run.set_id.0).done();
            self.tables.last_runs.put(&key, run.id.0.as_bytes()).map(drop)?;
            self.conversations_of(org, run)?;
        }
        let made = evolved.versions.last().map_or(0, |version| version.number);
        self.command(recorded, made)?;
        self.rederive(org, before.as_ref(), &after)?;
        self.pending.reindex(org, before.as_ref(), &after);
        if let Some(replaced) = replaced {
            for (field, value) in &replaced.entries {
                self.pending
                    .remove_posting(posting_prefix(org, EVALUATIONS, *field, value), &replaced.order);
            }
        }
        if let Some(postings) = manual(Some(&evolved.object)) {
            self.add_evaluation(org, &postings)?;
        }
        Ok(())
    }

    /// How the conversations ended so far, if the object is a run.
    fn total_of(&self, org: &OrgId, object: &ObjectRef) -> Result<Tally, RowError> {
        let run = object
            .key
            .as_str()
            .parse()
            .ok()
            .filter(|_oid: &Oid| object.kind == Kind::Run);
        let Some(run) = run else {
            return Ok(Tally::default());
        };
        let counts: Option<RunCounts> = self.tables.tallies.row(&Key::org(org).oid(run).done())?;
        Ok(counts.map_or_else(Tally::default, |counts| counts.total))
    }

    fn command(&mut self, recorded: &Recorded, made: u32) -> Result<(), RowError> {
        let Recorded { sequence, commit } = recorded;
        let meta = &commit.meta;
        let key = Key::org(&commit.org)
            .text(meta.actor.as_str())
            .text(meta.command_id.as_str())
            .done();
        let record = self
            .pending
            .command(&self.tables.commands, key, || CommandRecord {
                digest: meta.command_digest,
                changes: Vec::new(),
                sequence: *sequence,
            })?;
        record.changes.push((commit.object.clone(), made));
        record.sequence = *sequence;
        Ok(())
    }

    /// Names, references and unfinished runs.
    fn rederive(&mut self, org: &OrgId, before: Option<&Derived>, after: &Derived) -> Result<(), RowError> {
        let old_name = before.and_then(|before| before.name.as_deref());
        if old_name != after.name.as_deref() {
            if let Some(name) = old_name {
                self.tables.names.remove(&name_key(org, after, name)).map(drop)?;
            }
            if let Some(name) = &after.name {
                self.tables
                    .names
                    .put(&name_key(org, after, name), &[])
                    .map(drop)?;
            }
        }
        let old_references = before.map_or(&[][..], |before| &before.references);
        if old_references != after.references {
            for target in old_references {
                self.tables
                    .references
                    .remove(&reference_key(org, target, after))
                    .map(drop)?;
            }
            for target in &after.references {
                self.tables
                    .references
                    .put(&reference_key(org, target, after), &[])
                    .map(drop)?;
            }
        }
        let old_unfinished = before.and_then(|before| before.unfinished.as_ref());
        if old_unfinished != after.unfinished.as_ref() {
            if let Some(unfinished) = old_unfinished {
                self.tables
                    .unfinished_runs
                    .remove(&unfinished_key(org, unfinished))
                    .map(drop)?;
                self.tables
                    .open_runs
                    .remove(&open_key(org, unfinished))
                    .map(drop)?;
            }
            if let Some(unfinished) = &after.unfinished {
                self.tables
                    .unfinished_runs
                    .put(&unfinished_key(org, unfinished), &[])
                    .map(drop)?;
                self.tables
                    .open_runs
                    .put(&open_key(org, unfinished), &[])
                    .map(drop)?;
            }
        }
        Ok(())
    }
}

/// The postings of a manual evaluation, if the object is one.
fn manual(object: Option<&Object>) -> Option<EvaluationPostings> {
    if let Some(Object::Evaluation(evaluation)) = object {
        Some(EvaluationPostings::of_manual(evaluation))
    } else {
        None
    }
}

/// The key of an object's unique name.
pub(crate) fn name_key(org: &OrgId, object: &Derived, name: &str) -> Vec<u8> {
    Key::org(org)
        .kind(object.kind)
        .text(name)
        .bytes(object.key.as_str().as_bytes())
        .done()
}

/// The key of a reference from an object to `target`.
pub(crate) fn reference_key(org: &OrgId, target: &ObjectRef, from: &Derived) -> Vec<u8> {
    Key::org(org)
        .object_then(target)
        .kind(from.kind)
        .bytes(from.key.as_str().as_bytes())
        .done()
}

/// The key of a run that is not over, by who started it.
pub(crate) fn unfinished_key(org: &OrgId, unfinished: &Unfinished) -> Vec<u8> {
    let Unfinished { user, set, run } = unfinished;
    Key::org(org).text(user.as_str()).oid(set.0).oid(run.0).done()
}

/// The key of a run that is not over.
pub(crate) fn open_key(org: &OrgId, unfinished: &Unfinished) -> Vec<u8> {
    Key::org(org).oid(unfinished.run.0).done()
}
