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
        Self::start_in(directory, log, arguments, &[])
    }

    /// The same with further variables in its environment.
    pub fn start_in(
        directory: &Path,
        log: PathBuf,
        arguments: &[&str],
        environment: &[(String, String)],
    ) -> Self {
        let file = File::create(&log).expect("the log can be created");
        let process = command(directory, arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
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
        let pid = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process has an id");
        kill_process(pid, signal).expect("the process can be signalled");
    }

    /// Kills it at once and waits for it to be gone.
    pub fn kill(&mut self) {
        self.process.kill().expect("the process can be killed");
        self.process.wait().expect("the process can be waited for");
    }

    /// Waits for it to end; its exit code.
    pub fn wait(&mut self) -> i32 {
        self.process
            .wait()
            .expect("the process can be waited for")
            .code()
            .unwrap_or(-1)
    }

    /// Asks it to stop and waits for it to be gone; its exit code.
    pub fn stop(&mut self) -> i32 {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process
            .try_wait()
            .expect("the process can be asked")
            .is_none()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.is_running() {
            // Asked first, so that it can stop its own children.
            self.signal(Signal::TERM);
            let _ = self.process.wait();
        }
        let log = self.log();
        if std::thread::panicking() {
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            #[expect(clippy::print_stderr, reason = "the log of a failed test is its evidence")]
            {
                eprintln!("--- {}\n{}", self.log.display(), tail.join("\n"));
            }
        } else {
            assert!(!log.contains("panicked"), "{log}");
        }
    }
}

/// A running `rehearse up` on a data directory of its own.
#[derive(Debug)]
pub struct Up {
    directory: TempDir,
    child: Option<Child>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Up {
    /// Starts it with this many workers and waits until it answers.
    pub fn start(workers: u32) -> Self {
        Self::start_with(workers, &[], &[])
    }

    /// The same with further arguments and environment variables.
    pub fn start_with(workers: u32, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut up = Self::stopped(workers, arguments, environment);
        up.restart();
        up
    }

    /// Only its directory: [`Up::restart`] starts it.
    pub fn stopped(workers: u32, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let workers = ["--workers".to_owned(), workers.to_string()];
        Self {
            directory: TempDir::new().expect("a temporary directory can be made"),
            child: None,
            arguments: workers
                .into_iter()
                .chain(arguments.iter().map(|text| (*text).to_owned()))
                .collect(),
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    /// Starts it again on the same data directory.
    pub fn restart(&mut self) {
        drop(self.child.take());
        let data = self.data_dir();
        let mut arguments = vec![
            "up",
            "--data-dir",
            data.to_str().expect("a temporary path is UTF-8"),
        ];
        // Many run at once.
        let says = |flag: &str| self.arguments.iter().any(|argument| argument == flag);
        if !says("--http") && !says("--no-http") {
            arguments.extend(["--http", "127.0.0.1:0"]);
        }
        arguments.extend(self.arguments.iter().map(String::as_str));
        let log = self.path("up.log");
        self.child = Some(Child::start_in(
            &crate::repository(),
            log,
            &arguments,
            &self.environment,
        ));
        let ready = self.run(&["doctor", "--wait", "30s"]);
        assert_eq!(
            ready.code,
            0,
            "{}\n{}\n--- up\n{}",
            ready.stdout,
            ready.stderr,
            self.child().log()
        );
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

    /// Where its HTTP API is.
    pub fn base_url(&self) -> String {
        let credentials = self.credentials();
        let url = credentials["base_url"].as_str();
        url.expect("it serves HTTP").to_owned()
    }

    /// Runs a command against it over HTTP, in a directory.
    pub fn run_http(&self, directory: &Path, arguments: &[&str]) -> Finished {
        let mut command = command(directory, arguments);
        Finished::from_output(
            self.over_http(&mut command)
                .output()
                .expect("rehearse can be started"),
        )
    }

    /// Makes a command speak to it over HTTP. What it keeps goes into the test's directory.
    pub fn over_http<'a>(&self, command: &'a mut process::Command) -> &'a mut process::Command {
        let credentials = self.credentials();
        let text = |key: &str| credentials[key].as_str().expect("it is known").to_owned();
        command
            .env("REHEARSE_SERVER", self.base_url())
            .env("REHEARSE_ORGANIZATION", text("organization_id"))
            .env("REHEARSE_USER_ID", text("user_id"))
            .env("REHEARSE_API_KEY_ID", text("api_key_id"))
            .env("REHEARSE_API_KEY", text("api_key"))
            .env("XDG_CACHE_HOME", self.path("cache"))
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
