//! Personas.

use super::staged::{Staged, not_found, require_next};
use crate::{
    DecideError, DirectoryExt, Event, FirstVersion, Invalid, Kind, Name, NextVersion, ObjectRef, Persona,
    PersonaContent, PersonaCreated, PersonaId, Rejection, Tags,
};

type Change = (ObjectRef, u32);

pub(super) fn create(
    staged: &mut Staged<'_>,
    name: &Name,
    role: &Name,
    tags: &Tags,
    content: &PersonaContent,
) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::Persona, name.as_str(), None)?;
    check(content)?;
    let object = ObjectRef::new(Kind::Persona, PersonaId(staged.ids.next()));
    let first = FirstVersion {
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    let created = PersonaCreated {
        name: name.clone(),
        role: role.clone(),
        tags: tags.clone(),
        first,
    };
    staged.record(&object, Event::PersonaCreated(created))?;
    Ok((object, 1))
}

pub(super) fn update(
    staged: &mut Staged<'_>,
    id: PersonaId,
    tags: Option<&Tags>,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    if let Some(tags) = tags
        && *tags != state.tags
    {
        staged.record(&object, Event::PersonaUpdated(tags.clone()))?;
    }
    Ok((object, 0))
}

pub(super) fn create_version(
    staged: &mut Staged<'_>,
    id: PersonaId,
    content: &PersonaContent,
    expected: Option<u32>,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    let version = require_next(Kind::Persona, state.latest_version, expected)?;
    check(content)?;
    let next = NextVersion {
        version,
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    staged.record(&object, Event::PersonaVersionCreated(next))?;
    Ok((object, version))
}

pub(super) fn delete(staged: &mut Staged<'_>, id: PersonaId) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    staged.require_unused(&object, state.name.as_str())?;
    staged.record(&object, Event::PersonaDeleted(()))?;
    Ok((object, 0))
}

/// The persona, unless it was deleted.
pub(super) fn live(staged: &Staged<'_>, id: PersonaId) -> Result<(ObjectRef, Persona), DecideError> {
    match staged.persona(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::Persona, id), state)),
        Some(_) | None => Err(not_found(Kind::Persona, id)),
    }
}

fn check(content: &PersonaContent) -> Result<(), DecideError> {
    if content.user_models.len() > 200 {
        let reason = Invalid::new(format!(
            "at most 200 statements, these are {}",
            content.user_models.len()
        ));
        return Err(Rejection::invalid("/user_models", reason).into());
    }
    Ok(())
}
