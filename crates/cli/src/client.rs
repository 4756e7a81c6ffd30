//! Requests to the server, over the bus or over HTTP. Everything above this module is the same for both.

mod bus;
mod http;
mod kinds;
mod objects;
mod run;
mod token_file;

use api::{
    bus::Family,
    client::ClientError,
    error::{ErrorCode, Problem},
};
use bus::Bus;
use journal::JournalError;
pub(crate) use kinds::KindArgument;
pub(crate) use objects::{Page, id, label};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    commands::Setting,
    context::{Found, Transport},
    exit::Exit,
    failure::Failure,
    link::journal_failure,
    settings::Settings,
};

/// What pages are made smaller from when the request does not say how large they may be; every endpoint allows it.
const PAGE_ITEMS: u64 = 10;

/// Asks a server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    way: Way,
}

/// How it is asked.
#[derive(Clone, Debug)]
enum Way {
    Bus(Bus),
    Http(api::client::Client),
}

/// Why a request failed.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// Nobody answered on the bus as they should.
    Bus(JournalError),
    /// Nobody answered over HTTP as they should.
    Http(Box<ClientError>),
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

    /// Connects to the server that was found. Over HTTP the first request does.
    pub(crate) async fn enter(found: Found, setting: &Setting, settings: &Settings) -> Result<Self, Failure> {
        let way = match found.transport {
            Transport::Bus => Way::Bus(Bus::connect(&found, &setting.global.place, settings).await?),
            Transport::Http => Way::Http(http::client(&found)?),
        };
        Ok(Self { way })
    }

    /// The same, asking once only.
    #[must_use]
    pub(crate) fn impatient(self) -> Self {
        let way = match self.way {
            Way::Bus(bus) => Way::Bus(bus.impatient()),
            Way::Http(http) => Way::Http(http.with_persistence(std::time::Duration::ZERO)),
        };
        Self { way }
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

    /// Asks for a page of at most `request.limit` items, or of fewer while these are more than one answer may hold.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        kind: &str,
        verb: &str,
        request: &mut Value,
    ) -> Result<T, RequestError> {
        loop {
            let limit = request.get("limit").and_then(Value::as_u64).unwrap_or(PAGE_ITEMS);
            match self.query(kind, verb, &*request).await {
                Err(error) if error.is_too_large() && limit > 1 => {
                    request["limit"] = json!((limit / 4).max(1));
                }
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
        let request = serde_json::to_value(request).map_err(unreadable)?;
        let answer = match &self.way {
            Way::Bus(bus) => bus.request(family, kind, verb, &request).await?,
            Way::Http(http) => http
                .request(family, kind, verb, &request)
                .await
                .map_err(http::of_error)?,
        };
        serde_json::from_value(answer).map_err(unreadable)
    }
}

impl RequestError {
    /// The server's code, if it refused.
    pub(crate) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            Self::Bus(_) | Self::Http(_) | Self::TooLarge(_) | Self::Answer(_) => None,
        }
    }

    /// Whether a smaller answer might be read.
    fn is_too_large(&self) -> bool {
        match self {
            Self::TooLarge(_) => true,
            Self::Http(error) => matches!(**error, ClientError::TooLarge { .. }),
            Self::Bus(_) | Self::Refused(_) | Self::Answer(_) => false,
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Bus(error) => journal_failure(&error),
            RequestError::Http(error) => http::failure(&error),
            RequestError::Refused(problem) => of_problem(&problem),
            RequestError::TooLarge(reason) => Self::bug(reason).help(
                "The setting `nats.max_payload_bytes` (of the nats-server: `max_payload`) can be raised.",
            ),
            RequestError::Answer(reason) => {
                Self::bug(format!("the server's answer cannot be read: {reason}")).help(OTHER_VERSION)
            }
        }
    }
}

/// What may be the matter with an answer that cannot be read.
const OTHER_VERSION: &str = "Server and command line may be of different versions.";

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
}
