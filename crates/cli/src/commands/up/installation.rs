//! All roles of one process, from their start to their end.
//!
//! They end in the order in which they need each other: workers hand back what they cannot finish, then the aggregator, the server
//! and last the nats-server stop.

use std::sync::Arc;

use journal::Journal;
use server::Server;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    context::Where,
    credentials::{Credentials, read_private, write_json},
    data_dir::{DataDir, Held},
    embedded::{self, Binary, Embedded},
    failure::{Failure, chain},
    link::Link,
    output::Output,
    roles::{
        Running,
        provision::{Keys, provision},
        start_aggregator, start_server, start_workers,
    },
    secret::hash_key,
    settings::Settings,
};

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Installation {
    nats: Option<Nats>,
    server: Server,
    //BUS bus: journal::bus::BusServer,
    workers: Running,
    aggregators: Running,
    greeting: String,
    _held: Held,
}

/// The child that is watched.
#[derive(Debug)]
struct Nats {
    watched: JoinHandle<Result<(), Failure>>,
    shutdown: CancellationToken,
}

impl Installation {
    /// Starts everything. When this returns, clients are answered.
    pub(super) async fn start(
        settings: &Settings,
        place: &Where,
        all: bool,
        output: Output,
    ) -> Result<Self, Failure> {
        let data_dir = place.data_dir();
        let held = data_dir.hold()?;
        let keys = keys(&data_dir)?;
        let hash_key = hash_key(&data_dir.secret_key())?;

        let (nats, url, links) = match &place.nats_url {
            Some(url) => {
                let link = Link::of_flags(url, place)?;
                (None, url.clone(), [link.clone(), link.clone(), link])
            }
            None => {
                let embedded = start_nats(settings, &data_dir, &keys).await?;
                let url = embedded.url();
                let users = [&keys.nats.server, &keys.nats.worker, &keys.nats.aggregator];
                let shutdown = CancellationToken::new();
                let watched = tokio::spawn(embedded.watch(output, shutdown.clone()));
                (Some(Nats { watched, shutdown }), url.clone(), users.map(|user| Link::of_user(&url, user)))
            }
        };
        let [server_link, worker_link, aggregator_link] = links;

        let server_journal = server_link.journal("rehearse server", settings).await?;
        let server = start_server(server_journal.clone(), &data_dir, settings, output).await?;
        provision(server.executor(), &keys, &hash_key, settings).await?;
        //BUS let bus = server::serve_bus(&server, &server_journal).await.map_err(|error| crate::link::journal_failure(&error))?;

        let mut workers = Running::default();
        if all && settings.worker.workers > 0 {
            let journal: Arc<dyn Journal> = worker_link.journal("rehearse worker", settings).await?;
            start_workers(&journal, settings, &mut workers)?;
        }
        let mut aggregators = Running::default();
        if all {
            let journal = aggregator_link.journal("rehearse aggregator", settings).await?;
            start_aggregator(journal, settings, &mut aggregators);
        }

        // Last, so that whoever finds the file finds a server that answers.
        let credentials = credentials(&keys, &url, place)?;
        credentials.write(&data_dir.credentials())?;
        let greeting = greeting(&data_dir, &url, all.then_some(settings.worker.workers), nats.is_some());
        Ok(Self { nats, server, workers, aggregators, greeting, _held: held })
    }

    /// What people should know once everything runs.
    pub(super) fn greeting(&self) -> String {
        self.greeting.clone()
    }

    /// Waits until something ends that should not.
    pub(super) async fn failed(&mut self) -> Failure {
        tokio::select! {
            failure = nats_failed(self.nats.as_mut()) => failure,
            error = self.server.failed() => Failure::bug(chain(&error)),
            failure = self.workers.failed() => failure,
            failure = self.aggregators.failed() => failure,
        }
    }

    /// Stops everything in order; says what went wrong last.
    pub(super) async fn stop(self, output: Output) -> Option<Failure> {
        let mut failures = self.workers.stop().await;
        failures.extend(self.aggregators.stop().await);
        //BUS self.bus.stop().await;
        self.server.stop().await;
        if let Some(nats) = self.nats {
            nats.shutdown.cancel();
            failures.extend(ended(nats.watched.await));
        }
        let last = failures.pop();
        for failure in failures {
            output.failure(&failure);
        }
        last
    }
}

async fn nats_failed(nats: Option<&mut Nats>) -> Failure {
    match nats {
        Some(nats) => match ended((&mut nats.watched).await) {
            Some(failure) => failure,
            None => Failure::bug("nats-server is no longer watched"),
        },
        None => std::future::pending().await,
    }
}

fn ended(watched: Result<Result<(), Failure>, tokio::task::JoinError>) -> Option<Failure> {
    match watched {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(lost) => Some(Failure::bug(format!("the watch over nats-server was lost: {lost}"))),
    }
}

/// The keys of an earlier start, or new ones.
fn keys(data_dir: &DataDir) -> Result<Keys, Failure> {
    let path = data_dir.keys();
    if let Some(keys) = read_private(&path)? {
        return Ok(keys);
    }
    let keys = Keys::generate(crate::roles::now())?;
    write_json(&path, &keys)?;
    Ok(keys)
}

async fn start_nats(settings: &Settings, data_dir: &DataDir, keys: &Keys) -> Result<Embedded, Failure> {
    Embedded::start(embedded::Options {
        binary: Binary::find(settings.nats.server())?,
        data_dir: data_dir.clone(),
        sync_interval: settings.nats.sync_interval.clone(),
        max_payload_bytes: settings.nats.max_payload_bytes,
        accounts: keys.nats.clone(),
    })
    .await
}

/// What clients are told. With a nats-server of someone else's they enter it as this process did.
fn credentials(keys: &Keys, url: &str, place: &Where) -> Result<Credentials, Failure> {
    let embedded = place.nats_url.is_none();
    let client = &keys.nats.client;
    let (user, password) = if embedded {
        (Some(client.user.clone()), Some(client.password.clone()))
    } else {
        (place.nats_user.clone(), place.password()?)
    };
    Ok(Credentials {
        nats_url: url.to_owned(),
        organization_id: keys.organization_id.clone(),
        user_id: keys.user_id.clone(),
        user,
        password,
        inbox_prefix: client.inbox_prefix.clone(),
        api_key_id: Some(keys.api_key_id),
        api_key: Some(keys.api_key.clone()),
        worker: embedded.then(|| keys.nats.worker.clone()),
        aggregator: embedded.then(|| keys.nats.aggregator.clone()),
    })
}

fn greeting(data_dir: &DataDir, url: &str, workers: Option<u32>, embedded: bool) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let root = data_dir.root().display();
    let credentials = data_dir.credentials();
    let workers = match workers {
        None => String::new(),
        Some(1) => ", with 1 worker".to_owned(),
        Some(n_workers) => format!(", with {n_workers} workers"),
    };
    let nats = if embedded { format!("{url} (started here)") } else { shown_url(url) };
    format!(
        "rehearse {version} is ready{workers}\n  \
         data         {root}\n  \
         nats-server  {nats}\n  \
         credentials  {}\n  \
         try          rehearse doctor --data-dir {root}",
        credentials.display()
    )
}

/// A URL without its user and password.
fn shown_url(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (_, _) => url.to_owned(),
    }
}
