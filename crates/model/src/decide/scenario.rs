//! Scenarios.

use super::staged::{Staged, not_found, require_next};
use crate::{
    DecideError, DirectoryExt, Event, FirstVersion, Kind, Name, NextVersion, ObjectRef, Rejection, Scenario,
    ScenarioContent, ScenarioCreated, ScenarioId, Tags,
};

type Change = (ObjectRef, u32);

pub(super) fn create(
    staged: &mut Staged<'_>,
    name: &Name,
    tags: &Tags,
    content: &ScenarioContent,
) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::Scenario, name.as_str(), None)?;
    check(content)?;
    let object = ObjectRef::new(Kind::Scenario, ScenarioId(staged.ids.next()));
    let first = FirstVersion {
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    let created = ScenarioCreated {
        name: name.clone(),
        tags: tags.clone(),
        first,
    };
    staged.record(&object, Event::ScenarioCreated(created))?;
    Ok((object, 1))
}

pub(super) fn update(
    staged: &mut Staged<'_>,
    id: ScenarioId,
    tags: Option<&Tags>,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    if let Some(tags) = tags
        && *tags != state.tags
    {
        staged.record(&object, Event::ScenarioUpdated(tags.clone()))?;
    }
    Ok((object, 0))
}

pub(super) fn create_version(
    staged: &mut Staged<'_>,
    id: ScenarioId,
    content: &ScenarioContent,
    expected: Option<u32>,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    let version = require_next(Kind::Scenario, state.latest_version, expected)?;
    check(content)?;
    let next = NextVersion {
        version,
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    staged.record(&object, Event::ScenarioVersionCreated(next))?;
    Ok((object, version))
}

pub(super) fn delete(staged: &mut Staged<'_>, id: ScenarioId) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    staged.require_unused(&object, state.name.as_str())?;
    staged.record(&object, Event::ScenarioDeleted(()))?;
    Ok((object, 0))
}

/// The scenario, unless it was deleted.
pub(super) fn live(staged: &Staged<'_>, id: ScenarioId) -> Result<(ObjectRef, Scenario), DecideError> {
    match staged.scenario(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::Scenario, id), state)),
        Some(_) | None => Err(not_found(Kind::Scenario, id)),
    }
}

fn check(content: &ScenarioContent) -> Result<(), DecideError> {
    if let Some(script) = &content.script {
        script
            .check()
            .map_err(|reason| Rejection::invalid("/rehearse/script", reason))?;
    }
    content.check().map_err(|(index, reason)| {
        let pointer = index.map_or_else(
            || "/rehearse/milestones".to_owned(),
            |index| format!("/rehearse/milestones/{index}"),
        );
        Rejection::invalid(pointer, reason).into()
    })
}
