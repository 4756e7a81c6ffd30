//! Making requests.

use std::{collections::BTreeMap, time::Duration};

use async_nats::{HeaderMap, header::HeaderValue};
use bytes::Bytes;
use tokio::time::timeout;

use super::{BusAnswer, BusError, BusReply, ERROR_CODE_HEADER, ERROR_HEADER, pairs};
use crate::{ConnectOptions, JetStream, JournalError, checks::refused, jetstream::Connection};

const OPERATION: &str = "request";

/// Makes requests to services. Clones share the connection.
#[derive(Clone, Debug)]
pub struct BusClient {
    connection: Connection,
}

impl BusClient {
    /// Connects for requests only: needs no JetStream, and no permission but to publish requests and to receive in the inbox.
    ///
    /// # Errors
    ///
    /// No connection, or credentials that are not accepted.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, JournalError> {
        Ok(Self {
            connection: Connection::open(options).await?,
        })
    }

    /// Makes requests over a journal's connection.
    pub fn of(journal: &JetStream) -> Self {
        Self {
            connection: journal.connection().clone(),
        }
    }

    /// Makes a request and waits for the reply; the service's own error is the inner one. It is made once: whether it may be made
    /// again is for the caller to know.
    ///
    /// # Errors
    ///
    /// Nobody answers or not in time, the credentials do not permit it, or the request cannot be sent as it is.
    pub async fn request(
        &self,
        subject: &str,
        headers: &BTreeMap<String, String>,
        payload: Bytes,
        wait: Duration,
    ) -> Result<BusReply, JournalError> {
        check_subject(subject)?;
        let headers = header_map(headers)?;
        let unreachable = |reason: String| JournalError::Unreachable {
            operation: OPERATION,
            reason,
        };
        let answer = match timeout(
            wait,
            self.connection.request(subject, Some(headers), payload, wait),
        )
        .await
        {
            Ok(answer) => answer.map_err(|failure| failure.into_request_error(OPERATION, subject))?,
            Err(_elapsed) => return Err(unreachable(format!("no answer on {subject} within {wait:?}"))),
        };
        let headers = answer.headers.unwrap_or_default();
        let Some(code) = headers.get(ERROR_CODE_HEADER) else {
            let headers = pairs(&headers);
            return Ok(Ok(BusAnswer {
                payload: answer.payload,
                headers,
            }));
        };
        let code = code.as_str().parse().map_err(|_invalid| {
            refused(
                OPERATION,
                format!(
                    "the service answered with the error code `{}`, which is none",
                    code.as_str()
                ),
            )
        })?;
        let message = headers
            .get(ERROR_HEADER)
            .map_or("", HeaderValue::as_str)
            .to_owned();
        Ok(Err(BusError {
            code,
            message,
            payload: answer.payload,
        }))
    }
}

fn check_subject(subject: &str) -> Result<(), JournalError> {
    let is_plain = |token: &str| !token.is_empty() && !token.contains(['*', '>', ' ', '\t', '\r', '\n']);
    if subject.split('.').all(is_plain) {
        return Ok(());
    }
    Err(refused(
        OPERATION,
        format!("`{}` is no subject for a request", subject.escape_debug()),
    ))
}

fn header_map(headers: &BTreeMap<String, String>) -> Result<HeaderMap, JournalError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_name || value.chars().any(char::is_control) {
            return Err(refused(
                OPERATION,
                format!(
                    "`{}` cannot be a header: names are letters, digits and `-`, values one line",
                    name.escape_debug()
                ),
            ));
        }
        map.insert(name.as_str(), value.as_str());
    }
    Ok(map)
}
