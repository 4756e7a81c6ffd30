//! A real nats-server of one's own for each test.
//!
//! Owns the process, its store directory and its log. Speaks no NATS itself: tests connect with the
//! client they are about. The server stays in the test's process group, so whatever ends the group
//! (Ctrl-C, the test runner's timeout) ends the server as well.

mod process;
#[cfg(test)]
mod tests;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use process::{Exit, Log, Process};
use tempfile::TempDir;

const LOG_LINES_SHOWN: usize = 40;

/// A running nats-server on 127.0.0.1, gone together with its store when dropped.
///
/// A test that panics while it holds one prints the end of the server's log.
#[derive(Debug)]
pub struct NatsServer {
    directory: TempDir,
    port: u16,
    log: Arc<Log>,
    process: Mutex<Option<Process>>,
}

/// What a [`NatsServer`] is started with.
#[derive(Debug, Default)]
pub struct Builder {
    config: String,
    without_jetstream: bool,
}

impl Builder {
    /// Adds text to the server's configuration file: an `authorization` block, `max_payload`, …
    #[must_use]
    pub fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self.config.push('\n');
        self
    }

    /// Leaves JetStream off, or to the text given to [`Builder::config`].
    #[must_use]
    pub fn without_jetstream(mut self) -> Self {
        self.without_jetstream = true;
        self
    }

    /// Starts the server and returns when it is ready for clients.
    ///
    /// # Panics
    ///
    /// When there is no nats-server binary, or when it does not become ready; with its log.
    #[must_use]
    pub fn start(self) -> NatsServer {
        let directory = tempfile::Builder::new()
            .prefix("rehearse-nats-")
            .tempdir()
            .expect("a temporary directory can be made");
        let mut config = self.config;
        if !self.without_jetstream {
            let store = serde_json::to_string(&directory.path().join("store")).expect("the path is UTF-8");
            config.push_str("jetstream { store_dir: ");
            config.push_str(&store);
            config.push_str(" }\n");
        }
        fs::write(config_file(&directory), config).expect("the configuration can be written");

        let log = Arc::new(Log::default());
        let (process, port) = launch(&directory, None, &log);
        NatsServer {
            directory,
            port,
            log,
            process: Mutex::new(Some(process)),
        }
    }
}

impl NatsServer {
    /// Starts a server with JetStream and nothing else.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// A server that is configured before it starts.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where clients connect: `nats://127.0.0.1:<port>`. The same for the whole life of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// The same without the scheme, for proxies and raw sockets.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Everything the server has logged, over all its restarts.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Kills the server with SIGKILL, as a crash would, and returns when it is gone.
    pub fn kill(&self) {
        if let Some(process) = self.process().take() {
            process.kill();
        }
    }

    /// Asks the server to shut down (SIGTERM) and returns when it has.
    ///
    /// # Panics
    ///
    /// When it does not, with its log.
    pub fn stop(&self) {
        if let Some(process) = self.process().take() {
            process.stop(&self.log);
        }
    }

    /// Starts the server again on the same port and store; kills it first when it runs.
    ///
    /// # Panics
    ///
    /// When it does not become ready, with its log.
    pub fn restart(&self) {
        let mut process = self.process();
        if let Some(running) = process.take() {
            running.kill();
        }
        *process = Some(launch(&self.directory, Some(self.port), &self.log).0);
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        // A test that panicked in `restart` still wants its server killed.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            #[expect(
                clippy::print_stderr,
                reason = "belongs to the output of the test that failed"
            )]
            {
                eprintln!(
                    "the end of the log of {}:\n{}",
                    self.url(),
                    self.log.tail(LOG_LINES_SHOWN)
                );
            }
        }
    }
}

fn config_file(directory: &TempDir) -> PathBuf {
    directory.path().join("nats.conf")
}

/// Without a port the server takes a free one; the port it listens on comes back.
fn launch(directory: &TempDir, port: Option<u16>, log: &Arc<Log>) -> (Process, u16) {
    let port = port.map_or_else(|| "-1".to_owned(), |port| port.to_string());
    match Process::launch(&binary(), &config_file(directory), &port, log) {
        Ok(started) => started,
        #[expect(clippy::panic, reason = "a test without its server has failed")]
        Err(Exit { reason }) => {
            panic!(
                "nats-server {reason}; the end of its log:\n{}",
                log.tail(LOG_LINES_SHOWN)
            )
        }
    }
}

/// The binary named by `REHEARSE_NATS_SERVER`, or the one that `scripts/setup-tools` installs, or
/// the one on the `PATH`.
fn binary() -> PathBuf {
    if let Some(named) = env::var_os("REHEARSE_NATS_SERVER") {
        return PathBuf::from(named);
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin/nats-server");
    let path = env::var_os("PATH").unwrap_or_default();
    std::iter::once(installed)
        .chain(env::split_paths(&path).map(|directory| directory.join("nats-server")))
        .find(|candidate| candidate.is_file())
        .expect("no nats-server in .tools/bin or on PATH: run scripts/setup-tools")
}
