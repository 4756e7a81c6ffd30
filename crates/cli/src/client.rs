//! Requests to the server, over the bus.
//!
//! Commands carry an id of their own, so one that got no answer is sent again without taking effect twice.

mod kinds;
mod objects;
mod run;

use std::{collections::BTreeMap, time::Duration};

use api::{
    bus::{COMMAND_ID_HEADER, Family, Subject, endpoint},
    error::{ErrorCode, Problem},
};
use journal::{
    JournalError,
    bus::{BusClient, TOO_LARGE},
};
pub(crate) use kinds::KindArgument;
pub(crate) use objects::{Page, id, label};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    commands::Setting,
    context::Found,
    exit::Exit,
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
/// What pages are made smaller from when the request does not say how large they may be; every endpoint allows it.
const PAGE_ITEMS: u64 = 10;
/// The pause before it is made again.
const PAUSE: Duration = Duration::from_millis(300);

/// Asks a server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    bus: BusClient,
    found: Found,
    persistence: Duration,
}

/// Why a request failed.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// Nobody answered as they should.
    Bus(JournalError),
    /// The server refused.
    Refused(Box<Problem>),
    /// The answer is more than one message may hold.
    TooLarge(String),
    /// The answer is not what this build expects.
    Answer(String),
}

impl Client {
    /// Finds the server and connects.
    pub(crate) async fn connect(setting: &Setting) -> Result<Self, Failure> {
        let (settings, _layers) = setting.settings(|places| places)?;
        let found = setting.global.place.find()?;
        Self::enter(found, setting, &settings).await
    }

