//! The settings as types, section by section. What each means is said in `config/rehearse.toml`.

use std::{num::NonZeroUsize, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Cassettes, Http, Lasting, Simulation};

/// All settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) nats: Nats,
    pub(crate) streams: Streams,
    pub(crate) server: Server,
    pub(crate) http: Http,
    pub(crate) webhooks: Webhooks,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) worker: Worker,
    pub(crate) simulation: Simulation,
    pub(crate) cassettes: Cassettes,
    pub(crate) aggregator: Aggregator,
    pub(crate) log: Log,
}

/// The log's server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nats {
    server: PathBuf,
    pub(crate) sync_interval: String,
    pub(crate) max_payload_bytes: u64,
    pub(crate) connect_timeout: Lasting,
}

/// The log's streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Streams {
    replicas: usize,
    pub(crate) turns_max_age: Lasting,
    pub(crate) dead_letters_max_age: Lasting,
    pub(crate) lease_duration: Lasting,
}

/// What answers requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) organization_title: String,
    pub(crate) catch_up_timeout: Lasting,
    secret_key_file: PathBuf,
}

/// What tells webhook destinations what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhooks {
    allow_http: bool,
    allow_private_addresses: bool,
    max_concurrent: NonZeroUsize,
}

/// What admits conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dispatcher {
    pub(crate) max_in_flight: u32,
    pub(crate) max_in_flight_per_run: u32,
    pub(crate) lead_ttl: Lasting,
    pub(crate) resync_interval: Lasting,
}

/// What holds conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Worker {
    pub(crate) workers: u32,
    pub(crate) concurrency: NonZeroUsize,
    pub(crate) max_failures: u32,
    pub(crate) retry_delay: Lasting,
    pub(crate) drain_timeout: Lasting,
    pub(crate) allowed_networks: Vec<String>,
}

/// What makes artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Aggregator {
    pub(crate) max_concurrent_runs: NonZeroUsize,
}

/// The program's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) filter: String,
    pub(crate) format: LogFormat,
}

/// For whom the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// People.
    Text,
    /// Programs.
    Json,
}

impl Nats {
    /// The program that is named, if one is.
    pub(crate) fn server(&self) -> Option<&std::path::Path> {
        (!self.server.as_os_str().is_empty()).then_some(self.server.as_path())
    }
}

impl Server {
    /// The file of the secret key that is named, if one is.
    pub(crate) fn secret_key_file(&self) -> Option<&std::path::Path> {
        (!self.secret_key_file.as_os_str().is_empty()).then_some(self.secret_key_file.as_path())
    }
}

impl Webhooks {
    /// How webhooks are sent.
    pub(crate) const fn options(&self) -> server::WebhookOptions {
        server::WebhookOptions {
            allow_http: self.allow_http,
            allow_private_addresses: self.allow_private_addresses,
            max_concurrent: self.max_concurrent,
        }
    }
}

impl Streams {
    /// How the streams are to be.
    pub(crate) fn options(&self) -> journal::StreamOptions {
        journal::StreamOptions {
            replicas: (self.replicas > 0).then_some(self.replicas),
            turns_max_age: self.turns_max_age.duration(),
            dead_letters_max_age: self.dead_letters_max_age.duration(),
            lease_duration: self.lease_duration.duration(),
        }
    }
}
