//! One life of the nats-server process.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::{process::Child, time::Instant};

use super::{Binary, guard};
use crate::failure::Failure;

/// How long a start may take: a large store is read first.
const START_DEADLINE: Duration = Duration::from_secs(120);
/// How long a stop may take before it is forced.
const STOP_DEADLINE: Duration = Duration::from_secs(30);
/// How often we look whether it is ready, or gone.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A log larger than this is put aside at a start.
const MAX_LOG_BYTES: u64 = 16 * 1024 * 1024;

/// Why it is not running.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// Someone else listens there.
    #[error("its port is taken")]
    PortTaken,
    /// It ended at once.
    #[error("it ended before it was ready ({status}): {said}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// What it said last.
        said: String,
    },
    /// It never became ready.
    #[error("it was not ready within {START_DEADLINE:?}")]
    NotReady,
    /// The system refuses.
    #[error("{doing}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// This program cannot run itself.
    #[error("{0}")]
    Guard(Failure),
}

/// A running process. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pid: u32,
}

impl Process {
    /// Starts the process and returns it and its port once clients can connect.
    pub(super) async fn launch(
        binary: &Binary,
        config: &Path,
        nats: &Path,
    ) -> Result<(Self, u16), StartError> {
        remove_port_files(nats).map_err(|source| StartError::System {
            doing: "old files cannot be removed",
            source,
        })?;
        let (log, log_start) = open_log(nats).map_err(|source| StartError::System {
            doing: "its log cannot be opened",
            source,
        })?;
        let log_too = log.try_clone().map_err(|source| StartError::System {
            doing: "its log cannot be opened",
            source,
        })?;
        let mut child = guard::command(&binary.path)
            .map_err(StartError::Guard)?
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(log_too)
            .stderr(log)
            // Ctrl-C in a terminal goes to us alone; we stop everything in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| StartError::System {
                doing: "it does not run",
                source,
            })?;
        let pid = child.id().ok_or_else(|| StartError::System {
            doing: "it ended at once",
            source: io::Error::from(io::ErrorKind::NotFound),
        })?;
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            let waited = child.try_wait();
            match waited.map_err(|source| StartError::System {
                doing: "it cannot be waited for",
                source,
            })? {
                Some(status) => return Err(ended(nats, log_start, status)),
                None => {
                    if let Some(port) = announced_port(nats, pid) {
                        return Ok((Self { child, pid }, port));
                    }
                }
            }
            if Instant::now() >= deadline {
                return Err(StartError::NotReady);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until the process ends by itself; says how it did.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(source) => source.to_string(),
        }
    }

    /// Asks the process to stop, waits, and insists if it must.
    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        if let Some(pid) = as_pid(self.pid) {
            // It may have ended just now, which is as good.
            let _gone = kill_process(pid, Signal::TERM);
        }
        let failed = |source: io::Error| Failure::bug(format!("nats-server cannot be stopped: {source}"));
        match tokio::time::timeout(STOP_DEADLINE, self.child.wait()).await {
            Ok(ended) => ended.map(drop).map_err(failed),
            Err(_elapsed) => self.child.kill().await.map_err(failed),
        }
    }
}

/// Ends a nats-server of this directory whose parent was killed. The caller holds the directory, so it is nobody's.
pub(super) async fn end_orphan(nats: &Path) -> Result<(), Failure> {
    let Some(pid) = orphan(nats) else { return Ok(()) };
    let deadline = Instant::now() + STOP_DEADLINE;
    let mut signal = Some(Signal::TERM);
    while orphan(nats) == Some(pid) && test_kill_process(pid).is_ok() {
        if let Some(signal) = signal.take() {
            let _gone = kill_process(pid, signal);
        }
        if Instant::now() >= deadline {
            let _gone = kill_process(pid, Signal::KILL);
            return Err(Failure::configuration(format!(
                "an earlier nats-server (process {}) does not end",
                pid.as_raw_nonzero()
            ))
            .help("It was told to end at once. Start again."));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

/// The process that wrote the pid file of this directory, if it is a nats-server of this directory still.
fn orphan(nats: &Path) -> Option<Pid> {
    let pid = fs::read_to_string(nats.join("nats.pid"))
        .ok()?
        .trim()
        .parse()
        .ok()
        .and_then(as_pid)?;
    test_kill_process(pid).ok()?;
    // Process ids come round again: only one that names our configuration is ours.
    let command_line = PathBuf::from(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
    match fs::read(&command_line) {
        Ok(arguments) => {
            let ours = super::config::file(nats);
            let names_it = |argument: &[u8]| argument == ours.as_os_str().as_encoded_bytes();
            arguments.split(|byte| *byte == 0).any(names_it).then_some(pid)
        }
        Err(_no_such_process) => None,
    }
}

fn as_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// Where the process writes its log.
pub(super) fn log_file(nats: &Path) -> PathBuf {
    nats.join("nats.log")
}

/// Opens the log to be written at its end, and says where that is.
fn open_log(nats: &Path) -> io::Result<(File, u64)> {
    let path = log_file(nats);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.len() > MAX_LOG_BYTES => fs::rename(&path, nats.join("nats.log.1"))?,
        Ok(_) => {}
        Err(source) if source.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(source),
    }
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)?;
    let start = file.metadata()?.len();
    Ok((file, start))
}

/// What the log says about an early end.
fn ended(nats: &Path, log_start: u64, status: ExitStatus) -> StartError {
    let mut log = String::new();
    let read = File::open(log_file(nats)).and_then(|mut file| {
        file.seek(SeekFrom::Start(log_start))?;
        file.take(MAX_LOG_BYTES).read_to_string(&mut log)
    });
    if read.is_ok() && log.contains("address already in use") {
        return StartError::PortTaken;
    }
    let said = log
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("it said nothing");
    StartError::Ended {
        status,
        said: said.to_owned(),
    }
}

/// The port of a server that is ready: it writes a file then.
fn announced_port(nats: &Path, pid: u32) -> Option<u16> {
    let ending = format!("_{pid}.ports");
    let file = port_files(nats)
        .ok()?
        .into_iter()
        .find(|path| path.to_string_lossy().ends_with(&ending))?;
    // Another look comes soon, should the file be half written.
    let ports: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    ports
        .get("nats")?
        .get(0)?
        .as_str()?
        .rsplit(':')
        .next()?
        .parse()
        .ok()
}

fn port_files(nats: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(nats)?.collect::<io::Result<Vec<_>>>()?;
    let is_one = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "ports");
    Ok(entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(is_one)
        .collect())
}

fn remove_port_files(nats: &Path) -> io::Result<()> {
    port_files(nats)?.into_iter().try_for_each(fs::remove_file)
}
