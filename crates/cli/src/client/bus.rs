//! Requests over the bus.
//!
//! Commands carry an id of their own, so one that got no answer is sent again without taking effect twice.

use std::{collections::BTreeMap, time::Duration};

use api::{
    bus::{COMMAND_ID_HEADER, Family, Subject, endpoint},
    error::{ErrorCode, Problem},
};
use journal::bus::{BusClient, TOO_LARGE};
use model::{OrgId, UserId};
use serde_json::Value;
use tokio::time::Instant;

use super::RequestError;
use crate::{
    context::{Found, Where},
    failure::Failure,
    link::{Link, journal_failure},
    secret::random_bytes,
    settings::Settings,
};

/// How long one answer may take. A server waits up to ten seconds by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// For how long a request that got no answer, or "not now", is made again.
const PERSISTENCE: Duration = Duration::from_secs(15);
/// For how long connecting is tried: a nats-server that is started again is back by then.
const CONNECT_PERSISTENCE: Duration = Duration::from_secs(2);
/// The pause before it is made again.
const PAUSE: Duration = Duration::from_millis(300);

/// A connection to the bus, as one user of one organization.
#[derive(Clone, Debug)]
pub(super) struct Bus {
    client: BusClient,
    organization: OrgId,
    user: UserId,
    persistence: Duration,
}

impl Bus {
    /// Connects to the server that was found.
    pub(super) async fn connect(found: &Found, place: &Where, settings: &Settings) -> Result<Self, Failure> {
        let options = Link::of_client(found, place)?.options("rehearse", settings);
        let deadline = Instant::now() + CONNECT_PERSISTENCE;
        loop {
            match BusClient::connect(&options).await {
                Ok(client) => {
                    return Ok(Self {
                        client,
                        organization: found.credentials.organization_id.clone(),
                        user: found.credentials.user_id.clone(),
                        persistence: PERSISTENCE,
                    });
                }
                Err(error) if error.retryable() && Instant::now() + PAUSE < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(journal_failure(&error)),
            }
        }
    }

    /// The same, asking once only.
    #[must_use]
    pub(super) fn impatient(mut self) -> Self {
        self.persistence = Duration::ZERO;
        self
    }

    pub(super) async fn request(
        &self,
        family: Family,
        kind: &str,
        verb: &str,
        request: &Value,
    ) -> Result<Value, RequestError> {
        let unreadable = |source: serde_json::Error| RequestError::Answer(format!("{kind}.{verb}: {source}"));
        let payload = serde_json::to_vec(request).map_err(unreadable)?;
        let endpoint = endpoint(family, kind, verb)
            .ok_or_else(|| RequestError::Answer(format!("this build knows no endpoint {kind}.{verb}")))?;
        let subject = Subject::of(&self.organization, &self.user, endpoint);
        let mut headers = BTreeMap::new();
        if family == Family::Command {
            headers.insert(COMMAND_ID_HEADER.to_owned(), fresh_command_id()?);
        }
        let deadline = Instant::now() + self.persistence;
        let answer = loop {
            let sent = self
                .client
                .request(&subject, &headers, payload.clone().into(), PATIENCE)
                .await;
            let error = match sent {
                Ok(Ok(answer)) => break answer,
                Ok(Err(refusal)) => of_refusal(&refusal.payload, refusal.code, refusal.message),
                Err(error) => RequestError::Bus(error),
            };
            if !may_pass(&error) || Instant::now() + PAUSE >= deadline {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        };
        // An answer without a body says that there is nothing to tell.
        if answer.payload.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.payload).map_err(unreadable)
    }
}

fn fresh_command_id() -> Result<String, RequestError> {
    let bytes = random_bytes::<16>().map_err(|failure| RequestError::Answer(failure.message))?;
    Ok(format!("cli-{:032x}", u128::from_be_bytes(bytes)))
}

fn of_refusal(payload: &[u8], code: u16, message: String) -> RequestError {
    match serde_json::from_slice::<Problem>(payload) {
        Ok(problem) => RequestError::Refused(Box::new(problem)),
        Err(_not_ours) if code == TOO_LARGE => RequestError::TooLarge(message),
        Err(_not_ours) => RequestError::Answer(format!("the server answered with error {code}: {message}")),
    }
}

/// Whether asking again soon may help.
fn may_pass(error: &RequestError) -> bool {
    match error {
        RequestError::Bus(error) => error.retryable(),
        RequestError::Refused(problem) => {
            matches!(
                problem.code,
                ErrorCode::Unavailable | ErrorCode::Contended | ErrorCode::TimedOut
            )
        }
        RequestError::Http(_) | RequestError::TooLarge(_) | RequestError::Answer(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_ids_are_tokens_and_differ() {
        let (one, two) = (
            fresh_command_id().expect("bytes"),
            fresh_command_id().expect("bytes"),
        );
        assert_ne!(one, two);
        one.parse::<model::CommandId>().expect("it is a token");
    }
}
