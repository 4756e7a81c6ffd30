//! What the micro protocol says about a service: who is there, what it offers, how it is doing.

use std::time::{SystemTime, UNIX_EPOCH};

use model::Time;
use serde_json::{Value, json};

use super::{EndpointSpec, Service, stats::Stats};
use crate::{JournalError, checks::refused};

/// Servers with the same endpoint share its requests.
pub(super) const QUEUE_GROUP: &str = "q";

/// The questions of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Ping,
    Info,
    Stats,
}

impl Verb {
    pub(super) const ALL: [Self; 3] = [Self::Ping, Self::Info, Self::Stats];

    /// Where the question is asked: of every service, of those of this name, of this one.
    pub(super) fn subjects(self, identity: &Identity) -> [String; 3] {
        let verb = match self {
            Self::Ping => "PING",
            Self::Info => "INFO",
            Self::Stats => "STATS",
        };
        let Identity { service, id, .. } = identity;
        [
            format!("$SRV.{verb}"),
            format!("$SRV.{verb}.{}", service.name),
            format!("$SRV.{verb}.{}.{id}", service.name),
        ]
    }
}

/// One running instance of a service.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) service: Service,
    pub(super) id: String,
    pub(super) started: Time,
    /// One for each endpoint, in order.
    pub(super) stats: Vec<Stats>,
}

impl Identity {
    pub(super) fn new(service: Service, id: String) -> Result<Self, JournalError> {
        check(&service)?;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let started = Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX));
        let stats = service
            .endpoints
            .iter()
            .map(|_endpoint| Stats::default())
            .collect();
        Ok(Self {
            service,
            id,
            started,
            stats,
        })
    }

    /// The answer to a question.
    pub(super) fn answer(&self, verb: Verb) -> Value {
        let Service {
            name,
            version,
            description,
            endpoints,
            ..
        } = &self.service;
        let mut answer = json!({ "name": name, "id": self.id, "version": version, "metadata": {} });
        match verb {
            Verb::Ping => answer["type"] = "io.nats.micro.v1.ping_response".into(),
            Verb::Info => {
                answer["type"] = "io.nats.micro.v1.info_response".into();
                answer["description"] = description.as_str().into();
                answer["endpoints"] = endpoints
                    .iter()
                    .map(|EndpointSpec { name, subject, metadata }| {
                        json!({
                            "name": name, "subject": subject, "queue_group": QUEUE_GROUP, "metadata": metadata,
                        })
                    })
                    .collect();
            }
            Verb::Stats => {
                answer["type"] = "io.nats.micro.v1.stats_response".into();
                answer["started"] = self.started.to_string().into();
                answer["endpoints"] = endpoints.iter().zip(&self.stats).map(counts).collect();
            }
        }
        answer
    }
}

fn counts((EndpointSpec { name, subject, .. }, stats): (&EndpointSpec, &Stats)) -> Value {
    let counts = stats.read();
    let nanos = u64::try_from(counts.processing_time.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "name": name,
        "subject": subject,
        "queue_group": QUEUE_GROUP,
        "num_requests": counts.n_requests,
        "num_errors": counts.n_errors,
        "last_error": counts.last_error,
        "processing_time": nanos,
        "average_processing_time": nanos.checked_div(counts.n_requests).unwrap_or(0),
    })
}

fn check(service: &Service) -> Result<(), JournalError> {
    let fault = |reason: String| refused("starting a service", reason);
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    let names = service
        .endpoints
        .iter()
        .map(|endpoint| endpoint.name.as_str())
        .chain([service.name.as_str()]);
    if let Some(name) = names.into_iter().find(|name| !is_name(name)) {
        return Err(fault(format!(
            "`{name}` is no name; use letters, digits, `_` and `-`"
        )));
    }
    let numbers = service.version.split(['-', '+']).next().unwrap_or_default();
    let n_numbers = numbers
        .split('.')
        .filter(|number| number.parse::<u64>().is_ok())
        .count();
    if n_numbers != 3 || numbers.split('.').count() != 3 {
        return Err(fault(format!(
            "`{}` is no version; write it as `1.2.3`",
            service.version
        )));
    }
    let is_subject = |subject: &str| {
        subject.split('.').all(|token| {
            !token.is_empty() && (token == "*" || !token.contains(['*', '>', ' ', '\t', '\r', '\n']))
        })
    };
    match service
        .endpoints
        .iter()
        .find(|endpoint| !is_subject(&endpoint.subject))
    {
        Some(endpoint) => Err(fault(format!(
            "`{}` is no subject to listen on",
            endpoint.subject
        ))),
        None => Ok(()),
    }
}
