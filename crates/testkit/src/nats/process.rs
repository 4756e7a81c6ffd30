//! One life of a nats-server process: from launch to readiness to its end.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// Ample for a process that needs a few dozen milliseconds, on a machine busy with other tests.
const START_DEADLINE: Duration = Duration::from_secs(30);
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// What the server wrote, shared with the thread that reads it.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<String>);

impl Log {
    pub(super) fn text(&self) -> String {
        self.lock().clone()
    }

    pub(super) fn tail(&self, n_lines: usize) -> String {
        let text = self.lock();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(n_lines)..].join("\n")
    }

    fn push(&self, line: &str) {
        writeln!(self.lock(), "{line}").expect("a string takes all text");
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why there is no server.
#[derive(Debug)]
pub(super) struct Exit {
    pub(super) reason: String,
}

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Carries the port once the server is ready; closes when the server has ended.
    output: Receiver<u16>,
}

impl Process {
    /// Starts the binary and waits until it is ready for clients.
    pub(super) fn launch(
        binary: &Path,
        config: &Path,
        port: &str,
        log: &Arc<Log>,
    ) -> Result<(Self, u16), Exit> {
        let end = Instant::now() + START_DEADLINE;
        loop {
            let n_bytes_before = log.lock().len();
            let mut process = Self::spawn(binary, config, port, log)?;
            match process
                .output
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(port) => return Ok((process, port)),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = process.child.wait().expect("our own child can be waited for");
                    // A client that reconnects to its dead server may get that very port as its own
                    // end of the connection. It lets go at once, so a restart tries again.
                    let port_is_held = log.lock()[n_bytes_before..].contains("address already in use");
                    if !port_is_held || Instant::now() >= end {
                        return Err(Exit {
                            reason: format!("ended before it was ready ({status})"),
                        });
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    process.kill();
                    return Err(Exit {
                        reason: format!("was not ready within {START_DEADLINE:?}"),
                    });
                }
            }
        }
    }

    fn spawn(binary: &Path, config: &Path, port: &str, log: &Arc<Log>) -> Result<Self, Exit> {
        let mut child = Command::new(binary)
            .args(["--addr", "127.0.0.1", "--port", port, "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Exit {
                reason: format!("({}) did not start: {error}", binary.display()),
            })?;
        let stderr = child.stderr.take().expect("stderr is piped");
        let (sender, output) = mpsc::channel();
        let log = Arc::clone(log);
        thread::spawn(move || follow(stderr, &log, &sender));
        Ok(Self { child, output })
    }

    pub(super) fn kill(mut self) {
        // Both fail only for a child that is already gone.
        self.child.kill().ok();
        self.child.wait().ok();
    }

    pub(super) fn stop(mut self, log: &Log) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has a process id"), Signal::TERM)
            .expect("our own child takes signals");
        let ended = self.output.recv_timeout(STOP_DEADLINE);
        if ended == Err(RecvTimeoutError::Disconnected) {
            self.child.wait().expect("our own child can be waited for");
            return;
        }
        self.kill();
        #[expect(
            clippy::panic,
            reason = "a test that asks for a clean stop has failed without one"
        )]
        {
            panic!(
                "nats-server did not stop within {STOP_DEADLINE:?}; its log:\n{}",
                log.text()
            );
        }
    }
}

/// Copies the server's output to the log until it ends, and reports when the server is ready.
fn follow(stderr: impl Read, log: &Log, ready: &mpsc::Sender<u16>) {
    let mut port = None;
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        log.push(&line);
        if let Some((_, address)) = line.split_once("Listening for client connections on ") {
            port = address.rsplit(':').next().and_then(|port| port.parse().ok());
        } else if line.ends_with("Server is ready")
            && let Some(port) = port
        {
            // Nobody listens any more when the start was given up.
            ready.send(port).ok();
        }
    }
}
