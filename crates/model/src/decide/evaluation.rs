//! Manual evaluations.

use std::collections::BTreeSet;

use super::{
    metric,
    staged::{Staged, not_found},
};
use crate::{
    Content, DecideError, DirectoryExt, Event, Invalid, Kind, MAX_EVALUATIONS, MeasuredValue, ObjectRef,
    Rejection, conversation_id, manual_evaluation_id,
};

type Change = (ObjectRef, u32);

/// The most bytes of a justification.
const MAX_JUSTIFICATION_BYTES: usize = 256 * 1024;
/// The most messages that a value rests on.
const MAX_REFERENCES: usize = 1_000;

pub(super) fn record(
    staged: &mut Staged<'_>,
    measured: &[MeasuredValue],
) -> Result<Vec<Change>, DecideError> {
    if measured.is_empty() || measured.len() > MAX_EVALUATIONS {
        let reason = Invalid::new(format!(
            "must be 1 to {MAX_EVALUATIONS} values, these are {}",
            measured.len()
        ));
        return Err(Rejection::invalid("", reason).into());
    }
    let mut changes = Vec::with_capacity(measured.len());
    let mut ids = BTreeSet::new();
    for (index, value) in measured.iter().enumerate() {
        check(staged, index, value)?;
        let id = manual_evaluation_id(conversation_id(value.run, value.n), value.metric_id);
        if !ids.insert(id) {
            let reason = Invalid::new("this metric was measured in the same conversation already");
            return Err(Rejection::invalid(format!("/{index}"), reason).into());
        }
        let object = ObjectRef::new(Kind::Evaluation, id);
        staged.record(&object, Event::EvaluationRecorded(value.clone()))?;
        changes.push((object, 0));
    }
    Ok(changes)
}

fn check(staged: &Staged<'_>, index: usize, value: &MeasuredValue) -> Result<(), DecideError> {
    let invalid = |field: &str, reason: String| {
        DecideError::from(Rejection::invalid(
            format!("/{index}/{field}"),
            Invalid::new(reason),
        ))
    };
    let run = staged
        .run(value.run)?
        .ok_or_else(|| not_found(Kind::Run, value.run))?;
    if value.n >= run.plan.n_conversations() {
        return Err(invalid("n", "the run has no such conversation".to_owned()));
    }
    let (object, state) = metric::live(staged, value.metric_id)?;
    let Some(Content::Metric(content)) = staged.content(&object, value.metric_version)? else {
        return Err(Rejection::NoVersion {
            kind: Kind::Metric,
            name: state.name.to_string(),
            version: Some(value.metric_version),
        }
        .into());
    };
    if let Some(found) = &value.value
        && !content.value.admits(found)
    {
        return Err(invalid("value", "is none that the metric may have".to_owned()));
    }
    if value.justification.len() > MAX_JUSTIFICATION_BYTES {
        let reason = format!("must be at most {MAX_JUSTIFICATION_BYTES} bytes long");
        return Err(invalid("justification", reason));
    }
    if value.references.len() > MAX_REFERENCES {
        let reason = format!("must be at most {MAX_REFERENCES} messages");
        return Err(invalid("references", reason));
    }
    Ok(())
}
