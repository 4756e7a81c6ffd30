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
    /// are gapless, and whatever a live object names within another exists there.
    pub fn check(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut names = BTreeMap::new();
        let mut unfinished = BTreeMap::new();
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
            if let Object::Run(run) = object
                && !run.is_over()
                && let Some(other) = unfinished.insert((&run.life.created.by, run.set_id), this.clone())
            {
                broken.push(format!(
                    "{this} and {other} are of one user and set, and neither is over"
                ));
            }
            self.check_within(object, &mut broken);
        }
        broken
    }

    /// Lists what a live object names within another and that is not there.
    fn check_within(&self, object: &Object, broken: &mut Vec<String>) {
        let this = object.object_ref();
        if let Object::UnitTestSet(set) = object
            && !set.life.is_deleted()
        {
            for entry in &set.definition.entries {
                let test = ObjectRef::new(Kind::UnitTest, entry.unit_test_id);
                if self
                    .objects
                    .get(&test)
                    .is_none_or(|test| test.life().is_deleted())
                {
                    broken.push(format!("{this} holds {test}, which is not there"));
                }
            }
        }
        if let Object::Service(service) = object
            && service.profile.is_active
        {
            let parts = [
                ObjectRef::new(Kind::Agent, service.profile.agent_id),
                ObjectRef::new(Kind::ContextGraph, service.profile.context_graph_id),
            ];
            let live = |part: &ObjectRef| self.objects.get(part).filter(|part| !part.life().is_deleted());
            let latest = parts.map(|part| live(&part).map_or(0, Object::latest_version));
            for (name, version_set) in &service.version_sets {
                let named = [version_set.agent_version, version_set.context_graph_version];
                for (number, latest) in named.into_iter().zip(latest) {
                    if !(1..=latest).contains(&number.unwrap_or(latest)) {
                        broken.push(format!(
                            "version set `{name}` of {this} names a version that is not there"
                        ));
                    }
                }
            }
        }
        if let Object::UnitTest(test) = object
            && !test.life.is_deleted()
        {
            let service = ObjectRef::new(Kind::Service, test.definition.service_id);
            let parts = [
                service.clone(),
                ObjectRef::new(Kind::Persona, test.definition.persona_id),
                ObjectRef::new(Kind::Scenario, test.definition.scenario_id),
            ];
            let criteria = test.definition.success_criteria.iter();
            let metrics = criteria.map(|criterion| ObjectRef::new(Kind::Metric, criterion.metric_id));
            for part in parts.into_iter().chain(metrics) {
                if self
                    .objects
                    .get(&part)
                    .is_none_or(|part| part.life().is_deleted())
                {
                    broken.push(format!("{this} names {part}, which is not there"));
                }
            }
            if let Some(Object::Service(service)) = self.objects.get(&service)
                && !service.version_sets.contains_key(&test.definition.version_set)
            {
                broken.push(format!("{this} names a version set that its service lacks"));
            }
            for criterion in &test.definition.success_criteria {
                let metric = ObjectRef::new(Kind::Metric, criterion.metric_id);
                if let Some(Object::Metric(metric)) = self.objects.get(&metric)
                    && metric.latest.value.metric_type() != criterion.criterion.metric_type()
                {
                    broken.push(format!("{this} has a criterion of another type than its metric"));
                }
            }
        }
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

    fn n_live(&self, kind: Kind) -> Result<u64, ReadError> {
        let objects = self.objects.values();
        let live = objects.filter(|object| object.kind() == kind && !object.life().is_deleted());
        Ok(live.count() as u64)
    }

    fn command(&self, user: &UserId, id: &CommandId) -> Result<Option<CommandRecord>, ReadError> {
        Ok(self.commands.get(&(user.clone(), id.clone())).cloned())
    }
}
