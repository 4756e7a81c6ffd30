//! The nats-server child: found, configured for this machine only, started, watched, stopped.
//!
//! Owns everything in `DIR/nats`. Nothing outside this module knows that the log is a child process.

mod binary;
mod config;
mod guard;
mod process;

use std::{path::PathBuf, time::Duration};

pub(crate) use binary::Binary;
pub(crate) use config::{Accounts, NatsUser};
pub(crate) use guard::guarded;
use process::{Process, StartError};
use tokio_util::sync::CancellationToken;

use crate::{
    data_dir::{DataDir, make_private_dir},
    failure::{Failure, chain},
    output::Output,
};

/// How often a child that ended is started again, at most, before the program gives up.
const MAX_RESTARTS: u32 = 5;
/// The pause before the first restart; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// A child that ran this long counts as well: earlier restarts are forgotten.
const HEALTHY_AFTER: Duration = Duration::from_secs(300);
/// How often another port is tried when the wanted one is taken.
const MAX_PORTS: u32 = 10;

/// What the child is started with.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The program.
    pub(crate) binary: Binary,
    /// Where everything lies.
    pub(crate) data_dir: DataDir,
    /// When what is stored is on disk: `always`, or an interval such as `2m`.
    pub(crate) sync_interval: String,
    /// The largest message, in bytes.
    pub(crate) max_payload_bytes: u64,
    /// Who may do what.
    pub(crate) accounts: Accounts,
}

/// A running child.
#[derive(Debug)]
pub(crate) struct Embedded {
    options: Options,
    process: Process,
    port: u16,
}

impl Embedded {
    /// Starts the child, on the port that it had before if that is free, and returns when clients can connect.
    pub(crate) async fn start(options: Options) -> Result<Self, Failure> {
        let nats = options.data_dir.nats();
        make_private_dir(&nats)?;
        process::end_orphan(&nats).await?;
        let wanted = read_port(&nats)?;
        let (process, port) = launch(&options, wanted, false).await?;
        crate::data_dir::write_private(&port_file(&nats), port.to_string().as_bytes())?;
        Ok(Self {
            options,
            process,
            port,
        })
    }

    /// Where clients connect, without credentials.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Watches the child until `shutdown`, then stops it. A child that ends by itself is started again on its port, a few times.
    ///
    /// # Errors
    /// When it cannot be kept running.
    pub(crate) async fn watch(mut self, output: Output, shutdown: CancellationToken) -> Result<(), Failure> {
        let mut restarts = 0;
        loop {
            let started = tokio::time::Instant::now();
            let status = tokio::select! {
                status = self.process.ended() => status,
                () = shutdown.cancelled() => return self.process.stop().await,
            };
            if started.elapsed() >= HEALTHY_AFTER {
                restarts = 0;
            }
            restarts += 1;
            let log = process::log_file(&self.options.data_dir.nats());
            if restarts > MAX_RESTARTS {
                return Err(Failure::bug(format!(
                    "nats-server ended {restarts} times in a row ({status}); giving up"
                ))
                .help(format!("Its log is {}.", log.display())));
            }
            let pause = FIRST_PAUSE * 2_u32.pow(restarts - 1);
            output.say(&format!(
                "nats-server ended unexpectedly ({status}); starting it again in {} ms (try {restarts} of {MAX_RESTARTS}); its log is {}",
                pause.as_millis(),
                log.display()
            ));
            if shutdown
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return Ok(());
            }
            self.process = launch(&self.options, Some(self.port), true).await?.0;
            output.say("nats-server is back");
        }
    }
}

/// Starts the child. Clients of a running installation know its port, so a restart insists on it.
async fn launch(options: &Options, wanted: Option<u16>, insist: bool) -> Result<(Process, u16), Failure> {
    let mut port = wanted;
    let mut tries = 0;
    loop {
        let path = config::write(options, port)?;
        match Process::launch(&options.binary, &path, &options.data_dir.nats()).await {
            Ok(started) => return Ok(started),
            Err(StartError::PortTaken) if tries < MAX_PORTS => {
                tries += 1;
                if insist {
                    // A client that reconnects may hold that very port as its own end for an instant.
                    tokio::time::sleep(FIRST_PAUSE).await;
                } else {
                    port = None;
                }
            }
            Err(error) => {
                let log = process::log_file(&options.data_dir.nats());
                return Err(
                    Failure::configuration(format!("nats-server does not start: {}", chain(&error)))
                        .help(format!("Its log is {}.", log.display())),
                );
            }
        }
    }
}

fn port_file(nats: &std::path::Path) -> PathBuf {
    nats.join("port")
}

fn read_port(nats: &std::path::Path) -> Result<Option<u16>, Failure> {
    let path = port_file(nats);
    match std::fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(port) => Ok(Some(port)),
            Err(_invalid) => Err(
                Failure::configuration(format!("{}: holds no port number", path.display()))
                    .help("Remove the file; another port is chosen then."),
            ),
        },
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Failure::at_path(&path, "cannot be read", &source)),
    }
}
