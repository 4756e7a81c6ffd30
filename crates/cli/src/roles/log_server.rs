//! The log's server as a process sees it that holds a data directory: a nats-server child, or one that someone else runs.

use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use super::provision::Keys;
use crate::{
    context::Where,
    credentials::{read_private, write_json},
    data_dir::DataDir,
    embedded::{Binary, Embedded, Options},
    failure::Failure,
    link::Link,
    output::Output,
    settings::Settings,
};

/// A nats-server that can be connected to.
#[derive(Debug)]
pub(crate) struct LogServer {
    child: Option<Child>,
    url: String,
    /// As the server.
    pub(crate) server: Link,
    /// As a worker.
    pub(crate) worker: Link,
    /// As an aggregator.
    pub(crate) aggregator: Link,
}

/// The child that is watched.
#[derive(Debug)]
struct Child {
    watched: JoinHandle<Result<(), Failure>>,
    shutdown: CancellationToken,
}

impl LogServer {
    /// The server that `--nats` names, or a child of our own. The caller holds the data directory.
    pub(crate) async fn start(
        settings: &Settings,
        place: &Where,
        data_dir: &DataDir,
        keys: &Keys,
        output: Output,
    ) -> Result<Self, Failure> {
        if let Some(url) = &place.nats_url {
            let link = Link::of_flags(url, place)?;
            return Ok(Self {
                child: None,
                url: url.clone(),
                server: link.clone(),
                worker: link.clone(),
                aggregator: link,
            });
        }
        let embedded = Embedded::start(Options {
            binary: Binary::find(settings.nats.server())?,
            data_dir: data_dir.clone(),
            sync_interval: settings.nats.sync_interval.clone(),
            max_payload_bytes: settings.nats.max_payload_bytes,
            accounts: keys.nats.clone(),
        })
        .await?;
        let url = embedded.url();
        let shutdown = CancellationToken::new();
        let watched = tokio::spawn(embedded.watch(output, shutdown.clone()));
        Ok(Self {
            child: Some(Child { watched, shutdown }),
            server: Link::of_user(&url, &keys.nats.server),
            worker: Link::of_user(&url, &keys.nats.worker),
            aggregator: Link::of_user(&url, &keys.nats.aggregator),
            url,
        })
    }

    /// Where it listens; may hold a user and a password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is a child of ours.
    pub(crate) const fn is_child(&self) -> bool {
        self.child.is_some()
    }

    /// Waits until it cannot be kept running. One that someone else runs is for them to look after.
    pub(crate) async fn failed(&mut self) -> Failure {
        match &mut self.child {
            Some(child) => ended((&mut child.watched).await)
                .unwrap_or_else(|| Failure::bug("nats-server is no longer watched")),
            None => std::future::pending().await,
        }
    }

    /// Stops it, if it is ours.
    pub(crate) async fn stop(self) -> Option<Failure> {
        let child = self.child?;
        child.shutdown.cancel();
        if child.watched.is_finished() {
            // Its end was the failure that stopped everything, and was told.
            return None;
        }
        ended(child.watched.await)
    }
}

fn ended(watched: Result<Result<(), Failure>, JoinError>) -> Option<Failure> {
    match watched {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(lost) => Some(Failure::bug(format!(
            "the watch over nats-server was lost: {lost}"
        ))),
    }
}

/// The keys of an earlier start, or new ones.
pub(crate) fn keys(data_dir: &DataDir) -> Result<Keys, Failure> {
    let path = data_dir.keys();
    if let Some(keys) = read_private(&path)? {
        return Ok(keys);
    }
    let keys = Keys::generate(super::now())?;
    write_json(&path, &keys)?;
    Ok(keys)
}
