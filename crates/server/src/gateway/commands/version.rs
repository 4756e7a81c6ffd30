//! New versions of agents and context graphs, of which callers are also told when they were made.

use ::commands::Done;
use api::{
    CommandRequest as _, agent, context_graph,
    error::{ErrorCode, Problem},
    read::read,
};
use projections::{VersionFilter, VersionQuery};
use serde_json::Value;

use super::{answer, version};
use crate::gateway::{Answer, Caller, Gateway, Metadata, dry_run::dry_run, failure, render};

/// Adds a version to an agent.
pub(super) async fn agent(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let done = gateway
        .execute::<agent::CreateVersion>(caller, metadata, body)
        .await?;
    answer(&done, render(&created(gateway, caller, &done).await?)?)
}

/// Adds a version to a context graph, or finds out whether it could be added.
pub(super) async fn context_graph(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<context_graph::CreateVersion>(body)?;
    let is_dry_run = request.dry_run;
    let command = request.into_command();
    if is_dry_run {
        gateway.catch_up().await?;
        dry_run(gateway, caller, metadata.known, command).await?;
        return Ok(Answer {
            body: render(&context_graph::VersionCreated(None))?,
            sequence: gateway.database().sequences().events,
            state: None,
        });
    }
    let done = gateway.run(caller, metadata, command).await?;
    let created = created(gateway, caller, &done).await?;
    answer(&done, render(&context_graph::VersionCreated(Some(created)))?)
}

/// The version that a command made, now or when it was carried out before.
async fn created(gateway: &Gateway, caller: &Caller, done: &Done) -> Result<agent::VersionCreated, Problem> {
    let number = version(done)?;
    let created_at = match (done.decided_at, done.outcome.changes.first()) {
        (Some(at), _) => Some(at),
        (None, Some((object, _))) => {
            let object = object.clone();
            let wanted = VersionQuery {
                filter: Some(VersionFilter::Number(number)),
                limit: 1,
                ..VersionQuery::default()
            };
            gateway
                .look(&caller.org, move |view| {
                    let page = view.versions(&object, &wanted);
                    let page = page.map_err(|error| failure::of_query(&error))?;
                    Ok(page.and_then(|page| Some(page.items.first()?.created.at)))
                })
                .await?
        }
        (None, None) => None,
    };
    let created_at = created_at.ok_or_else(|| {
        let detail = "the command was carried out but the log does not show the version that it made";
        Problem::new(ErrorCode::Internal, detail)
    })?;
    Ok(agent::VersionCreated {
        version: number,
        created_at,
    })
}
