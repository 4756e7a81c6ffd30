//! What connectors to JSON APIs have in common: a connection's texts filled in, URLs put together, requests that say which turn of
//! which conversation they are part of.

use std::collections::BTreeMap;

use model::{Connection, Text};
use reqwest::{Method, Url};
use serde_json::Value;

use super::{
    AgentError,
    attempts::Attempts,
    http::{Http, Request},
    openai_chat::fill_in,
    trace::{TRACEPARENT, Trace},
};
use crate::{Briefing, Secrets, template::Variables, view};

/// The texts of a connection, which may be templates.
#[derive(Debug)]
pub(super) struct Settings(Variables);

impl Settings {
    pub(super) fn of(briefing: &Briefing, secrets: &Secrets) -> Self {
        let variables = Variables::default()
            .with("session_id", &briefing.session_id.as_str().into())
            .with("persona", &view::persona(briefing))
            .with("scenario", &view::scenario(briefing))
            .with("context_graph", &briefing.context_graph.value())
            .with_secrets(secrets);
        Self(variables)
    }

    /// The text without space around it, which no setting wants.
    pub(super) fn fill(&self, field: &str, source: &Text) -> Result<String, AgentError> {
        Ok(fill_in(&self.0, field, source.as_str())?.trim().to_owned())
    }

    pub(super) fn url(&self, field: &str, source: &Text) -> Result<Url, AgentError> {
        let filled = self.fill(field, source)?;
        Ok(Request::new(Method::GET, &filled, field)?.url)
    }

    fn headers(&self, headers: &BTreeMap<String, String>) -> Result<Vec<Header>, AgentError> {
        let fill = |(name, value): (&String, &String)| {
            let field = format!("headers.{name}");
            let value = fill_in(&self.0, &field, value)?;
            Ok(Header {
                field,
                name: name.clone(),
                value,
            })
        };
        headers.iter().map(fill).collect()
    }
}

/// A header that every request carries. Its value may be a secret.
struct Header {
    field: String,
    name: String,
    value: String,
}

/// Makes and sends the requests of one session.
pub(super) struct Caller {
    pub(super) http: Http,
    pub(super) connection: Connection,
    pub(super) attempts: Attempts,
    base: Url,
    headers: Vec<Header>,
    trace: Trace,
}

/// Which turn a request is part of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp<'a> {
    pub(super) turn_index: u32,
    pub(super) idempotency_key: &'a str,
}

impl Caller {
    pub(super) fn new(
        briefing: &Briefing,
        connection: &Connection,
        http: Http,
        base: Url,
        settings: &Settings,
        headers: &BTreeMap<String, String>,
    ) -> Result<Self, AgentError> {
        let caller = Self {
            http,
            connection: connection.clone(),
            attempts: Attempts::new(connection, briefing.seed),
            base,
            headers: settings.headers(headers)?,
            trace: Trace::of(briefing),
        };
        // A header that no request can hold is found out now rather than in the middle of the conversation.
        caller.get(&[])?;
        Ok(caller)
    }

    /// Adds a header that every request carries.
    pub(super) fn set_header(&mut self, field: &str, name: &str, value: String) -> Result<(), AgentError> {
        self.headers.push(Header {
            field: field.to_owned(),
            name: name.to_owned(),
            value,
        });
        self.get(&[]).map(|_fits| ())
    }

    /// The base URL with further path segments; an empty one ends the path with a slash. Whatever a segment holds, it stays one.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    pub(super) fn get(&self, segments: &[&str]) -> Result<Request, AgentError> {
        self.request(Method::GET, &self.url(segments))
    }

    pub(super) fn post(&self, segments: &[&str], body: &Value) -> Result<Request, AgentError> {
        let mut request = self.request(Method::POST, &self.url(segments))?;
        request.body = Some(body.to_string());
        request.header("headers", "content-type", "application/json")?;
        Ok(request)
    }

    /// A request to any URL. Headers of the connection, which may hold secrets, go only to where the connection leads.
    pub(super) fn request(&self, method: Method, url: &Url) -> Result<Request, AgentError> {
        let mut request = Request::new(method, url.as_str(), "base_url")?;
        request.header("headers", "accept", "application/json")?;
        if url.origin() == self.base.origin() {
            for header in &self.headers {
                request.header(&header.field, &header.name, &header.value)?;
            }
        }
        Ok(request)
    }

    /// Says which turn a request is part of.
    pub(super) fn stamp(&self, request: &mut Request, stamp: Stamp<'_>) -> Result<(), AgentError> {
        request.header("traceparent", TRACEPARENT, &self.trace.parent(stamp.turn_index))?;
        request.header("idempotency_key", "idempotency-key", stamp.idempotency_key)
    }

    /// Sends a request once and reads the JSON that comes back.
    pub(super) async fn ask(&self, request: &Request) -> Result<Reply, AgentError> {
        let bytes = self.http.send(request, &self.connection).await?;
        let value = serde_json::from_slice(&bytes).map_err(|why| {
            self.http
                .malformed(request, format!("the response is not JSON ({why})"), &bytes)
        })?;
        Ok(Reply { value, bytes })
    }
}

/// JSON that came back, and how it was written.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) value: Value,
    pub(super) bytes: Vec<u8>,
}
