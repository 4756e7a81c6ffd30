//! Making an API key: the secret is made here and shown in the answer, once.

use api::{api_key, error::Problem, read::read};
use model::{ApiKeyId, Command, Digest, Oid};
use serde_json::Value;

use crate::{
    KeyHasher,
    gateway::{Answer, Caller, Gateway, Metadata, render},
};

pub(super) async fn create(
    gateway: &Gateway,
    caller: &Caller,
    metadata: Metadata,
    body: &Value,
) -> Result<Answer, Problem> {
    let request = read::<api_key::Create>(body)?;
    let secret = KeyHasher::new_secret();
    let now = (gateway.clock.0)();
    let seconds = u32::try_from(now.as_micros().div_euclid(1_000_000)).unwrap_or(0);
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    // The id is public: it follows from the secret in a way that tells nothing about it.
    bytes[4..].copy_from_slice(&Digest::of(secret.as_bytes()).as_bytes()[..8]);
    let id = ApiKeyId(Oid::from_bytes(bytes));
    let command = request.into_command(id, gateway.key_hasher.hash(&secret), &caller.user, now);
    let expires_at = if let Command::CreateApiKey { expires_at, .. } = &command {
        *expires_at
    } else {
        None
    };
    let done = gateway.run(caller, metadata, command).await?;
    let body = render(&api_key::Created {
        api_key_id: id,
        api_key: secret,
        expires_at,
    })?;
    Ok(Answer {
        body,
        sequence: done.sequence,
    })
}
