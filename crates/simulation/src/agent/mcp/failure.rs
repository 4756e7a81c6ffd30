//! What the protocol's client reports, as errors of agents.

use std::error::Error;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use rmcp::{
    ServiceError, service::ClientInitializeError, transport::streamable_http_client::StreamableHttpError,
};

use super::super::AgentError;
use crate::{
    excerpt::{EXCERPT_BYTES, excerpt},
    net::response::{causes, not_allowed, retry_after},
};

/// Why a session could not be begun.
pub(super) fn of_start(place: &str, error: &ClientInitializeError, limit_bytes: u32) -> AgentError {
    match error {
        ClientInitializeError::TransportError { error, .. } => {
            of_transport(place, error.error.as_ref(), limit_bytes)
        }
        ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::Cancelled => {
            AgentError::Unreachable {
                place: place.to_owned(),
                reason: "the connection was closed before the session began".to_owned(),
            }
        }
        ClientInitializeError::JsonRpcError(error) => malformed(
            place,
            format!(
                "it refuses to begin a session: error {} {}",
                error.code.0, error.message
            ),
        ),
        ClientInitializeError::ExpectedInitResponse(_)
        | ClientInitializeError::ExpectedInitResult(_)
        | ClientInitializeError::ConflictInitResponseId(..)
        | ClientInitializeError::UncorrelatedErrorResponse { .. }
        | ClientInitializeError::NoCompatibleProtocolVersion { .. }
        | ClientInitializeError::NoPreferredProtocolVersion
        | ClientInitializeError::LegacyFallbackFailed { .. }
        | _ => malformed(
            place,
            format!("it does not speak the Model Context Protocol: {error}"),
        ),
    }
}

/// Why a request failed.
pub(super) fn of_request(place: &str, error: &ServiceError, limit_bytes: u32) -> AgentError {
    match error {
        ServiceError::McpError(error) => malformed(
            place,
            format!("it answers with error {}: {}", error.code.0, error.message),
        ),
        ServiceError::TransportSend(error) => of_transport(place, error.error.as_ref(), limit_bytes),
        ServiceError::TransportClosed | ServiceError::Cancelled { .. } => AgentError::Unreachable {
            place: place.to_owned(),
            reason: "the connection is closed".to_owned(),
        },
        ServiceError::InputRequiredRoundsExceeded { .. } => malformed(
            place,
            "the tool asks for input of another kind than its arguments, which is not supported".to_owned(),
        ),
        ServiceError::UnexpectedResponse
        | ServiceError::SubscriptionLagged { .. }
        | ServiceError::Timeout { .. }
        | _ => malformed(place, format!("it answers with something else: {error}")),
    }
}

fn of_transport(place: &str, error: &(dyn Error + 'static), limit_bytes: u32) -> AgentError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
            return of_http(place, http, limit_bytes);
        }
        if let Some(http) = error.downcast_ref::<reqwest::Error>() {
            return of_client(place, http);
        }
        cause = error.source();
    }
    AgentError::Unreachable {
        place: place.to_owned(),
        reason: error.to_string(),
    }
}

fn of_http(place: &str, error: &StreamableHttpError<reqwest::Error>, limit_bytes: u32) -> AgentError {
    let refused = |status: u16, retry_after_ms: Option<u64>, detail: String| {
        let place = place.to_owned();
        if status == 429 {
            AgentError::RateLimited {
                place,
                retry_after_ms,
                detail,
            }
        } else {
            AgentError::Refused {
                place,
                status,
                retry_after_ms,
                detail,
            }
        }
    };
    match error {
        StreamableHttpError::Client(error) => of_client(place, error),
        StreamableHttpError::HttpStatus(error) => refused(
            error.status,
            error.retry_after.as_deref().and_then(wait_ms),
            String::new(),
        ),
        StreamableHttpError::AuthRequired(_) => {
            refused(401, None, ": it wants to know who asks; set a header".to_owned())
        }
        StreamableHttpError::InsufficientScope(error) => {
            refused(403, None, format!(": {}", error.www_authenticate_header))
        }
        StreamableHttpError::SessionExpired => refused(
            404,
            None,
            ": the server does not know the session any more".to_owned(),
        ),
        StreamableHttpError::UnexpectedServerResponse(text) => match status_of(text) {
            Some((status, body)) => {
                let body = excerpt(body.trim(), EXCERPT_BYTES);
                let detail = if (300..400).contains(&status) {
                    ": it redirects; use the URL that it redirects to, redirects are not followed".to_owned()
                } else if body.is_empty() {
                    String::new()
                } else {
                    format!(": {body}")
                };
                refused(status, None, detail)
            }
            None => malformed(place, excerpt(text, EXCERPT_BYTES)),
        },
        StreamableHttpError::ResponseBodyTooLarge { .. } => AgentError::TooLarge {
            place: place.to_owned(),
            limit_bytes,
        },
        StreamableHttpError::UnexpectedContentType(found) => malformed(
            place,
            format!(
                "it answers with content of type {}, not JSON or an event stream",
                found.as_deref().unwrap_or("unknown")
            ),
        ),
        StreamableHttpError::Io(_)
        | StreamableHttpError::UnexpectedEndOfStream
        | StreamableHttpError::TransportChannelClosed
        | StreamableHttpError::SessionRecoveryTimeout
        | StreamableHttpError::ControlRequestTimeout => AgentError::Unreachable {
            place: place.to_owned(),
            reason: error.to_string(),
        },
        StreamableHttpError::Sse(_)
        | StreamableHttpError::ServerDoesNotSupportSse
        | StreamableHttpError::ServerDoesNotSupportDeleteSession
        | StreamableHttpError::TokioJoinError(_)
        | StreamableHttpError::Deserialize(_)
        | StreamableHttpError::MissingSessionIdInResponse
        | StreamableHttpError::ReservedHeaderConflict(_)
        | StreamableHttpError::ReinitializationFailed(_)
        | _ => malformed(place, error.to_string()),
    }
}

fn of_client(place: &str, error: &reqwest::Error) -> AgentError {
    let place = place.to_owned();
    if let Some(reach) = not_allowed(error) {
        return AgentError::NotAllowed {
            place,
            reason: reach.to_string(),
        };
    }
    match error.status() {
        Some(status) => AgentError::Refused {
            place,
            status: status.as_u16(),
            retry_after_ms: None,
            detail: String::new(),
        },
        None => AgentError::Unreachable {
            place,
            reason: causes(error),
        },
    }
}

/// How long a `Retry-After` asks to wait.
fn wait_ms(value: &str) -> Option<u64> {
    let value = HeaderValue::from_str(value).ok()?;
    retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]))
}

/// The client's text for a status that is not success: `HTTP 400 Bad Request: <body>`.
fn status_of(text: &str) -> Option<(u16, &str)> {
    let rest = text.strip_prefix("HTTP ")?;
    let (status, rest) = rest.split_once(' ')?;
    let (_reason, body) = rest.split_once(':').unwrap_or((rest, ""));
    Some((status.parse().ok()?, body))
}

fn malformed(place: &str, reason: String) -> AgentError {
    AgentError::Malformed {
        place: place.to_owned(),
        reason,
        detail: String::new(),
    }
}
