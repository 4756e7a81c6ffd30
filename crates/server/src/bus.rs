//! The bus: the gateway's commands and queries as a NATS micro service.
//!
//! Who asks stands in the subject, so NATS's own permissions have decided who may act as whom before a request gets here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::{
    bus::{COMMAND_ID_HEADER, COMMANDS, Endpoint, Family, QUERIES, SEEN_HEADER, Subject, TRACE_HEADER},
    error::{ErrorCode, Problem},
};
use async_trait::async_trait;
use bytes::Bytes;
use journal::{
    JetStream, JournalError,
    bus::{BusError, BusHandler, BusReply, BusRequest, BusServer, EndpointSpec, Service},
};

use crate::gateway::{Caller, Gateway, Metadata};

/// What the service is called: `nats micro info rehearse`.
const SERVICE: &str = "rehearse";

/// The largest request, in bytes.
const MAX_REQUEST: usize = 6 * 1024 * 1024;

/// How long requests that have come in may still take when the bus stops.
const PATIENCE: Duration = Duration::from_secs(12);

/// The running bus.
#[derive(Debug)]
pub struct Bus {
    server: BusServer,
}

impl Bus {
    /// Begins to answer. `version` is the build's semantic version.
    pub async fn start(journal: &JetStream, gateway: Gateway, version: &str) -> Result<Self, JournalError> {
        let endpoints = COMMANDS.iter().chain(QUERIES).map(specification).collect();
        let service = Service {
            name: SERVICE.to_owned(),
            version: version.to_owned(),
            description: "Tests conversational agents: commands and queries, JSON in, JSON out".to_owned(),
            endpoints,
            max_request: MAX_REQUEST,
        };
        let server = BusServer::start(journal, service, Arc::new(Handler(gateway))).await?;
        Ok(Self { server })
    }

    /// Takes no more requests and lets those that have come in finish.
    pub async fn stop(self) {
        if !self.server.stop(PATIENCE).await {
            tracing::warn!("some requests were still being answered when the bus stopped");
        }
    }
}

/// The endpoint under every organization and user.
fn specification(endpoint: &Endpoint) -> EndpointSpec {
    let (family, kind, verb) = (endpoint.family.as_str(), endpoint.kind, endpoint.verb);
    EndpointSpec {
        name: format!("{family}-{kind}-{verb}"),
        subject: format!("{family}.*.*.{kind}.{verb}"),
        metadata: BTreeMap::from([
            ("summary".to_owned(), endpoint.summary.to_owned()),
            ("example".to_owned(), endpoint.example_request.to_owned()),
        ]),
    }
}

struct Handler(Gateway);

#[async_trait]
impl BusHandler for Handler {
    async fn handle(&self, request: BusRequest) -> BusReply {
        match self.answer(&request).await {
            Ok(payload) => Ok(payload.into()),
            Err(problem) => {
                let payload = serde_json::to_vec(&problem).unwrap_or_default();
                Err(BusError { code: problem.status, message: problem.detail, payload: Bytes::from(payload) })
            }
        }
    }
}

impl Handler {
    async fn answer(&self, request: &BusRequest) -> Result<Bytes, Problem> {
        let malformed = |detail: String| Problem::new(ErrorCode::MalformedRequest, detail);
        let subject = Subject::parse(&request.tokens.join("."))
            .ok_or_else(|| malformed("organization and user in the subject must be ids".to_owned()))?;
        let header = |name: &str| {
            let found = request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let metadata = Metadata {
            command_id: header(COMMAND_ID_HEADER)
                .map(str::parse)
                .transpose()
                .map_err(|invalid| malformed(format!("header {COMMAND_ID_HEADER}: {invalid}")))?,
            traceparent: header(TRACE_HEADER).map(|trace| trace.chars().take(100).collect()),
            seen: header(SEEN_HEADER)
                .map(str::parse)
                .transpose()
                .map_err(|_not_a_number| malformed(format!("header {SEEN_HEADER} must be a sequence")))?,
        };
        let caller = Caller { org: subject.org, user: subject.user };
        let (kind, verb) = (subject.kind.as_str(), subject.verb.as_str());
        let answer = match subject.family {
            Family::Command => self.0.command(&caller, metadata, kind, verb, &request.payload).await?,
            Family::Query => self.0.query(&caller, metadata, kind, verb, &request.payload).await?,
        };
        let payload = serde_json::to_vec(&answer).map_err(|error| {
            Problem::new(ErrorCode::Internal, format!("the answer cannot be written: {error}"))
        })?;
        Ok(Bytes::from(payload))
    }
}
