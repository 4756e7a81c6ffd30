//! The bus: the gateway's commands and queries as a NATS micro service.
//!
//! Who asks stands in the subject, so NATS's own permissions have decided who may act as whom before a request gets here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::{
    bus::{
        COMMAND_ID_HEADER, COMMANDS, Endpoint, Family, QUERIES, SEEN_HEADER, SEQUENCE_HEADER, Subject,
        TRACE_HEADER,
    },
    error::{ErrorCode, Problem},
};
use async_trait::async_trait;
use bytes::Bytes;
use journal::{
    JetStream, JournalError,
    bus::{BusAnswer, BusError, BusHandler, BusReply, BusRequest, BusServer, EndpointSpec, Service},
};
use tracing::{Instrument as _, info_span};

use crate::gateway::{Caller, Gateway, Metadata, internal};

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
    gateway: Gateway,
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
        let server = BusServer::start(journal, service, Arc::new(Handler(gateway.clone()))).await?;
        Ok(Self { server, gateway })
    }

    /// Takes no more requests and lets those that have come in finish; who waits for something to happen is answered at once.
    pub async fn stop(self) {
        self.gateway.end_polls();
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
        let request_id = request_id();
        let span = info_span!("request", request.id = %request_id, endpoint = %request.endpoint);
        let problem = match self.answer(&request).instrument(span).await {
            Ok(answer) => return Ok(answer),
            Err(problem) => problem.with_request_id(request_id),
        };
        let payload = serde_json::to_vec(&problem).unwrap_or_default();
        Err(BusError {
            code: problem.status,
            message: problem.detail,
            payload: Bytes::from(payload),
        })
    }
}

/// Names a request in the logs.
fn request_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

impl Handler {
    async fn answer(&self, request: &BusRequest) -> Result<BusAnswer, Problem> {
        let malformed = |detail: String| Problem::new(ErrorCode::MalformedRequest, detail);
        let subject = Subject::parse(&request.tokens.join("."))
            .ok_or_else(|| malformed("organization and user in the subject must be ids".to_owned()))?;
        let header = |name: &str| {
            let found = request
                .headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let metadata = Metadata {
            command_id: header(COMMAND_ID_HEADER)
                .map(str::parse)
                .transpose()
                .map_err(|invalid| malformed(format!("header {COMMAND_ID_HEADER}: {invalid}")))?,
            traceparent: header(TRACE_HEADER)
                .filter(|trace| is_traceparent(trace))
                .map(str::to_owned),
            seen: header(SEEN_HEADER)
                .map(str::parse)
                .transpose()
                .map_err(|_not_a_number| malformed(format!("header {SEEN_HEADER} must be a sequence")))?,
            base_url: None,
            known: None,
        };
        let caller = Caller::trusted(subject.org, subject.user);
        let (kind, verb) = (subject.kind.as_str(), subject.verb.as_str());
        let mut headers = BTreeMap::new();
        let body = match subject.family {
            Family::Command => {
                let answer = self
                    .0
                    .command(&caller, metadata, kind, verb, &request.payload)
                    .await?;
                headers.insert(SEQUENCE_HEADER.to_owned(), answer.sequence.to_string());
                answer.body
            }
            Family::Query => {
                self.0
                    .query(&caller, metadata, kind, verb, &request.payload)
                    .await?
            }
        };
        let payload = serde_json::to_vec(&body).map_err(|error| internal(&error))?;
        Ok(BusAnswer {
            payload: payload.into(),
            headers,
        })
    }
}

/// Whether a text is a W3C `traceparent`. One that is not says nothing, and would stand in the log for ever.
pub(crate) fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [2, 32, 16, 2] && text.split('-').all(is_hex)
}

#[cfg(test)]
mod tests {
    use journal::MemoryJournal;
    use projections::Database;
    use serde_json::{Value, json};

    use super::*;
    use crate::tests::{Bench, bench_on, persona};

    #[test]
    fn only_a_trace_is_a_trace() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(trace));
        for other in [
            "",
            "00",
            &trace[1..],
            &trace.to_uppercase(),
            &trace.replace('4', "\u{e9}"),
            &format!("{trace}-00"),
        ] {
            assert!(!is_traceparent(other), "{other}");
        }
    }

    /// A request as it comes in on the bus, and its reply.
    async fn ask(bench: &Bench, subject: &str, headers: &[(&str, &str)], body: &Value) -> BusReply {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request = BusRequest {
            endpoint: "any".to_owned(),
            tokens: subject.split('.').map(str::to_owned).collect(),
            headers: headers.collect(),
            payload: body.to_string().into(),
        };
        Handler(bench.gateway.clone()).handle(request).await
    }

    #[tokio::test]
    async fn a_commands_reply_names_its_sequence() {
        let bench = bench_on(MemoryJournal::new(), Database::in_memory().unwrap()).await;
        let id = [("rehearse-command-id", "c1")];
        for _ in 0..2 {
            let made = ask(&bench, "cmd.acme.ann.persona.create", &id, &persona("Maria"))
                .await
                .unwrap();
            let sequence = BTreeMap::from([(SEQUENCE_HEADER.to_owned(), "1".to_owned())]);
            assert_eq!(made.headers, sequence, "also when it is repeated");
        }
        let seen = [(SEEN_HEADER, "1")];
        let list = ask(&bench, "qry.acme.ann.agent.list", &seen, &json!({}))
            .await
            .unwrap();
        assert_eq!(list.headers, BTreeMap::new());
    }

    #[tokio::test]
    async fn an_error_names_its_request_and_nothing_else() {
        let bench = bench_on(MemoryJournal::new(), Database::in_memory().unwrap()).await;
        let wrong = [
            ("qry.acme.ann.agent.list", vec![(SEEN_HEADER, "-1")], 400),
            ("cmd.acme.ann.agent.create", vec![(COMMAND_ID_HEADER, "a.b")], 400),
            ("cmd.acme.a b.agent.create", vec![], 400),
            ("cmd.acme.ann.agent.dance", vec![], 404),
            ("cmd.acme.ann.agent.create", vec![], 422),
        ];
        let mut ids = std::collections::BTreeSet::new();
        for (subject, headers, status) in wrong {
            let error = ask(&bench, subject, &headers, &json!({})).await.unwrap_err();
            assert_eq!(error.code, status, "{subject}: {error}");
            let problem: Problem = serde_json::from_slice(&error.payload).unwrap();
            assert!(ids.insert(problem.request_id.unwrap()), "an id is given once");
        }
    }
}
