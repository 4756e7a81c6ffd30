//! All roles of one process, from their start to their end.
//!
//! They end in the order in which they need each other: workers hand back what they cannot finish, then the aggregator, the HTTP API,
//! the bus, the server and last the nats-server stop.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use journal::Journal;
use server::{Bus, Gateway, Http, KeyHasher, Server};

use crate::{
    commands::context::shown_url,
    context::Where,
    credentials::Credentials,
    data_dir::{DataDir, Held},
    failure::{Failure, chain},
    link::journal_failure,
    output::Output,
    roles::{
        Running,
        log_server::{LogServer, keys},
        provision::{Keys, provision},
        start_aggregator, start_http, start_server, start_workers,
    },
    secret::{secret_key, shared_secret_key},
    settings::Settings,
};

/// How long requests that have come in may still take when HTTP stops.
const PATIENCE: Duration = Duration::from_secs(12);

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Installation {
    log_server: LogServer,
    server: Server,
    http: Option<Http>,
    bus: Bus,
    workers: Running,
    aggregators: Running,
    greeting: String,
    _held: Held,
}

impl Installation {
    /// Starts a server, and with `all` the workers and the aggregator too. When this returns, clients are answered.
    pub(super) async fn start(
        settings: &Settings,
        place: &Where,
        all: bool,
        output: Output,
    ) -> Result<Self, Failure> {
        let data_dir = place.data_dir();
        let held = data_dir.hold()?;
        let keys = keys(&data_dir)?;
        let secret_key = match settings.server.secret_key_file() {
            Some(path) => shared_secret_key(path)?,
            None => secret_key(&data_dir.secret_key())?,
        };
        let hasher = KeyHasher::new(secret_key);
        let log_server = LogServer::start(settings, place, &data_dir, &keys, output).await?;

        let journal = log_server.server.journal("rehearse server", settings).await?;
        let server = start_server(journal.clone(), &data_dir, settings, true, hasher.clone(), output).await?;
        provision(&server, &keys, &hasher, settings).await?;
        let gateway = Gateway::of(&server);
        let http = match settings.http.enabled {
            true => Some(start_http(gateway.clone(), secret_key, settings).await?),
            false => None,
        };

        let (mut workers, mut aggregators) = (Running::default(), Running::default());
        if all {
            if settings.worker.workers > 0 {
                let journal: Arc<dyn Journal> =
                    log_server.worker.journal("rehearse worker", settings).await?;
                start_workers(&journal, settings, true, &mut workers)?;
            }
            let journal = log_server
                .aggregator
                .journal("rehearse aggregator", settings)
                .await?;
            start_aggregator(journal, settings, &mut aggregators);
        }

        // Between the two: whoever was answered on the bus finds the address at which HTTP is served now, not the one of an earlier start.
        let base_url = http.as_ref().map(|http| base_url(http, settings));
        credentials(&keys, &log_server, base_url.clone(), place)?.write(&data_dir.credentials())?;
        let bus = Bus::start(&journal, gateway, env!("CARGO_PKG_VERSION")).await;
        let bus = bus.map_err(|error| journal_failure(&error))?;
        let n_workers = all.then_some(settings.worker.workers);
        let greeting = greeting(&data_dir, &log_server, base_url.as_deref(), n_workers);
        Ok(Self {
            log_server,
            server,
            http,
            bus,
            workers,
            aggregators,
            greeting,
            _held: held,
        })
    }

    /// What people should know once everything runs.
    pub(super) fn greeting(&self) -> &str {
        &self.greeting
    }

    /// Waits until something ends that should not.
    pub(super) async fn failed(&mut self) -> Failure {
        tokio::select! {
            failure = self.log_server.failed() => failure,
            error = self.server.failed() => Failure::bug(chain(&error)),
            failure = self.workers.failed() => failure,
            failure = self.aggregators.failed() => failure,
        }
    }

    /// Stops everything in order; says what went wrong last.
    pub(super) async fn stop(self, output: Output) -> Option<Failure> {
        let mut failures = self.workers.stop().await;
        failures.extend(self.aggregators.stop().await);
        if let Some(http) = self.http {
            http.stop(PATIENCE).await;
        }
        self.bus.stop().await;
        self.server.stop().await;
        failures.extend(self.log_server.stop().await);
        let last = failures.pop();
        for failure in failures {
            output.failure(&failure);
        }
        last
    }
}

/// What clients are told. With a nats-server of someone else's they enter it as this process did.
fn credentials(
    keys: &Keys,
    log_server: &LogServer,
    base_url: Option<String>,
    place: &Where,
) -> Result<Credentials, Failure> {
    let client = &keys.nats.client;
    let is_child = log_server.is_child();
    let (user, password) = if is_child {
        (Some(client.user.clone()), Some(client.password.clone()))
    } else {
        (place.nats_user.clone(), place.password()?)
    };
    Ok(Credentials {
        base_url,
        api_key_id: Some(keys.api_key_id),
        api_key: Some(keys.api_key.clone()),
        nats_url: Some(log_server.url().to_owned()),
        user,
        password,
        inbox_prefix: Some(client.inbox_prefix.clone()),
        worker: is_child.then(|| keys.nats.worker.clone()),
        aggregator: is_child.then(|| keys.nats.aggregator.clone()),
        ..Credentials::of(keys.organization_id.clone(), keys.user_id.clone())
    })
}

/// Where clients find the HTTP API: as the settings say, else where it listens.
fn base_url(http: &Http, settings: &Settings) -> String {
    match settings.http.public_url() {
        Some(_) => http.base_url(),
        None => format!("http://{}", reachable(http.local_addr())),
    }
}

/// An address at which this machine can be reached, of one that may stand for all of its addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn greeting(
    data_dir: &DataDir,
    log_server: &LogServer,
    base_url: Option<&str>,
    workers: Option<u32>,
) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let root = data_dir.root().display();
    let credentials = data_dir.credentials();
    let credentials = credentials.display();
    let workers = match workers {
        None => String::new(),
        Some(1) => ", with 1 worker".to_owned(),
        Some(n_workers) => format!(", with {n_workers} workers"),
    };
    let nats = match log_server.is_child() {
        true => format!("{} (started here)", log_server.url()),
        false => shown_url(log_server.url()),
    };
    let http = base_url.map_or_else(String::new, |url| format!("http         {url}\n  "));
    format!(
        "rehearse {version} is ready{workers}\n  \
         {http}\
         data         {root}\n  \
         nats-server  {nats}\n  \
         credentials  {credentials}\n  \
         try          rehearse doctor --data-dir {root}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_stands_for_all_can_be_reached_on_this_machine() {
        for (address, reached) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.1:80", "10.0.0.1:80"),
        ] {
            let address: SocketAddr = address.parse().expect("an address");
            assert_eq!(reachable(address).to_string(), reached);
        }
    }
}
