//! Running the command line to its end.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::rehearse;

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// What it said on stdout.
    pub stdout: String,
    /// What it said on stderr.
    pub stderr: String,
}

impl Finished {
    /// Takes the output of a process over.
    ///
    /// # Panics
    ///
    /// When the process panicked, whatever it was asked to do.
    pub fn from_output(output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).expect("stdout is UTF-8");
        let stderr = String::from_utf8(output.stderr).expect("stderr is UTF-8");
        assert!(
            !stderr.contains("panicked"),
            "\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        );
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout,
            stderr,
        }
    }

    /// The same, after making sure that it failed with this exit code and that its words hold each of these.
    #[track_caller]
    pub fn refused(self, code: i32, words: &[&str]) -> Self {
        let refused = self.expect(code);
        for word in words {
            assert!(
                refused.stderr.contains(word),
                "no {word:?} in\n--- stdout\n{}\n--- stderr\n{}",
                refused.stdout,
                refused.stderr
            );
        }
        refused
    }

    /// The same, after making sure of the exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "{error}\n--- stdout\n{}\n--- stderr\n{}",
                self.stdout, self.stderr
            )
        })
    }
}

/// Runs `rehearse` with these arguments in the repository.
pub fn run<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Finished {
    run_in(&crate::repository(), arguments)
}

/// Runs `rehearse` with these arguments in a directory, with an environment that names no server.
pub fn run_in<S: AsRef<std::ffi::OsStr>>(directory: &Path, arguments: &[S]) -> Finished {
    let output = command(directory, arguments)
        .output()
        .expect("rehearse can be started");
    Finished::from_output(output)
}

/// A command that is about to run `rehearse`.
pub fn command<S: AsRef<std::ffi::OsStr>>(directory: &Path, arguments: &[S]) -> Command {
    let mut command = Command::new(rehearse());
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REHEARSE") {
            command.env_remove(name);
        }
    }
    command
        .env("NO_COLOR", "1")
        .env("HOME", directory)
        .env("REHEARSE_NATS_SERVER", crate::tool("bin/nats-server"));
    command
}
