//! Agents and context graphs. Both are made without a version and get their versions one by one.

use super::staged::{Staged, not_found, require_next};
use crate::{
    Agent, AgentContent, AgentId, ContextGraph, ContextGraphContent, ContextGraphId, DecideError,
    DirectoryExt, Event, Kind, Name, NextVersion, ObjectRef, Rejection,
};

type Change = (ObjectRef, u32);

pub(super) fn create_agent(staged: &mut Staged<'_>, name: &Name) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::Agent, name.as_str(), None)?;
    let object = ObjectRef::new(Kind::Agent, AgentId(staged.ids.next()));
    staged.record(&object, Event::AgentCreated(name.clone()))?;
    Ok((object, 0))
}

pub(super) fn create_agent_version(
    staged: &mut Staged<'_>,
    id: AgentId,
    content: &AgentContent,
    expected: Option<u32>,
) -> Result<Change, DecideError> {
    let (object, state) = live_agent(staged, id)?;
    let version = require_next(Kind::Agent, state.latest_version, expected)?;
    if let Some(connection) = &content.connection {
        connection
            .check()
            .map_err(|reason| Rejection::invalid("/rehearse/connection", reason))?;
    }
    let next = NextVersion {
        version,
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    staged.record(&object, Event::AgentVersionCreated(next))?;
    Ok((object, version))
}

pub(super) fn delete_agent(staged: &mut Staged<'_>, id: AgentId) -> Result<Change, DecideError> {
    let (object, state) = live_agent(staged, id)?;
    staged.require_unused(&object, state.name.as_str())?;
    staged.record(&object, Event::AgentDeleted(()))?;
    Ok((object, 0))
}

pub(super) fn create_context_graph(staged: &mut Staged<'_>, name: &Name) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::ContextGraph, name.as_str(), None)?;
    let object = ObjectRef::new(Kind::ContextGraph, ContextGraphId(staged.ids.next()));
    staged.record(&object, Event::ContextGraphCreated(name.clone()))?;
    Ok((object, 0))
}

pub(super) fn create_context_graph_version(
    staged: &mut Staged<'_>,
    id: ContextGraphId,
    content: &ContextGraphContent,
    expected: Option<u32>,
) -> Result<Change, DecideError> {
    let (object, state) = live_context_graph(staged, id)?;
    let version = require_next(Kind::ContextGraph, state.latest_version, expected)?;
    let next = NextVersion {
        version,
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    staged.record(&object, Event::ContextGraphVersionCreated(next))?;
    Ok((object, version))
}

pub(super) fn delete_context_graph(
    staged: &mut Staged<'_>,
    id: ContextGraphId,
) -> Result<Change, DecideError> {
    let (object, state) = live_context_graph(staged, id)?;
    staged.require_unused(&object, state.name.as_str())?;
    staged.record(&object, Event::ContextGraphDeleted(()))?;
    Ok((object, 0))
}

/// The agent, unless it was deleted.
pub(super) fn live_agent(staged: &Staged<'_>, id: AgentId) -> Result<(ObjectRef, Agent), DecideError> {
    match staged.agent(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::Agent, id), state)),
        Some(_) | None => Err(not_found(Kind::Agent, id)),
    }
}

/// The context graph, unless it was deleted.
pub(super) fn live_context_graph(
    staged: &Staged<'_>,
    id: ContextGraphId,
) -> Result<(ObjectRef, ContextGraph), DecideError> {
    match staged.context_graph(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::ContextGraph, id), state)),
        Some(_) | None => Err(not_found(Kind::ContextGraph, id)),
    }
}
