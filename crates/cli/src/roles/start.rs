//! Starting each role from the settings.

use std::{sync::Arc, time::Duration};

use aggregator::Aggregator;
use journal::Journal;
use model::{Capabilities, Time, Token, WorkerId};
use server::{DispatcherOptions, Gateway, Http, HttpError, KeyHasher, Server, Tokens};
use simulation::{Agents, AgentsOptions, Cassettes, LanguageModels, LanguageModelsOptions, Reach, Secrets};
use tokio_util::sync::CancellationToken;
use worker::{AgentLine, LiveSimulation, Worker};

use super::{Running, open_projections};
use crate::{
    data_dir::{DataDir, make_private_dir},
    failure::{Failure, chain},
    output::Output,
    secret::random_bytes,
    settings::{Settings, read_models},
};

/// The least time between two rounds of the dispatcher.
const DISPATCH_INTERVAL: Duration = Duration::from_millis(20);

/// What manifests call this build.
fn build() -> String {
    format!("rehearse {}", env!("CARGO_PKG_VERSION"))
}

/// Opens the projections and starts the server on them. When this returns, it has caught up with the log. `on_this_machine`: language
/// models on it may be reached.
pub(crate) async fn start_server(
    journal: Arc<dyn Journal>,
    data_dir: &DataDir,
    settings: &Settings,
    on_this_machine: bool,
    key_hasher: KeyHasher,
    output: Output,
) -> Result<Server, Failure> {
    let directory = data_dir.projections();
    make_private_dir(&directory)?;
    let opened = open_projections(&data_dir.projections_file()).await?;
    if opened.rebuilt {
        output.say("the projections were of another version and are made again from the log");
    }
    let models = read_models(settings)?;
    let options = server::Options {
        commands: commands::Options {
            clock: Arc::new(now),
            catch_up_timeout: settings.server.catch_up_timeout.duration(),
            capabilities: Capabilities {
                build: build(),
                models,
            },
        },
        dispatcher: DispatcherOptions {
            holder: unique_name("server")?.to_string(),
            max_in_flight: settings.dispatcher.max_in_flight,
            max_in_flight_per_run: settings.dispatcher.max_in_flight_per_run,
            lead_ttl: settings.dispatcher.lead_ttl.duration(),
            resync_interval: settings.dispatcher.resync_interval.duration(),
            min_interval: DISPATCH_INTERVAL,
        },
        key_hasher,
        webhooks: settings.webhooks.options(),
        language_models: language_models(settings, on_this_machine)?,
    };
    Server::start(journal, opened.database, options).await.map_err(|error| {
        Failure::configuration(chain(&error))
            .help("`rehearse projections rebuild` makes the server's view again from the log, if that is what is wrong.")
    })
}

/// Starts to serve the HTTP API of a server that has caught up.
pub(crate) async fn start_http(
    gateway: Gateway,
    secret_key: [u8; 32],
    settings: &Settings,
) -> Result<Http, Failure> {
    let lifetime = settings.http.token_lifetime.duration();
    let tokens = Tokens::new(secret_key, Arc::new(now))
        .with_lifetime(lifetime)
        .map_err(|error| http_failure(&error))?;
    Http::start(settings.http.options()?, gateway, tokens)
        .await
        .map_err(|error| http_failure(&error))
}

fn http_failure(error: &HttpError) -> Failure {
    match error {
        HttpError::Bind { address, source } => {
            Failure::configuration(format!("{address}: HTTP cannot be served there: {source}")).help(
                "Is another server running? `--http 127.0.0.1:0` takes any free port, `--http ADDR` another address,\n\
                 `--no-http` serves the bus only.",
            )
        }
        HttpError::PublicUrl { .. }
        | HttpError::Origin { .. }
        | HttpError::Operation { .. }
        | HttpError::Factor { .. }
        | HttpError::TokenLifetime { .. } => Failure::configuration(chain(error))
            .help("`rehearse config show` tells where each setting comes from; section `http`."),
    }
}

