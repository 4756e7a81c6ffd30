//! Metrics.

use super::staged::{Staged, not_found, require_next};
use crate::{
    DecideError, DirectoryExt, Event, FirstVersion, Invalid, Kind, Metric, MetricContent, MetricCreated,
    MetricId, MetricNotes, Name, NextVersion, ObjectRef, Rejection, ServiceId, Tags, Text,
};

type Change = (ObjectRef, u32);

pub(super) fn create(
    staged: &mut Staged<'_>,
    name: &Name,
    notes: MetricNotes,
    content: &MetricContent,
) -> Result<Change, DecideError> {
    staged.require_free_name(Kind::Metric, name.as_str(), None)?;
    check(content)?;
    check_services(staged, &notes.applied_to_services)?;
    let object = ObjectRef::new(Kind::Metric, MetricId(staged.ids.next()));
    let first = FirstVersion {
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    staged.record(
        &object,
        Event::MetricCreated(MetricCreated {
            name: name.clone(),
            notes,
            first,
        }),
    )?;
    Ok((object, 1))
}

pub(super) fn update(
    staged: &mut Staged<'_>,
    id: MetricId,
    applied_to_services: Option<&Vec<ServiceId>>,
    additional_notes: Option<&Option<Text>>,
    tags: Option<&Tags>,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    let old = MetricNotes {
        applied_to_services: state.applied_to_services,
        additional_notes: state.additional_notes,
        tags: state.tags,
    };
    let new = MetricNotes {
        applied_to_services: applied_to_services.unwrap_or(&old.applied_to_services).clone(),
        additional_notes: additional_notes.unwrap_or(&old.additional_notes).clone(),
        tags: tags.unwrap_or(&old.tags).clone(),
    };
    if new != old {
        check_services(staged, &new.applied_to_services)?;
        staged.record(&object, Event::MetricUpdated(new))?;
    }
    Ok((object, 0))
}

pub(super) fn create_version(
    staged: &mut Staged<'_>,
    id: MetricId,
    content: &MetricContent,
    expected: Option<u32>,
) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    let version = require_next(Kind::Metric, state.latest_version, expected)?;
    check(content)?;
    let (is, wanted) = (state.latest.value.metric_type(), content.value.metric_type());
    if is != wanted {
        return Err(Rejection::ValueTypeFrozen { is, wanted }.into());
    }
    let next = NextVersion {
        version,
        version_id: staged.ids.next(),
        content: content.clone(),
    };
    staged.record(&object, Event::MetricVersionCreated(next))?;
    Ok((object, version))
}

pub(super) fn delete(staged: &mut Staged<'_>, id: MetricId) -> Result<Change, DecideError> {
    let (object, state) = live(staged, id)?;
    staged.require_unused(&object, state.name.as_str())?;
    staged.record(&object, Event::MetricDeleted(()))?;
    Ok((object, 0))
}

/// The metric, unless it was deleted.
pub(super) fn live(staged: &Staged<'_>, id: MetricId) -> Result<(ObjectRef, Metric), DecideError> {
    match staged.metric(id)? {
        Some(state) if !state.life.is_deleted() => Ok((ObjectRef::new(Kind::Metric, id), state)),
        Some(_) | None => Err(not_found(Kind::Metric, id)),
    }
}

fn check(content: &MetricContent) -> Result<(), DecideError> {
    content
        .check()
        .map_err(|reason| Rejection::invalid("/metric_value", reason).into())
}

fn check_services(staged: &Staged<'_>, services: &[ServiceId]) -> Result<(), DecideError> {
    if services.len() > 200 {
        let reason = Invalid::new(format!("at most 200 services, these are {}", services.len()));
        return Err(Rejection::invalid("/applied_to_services", reason).into());
    }
    for service in services {
        if staged.service(*service)?.is_none() {
            return Err(not_found(Kind::Service, service));
        }
    }
    Ok(())
}
