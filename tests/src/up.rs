//! A running `rehearse up`, and further roles beside it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::output::{Finished, command};

/// A child process that does not outlive the test.
#[derive(Debug)]
pub struct Child {
    process: process::Child,
    log: PathBuf,
}

impl Child {
    /// Starts `rehearse` with these arguments; what it says goes to `log`.
    pub fn start(directory: &Path, log: PathBuf, arguments: &[&str]) -> Self {
        let file = File::create(&log).expect("the log can be created");
        let process = command(directory, arguments)
            .stdout(file.try_clone().expect("the log can be shared"))
            .stderr(file)
            .spawn()
            .expect("rehearse can be started");
        Self { process, log }
    }

    /// What it has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).expect("a process has an id");
        kill_process(pid, signal).expect("the process can be signalled");
    }

    /// Kills it at once and waits for it to be gone.
    pub fn kill(&mut self) {
        self.process.kill().expect("the process can be killed");
        self.process.wait().expect("the process can be waited for");
    }

    /// Asks it to stop and waits for it to be gone; its exit code.
    pub fn stop(&mut self) -> i32 {
        self.signal(Signal::TERM);
        self.process.wait().expect("the process can be waited for").code().unwrap_or(-1)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("the process can be asked").is_none()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.is_running() {
            // Asked first, so that it can stop its own children.
            self.signal(Signal::TERM);
            let _ = self.process.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            #[expect(clippy::print_stderr, reason = "the log of a failed test is its evidence")]
            {
                eprintln!("--- {}\n{}", self.log.display(), tail.join("\n"));
            }
        }
    }
}

/// A running `rehearse up` on a data directory of its own.
#[derive(Debug)]
pub struct Up {
    directory: TempDir,
    child: Option<Child>,
    workers: u32,
}

impl Up {
    /// Starts it with this many workers and waits until it answers.
    pub fn start(workers: u32) -> Self {
        let directory = TempDir::new().expect("a temporary directory can be made");
        let mut up = Self { directory, child: None, workers };
        up.restart();
        up
    }

    /// Starts it again on the same data directory.
    pub fn restart(&mut self) {
        drop(self.child.take());
        let (data, workers) = (self.data_dir(), self.workers.to_string());
        let data = data.to_str().expect("a temporary path is UTF-8");
        let log = self.path("up.log");
        let arguments = ["up", "--data-dir", data, "--workers", &workers];
        self.child = Some(Child::start(&crate::repository(), log, &arguments));
        let ready = self.run(&["doctor", "--wait", "30s"]);
        assert_eq!(ready.code, 0, "{}\n{}\n--- up\n{}", ready.stdout, ready.stderr, self.child().log());
    }

    /// Stops it in good order; its exit code.
    pub fn stop(&mut self) -> i32 {
        self.child.take().expect("it runs").stop()
    }

    /// The running process.
    pub fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("it runs")
    }

    /// Its data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// A path in the test's temporary directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What a client needs to reach it.
    pub fn credentials(&self) -> serde_json::Value {
        let text = std::fs::read(self.data_dir().join("credentials.json")).expect("the credentials exist");
        serde_json::from_slice(&text).expect("the credentials are JSON")
    }

    /// Runs a command against it.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let data = self.data_dir();
        let mut all = arguments.to_vec();
        all.extend(["--data-dir", data.to_str().expect("a temporary path is UTF-8")]);
        crate::run(&all)
    }

    /// Starts a further role beside it, such as a worker.
    pub fn start_beside(&self, name: &str, arguments: &[&str]) -> Child {
        let data = self.data_dir();
        let mut all = arguments.to_vec();
        all.extend(["--data-dir", data.to_str().expect("a temporary path is UTF-8")]);
        Child::start(&crate::repository(), self.path(&format!("{name}.log")), &all)
    }
}
