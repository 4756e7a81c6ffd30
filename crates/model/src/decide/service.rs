//! Services and their version sets.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    agent::{live_agent, live_context_graph},
    staged::{Staged, not_found},
};
use crate::{
    DecideError, Directory, DirectoryExt, Event, Invalid, Kind, Name, Object, ObjectRef, Rejection, Service,
    ServiceChange, ServiceCreated, ServiceId, ServiceProfile, VersionSet, VersionSetName, VersionSetPut,
};

type Change = (ObjectRef, u32);

pub(super) fn create(
    staged: &mut Staged<'_>,
    profile: &ServiceProfile,
    release: Option<&VersionSet>,
) -> Result<Change, DecideError> {
    check_profile(staged, profile, None)?;
    check_parts(staged, profile)?;
    let release = release.cloned().unwrap_or_default();
    check_version_set(staged, profile, &release)?;
    let object = ObjectRef::new(Kind::Service, ServiceId(staged.ids.next()));
    let version_sets = BTreeMap::from([
        (VersionSetName::edge(), VersionSet::default()),
        (VersionSetName::release(), release),
    ]);
    staged.record(
        &object,
        Event::ServiceCreated(ServiceCreated {
            profile: profile.clone(),
            version_sets,
        }),
    )?;
    Ok((object, 0))
}

/// Changes a service. Version sets named in `replaced` are about to be put anew, so what they name now does not matter.
pub(super) fn update<'a>(
    staged: &mut Staged<'_>,
    id: ServiceId,
    change: &ServiceChange,
    replaced: impl IntoIterator<Item = &'a VersionSetName>,
) -> Result<Change, DecideError> {
    let (object, state) = existing(staged, id)?;
    let old = state.profile;
    let new = ServiceProfile {
        name: change.name.clone().unwrap_or_else(|| old.name.clone()),
        description: change
            .description
            .clone()
            .unwrap_or_else(|| old.description.clone()),
        is_active: change.is_active.unwrap_or(old.is_active),
        agent_id: change.agent_id.unwrap_or(old.agent_id),
        context_graph_id: change.context_graph_id.unwrap_or(old.context_graph_id),
        tags: change.tags.clone().unwrap_or_else(|| old.tags.clone()),
        keyterms: change.keyterms.clone().unwrap_or_else(|| old.keyterms.clone()),
    };
    if new == old {
        return Ok((object, 0));
    }
    if old.is_active && !new.is_active {
        staged.require_unused(&object, old.name.as_str())?;
    }
    check_profile(staged, &new, Some(&object))?;
    let moved = new.agent_id != old.agent_id || new.context_graph_id != old.context_graph_id;
    // A service that stays inactive may go on naming an agent that was deleted meanwhile: it cannot be tested anyway.
    if new.is_active || moved {
        refuse_deleted_parts(staged, &new)?;
        check_parts(staged, &new)?;
    }
    if moved {
        // A set that names versions of the old agent or graph would name something else after the change.
        let replaced: BTreeSet<&VersionSetName> = replaced.into_iter().collect();
        for (name, version_set) in &state.version_sets {
            if !replaced.contains(name) {
                check_version_set(staged, &new, version_set)?;
            }
        }
    }
    staged.record(&object, Event::ServiceUpdated(new))?;
    Ok((object, 0))
}

pub(super) fn put_version_set(
    staged: &mut Staged<'_>,
    id: ServiceId,
    name: &VersionSetName,
    version_set: &VersionSet,
) -> Result<Change, DecideError> {
    let (object, state) = existing(staged, id)?;
    if *name == VersionSetName::edge() {
        return Err(Rejection::ProtectedVersionSet {
            name: name.clone(),
            action: "changed",
        }
        .into());
    }
    check_version_set(staged, &state.profile, version_set)?;
    if state.version_sets.get(name) != Some(version_set) {
        let put = VersionSetPut {
            name: name.clone(),
            version_set: version_set.clone(),
        };
        staged.record(&object, Event::VersionSetPut(put))?;
    }
    Ok((object, 0))
}

