//! Agents and servers that others wrote, for the connectors to talk to.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{self, Command, Stdio},
};

use crate::repository;

/// A peer that `tests/peers/serve.py` started. It ends when this is dropped.
#[derive(Debug)]
pub struct Peer {
    /// Of the form `http://127.0.0.1:1234`.
    pub url: String,
    launcher: process::Child,
}

impl Peer {
    /// Starts the peer of this name and waits until it serves, which the launcher gives up on by itself.
    pub fn start(name: &str) -> Self {
        let script = repository().join("tests/peers/serve.py");
        let mut launcher = Command::new("python3")
            .arg(&script)
            .arg(name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 can be started");
        let output = launcher.stdout.take().expect("its output is a pipe");
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .expect("the launcher says when the peer serves");
        let mut errors = launcher.stderr.take().expect("its errors are a pipe");
        let Some(url) = line.trim().strip_prefix("ready ") else {
            drop(launcher.stdin.take());
            let mut said = String::new();
            let _unreadable = errors.read_to_string(&mut said);
            let _gone = launcher.wait();
            panic!(
                "the peer `{name}` does not start; run scripts/setup-peers, which installs it. {}",
                said.trim()
            );
        };
        // What a peer says while it serves must not fill the pipe and stop it.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Self {
            url: url.to_owned(),
            launcher,
        }
    }
}

/// A file that `scripts/setup-peers` puts in place, for peers that are started without the launcher.
pub fn peer_file(path: &str) -> PathBuf {
    let file = repository().join(".tools/peers").join(path);
    assert!(
        file.exists(),
        "{} is missing: run scripts/setup-peers",
        file.display()
    );
    file
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The launcher ends the peer when its standard input does.
        drop(self.launcher.stdin.take());
        let _gone = self.launcher.wait();
    }
}
