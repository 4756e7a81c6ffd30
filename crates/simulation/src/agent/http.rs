//! HTTP requests to agents: classified failures, bounded bodies, no redirects.

mod body;

use model::Connection;
use reqwest::{
    Client, Method, StatusCode, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};

pub(super) use self::body::Body;
use super::{AgentError, AgentsOptions};
use crate::{
    Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
    net::{
        client::Clients,
        response::{causes, not_allowed, read, retry_after, shown, shown_target},
    },
};

/// How much of a body that is not a success is read for the error.
const ERROR_BODY_BYTES: usize = 16 * 1024;

/// Sends requests.
#[derive(Clone, Debug)]
pub(super) struct Http {
    clients: Clients,
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
        let clients = Clients::new(
            options.reach.clone(),
            options.connect_timeout,
            options.max_idle_per_host,
        );
        let clients = clients.map_err(|why| AgentError::Unreachable {
            place: "HTTP client".to_owned(),
            reason: format!("it cannot be set up: {}", causes(&why)),
        })?;
        Ok(Self { clients, secrets })
    }

    /// The client that may send a request, for protocols that send by themselves.
    pub(super) fn client_for(&self, request: &Request) -> Result<Client, AgentError> {
        let client = self.clients.for_url(&request.url);
        client.cloned().map_err(|why| AgentError::NotAllowed {
            place: request.place(),
            reason: why.to_string(),
        })
    }

    /// Sends a request and reads the whole body of a successful response, `max_reply_bytes` at most.
    pub(super) async fn send(
        &self,
        request: &Request,
        connection: &Connection,
    ) -> Result<Vec<u8>, AgentError> {
        self.begin(request, connection).await?.rest().await
    }

    /// Sends a request and waits for the head of a successful response; its body is then read piece by piece, `max_reply_bytes` in
    /// all at most.
    pub(super) async fn begin(&self, request: &Request, connection: &Connection) -> Result<Body, AgentError> {
        let client = self.client_for(request)?;
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
        if !response.status().is_success() {
            return Err(self.refused(request, response).await);
        }
        Body::of(
            response,
            request.place(),
            connection.max_reply_bytes,
            self.secrets.clone(),
        )
    }

    async fn refused(&self, request: &Request, response: reqwest::Response) -> AgentError {
        let status = response.status();
        let retry_after_ms = retry_after(response.headers());
        let detail = if status.is_redirection() {
            let target = shown_target(&request.url, response.headers());
            format!(": it redirects to {target}; use that URL, redirects are not followed")
        } else {
            // A body that cannot be read adds nothing, and the status is known.
            let body = read(response, ERROR_BODY_BYTES)
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
    pub(super) fn quote(&self, body: &[u8]) -> String {
        if body.is_empty() {
            return String::new();
        }
        let text = String::from_utf8_lossy(body);
        format!(": {}", excerpt(self.secrets.redact(&text).trim(), EXCERPT_BYTES))
    }

    fn unreachable(&self, request: &Request, why: &reqwest::Error) -> AgentError {
        unreachable(request.place(), why, &self.secrets)
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

fn unreachable(place: String, why: &reqwest::Error, secrets: &Secrets) -> AgentError {
    if let Some(reach) = not_allowed(why) {
        return AgentError::NotAllowed {
            place,
            reason: reach.to_string(),
        };
    }
    AgentError::Unreachable {
        place,
        reason: secrets.redact(&causes(why)),
    }
}

#[cfg(test)]
mod tests;