/// Which addresses agents and language models may have. Who starts everything on one machine may reach that machine.
fn reach(settings: &Settings, on_this_machine: bool) -> Result<Reach, Failure> {
    let mut networks = settings.worker.allowed_networks.clone();
    if on_this_machine {
        networks.extend(["127.0.0.0/8".to_owned(), "::1/128".to_owned()]);
    }
    Reach::allowing(&networks).map_err(|error| {
        Failure::configuration(format!("the setting worker.allowed_networks: {}", chain(&error)))
    })
}

/// Agents as workers reach them.
pub(crate) fn agents(settings: &Settings, on_this_machine: bool) -> Result<Agents, Failure> {
    let options = AgentsOptions {
        reach: reach(settings, on_this_machine)?,
        ..AgentsOptions::default()
    };
    Agents::new(&options, Secrets::from_env())
        .map_err(|error| Failure::bug(format!("agents cannot be called: {}", chain(&error))))
}

/// Language models as workers ask them.
pub(crate) fn language_models(settings: &Settings, on_this_machine: bool) -> Result<LanguageModels, Failure> {
    let options = LanguageModelsOptions {
        reach: reach(settings, on_this_machine)?,
        ..LanguageModelsOptions::default()
    };
    LanguageModels::new(&options, Secrets::from_env()).map_err(|error| Failure::configuration(chain(&error)))
}

/// Starts the workers of this process. `on_this_machine`: agents and language models on it may be reached.
pub(crate) fn start_workers(
    journal: &Arc<dyn Journal>,
    settings: &Settings,
    on_this_machine: bool,
    workers: &mut Running,
) -> Result<(), Failure> {
    let agents = agents(settings, on_this_machine)?.with_pull(Arc::new(AgentLine::new(Arc::clone(journal))));
    let cassettes = Cassettes::new(settings.cassettes.options(), Secrets::from_env())
        .map_err(|error| Failure::configuration(chain(&error)))?;
    let simulation = LiveSimulation::new(agents, language_models(settings, on_this_machine)?)
        .with_limits(settings.simulation.limits())
        .with_cassettes(cassettes);
    let simulation = Arc::new(simulation);
    for _ in 0..settings.worker.workers {
        let options = worker::Options {
            concurrency: settings.worker.concurrency,
            max_failures: settings.worker.max_failures,
            retry_delay: settings.worker.retry_delay.duration(),
            drain_timeout: settings.worker.drain_timeout.duration(),
            ..worker::Options::new(WorkerId(unique_name("worker")?))
        };
        let name = options.name.to_string();
        let worker = Worker::new(Arc::clone(journal), simulation.clone(), options);
        workers.start(name, |shutdown: CancellationToken| async move {
            worker.run(shutdown).await.map_err(|error| chain(&error))
        });
    }
    Ok(())
}

/// Starts the aggregator of this process.
pub(crate) fn start_aggregator(journal: Arc<dyn Journal>, settings: &Settings, aggregators: &mut Running) {
    let options = aggregator::Options {
        max_concurrent_runs: settings.aggregator.max_concurrent_runs.get(),
        ..aggregator::Options::default()
    };
    let aggregator = Aggregator::new(journal, options);
    aggregators.start("aggregator".to_owned(), |shutdown| async move {
        aggregator.run(shutdown).await.map_err(|error| chain(&error))
    });
}

/// A name that no other process has.
fn unique_name(role: &str) -> Result<Token, Failure> {
    let suffix = u64::from_be_bytes(random_bytes::<8>()?);
    format!("{role}-{suffix:016x}")
        .parse()
        .map_err(|invalid| Failure::bug(format!("`{role}` cannot be part of a name: {invalid}")))
}

/// The time, for people: order comes from sequences.
pub(crate) fn now() -> Time {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
