//! All roles of one process, from their start to their end.
//!
//! They end in the order in which they need each other: workers hand back what they cannot finish, then the aggregator, the server
//! and last the nats-server stop.

use std::sync::Arc;

use journal::Journal;
use server::{Bus, Gateway, KeyHasher, Server};

use crate::{
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
        start_aggregator, start_server, start_workers,
    },
    secret::hash_key,
    settings::Settings,
};

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Installation {
    log_server: LogServer,
    server: Server,
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
        let hasher = KeyHasher::new(hash_key(&data_dir.secret_key())?);
        let log_server = LogServer::start(settings, place, &data_dir, &keys, output).await?;

        let journal = log_server.server.journal("rehearse server", settings).await?;
        let server = start_server(journal.clone(), &data_dir, settings, hasher.clone(), output).await?;
        provision(server.executor(), &keys, &hasher, settings).await?;
        let bus = Bus::start(&journal, Gateway::of(&server), env!("CARGO_PKG_VERSION")).await;
        let bus = bus.map_err(|error| journal_failure(&error))?;

        let (mut workers, mut aggregators) = (Running::default(), Running::default());
        if all {
            if settings.worker.workers > 0 {
                let journal: Arc<dyn Journal> =
                    log_server.worker.journal("rehearse worker", settings).await?;
                start_workers(&journal, settings, &mut workers)?;
            }
            let journal = log_server
                .aggregator
                .journal("rehearse aggregator", settings)
                .await?;
            start_aggregator(journal, settings, &mut aggregators);
        }

        // Last, so that whoever finds the file finds a server that answers.
        credentials(&keys, &log_server, place)?.write(&data_dir.credentials())?;
        let greeting = greeting(&data_dir, &log_server, all.then_some(settings.worker.workers));
        Ok(Self {
            log_server,
            server,
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
fn credentials(keys: &Keys, log_server: &LogServer, place: &Where) -> Result<Credentials, Failure> {
    let client = &keys.nats.client;
    let is_child = log_server.is_child();
    let (user, password) = if is_child {
        (Some(client.user.clone()), Some(client.password.clone()))
    } else {
        (place.nats_user.clone(), place.password()?)
    };
    Ok(Credentials {
        nats_url: log_server.url().to_owned(),
        organization_id: keys.organization_id.clone(),
        user_id: keys.user_id.clone(),
        user,
        password,
        inbox_prefix: client.inbox_prefix.clone(),
        api_key_id: Some(keys.api_key_id),
        api_key: Some(keys.api_key.clone()),
        worker: is_child.then(|| keys.nats.worker.clone()),
        aggregator: is_child.then(|| keys.nats.aggregator.clone()),
    })
}

fn greeting(data_dir: &DataDir, log_server: &LogServer, workers: Option<u32>) -> String {
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
    format!(
        "rehearse {version} is ready{workers}\n  \
         data         {root}\n  \
         nats-server  {nats}\n  \
         credentials  {credentials}\n  \
         try          rehearse doctor --data-dir {root}"
    )
}

/// A URL without its user and password.
fn shown_url(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (_, _) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        assert_eq!(shown_url("nats://ann:secret@host:4222"), "nats://host:4222");
        assert_eq!(shown_url("nats://host:4222"), "nats://host:4222");
    }
}