    /// Connects to the server that was found.
    pub(crate) async fn enter(found: Found, setting: &Setting, settings: &Settings) -> Result<Self, Failure> {
        let link = Link::of_client(&found, &setting.global.place);
        let options = link.options("rehearse", settings);
        let deadline = Instant::now() + CONNECT_PERSISTENCE;
        loop {
            match BusClient::connect(&options).await {
                Ok(bus) => {
                    return Ok(Self {
                        bus,
                        found,
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
    pub(crate) fn impatient(mut self) -> Self {
        self.persistence = Duration::ZERO;
        self
    }

    /// Asks for a change.
    pub(crate) async fn command<T: DeserializeOwned>(
        &self,
        kind: &str,
        verb: &str,
        request: &(impl Serialize + Sync),
    ) -> Result<T, RequestError> {
        self.request(Family::Command, kind, verb, request).await
    }

    /// Asks a question.
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        kind: &str,
        verb: &str,
        request: &(impl Serialize + Sync),
    ) -> Result<T, RequestError> {
        self.request(Family::Query, kind, verb, request).await
    }

    /// Asks for a page of at most `request.limit` items, or of fewer while these are more than one message may hold.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        kind: &str,
        verb: &str,
        request: &mut Value,
    ) -> Result<T, RequestError> {
        loop {
            let limit = request.get("limit").and_then(Value::as_u64).unwrap_or(PAGE_ITEMS);
            match self.query(kind, verb, &*request).await {
                Err(RequestError::TooLarge(_)) if limit > 1 => request["limit"] = json!((limit / 4).max(1)),
                answered => return answered,
            }
        }
    }

    async fn request<T: DeserializeOwned>(
        &self,
        family: Family,
        kind: &str,
        verb: &str,
        request: &(impl Serialize + Sync),
    ) -> Result<T, RequestError> {
        let unreadable = |source: serde_json::Error| RequestError::Answer(format!("{kind}.{verb}: {source}"));
        let payload = serde_json::to_vec(request).map_err(unreadable)?;
        let credentials = &self.found.credentials;
        let (org, user) = (&credentials.organization_id, &credentials.user_id);
        let endpoint = endpoint(family, kind, verb)
            .ok_or_else(|| RequestError::Answer(format!("this build knows no endpoint {kind}.{verb}")))?;
        let subject = Subject::of(org, user, endpoint);
        let mut headers = BTreeMap::new();
        if family == Family::Command {
            headers.insert(COMMAND_ID_HEADER.to_owned(), fresh_command_id()?);
        }
        let deadline = Instant::now() + self.persistence;
        let answer = loop {
            let sent = self
                .bus
                .request(&subject, &headers, payload.clone().into(), PATIENCE)
                .await;
            let error = match sent {
                Ok(Ok(answer)) => break answer,
                Ok(Err(refusal)) => RequestError::of_refusal(&refusal.payload, refusal.code, refusal.message),
                Err(error) => RequestError::Bus(error),
            };
            if !error.may_pass() || Instant::now() + PAUSE >= deadline {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        };
        // An answer without a body says that there is nothing to tell.
        let answer: &[u8] = if answer.payload.is_empty() {
            b"null"
        } else {
            &answer.payload
        };
        serde_json::from_slice(answer).map_err(unreadable)
    }
}

fn fresh_command_id() -> Result<String, RequestError> {
    let bytes = random_bytes::<16>().map_err(|failure| RequestError::Answer(failure.message))?;
    Ok(format!("cli-{:032x}", u128::from_be_bytes(bytes)))
}

impl RequestError {
    fn of_refusal(payload: &[u8], code: u16, message: String) -> Self {
        match serde_json::from_slice::<Problem>(payload) {
            Ok(problem) => Self::Refused(Box::new(problem)),
            Err(_not_ours) if code == TOO_LARGE => Self::TooLarge(message),
            Err(_not_ours) => Self::Answer(format!("the server answered with error {code}: {message}")),
        }
    }

    /// Whether asking again soon may help.
    fn may_pass(&self) -> bool {
        match self {
            Self::Bus(error) => error.retryable(),
            Self::Refused(problem) => {
                matches!(
                    problem.code,
                    ErrorCode::Unavailable | ErrorCode::Contended | ErrorCode::TimedOut
                )
            }
            Self::TooLarge(_) | Self::Answer(_) => false,
        }
    }

    /// The server's code, if it refused.
    pub(crate) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            Self::Bus(_) | Self::TooLarge(_) | Self::Answer(_) => None,
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Bus(error) => journal_failure(&error),
            RequestError::Refused(problem) => of_problem(&problem),
            RequestError::TooLarge(reason) => Self::bug(reason).help(
                "The setting `nats.max_payload_bytes` (of the nats-server: `max_payload`) can be raised.",
            ),
            RequestError::Answer(reason) => {
                Self::bug(format!("the server's answer cannot be read: {reason}"))
                    .help("Server and command line may be of different versions.")
            }
        }
    }
}

impl From<RequestError> for crate::output::WriteError {
    fn from(error: RequestError) -> Self {
        Self::Failed(error.into())
    }
}

/// What a refusal of the server means for the caller.
pub(crate) fn of_problem(problem: &Problem) -> Failure {
    let exit = match problem.code.exit_code() {
        2 => Exit::Usage,
        97 => Exit::Unreachable,
        _ => Exit::Bug,
    };
    let mut message = problem.detail.clone();
    if problem.errors.len() > 1 {
        for error in &problem.errors {
            message.extend(["\n  ", &error.pointer, ": ", &error.detail]);
        }
    }
    // Here the fields stand in the message itself.
    let mut help = if problem.code == ErrorCode::ValidationFailed {
        "Mend what the message names.".to_owned()
    } else {
        format!("{}.", problem.code.help())
    };
    if let Some(first) = help.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    // What the caller got wrong is no matter for the server's log.
    if let Some(request_id) = &problem.request_id
        && exit != Exit::Usage
    {
        help.extend([" The server's log has more under request ", request_id, "."]);
    }
    Failure::new(exit, message).help(help)
}

/// A field of an answer as text, for people; empty if there is none.
pub(crate) fn text_at(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_become_exit_codes() {
        let cases = [
            (ErrorCode::NotFound, Exit::Usage),
            (ErrorCode::InUse, Exit::Usage),
            (ErrorCode::Internal, Exit::Bug),
            (ErrorCode::Unavailable, Exit::Unreachable),
        ];
        for (code, exit) in cases {
            assert_eq!(of_problem(&Problem::new(code, "something")).exit, exit);
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let failure =
            of_problem(&Problem::new(ErrorCode::NotFound, "there is no persona `x`").with_request_id("r1"));
        assert_eq!(failure.message, "there is no persona `x`");
        insta::assert_snapshot!(failure.help.unwrap_or_default(), @"Check the id or name; deleted objects cannot be used.");
        let failure = of_problem(&Problem::new(ErrorCode::Internal, "something broke").with_request_id("r1"));
        insta::assert_snapshot!(failure.help.unwrap_or_default(), @"Report it with the request id. The server's log has more under request r1.");
    }

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
