//! HTTP requests to agents: classified failures, bounded bodies, no redirects.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use model::Connection;
use reqwest::{
    Client, Method, StatusCode, Url,
    header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER},
};

use super::{AgentError, AgentsOptions};
use crate::{
    Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
};

/// How much of a body that is not a success is read for the error.
const ERROR_BODY_BYTES: usize = 16 * 1024;

/// Sends requests.
#[derive(Clone, Debug)]
pub(super) struct Http {
    /// For hosts elsewhere; honours `HTTPS_PROXY` and the like.
    client: Client,
    /// For this machine, which no proxy can reach.
    local: Client,
    secrets: Secrets,
}

/// A request, ready to be sent any number of times.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
}

impl Http {
    pub(super) fn new(options: &AgentsOptions, secrets: Secrets) -> Result<Self, AgentError> {
        let builder = || {
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .connect_timeout(options.connect_timeout)
                .pool_max_idle_per_host(options.max_idle_per_host)
                .user_agent(concat!("rehearse/", env!("CARGO_PKG_VERSION")))
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|why| AgentError::Unreachable {
                place: "HTTP client".to_owned(),
                reason: format!("it cannot be set up: {}", causes(&why)),
            })
        };
        Ok(Self {
            client: build(builder())?,
            local: build(builder().no_proxy())?,
            secrets,
        })
    }

    /// Sends a request and reads the whole body of a successful response, `max_reply_bytes` at most.
    pub(super) async fn send(
        &self,
        request: &Request,
        connection: &Connection,
    ) -> Result<Vec<u8>, AgentError> {
        let client = if is_local(&request.url) {
            &self.local
        } else {
            &self.client
        };
        let mut sending = client
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone());
        if let Some(body) = &request.body {
            sending = sending.body(body.clone());
        }
        let response = sending
            .send()
            .await
            .map_err(|why| self.unreachable(request, &why))?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refused(request, response).await);
        }
        let limit = usize::try_from(connection.max_reply_bytes).unwrap_or(usize::MAX);
        let too_large = || AgentError::TooLarge {
            place: request.place(),
            limit_bytes: connection.max_reply_bytes,
        };
        if response
            .content_length()
            .is_some_and(|length| length > u64::from(connection.max_reply_bytes))
        {
            return Err(too_large());
        }
        let (body, cut) = self.read(request, response, limit).await?;
        if cut { Err(too_large()) } else { Ok(body) }
    }

    /// At most `limit` bytes of the body, and whether there was more.
    async fn read(
        &self,
        request: &Request,
        response: reqwest::Response,
        limit: usize,
    ) -> Result<(Vec<u8>, bool), AgentError> {
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|why| self.unreachable(request, &why))?;
            let room = limit - body.len();
            if chunk.len() > room {
                body.extend_from_slice(&chunk[..room]);
                return Ok((body, true));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, false))
    }

    async fn refused(&self, request: &Request, response: reqwest::Response) -> AgentError {
        let status = response.status();
        let retry_after_ms = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| retry_after_ms(value, SystemTime::now()));
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(ToOwned::to_owned);
        let detail = if status.is_redirection() {
            let target = location.map_or_else(
                || "nowhere".to_owned(),
                |location| shown_location(&request.url, &location),
            );
            format!(": it redirects to {target}; use that URL, redirects are not followed")
        } else {
            // A body that cannot be read adds nothing, and the status is known.
            let body = self
                .read(request, response, ERROR_BODY_BYTES)
                .await
                .map(|(body, _cut)| body)
                .unwrap_or_default();
            self.quote(&body)
        };
        if status == StatusCode::TOO_MANY_REQUESTS {
            AgentError::RateLimited {
                place: request.place(),
                retry_after_ms,
                detail,
            }
        } else {
            AgentError::Refused {
                place: request.place(),
                status: status.as_u16(),
                retry_after_ms,
                detail,
            }
        }
    }

    /// An answer that does not follow the protocol.
    pub(super) fn malformed(&self, request: &Request, reason: impl Into<String>, body: &[u8]) -> AgentError {
        AgentError::Malformed {
            place: request.place(),
            reason: reason.into(),
            detail: self.quote(body),
        }
    }

    /// The beginning of a body. Secrets go first, so that none is cut in two and shown in part.
    fn quote(&self, body: &[u8]) -> String {
        if body.is_empty() {
            return String::new();
        }
        let text = String::from_utf8_lossy(body);
        format!(": {}", excerpt(self.secrets.redact(&text).trim(), EXCERPT_BYTES))
    }

    fn unreachable(&self, request: &Request, why: &reqwest::Error) -> AgentError {
        AgentError::Unreachable {
            place: request.place(),
            reason: self.secrets.redact(&causes(why)),
        }
    }
}

impl Request {
    pub(super) fn new(method: Method, url: &str, field: &str) -> Result<Self, AgentError> {
        let invalid = |reason: String| AgentError::Template {
            field: field.to_owned(),
            reason,
        };
        let url = Url::parse(url).map_err(|why| invalid(format!("is not a URL: {why}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(invalid("is not an `http` or `https` URL".to_owned()));
        }
        Ok(Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        })
    }

    /// Sets a header; its value is never shown.
    pub(super) fn header(&mut self, field: &str, name: &str, value: &str) -> Result<(), AgentError> {
        let invalid = |reason: &str| AgentError::Template {
            field: field.to_owned(),
            reason: reason.to_owned(),
        };
        let name: HeaderName = name.parse().map_err(|_why| invalid("is not a header's name"))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|_why| invalid("came out as something no header can hold"))?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Method and URL without user, password, query and fragment.
    pub(super) fn place(&self) -> String {
        format!("{} {}", self.method, shown(&self.url))
    }
}

fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Neither can fail: the URL has a host.
    let _no_host = url.set_username("");
    let _no_host = url.set_password(None);
    url.to_string()
}

fn shown_location(from: &Url, location: &str) -> String {
    from.join(location)
        .map_or_else(|_why| excerpt(location, 200), |url| shown(&url))
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// An error and its causes, without the URL, which may hold secrets.
fn causes(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        texts.push(cause.to_string());
        source = cause.source();
    }
    match texts.pop() {
        // The last cause is the plainest; those above it mostly repeat it.
        Some(last) => texts
            .first()
            .filter(|first| !last.contains(first.as_str()) && !first.contains(&last))
            .map_or_else(|| last.clone(), |first| format!("{first}: {last}")),
        None => "the request failed".to_owned(),
    }
}

/// Seconds, or a date, from now.
fn retry_after_ms(value: &HeaderValue, now: SystemTime) -> Option<u64> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?
        .as_millisecond();
    let now = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_millis();
    Some(
        u64::try_from(at)
            .unwrap_or(0)
            .saturating_sub(u64::try_from(now).unwrap_or(u64::MAX)),
    )
}

#[cfg(test)]
mod tests;
