//! Making webhook destinations and their secrets. A secret follows from the server's key and a salt in the log; it is shown once per command.

use ::commands::Done;
use api::{
    CommandRequest as _, FieldErrors, Pointer,
    error::{ErrorCode, Problem},
    read::read,
    webhook_destination::{Create, Created, RotateSecret, Rotated},
};
use model::{CommandId, DirectoryExt as _, Event, Kind, ObjectRef, Time, WebhookDestinationId, WebhookUrl};
use serde_json::Value;

use super::{answer, command_id, id};
use crate::gateway::{Answer, Caller, Gateway, Metadata, failure, of_read, render};

pub(super) async fn create(
    gateway: &Gateway,
    caller: &Caller,
    mut metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<Create>(body)?;
    check_scheme(&request.url, gateway.options.allow_http_webhooks)?;
    let command = command_id(&mut metadata);
    let done = gateway.run(caller, metadata, request.into_command()).await?;
    let id = id(&done)?;
    let made = made(gateway, caller, id, &command, &done).await?;
    let created = Created {
        webhook_destination_id: id,
        secret: secret(gateway, &made.salt),
    };
    answer(&done, render(&created)?)
}

pub(super) async fn rotate_secret(
    gateway: &Gateway,
    caller: &Caller,
    mut metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<RotateSecret>(body)?;
    let id = request.id;
    let command = command_id(&mut metadata);
    let done = gateway.run(caller, metadata, request.into_command()).await?;
    let made = made(gateway, caller, id, &command, &done).await?;
    let dual_signing_stops_at = made.previous_until.ok_or_else(|| not_shown(id))?;
    let rotated = Rotated {
        secret: secret(gateway, &made.salt),
        dual_signing_stops_at,
    };
    answer(&done, render(&rotated)?)
}

fn secret(gateway: &Gateway, salt: &[u8; 32]) -> String {
    gateway.key_hasher.derive_secret("webhook", &[salt])
}

/// Refuses a URL that says how to get there in a way that nobody can be sure of.
fn check_scheme(url: &WebhookUrl, allow_http: bool) -> Result<(), FieldErrors> {
    let scheme = url.as_str().split_once("://").map_or("", |(scheme, _)| scheme);
    let is_fine = scheme.eq_ignore_ascii_case("https") || (allow_http && scheme.eq_ignore_ascii_case("http"));
    if is_fine {
        return Ok(());
    }
    let wanted = if allow_http {
        "must begin with `https://` or `http://`"
    } else {
        "must begin with `https://`"
    };
    Err(FieldErrors::one(&Pointer::root().key("url"), wanted))
}

/// What a command made a secret of.
struct Made {
    salt: [u8; 32],
    /// Until when the secret before signs too.
    previous_until: Option<Time>,
}

/// What this command made a secret of, whatever other commands have made since.
async fn made(
    gateway: &Gateway,
    caller: &Caller,
    id: WebhookDestinationId,
    command: &CommandId,
    done: &Done,
) -> Result<Made, Problem> {
    if let Some(decided_at) = done.decided_at {
        // Just made, so it is most likely what the projections show.
        let shown = gateway.look(&caller.org, move |view| {
            view.webhook_destination(id).map_err(|error| of_read(&error))
        });
        let shown = shown.await?;
        if let Some(shown) = shown.filter(|shown| shown.secret.generated_at == decided_at) {
            return Ok(Made {
                salt: shown.secret.salt,
                previous_until: shown.previous.map(|previous| previous.until),
            });
        }
    }
    let object = ObjectRef::new(Kind::WebhookDestination, id);
    let history = gateway.journal().history(&caller.org, &object).await;
    let history = history.map_err(|error| failure::of_journal(&error))?;
    let ours = history
        .iter()
        .map(|recorded| &recorded.commit)
        .filter(|commit| commit.meta.actor == caller.user && commit.meta.command_id == *command);
    ours.flat_map(|commit| &commit.events)
        .find_map(made_by)
        .ok_or_else(|| not_shown(id))
}

/// What an event made a secret of, if it did.
fn made_by(event: &Event) -> Option<Made> {
    if let Event::WebhookDestinationCreated(created) = event {
        return Some(Made {
            salt: created.secret.salt,
            previous_until: None,
        });
    }
    let Event::WebhookSecretRotated(rotated) = event else {
        return None;
    };
    Some(Made {
        salt: rotated.secret.salt,
        previous_until: Some(rotated.previous.until),
    })
}

fn not_shown(id: WebhookDestinationId) -> Problem {
    Problem::new(
        ErrorCode::Unavailable,
        format!("the secret of webhook destination `{id}` was made, but the log does not show it yet"),
    )
}
