//! The state that a decision sees: the directory's, with what the decision has done so far on top.

use std::collections::BTreeMap;

use super::{Context, Ids};
use crate::{
    CommandId, CommandRecord, Commit, CommitMeta, DecideError, Digest, Directory, Event, Kind, Object,
    ObjectRef, OrgId, ReadError, Rejection, RunId, Token, UnitTestSetId, UserId, Version, evolve,
};

pub(super) struct Staged<'a> {
    base: &'a dyn Directory,
    pub(super) context: &'a Context,
    pub(super) ids: Ids<'a>,
    digest: Digest,
    objects: BTreeMap<ObjectRef, Object>,
    versions: BTreeMap<(ObjectRef, u32), Version>,
    /// One commit per object, in the order of first touch.
    commits: Vec<Commit>,
}

impl<'a> Staged<'a> {
    pub(super) fn new(base: &'a dyn Directory, context: &'a Context, digest: Digest) -> Self {
        Self {
            base,
            context,
            ids: Ids { context, n_made: 0 },
            digest,
            objects: BTreeMap::new(),
            versions: BTreeMap::new(),
            commits: Vec::new(),
        }
    }

    /// Records that `event` happened to `object`.
    pub(super) fn record(&mut self, object: &ObjectRef, event: Event) -> Result<(), DecideError> {
        let commit = Commit {
            org: self.base.org().clone(),
            object: object.clone(),
            meta: CommitMeta {
                actor: self.context.actor.clone(),
                at: self.context.now,
                command_id: self.context.command_id.clone(),
                command_digest: self.digest,
                index: 0,
                count: 0,
                traceparent: self.context.traceparent.clone(),
            },
            events: vec![event],
        };
        let state = self.object(object)?;
        let evolved = evolve(state, &commit).map_err(|misfit| ReadError(Box::new(misfit)))?;
        for version in evolved.versions {
            self.versions.insert((object.clone(), version.number), version);
        }
        self.objects.insert(object.clone(), evolved.object);
        match self.commits.iter_mut().find(|earlier| earlier.object == *object) {
            Some(earlier) => earlier.events.extend(commit.events),
            None => self.commits.push(commit),
        }
        Ok(())
    }

    /// Everything recorded, one commit per object.
    pub(super) fn into_commits(self) -> Vec<Commit> {
        let mut commits = self.commits;
        let count = u32::try_from(commits.len()).unwrap_or(u32::MAX);
        for (index, commit) in (0..).zip(&mut commits) {
            commit.meta.index = index;
            commit.meta.count = count;
        }
        commits
    }

    /// Refuses a name that another live object of the kind has.
    pub(super) fn require_free_name(
        &self,
        kind: Kind,
        name: &str,
        except: Option<&ObjectRef>,
    ) -> Result<(), DecideError> {
        match self.named(kind, name)? {
            Some(key) if except.is_none_or(|object| object.key != key) => Err(Rejection::NameTaken {
                kind,
                name: name.to_owned(),
            }
            .into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses to make another object of a kind of which `limit` live.
    pub(super) fn require_fewer(&self, kind: Kind, limit: u64) -> Result<(), DecideError> {
        if self.n_live(kind)? < limit {
            return Ok(());
        }
        Err(Rejection::TooMany { kind, limit }.into())
    }

    /// Refuses to go on while live objects refer to `object`.
    pub(super) fn require_unused(&self, object: &ObjectRef, name: &str) -> Result<(), DecideError> {
        let referrers = self.referrers(object)?;
        self.refuse_used(object.kind, name, &referrers)
    }

    /// Refuses if `referrers` is not empty, naming the first few.
    pub(super) fn refuse_used(
        &self,
        kind: Kind,
        name: &str,
        referrers: &[ObjectRef],
    ) -> Result<(), DecideError> {
        const SHOWN: usize = 5;
        if referrers.is_empty() {
            return Ok(());
        }
        let mut by = Vec::new();
        for referrer in referrers.iter().take(SHOWN) {
            let object = self.object(referrer)?;
            let name = object
                .as_ref()
                .and_then(Object::unique_name)
                .unwrap_or(referrer.key.as_str());
            by.push(format!("{} `{name}`", referrer.kind));
        }
        if referrers.len() > SHOWN {
            by.push(format!("{} more", referrers.len() - SHOWN));
        }
        Err(Rejection::InUse {
            kind,
            name: name.to_owned(),
            by,
        }
        .into())
    }
}

/// What is not there.
pub(super) fn not_found(kind: Kind, what: impl ToString) -> DecideError {
    Rejection::NotFound {
        kind,
        what: what.to_string(),
    }
    .into()
}

/// Refuses a version that is not the next one.
pub(super) fn require_next(kind: Kind, latest: u32, expected: Option<u32>) -> Result<u32, DecideError> {
    let next = latest + 1;
    match expected {
        Some(expected) if expected != next => Err(Rejection::NotNextVersion { kind, expected, next }.into()),
        Some(_) | None => Ok(next),
    }
}

impl Directory for Staged<'_> {
    fn org(&self) -> &OrgId {
        self.base.org()
    }

    fn object(&self, object: &ObjectRef) -> Result<Option<Object>, ReadError> {
        match self.objects.get(object) {
            Some(found) => Ok(Some(found.clone())),
            None => self.base.object(object),
        }
    }

    fn version(&self, object: &ObjectRef, number: u32) -> Result<Option<Version>, ReadError> {
        match self.versions.get(&(object.clone(), number)) {
            Some(found) => Ok(Some(found.clone())),
            None => self.base.version(object, number),
        }
    }

    fn named(&self, kind: Kind, name: &str) -> Result<Option<Token>, ReadError> {
        let mut changed = self.objects.values();
        if let Some(found) =
            changed.find(|object| object.kind() == kind && object.unique_name() == Some(name))
        {
            return Ok(Some(found.object_ref().key));
        }
        let found = self.base.named(kind, name)?;
        // What was changed here and did not match above no longer has the name.
        Ok(found.filter(|key| {
            !self.objects.contains_key(&ObjectRef {
                kind,
                key: key.clone(),
            })
        }))
    }

    fn referrers(&self, object: &ObjectRef) -> Result<Vec<ObjectRef>, ReadError> {
        let mut referrers = self.base.referrers(object)?;
        referrers.retain(|referrer| !self.objects.contains_key(referrer));
        let changed = self
            .objects
            .values()
            .filter(|other| other.references().contains(object));
        referrers.extend(changed.map(Object::object_ref));
        referrers.sort();
        Ok(referrers)
    }

    fn unfinished_run(&self, user: &UserId, set: UnitTestSetId) -> Result<Option<RunId>, ReadError> {
        self.base.unfinished_run(user, set)
    }

    fn n_live(&self, kind: Kind) -> Result<u64, ReadError> {
        let mut n_live = self.base.n_live(kind)?;
        for (object, state) in self.objects.iter().filter(|(object, _)| object.kind == kind) {
            let before = self.base.object(object)?;
            let lived = before.is_some_and(|before| !before.life().is_deleted());
            match (lived, !state.life().is_deleted()) {
                (false, true) => n_live = n_live.saturating_add(1),
                (true, false) => n_live = n_live.saturating_sub(1),
                (false, false) | (true, true) => {}
            }
        }
        Ok(n_live)
    }

    fn command(&self, user: &UserId, id: &CommandId) -> Result<Option<CommandRecord>, ReadError> {
        self.base.command(user, id)
    }
}
