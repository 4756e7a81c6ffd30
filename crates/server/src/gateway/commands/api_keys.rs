//! Making an API key: its secret follows from the server's key and the command, so that the same command, sent again, shows the same
//! secret again. It is not kept anywhere.

use ::commands::Done;
use api::{
    api_key::{Create, Created, OpensFor},
    error::{ErrorCode, Problem},
    read::read,
};
use model::{ApiKeyId, CommandId, DirectoryExt as _, Time};
use serde_json::Value;

use super::{answer, command_id, id};
use crate::gateway::{
    Answer, Caller, Gateway, Metadata,
    access::{Handed, require_covers},
    of_read, render,
};

pub(super) async fn create(
    gateway: &Gateway,
    caller: &Caller,
    mut metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<Create>(body)?;
    let handed = match request.opens_for()? {
        OpensFor::Role(role) => Handed::Role(role),
        OpensFor::User(user) => Handed::User(user),
    };
    require_covers(gateway, caller, handed).await?;
    let secret = secret(gateway, caller, &command_id(&mut metadata));
    let lifetime_ms = request.duration.as_millis();
    let command = request.into_command(gateway.key_hasher.hash(&secret), &caller.user)?;
    let done = gateway.run(caller, metadata, command).await?;
    let api_key_id = id(&done)?;
    let expires_at = match done.decided_at {
        Some(decided_at) => Some(decided_at.plus_millis(lifetime_ms)),
        None => stored_expiry(gateway, caller, api_key_id, &done).await?,
    };
    let body = render(&Created {
        api_key_id,
        api_key: secret,
        expires_at,
    })?;
    answer(&done, body)
}

/// The secret of the key that a command makes. Ids of commands are each user's own.
fn secret(gateway: &Gateway, caller: &Caller, command: &CommandId) -> String {
    let (org, user) = (caller.org.as_str(), caller.user.as_str());
    let parts = [org.as_bytes(), user.as_bytes(), command.as_str().as_bytes()];
    gateway.key_hasher.derive_secret("api-key", &parts)
}

/// When a key expires that was made before.
async fn stored_expiry(
    gateway: &Gateway,
    caller: &Caller,
    id: ApiKeyId,
    done: &Done,
) -> Result<Option<Time>, Problem> {
    let sequence = done.sequence;
    gateway
        .look(&caller.org, move |view| {
            let key = view.api_key(id).map_err(|error| of_read(&error))?;
            key.map(|key| key.expires_at).ok_or_else(|| {
                let detail = format!("the key that was made at sequence {sequence} of the log is not there");
                Problem::new(ErrorCode::Internal, detail)
            })
        })
        .await
}
