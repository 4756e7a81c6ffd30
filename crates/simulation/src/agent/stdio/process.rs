//! The child process: started in a group of its own, with almost no environment, and ended with everything it started.

use std::{path::Path, process::Stdio, time::Duration};

use model::Text;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::{
    io::AsyncWriteExt as _,
    process::{ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

use super::{
    super::AgentError,
    reader::{ReadError, Reader},
    ring::Ring,
};
use crate::{
    Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
};

/// What a child sees of this process's environment.
const INHERITED: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];
/// How long a child that was told to end, or closed its output, may take to do so.
const GRACE: Duration = Duration::from_secs(2);
/// How much of the command an error shows.
const PLACE_BYTES: usize = 200;

pub(super) struct ProcessOptions<'a> {
    pub(super) command: &'a [Text],
    pub(super) env: &'a [(String, String)],
    pub(super) working_directory: Option<&'a str>,
    pub(super) limit_bytes: u32,
    pub(super) secrets: &'a Secrets,
}

pub(super) struct Process {
    child: Box<dyn ChildWrapper>,
    stdin: Option<ChildStdin>,
    stdout: Reader<ChildStdout>,
    stderr: Ring,
    stderr_drained: JoinHandle<()>,
    place: String,
    limit_bytes: u32,
    secrets: Secrets,
    /// The group was told to end, so its number may belong to others by now.
    killed: bool,
}

