//! Deciding on a command without carrying it out.

use api::error::{ErrorCode, Problem};
use model::{Command, Context, DecideError, Decision, Known, decide};

use super::{Caller, Gateway, check, failure, precondition};

/// What a command would do. Ids that it would give are not the ones that it will give.
pub(super) async fn dry_run(
    gateway: &Gateway,
    caller: &Caller,
    known: Option<Known>,
    command: Command,
) -> Result<Decision, Problem> {
    check::command(&command).await?;
    let precondition = match known {
        Some(known) => Some(precondition::precondition(gateway, caller, &command, known).await?),
        None => None,
    };
    let context = Context {
        now: gateway.now(),
        actor: caller.user.clone(),
        command_id: "dry-run"
            .parse()
            .map_err(|invalid| Problem::new(ErrorCode::Internal, format!("{invalid}")))?,
        traceparent: None,
        entropy: [0; 32],
        capabilities: gateway.executor.capabilities().clone(),
        precondition,
    };
    gateway
        .look(&caller.org, move |view| {
            decide(view, &command, &context).map_err(|error| match &error {
                DecideError::Rejected(rejection) => rejection.into(),
                DecideError::Read(source) => failure::of_read(source),
            })
        })
        .await
}
