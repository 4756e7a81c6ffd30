//! One request and its answer: bounded, and told apart by what it means.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use reqwest::{
    RequestBuilder, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER},
};
use serde_json::Value;

use super::{Address, ClientError, Transport};
use crate::{
    bus::SEQUENCE_HEADER,
    error::{PROBLEM_CONTENT_TYPE, Problem},
    http::Method,
};

/// The largest body of a refusal, in bytes.
const MAX_PROBLEM_BYTES: usize = 1024 * 1024;
/// How many times the longest silence a whole answer may take.
const PATIENCE: u32 = 20;
/// How long a connection is kept for the next request: less than servers do.
const IDLE: Duration = Duration::from_secs(5);
/// The longest pause that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// How much of a text from elsewhere is told, in characters.
const MAX_TOLD_CHARS: usize = 200;

/// Sends requests.
#[derive(Debug)]
pub(super) struct Sender {
    http: reqwest::Client,
    base_url: String,
    max_response_bytes: usize,
    answered: AtomicBool,
}

/// A request failed; the server may have said when to try again.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: ClientError,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) const fn new(error: ClientError) -> Self {
        Self {
            error,
            retry_after: None,
        }
    }
}

/// An answer of success.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    /// What the body is said to be.
    content_type: String,
    body: Vec<u8>,
    /// The sequence of what a command did.
    pub(super) sequence: Option<u64>,
}

/// An answer is no JSON.
#[derive(Debug)]
pub(super) enum NotJson {
    /// It does not claim to be.
    Other { status: u16, what: String },
    /// It claims to be.
    Broken { what: String, source: serde_json::Error },
}

impl Sender {
    pub(super) fn new(address: &Address, transport: &Transport) -> Result<Self, ClientError> {
        let refused = |reason: &str, source| ClientError::Options {
            reason: reason.to_owned(),
            source: Some(source),
        };
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(transport.connect_timeout)
            .read_timeout(transport.timeout)
            .pool_idle_timeout(IDLE)
            .timeout(transport.timeout.saturating_mul(PATIENCE))
            .user_agent(&transport.user_agent);
        if address.is_local() {
            builder = builder.no_proxy();
        }
        if let Some(pem) = &transport.certificates {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|source| refused("the certificates to trust cannot be read", source))?;
            if certificates.is_empty() {
                return Err(ClientError::Options {
                    reason: "the file of certificates to trust holds none; it must be PEM".to_owned(),
                    source: None,
                });
            }
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self {
            http: builder
                .build()
                .map_err(|source| refused("the HTTP client cannot be set up", source))?,
            base_url: address.base_url().to_owned(),
            max_response_bytes: transport.max_response_bytes,
            answered: AtomicBool::new(false),
        })
    }

    /// Whether the server has ever answered.
    pub(super) fn was_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A request to be filled.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        self.http.request(method, url)
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Refusal> {
        let unreachable = |source: reqwest::Error| {
            Refusal::new(ClientError::Unreachable {
                base_url: self.base_url.clone(),
                source: source.without_url(),
            })
        };
        let response = request.send().await.map_err(unreachable)?;
        self.answered.store(true, Ordering::Relaxed);
        let status = response.status();
        let headers = response.headers().clone();
        let content_type = text(&headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        let limit = if status.is_success() {
            self.max_response_bytes
        } else {
            self.max_response_bytes.min(MAX_PROBLEM_BYTES)
        };
        let body = match read(response, limit).await.map_err(unreachable)? {
            Some(body) => body,
            None if status.is_success() => {
                return Err(Refusal::new(ClientError::TooLarge { limit_bytes: limit }));
            }
            None => Vec::new(),
        };
        if status.is_success() {
            return Ok(Answer {
                status: status.as_u16(),
                content_type,
                body,
                sequence: text(&headers, SEQUENCE_HEADER).and_then(|text| text.parse().ok()),
            });
        }
        let error = match problem(&content_type, &body) {
            Some(Ok(problem)) => ClientError::Problem(Box::new(problem)),
            Some(Err(source)) => ClientError::Unreadable {
                what: format!("a request that was refused with status {status}"),
                source,
            },
            None => self.not_rehearse(status.as_u16(), &content_type, &headers),
        };
        Err(Refusal {
            error,
            retry_after: text(&headers, RETRY_AFTER.as_str()).and_then(|text| seconds(&text)),
        })
    }

    fn not_rehearse(&self, status: u16, content_type: &str, headers: &HeaderMap) -> ClientError {
        let what = match text(headers, LOCATION.as_str()) {
            Some(location) if (300..400).contains(&status) => format!(
                "it redirects to {}; if that is the server, use its address",
                told(&location)
            ),
            Some(_) | None => other(status, content_type),
        };
        ClientError::NotRehearse {
            base_url: self.base_url.clone(),
            status,
            what,
        }
    }

    /// What an answer that is no JSON means here.
    pub(super) fn placed(&self, error: NotJson) -> ClientError {
        match error {
            NotJson::Other { status, what } => ClientError::NotRehearse {
                base_url: self.base_url.clone(),
                status,
                what,
            },
            NotJson::Broken { what, source } => ClientError::Unreadable { what, source },
        }
    }
}

impl Answer {
    /// The body; an answer without one says that there is nothing to tell.
    pub(super) fn json(&self, what: &str) -> Result<Value, NotJson> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        if !is(&self.content_type, "application/json") {
            return Err(NotJson::Other {
                status: self.status,
                what: other(self.status, &self.content_type),
            });
        }
        serde_json::from_slice(&self.body).map_err(|source| NotJson::Broken {
            what: what.to_owned(),
            source,
        })
    }
}

/// The whole body; none if it is larger than `limit` bytes.
async fn read(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let is_larger = |n_bytes: u64| usize::try_from(n_bytes).is_ok_and(|n_bytes| n_bytes > limit);
    if response.content_length().is_some_and(is_larger) {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > limit - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn problem(content_type: &str, body: &[u8]) -> Option<Result<Problem, serde_json::Error>> {
    is(content_type, PROBLEM_CONTENT_TYPE).then(|| serde_json::from_slice(body))
}

/// Whether a content type, which may have parameters, is this one.
fn is(content_type: &str, wanted: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(wanted)
}

fn other(status: u16, content_type: &str) -> String {
    match content_type {
        "" => format!("status {status} without a content type"),
        content_type => format!("status {status} with content of type {}", told(content_type)),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_owned())
}

fn told(text: &str) -> String {
    text.chars().take(MAX_TOLD_CHARS).collect()
}

/// The seconds that a server asks to wait. A date is not understood: Rehearse sends none, and what stands before it may have another
/// clock.
fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}
