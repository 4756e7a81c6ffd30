//! The journal on a NATS server with JetStream.
//!
//! Owns the connection, the streams and everything that crosses the wire. Decides nothing about the domain.

mod agents;
mod append;
mod coalesce;
mod connect;
mod connection;
mod deliveries;
mod events;
mod failure;
mod followers;
mod jobs;
mod lead;
mod lease;
mod notices;
mod objects;
mod operations;
mod options;
mod pace;
mod pull;
mod read;
mod results;
mod signals;
mod streams;
mod subscribe;
#[cfg(test)]
mod tests;
mod turns;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use coalesce::Coalescer;
pub(crate) use connection::Connection;
pub use options::{ConnectOptions, Credentials, Secret, StreamOptions};

use crate::JournalError;

/// Servers that keep each message in a cluster, if nothing else is asked for.
const CLUSTER_REPLICAS: usize = 3;

/// The journal on a NATS server. Clones share the connection.
#[derive(Clone)]
pub struct JetStream {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    stream_options: StreamOptions,
    turns: Coalescer,
    results: Coalescer,
    jobs: Coalescer,
    seen_claims: Mutex<BTreeMap<String, lead::Seen>>,
    urls: String,
}

impl JetStream {
    /// Connects, checks that the server will do, and prepares the streams: missing ones are created, existing ones are checked and
    /// never changed. Any number of processes may do this at once.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unreachable`], [`JournalError::Forbidden`], [`JournalError::Unsuitable`] or
    /// [`JournalError::Misconfigured`], each with what to do.
    pub async fn connect(options: ConnectOptions, streams: StreamOptions) -> Result<Self, JournalError> {
        let connection = connect::connect(&options).await?;
        connect::check_suitable(&connection, &options).await?;
        let is_clustered = connection.client.server_info().cluster.is_some();
        let replicas = streams
            .replicas
            .unwrap_or(if is_clustered { CLUSTER_REPLICAS } else { 1 });
        for definition in streams::definitions(&streams, replicas) {
            streams::ensure(&connection, &definition, streams.replicas).await?;
        }
        streams::ensure_workers(&connection, &streams).await?;
        let inner = Inner {
            turns: Coalescer::start(connection.clone()),
            results: Coalescer::start(connection.clone()),
            jobs: Coalescer::start(connection.clone()),
            connection,
            stream_options: streams,
            seen_claims: Mutex::default(),
            urls: options.shown_urls(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Where it is connected to, without credentials.
    pub fn urls(&self) -> &str {
        &self.inner.urls
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.inner.connection
    }
}

impl fmt::Debug for JetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStream")
            .field("urls", &self.inner.urls)
            .finish_non_exhaustive()
    }
}
