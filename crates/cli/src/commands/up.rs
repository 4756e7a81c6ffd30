//! `up`: everything in one process.

mod installation;

use std::net::SocketAddr;

use installation::Installation;

use crate::{
    app::{DONE, Done},
    commands::Setting,
    exit::Exit,
    failure::Failure,
    output::{Output, log},
    runtime,
    settings::{Places, Settings},
};

/// What `up` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse up --data-dir data   with a nats-server of its own, on this machine only
  rehearse up --data-dir data --workers 4
  rehearse up --data-dir data --http 127.0.0.1:0   the HTTP API on any free port
  rehearse up --data-dir data \\
      --nats nats://nats.internal:4222 --nats-user rehearse --nats-password-file /run/secrets/nats

Stop it with Ctrl-C or SIGTERM: workers finish what they can, then everything ends in order. The
first start makes an organization, a user and an API key; DIR/credentials.json says how to use
them. Environment variables of this process that do not begin with REHEARSE_ are what
`secret.NAME` means in agents.")]
pub(crate) struct Arguments {
    /// How many workers to start
    #[arg(long, value_name = "N")]
    workers: Option<u32>,

    /// The nats-server to start, instead of looking for one (or `REHEARSE_NATS_SERVER`)
    #[arg(long, value_name = "PATH")]
    nats_server: Option<String>,

    #[command(flatten)]
    http: HttpArguments,
}

/// What everything that serves takes.
#[derive(Debug, clap::Args)]
pub(crate) struct HttpArguments {
    /// Where to serve the HTTP API, such as 127.0.0.1:8080 (the default); port 0 is any that is free
    #[arg(long = "http", value_name = "ADDR", conflicts_with = "no_http")]
    address: Option<SocketAddr>,

    /// Do not serve the HTTP API
    #[arg(long)]
    no_http: bool,
}

impl HttpArguments {
    /// The settings that these are.
    pub(crate) fn flags(&self, places: Places) -> Places {
        places
            .flag("--http", "http.address", self.address)
            .flag("--http", "http.enabled", self.address.map(|_| true))
            .flag("--no-http", "http.enabled", self.no_http.then_some(false))
    }
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let (settings, _layers) = setting.settings(|places| {
        let places = places
            .flag("--workers", "worker.workers", arguments.workers)
            .flag("--nats-server", "nats.server", arguments.nats_server);
        arguments.http.flags(places)
    })?;
    run_installation(settings, true, setting)
}

/// Runs a server, and with `all` the workers and the aggregator too, until a signal or a failure.
pub(crate) fn run_installation(settings: Settings, all: bool, setting: &Setting) -> Done {
    log::start(&settings.log, setting.output)?;
    let output = setting.output;
    let place = setting.global.place.clone();
    runtime::block_on(async move {
        let mut signals = runtime::EndSignals::listen()?;
        let mut installation = tokio::select! {
            started = Installation::start(&settings, &place, all, output) => started?,
            () = signals.next() => return DONE,
        };
        output.say(installation.greeting());
        if settings.http.is_exposed() {
            output.say("HTTP is served beyond this machine without TLS: put a proxy in front that has it, and set `http.public_url`");
        }
        let failure = tokio::select! {
            () = signals.next() => None,
            failure = installation.failed() => Some(failure),
        };
        let stopped = stop(installation, failure.is_none(), output, &mut signals).await;
        match failure.or(stopped) {
            Some(failure) => Err(failure.into()),
            None => DONE,
        }
    })
}

/// Stops everything in order. A second signal ends it at once.
async fn stop(
    installation: Installation,
    asked: bool,
    output: Output,
    signals: &mut runtime::EndSignals,
) -> Option<Failure> {
    if asked {
        output.note("stopping; once more ends it at once");
    }
    tokio::select! {
        stopped = installation.stop(output) => stopped,
        () = signals.next() => {
            let message = "ended at once; unfinished conversations go on at the next start";
            Some(Failure::new(Exit::Stopped, message))
        }
    }
}
