//! The child process and its pipes: lines in, pieces of output out.

use tokio::{
    io::AsyncWriteExt as _,
    process::{ChildStdin, ChildStdout},
};

use super::{
    super::AgentError,
    program::{Program, ProgramOptions},
    reader::{ReadError, Reader},
};
use crate::{
    Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
};

pub(super) struct Process {
    program: Program,
    stdin: Option<ChildStdin>,
    stdout: Reader<ChildStdout>,
    limit_bytes: u32,
    secrets: Secrets,
}

impl Process {
    /// Starts a program that may write replies of `limit_bytes`.
    pub(super) fn spawn(options: &ProgramOptions<'_>, limit_bytes: u32) -> Result<Self, AgentError> {
        let (program, stdin, stdout) = Program::spawn(options)?;
        Ok(Self {
            program,
            stdin: Some(stdin),
            stdout: Reader::new(stdout, usize::try_from(limit_bytes).unwrap_or(usize::MAX)),
            limit_bytes,
            secrets: options.secrets.clone(),
        })
    }

    /// The command, for errors.
    pub(super) fn place(&self) -> &str {
        self.program.place()
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
                place: self.place().to_owned(),
                limit_bytes: self.limit_bytes,
            }),
            Err(ReadError::Ended) => Err(self.exited().await),
            Err(ReadError::Failed(why)) => Err(AgentError::Unreachable {
                place: self.place().to_owned(),
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
            place: self.place().to_owned(),
            reason: reason.to_owned(),
            detail: format!(": {}", excerpt(&text, EXCERPT_BYTES)),
        }
    }

    /// What was written of a reply that did not come in time.
    pub(super) fn seen_so_far(&self) -> String {
        format!("{}{}", self.pending(), self.program.stderr_tail())
    }

    fn pending(&self) -> String {
        let pending = self.stdout.pending();
        if pending.is_empty() {
            return String::new();
        }
        // Before the quotation is cut, lest half a secret is left of one.
        let text = self.secrets.redact(&String::from_utf8_lossy(pending));
        format!("; so far it wrote: {}", excerpt(&text, EXCERPT_BYTES))
    }

    /// Waits for the end of the child and says how it ended; none if it goes on.
    pub(super) async fn wait_for_end(&mut self) -> Option<std::process::ExitStatus> {
        self.program.wait_for_end().await
    }

    /// The error for a child that closed its output or input, or ended.
    pub(super) async fn exited(&mut self) -> AgentError {
        let seen = self.pending();
        let error = self.program.exited(&seen).await;
        self.stdin = None;
        error
    }

    /// Ends the whole group at once.
    pub(super) fn kill(&mut self) {
        self.stdin = None;
        self.program.kill();
    }

    /// Lets the child end by itself for a moment, then ends the whole group.
    pub(super) async fn close(&mut self) {
        self.stdin = None;
        self.program.close().await;
    }
}