impl Process {
    pub(super) fn spawn(options: &ProcessOptions<'_>) -> Result<Self, AgentError> {
        let place = place(options.command);
        let failed = |reason: String| AgentError::Exited {
            place: place.clone(),
            status: format!("could not be started: {reason}"),
            output: String::new(),
        };
        let [program, arguments @ ..] = options.command else {
            return Err(failed("the command is empty".to_owned()));
        };
        let mut command = Command::new(program.as_str());
        command
            .args(arguments.iter().map(Text::as_str))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.envs(
            INHERITED
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        command.envs(options.env.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = options.working_directory {
            command.current_dir(directory);
        }
        let mut child = CommandWrap::from(command)
            .wrap(ProcessGroup::leader())
            .wrap(KillOnDrop)
            .spawn()
            .map_err(|why| failed(start_failure(&why, options.working_directory)))?;
        let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(failed("its pipes are missing".to_owned()));
        };
        let ring = Ring::default();
        Ok(Self {
            child,
            stdin: Some(stdin),
            stdout: Reader::new(stdout, usize::try_from(options.limit_bytes).unwrap_or(usize::MAX)),
            stderr_drained: tokio::spawn(ring.clone().drain(stderr)),
            stderr: ring,
            place,
            limit_bytes: options.limit_bytes,
            secrets: options.secrets.clone(),
            killed: false,
        })
    }

    /// The command, for errors.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Writes a line, which must hold no line end itself.
    pub(super) async fn write_line(&mut self, line: &str) -> Result<(), AgentError> {
        let Some(stdin) = &mut self.stdin else {
            return Err(self.exited().await);
        };
        let mut bytes = line.as_bytes().to_vec();
        bytes.push(b'\n');
        let written = async {
            stdin.write_all(&bytes).await?;
            stdin.flush().await
        };
        match written.await {
            Ok(()) => Ok(()),
            Err(_broken_pipe) => Err(self.exited().await),
        }
    }

    /// One line.
    pub(super) async fn read_line(&mut self) -> Result<Vec<u8>, AgentError> {
        let line = self.stdout.line().await;
        self.read(line).await
    }

    /// The output up to where `find` says; none at the end of the output.
    pub(super) async fn read_piece(
        &mut self,
        find: impl FnMut(&[u8]) -> Option<(usize, usize)>,
    ) -> Result<Option<Vec<u8>>, AgentError> {
        match self.stdout.piece(find).await {
            Err(ReadError::Ended) => Ok(None),
            piece @ (Ok(_) | Err(ReadError::TooLarge | ReadError::Failed(_))) => {
                self.read(piece).await.map(Some)
            }
        }
    }

    async fn read(&mut self, outcome: Result<Vec<u8>, ReadError>) -> Result<Vec<u8>, AgentError> {
        match outcome {
            Ok(bytes) => Ok(bytes),
            Err(ReadError::TooLarge) => Err(AgentError::TooLarge {
                place: self.place.clone(),
                limit_bytes: self.limit_bytes,
            }),
            Err(ReadError::Ended) => Err(self.exited().await),
            Err(ReadError::Failed(why)) => Err(AgentError::Unreachable {
                place: self.place.clone(),
                reason: format!("its output: {why}"),
            }),
        }
    }

    /// Refuses output that nobody asked for: it would be taken for the reply to the next message.
    pub(super) async fn expect_silence(&mut self) -> Result<(), AgentError> {
        let ended = self.stdout.poll_more().await;
        let pending = self.stdout.pending();
        if !pending.is_empty() {
            let pending = pending.to_vec();
            return Err(self.malformed("it wrote more than one reply to one message", &pending));
        }
        if ended { Err(self.exited().await) } else { Ok(()) }
    }

    /// Takes what was read and not used.
    pub(super) fn take_pending(&mut self) -> Vec<u8> {
        self.stdout.take()
    }

    /// An answer that does not follow the protocol.
    pub(super) fn malformed(&self, reason: &str, bytes: &[u8]) -> AgentError {
        let text = self.secrets.redact(&String::from_utf8_lossy(bytes));
        AgentError::Malformed {
            place: self.place.clone(),
            reason: reason.to_owned(),
            detail: format!(": {}", excerpt(&text, EXCERPT_BYTES)),
        }
    }

    /// What was written of a reply that did not come in time.
    pub(super) fn seen_so_far(&self) -> String {
        let pending = self.stdout.pending();
        let seen = if pending.is_empty() {
            String::new()
        } else {
            // Before the quotation is cut, lest half a secret is left of one.
            let text = self.secrets.redact(&String::from_utf8_lossy(pending));
            format!("; so far it wrote: {}", excerpt(&text, EXCERPT_BYTES))
        };
        format!("{seen}{}", self.stderr_tail())
    }

    /// Waits for the end of the child and says how it ended, in a clause; none if it goes on.
    pub(super) async fn wait_for_end(&mut self) -> Option<std::process::ExitStatus> {
        tokio::time::timeout(GRACE, self.child.wait())
            .await
            .ok()
            .and_then(Result::ok)
    }

    /// The error for a child that closed its output or input, or ended.
    pub(super) async fn exited(&mut self) -> AgentError {
        let status = match self.wait_for_end().await {
            Some(status) => format!("the process ended ({status})"),
            None => "the process closed its output, but goes on".to_owned(),
        };
        self.kill();
        // Processes that the child started could hold its standard error open for ever.
        let _held_open = tokio::time::timeout(GRACE, &mut self.stderr_drained).await;
        AgentError::Exited {
            place: self.place.clone(),
            status,
            output: self.seen_so_far(),
        }
    }

    fn stderr_tail(&self) -> String {
        let text = self.secrets.redact(&self.stderr.text());
        if text.is_empty() {
            return String::new();
        }
        let from = text.ceil_char_boundary(text.len().saturating_sub(4 * EXCERPT_BYTES));
        format!("; standard error: {}", excerpt(&text[from..], 4 * EXCERPT_BYTES))
    }

    /// Ends the whole group at once.
    pub(super) fn kill(&mut self) {
        if !std::mem::replace(&mut self.killed, true) {
            self.stdin = None;
            // It fails if everything has ended, which is what is wanted.
            let _ended_already = self.child.start_kill();
        }
    }

    /// Lets the child end by itself for a moment, then ends the whole group.
    pub(super) async fn close(&mut self) {
        self.stdin = None;
        if !self.killed {
            let _status = self.wait_for_end().await;
        }
        self.kill();
        let _status = self.wait_for_end().await;
        self.stderr_drained.abort();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.stderr_drained.abort();
    }
}

/// Why a child could not be started. The system says of a missing directory only that something does not exist.
fn start_failure(why: &std::io::Error, directory: Option<&str>) -> String {
    match directory {
        Some(directory) if !Path::new(directory).is_dir() => {
            format!(
                "workingDirectory `{}`: there is no such directory",
                excerpt(directory, PLACE_BYTES)
            )
        }
        Some(_) | None => why.to_string(),
    }
}

fn place(command: &[Text]) -> String {
    let words: Vec<&str> = command.iter().map(Text::as_str).collect();
    format!("`{}`", excerpt(&words.join(" "), PLACE_BYTES))
}
