//! Applying a suite.

use ::commands::Done;
use api::{
    error::Problem,
    suite::{Apply, Changes},
};
use model::{Difference, Directory as _, Name, Object, ObjectRef, SuiteChange};
use serde_json::Value;

use crate::gateway::{Answer, Caller, Gateway, Metadata, failure, render};

pub(super) async fn apply(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let done = gateway.execute::<Apply>(caller, metadata, body).await?;
    let objects: Vec<ObjectRef> = done
        .outcome
        .changes
        .iter()
        .map(|(object, _)| object.clone())
        .collect();
    let sequence = done.sequence;
    let changes = match &done.outcome.suite {
        Some(suite) => Changes::of(suite, &objects),
        None => Changes::of(&remembered(gateway, caller, done).await?, &objects),
    };
    Ok(Answer {
        body: render(&changes)?,
        sequence,
        state: None,
    })
}

/// What an earlier application changed, as far as the log tells: what it left alone is not listed.
async fn remembered(gateway: &Gateway, caller: &Caller, done: Done) -> Result<Vec<SuiteChange>, Problem> {
    gateway
        .look(&caller.org, move |view| {
            let mut changes = Vec::new();
            for (object, version) in &done.outcome.changes {
                let found = view.object(object).map_err(|error| failure::of_read(&error))?;
                let name = found
                    .as_ref()
                    .and_then(Object::unique_name)
                    .unwrap_or(object.key.as_str());
                let Ok(name) = Name::try_from(name) else { continue };
                let was_new = found
                    .as_ref()
                    .is_some_and(|found| found.life().created == found.life().updated);
                let difference = match version {
                    0 if was_new => Difference::Created,
                    0 => Difference::Updated,
                    1 => Difference::Created,
                    number => Difference::NewVersion(*number),
                };
                changes.push(SuiteChange {
                    kind: object.kind,
                    name,
                    difference,
                    fields: Vec::new(),
                });
            }
            Ok(changes)
        })
        .await
}
