//! An organization's state in memory: the reference that projections are compared with.

use std::collections::BTreeMap;

use super::{CommandRecord, Directory, ReadError};
use crate::{
    CommandId, Commit, Kind, Misfit, Object, ObjectRef, OrgId, RunId, Token, UnitTestSetId, UserId, Version,
    evolve,
};

/// One organization's state, folded from its commits.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryDirectory {
    org: OrgId,
    objects: BTreeMap<ObjectRef, Object>,
    versions: BTreeMap<(ObjectRef, u32), Version>,
    commands: BTreeMap<(UserId, CommandId), CommandRecord>,
}

impl MemoryDirectory {
    /// An organization without any object.
    pub const fn new(org: OrgId) -> Self {
        Self {
            org,
            objects: BTreeMap::new(),
            versions: BTreeMap::new(),
            commands: BTreeMap::new(),
        }
    }

    /// Takes in a commit that stands at `sequence` of the log.
    pub fn apply(&mut self, sequence: u64, commit: &Commit) -> Result<(), Misfit> {
        let state = self.objects.get(&commit.object).cloned();
        let evolved = evolve(state, commit)?;
        let made = evolved.versions.last().map_or(0, |version| version.number);
        for version in evolved.versions {
            self.versions
                .insert((commit.object.clone(), version.number), version);
        }
        self.objects.insert(commit.object.clone(), evolved.object);
        let record = self
            .commands
            .entry((commit.meta.actor.clone(), commit.meta.command_id.clone()))
            .or_insert_with(|| CommandRecord {
                digest: commit.meta.command_digest,
                changes: Vec::new(),
                sequence,
            });
        record.changes.push((commit.object.clone(), made));
        record.sequence = sequence;
        Ok(())
    }

    /// Every object, in order.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// Panics never; lists every broken invariant instead: names are unique, references point at live objects, versions
    /// are gapless.
    pub fn check(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut names = BTreeMap::new();
        for object in self.objects.values() {
            let this = object.object_ref();
            if let Some(name) = object.unique_name()
                && let Some(other) = names.insert((object.kind(), name.to_owned()), this.clone())
            {
                broken.push(format!("{this} and {other} are both called `{name}`"));
            }
            for target in object.references() {
                match self.objects.get(&target) {
                    Some(found) if !found.life().is_deleted() => {}
                    Some(_) => broken.push(format!("{this} refers to the deleted {target}")),
                    None => broken.push(format!("{this} refers to the unknown {target}")),
                }
            }
            for number in 1..=object.latest_version() {
                if !self.versions.contains_key(&(this.clone(), number)) {
                    broken.push(format!("{this} lacks version {number}"));
                }
            }
        }
        broken
    }
}

impl Directory for MemoryDirectory {
    fn org(&self) -> &OrgId {
        &self.org
    }

    fn object(&self, object: &ObjectRef) -> Result<Option<Object>, ReadError> {
        Ok(self.objects.get(object).cloned())
    }

    fn version(&self, object: &ObjectRef, number: u32) -> Result<Option<Version>, ReadError> {
        Ok(self.versions.get(&(object.clone(), number)).cloned())
    }

    fn named(&self, kind: Kind, name: &str) -> Result<Option<Token>, ReadError> {
        let mut objects = self.objects.values();
        let found = objects.find(|object| object.kind() == kind && object.unique_name() == Some(name));
        Ok(found.map(|object| object.object_ref().key))
    }

    fn referrers(&self, object: &ObjectRef) -> Result<Vec<ObjectRef>, ReadError> {
        let objects = self.objects.values();
        Ok(objects
            .filter(|other| other.references().contains(object))
            .map(Object::object_ref)
            .collect())
    }

    fn unfinished_run(&self, user: &UserId, set: UnitTestSetId) -> Result<Option<RunId>, ReadError> {
        Ok(self.objects.values().find_map(|object| {
            let Object::Run(run) = object else { return None };
            let unfinished = run.set_id == set && !run.is_over() && run.life.created.by == *user;
            unfinished.then_some(run.id)
        }))
    }

    fn command(&self, user: &UserId, id: &CommandId) -> Result<Option<CommandRecord>, ReadError> {
        Ok(self.commands.get(&(user.clone(), id.clone())).cloned())
    }
}