pub(super) fn delete_version_set(
    staged: &mut Staged<'_>,
    id: ServiceId,
    name: &VersionSetName,
) -> Result<Change, DecideError> {
    let (object, state) = existing(staged, id)?;
    if *name == VersionSetName::edge() || *name == VersionSetName::release() {
        return Err(Rejection::ProtectedVersionSet {
            name: name.clone(),
            action: "deleted",
        }
        .into());
    }
    if !state.version_sets.contains_key(name) {
        let service = state.profile.name.to_string();
        return Err(Rejection::UnknownVersionSet {
            service,
            name: name.clone(),
        }
        .into());
    }
    let mut users = Vec::new();
    for referrer in staged.referrers(&object)? {
        if let Some(Object::UnitTest(test)) = staged.object(&referrer)?
            && test.definition.version_set == *name
        {
            users.push(referrer);
        }
    }
    let shown = format!("{} (version set {name})", state.profile.name);
    staged.refuse_used(Kind::Service, &shown, &users)?;
    staged.record(&object, Event::VersionSetDeleted(name.clone()))?;
    Ok((object, 0))
}

/// The service, active or not.
pub(super) fn existing(staged: &Staged<'_>, id: ServiceId) -> Result<(ObjectRef, Service), DecideError> {
    let state = staged.service(id)?.ok_or_else(|| not_found(Kind::Service, id))?;
    Ok((ObjectRef::new(Kind::Service, id), state))
}

fn check_profile(
    staged: &Staged<'_>,
    profile: &ServiceProfile,
    except: Option<&ObjectRef>,
) -> Result<(), DecideError> {
    if profile.keyterms.len() > 20 {
        let reason = Invalid::new(format!(
            "at most 20 keyterms, these are {}",
            profile.keyterms.len()
        ));
        return Err(Rejection::invalid("/keyterms", reason).into());
    }
    if profile.is_active {
        staged.require_free_name(Kind::Service, profile.name.as_str(), except)?;
    }
    Ok(())
}

/// A service that exists is told that what it needs was deleted; one that is made is told that there is no such thing.
fn refuse_deleted_parts(staged: &Staged<'_>, profile: &ServiceProfile) -> Result<(), DecideError> {
    let deprecated = |kind, name: &Name| {
        DecideError::from(Rejection::Deprecated {
            kind,
            name: name.to_string(),
        })
    };
    match staged.agent(profile.agent_id)? {
        Some(agent) if agent.life.is_deleted() => return Err(deprecated(Kind::Agent, &agent.name)),
        Some(_) | None => {}
    }
    match staged.context_graph(profile.context_graph_id)? {
        Some(graph) if graph.life.is_deleted() => Err(deprecated(Kind::ContextGraph, &graph.name)),
        Some(_) | None => Ok(()),
    }
}

/// Agent and context graph exist and have a version.
fn check_parts(staged: &Staged<'_>, profile: &ServiceProfile) -> Result<(), DecideError> {
    let (_, agent) = live_agent(staged, profile.agent_id)?;
    let (_, graph) = live_context_graph(staged, profile.context_graph_id)?;
    require_version(Kind::Agent, agent.name.as_str(), agent.latest_version, None)?;
    require_version(
        Kind::ContextGraph,
        graph.name.as_str(),
        graph.latest_version,
        None,
    )
}

pub(super) fn check_version_set(
    staged: &Staged<'_>,
    profile: &ServiceProfile,
    version_set: &VersionSet,
) -> Result<(), DecideError> {
    if version_set.llm_model_preferences.len() > 100 {
        let reason = Invalid::new("at most 100 model preferences");
        return Err(Rejection::invalid("/version_set/llm_model_preferences", reason).into());
    }
    let (_, agent) = live_agent(staged, profile.agent_id)?;
    let (_, graph) = live_context_graph(staged, profile.context_graph_id)?;
    require_version(
        Kind::Agent,
        agent.name.as_str(),
        agent.latest_version,
        version_set.agent_version,
    )?;
    let wanted = version_set.context_graph_version;
    require_version(
        Kind::ContextGraph,
        graph.name.as_str(),
        graph.latest_version,
        wanted,
    )
}

/// Refuses a version that does not exist; none: any version will do.
fn require_version(kind: Kind, name: &str, latest: u32, wanted: Option<u32>) -> Result<(), DecideError> {
    let exists = match wanted {
        Some(number) => (1..=latest).contains(&number),
        None => latest > 0,
    };
    if exists {
        Ok(())
    } else {
        Err(Rejection::NoVersion {
            kind,
            name: name.to_owned(),
            version: wanted,
        }
        .into())
    }
}
