//! Unit tests and unit test sets.

use super::{
    metric, persona, scenario, service,
    staged::{Staged, not_found},
};
use crate::{
    DecideError, DirectoryExt, Event, Invalid, Kind, MAX_CONVERSATIONS, Name, ObjectRef, Rejection, SetEntry,
    UnitTest, UnitTestChange, UnitTestCreated, UnitTestDefinition, UnitTestId, UnitTestSet,
    UnitTestSetChange, UnitTestSetDefinition, UnitTestSetId,
};

type Change = (ObjectRef, u32);

pub(super) fn create(
    staged: &mut Staged<'_>,
    name: &Name,
    definition: &UnitTestDefinition,
) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::UnitTest, name.as_str(), None)?;
    check(staged, definition)?;
    let object = ObjectRef::new(Kind::UnitTest, UnitTestId(staged.ids.next()));
    let created = UnitTestCreated {
        name: name.clone(),
        definition: definition.clone(),
    };
    staged.record(&object, Event::UnitTestCreated(created))?;
    Ok((object, 0))
}

pub(super) fn update(
    staged: &mut Staged<'_>,
    id: UnitTestId,
    change: &UnitTestChange,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    let old = state.definition;
    let new = UnitTestDefinition {
        description: change
            .description
            .clone()
            .unwrap_or_else(|| old.description.clone()),
        service_id: change.service_id.unwrap_or(old.service_id),
        version_set: change
            .version_set
            .clone()
            .unwrap_or_else(|| old.version_set.clone()),
        persona_id: change.persona_id.unwrap_or(old.persona_id),
        scenario_id: change.scenario_id.unwrap_or(old.scenario_id),
        max_interactions: change.max_interactions.unwrap_or(old.max_interactions),
        success_criteria: change
            .success_criteria
            .clone()
            .unwrap_or_else(|| old.success_criteria.clone()),
        tags: change.tags.clone().unwrap_or_else(|| old.tags.clone()),
    };
    if new != old {
        check(staged, &new)?;
        staged.record(&object, Event::UnitTestUpdated(new))?;
    }
    Ok((object, 0))
}

pub(super) fn delete(staged: &mut Staged<'_>, id: UnitTestId) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    staged.require_unused(&object, state.name.as_str())?;
    staged.record(&object, Event::UnitTestDeleted(()))?;
    Ok((object, 0))
}

pub(super) fn create_set(
    staged: &mut Staged<'_>,
    definition: &UnitTestSetDefinition,
) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::UnitTestSet, definition.name.as_str(), None)?;
    check_entries(staged, &definition.entries)?;
    let object = ObjectRef::new(Kind::UnitTestSet, UnitTestSetId(staged.ids.next()));
    staged.record(&object, Event::UnitTestSetCreated(definition.clone()))?;
    Ok((object, 0))
}

pub(super) fn update_set(
    staged: &mut Staged<'_>,
    id: UnitTestSetId,
    change: &UnitTestSetChange,
) -> Result<Change, DecideError> {
    let (object, state) = live_set(staged, id)?;
    let old = state.definition;
    let new = UnitTestSetDefinition {
        name: change.name.clone().unwrap_or_else(|| old.name.clone()),
        description: change
            .description
            .clone()
            .unwrap_or_else(|| old.description.clone()),
        entries: change.entries.clone().unwrap_or_else(|| old.entries.clone()),
        tags: change.tags.clone().unwrap_or_else(|| old.tags.clone()),
    };
    if new != old {
        staged.require_free_name(Kind::UnitTestSet, new.name.as_str(), Some(&object))?;
        check_entries(staged, &new.entries)?;
        staged.record(&object, Event::UnitTestSetUpdated(new))?;
    }
    Ok((object, 0))
}

pub(super) fn delete_set(staged: &mut Staged<'_>, id: UnitTestSetId) -> Result<Change, DecideError> {
    let (object, _) = live_set(staged, id)?;
    staged.record(&object, Event::UnitTestSetDeleted(()))?;
    Ok((object, 0))
}

/// The unit test, unless it was deleted.
pub(super) fn live(staged: &Staged<'_>, id: UnitTestId) -> Result<(ObjectRef, UnitTest), DecideError> {
    match staged.unit_test(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::UnitTest, id), state)),
        Some(_) | None => Err(not_found(Kind::UnitTest, id)),
    }
}

/// The set, unless it was deleted.
pub(super) fn live_set(
    staged: &Staged<'_>,
    id: UnitTestSetId,
) -> Result<(ObjectRef, UnitTestSet), DecideError> {
    match staged.unit_test_set(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::UnitTestSet, id), state)),
        Some(_) | None => Err(not_found(Kind::UnitTestSet, id)),
    }
}

fn check(staged: &Staged<'_>, definition: &UnitTestDefinition) -> Result<(), DecideError> {
    let (_, service) = service::existing(staged, definition.service_id)?;
    if !service.profile.is_active {
        return Err(Rejection::Inactive {
            service: service.profile.name.to_string(),
        }
        .into());
    }
    if !service.version_sets.contains_key(&definition.version_set) {
        let service = service.profile.name.to_string();
        return Err(Rejection::UnknownVersionSet {
            service,
            name: definition.version_set.clone(),
        }
        .into());
    }
    persona::live(staged, definition.persona_id)?;
    scenario::live(staged, definition.scenario_id)?;
    if definition.max_interactions == 0 || definition.max_interactions > 100 {
        let reason = Invalid::new(format!("must be 1 to 100, not {}", definition.max_interactions));
        return Err(Rejection::invalid("/max_interactions", reason).into());
    }
    let n_criteria = definition.success_criteria.len();
    if n_criteria == 0 || n_criteria > 100 {
        let reason = Invalid::new(format!("must be 1 to 100 criteria, not {n_criteria}"));
        return Err(Rejection::invalid("/success_criterions", reason).into());
    }
    for (index, criterion) in definition.success_criteria.iter().enumerate() {
        let pointer = format!("/success_criterions/{index}/criterion");
        criterion
            .criterion
            .check()
            .map_err(|reason| Rejection::invalid(pointer.clone(), reason))?;
        let (_, metric) = metric::live(staged, criterion.metric_id)?;
        let (is, wanted) = (
            metric.latest.value.metric_type(),
            criterion.criterion.metric_type(),
        );
        if is != wanted {
            let metric = metric.name.to_string();
            return Err(Rejection::CriterionTypeMismatch {
                pointer,
                metric,
                is,
                wanted,
            }
            .into());
        }
    }
    Ok(())
}

fn check_entries(staged: &Staged<'_>, entries: &[SetEntry]) -> Result<(), DecideError> {
    if entries.is_empty() || entries.len() > 10_000 {
        let reason = Invalid::new(format!("must be 1 to 10000 unit tests, not {}", entries.len()));
        return Err(Rejection::invalid("/unit_test_runs", reason).into());
    }
    let mut n_conversations = 0_u64;
    for (index, entry) in entries.iter().enumerate() {
        if entry.run_count == 0 {
            let reason = Invalid::new("must be at least 1");
            return Err(Rejection::invalid(format!("/unit_test_runs/{index}/run_count"), reason).into());
        }
        live(staged, entry.unit_test_id)?;
        n_conversations += u64::from(entry.run_count);
    }
    if n_conversations > u64::from(MAX_CONVERSATIONS) {
        let reason = format!(
            "a run has at most {MAX_CONVERSATIONS} conversations, this set would have {n_conversations}"
        );
        return Err(Rejection::invalid("/unit_test_runs", Invalid::new(reason)).into());
    }
    Ok(())
}
