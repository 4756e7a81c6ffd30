//! Agents and context graphs. Both are made without a version and get their versions one by one.

use serde_json::Value;

use super::staged::{Staged, not_found, require_next};
use crate::{
    Agent, AgentContent, AgentId, ContextGraph, ContextGraphContent, ContextGraphId, DecideError,
    DirectoryExt, Event, Json, Kind, Life, Name, NextVersion, ObjectRef, Rejection,
};

type Change = (ObjectRef, u32);

pub(super) fn create_agent(staged: &mut Staged<'_>, name: &Name) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::Agent, name.as_str(), None)?;
    let object = ObjectRef::new(Kind::Agent, AgentId(staged.ids.next()));
    staged.record(&object, Event::AgentCreated(name.clone()))?;
    Ok((object, 0))
}

/// Adds a version that holds what is given and, where nothing is given, what the version before holds.
pub(super) fn change_agent(
    staged: &mut Staged<'_>,
    id: AgentId,
    given: &AgentContent,
    expected: Option<u32>,
) -> Result<Change, DecideError> {
    let (_object, state) = live_agent(staged, id)?;
    let content = match &state.latest {
        Some(previous) => inheriting(previous, given)?,
        None if given.connection.is_none() && given.document.is_none() => {
            return Err(Rejection::EmptyVersion {
                kind: Kind::Agent,
                name: state.name.to_string(),
            }
            .into());
        }
        None => given.clone(),
    };
    create_agent_version(staged, id, &content, expected)
}

/// `given`, with what it leaves out as it is in `previous`. Of documents this holds for each of their fields.
fn inheriting(previous: &AgentContent, given: &AgentContent) -> Result<AgentContent, DecideError> {
    let document = match (&previous.document, &given.document) {
        (Some(previous), Some(given)) => Some(merged(previous, given)?),
        (None, Some(only)) | (Some(only), None) => Some(only.clone()),
        (None, None) => None,
    };
    let connection = given.connection.as_ref().or(previous.connection.as_ref());
    Ok(AgentContent {
        connection: connection.cloned(),
        document,
    })
}

fn merged(previous: &Json, given: &Json) -> Result<Json, DecideError> {
    let (Value::Object(mut fields), Value::Object(new)) = (previous.value(), given.value()) else {
        return Ok(given.clone());
    };
    fields.extend(new);
    Json::from_value(&Value::Object(fields)).map_err(|reason| Rejection::invalid("", reason).into())
}

/// Adds a version that holds exactly `content`.
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
    if let Some(state) = staged.agent(id)? {
        refuse_deleted(Kind::Agent, &state.name, &state.life)?;
    }
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
    if let Some(state) = staged.context_graph(id)? {
        refuse_deleted(Kind::ContextGraph, &state.name, &state.life)?;
    }
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

/// Refuses to delete what was deleted before.
fn refuse_deleted(kind: Kind, name: &Name, life: &Life) -> Result<(), DecideError> {
    if life.is_deleted() {
        return Err(Rejection::AlreadyDeleted {
            kind,
            name: name.to_string(),
        }
        .into());
    }
    Ok(())
}
