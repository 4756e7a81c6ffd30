//! A program in a process of its own: started in a group of its own, with almost no environment, and ended with everything it started.

use std::{path::Path, process::Stdio, time::Duration};

use model::Text;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::{
    process::{ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

use super::{super::AgentError, ring::Ring};
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

/// What is started.
pub(in crate::agent) struct ProgramOptions<'a> {
    pub(in crate::agent) command: &'a [Text],
    pub(in crate::agent) env: &'a [(String, String)],
    pub(in crate::agent) working_directory: Option<&'a str>,
    pub(in crate::agent) secrets: &'a Secrets,
}

/// A program that was started. Its pipes are in other hands.
pub(in crate::agent) struct Program {
    child: Box<dyn ChildWrapper>,
    stderr: Ring,
    stderr_drained: JoinHandle<()>,
    place: String,
    secrets: Secrets,
    /// The group was told to end, so its number may belong to others by now.
    killed: bool,
}

impl Program {
    /// Starts it; gives its standard input and output too.
    pub(in crate::agent) fn spawn(
        options: &ProgramOptions<'_>,
    ) -> Result<(Self, ChildStdin, ChildStdout), AgentError> {
        let place = place_of(options.command);
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
        let program = Self {
            child,
            stderr_drained: tokio::spawn(ring.clone().drain(stderr)),
            stderr: ring,
            place,
            secrets: options.secrets.clone(),
            killed: false,
        };
        Ok((program, stdin, stdout))
    }

    /// The command, for errors.
    pub(in crate::agent) fn place(&self) -> &str {
        &self.place
    }

    /// Waits for the end of the child and says how it ended; none if it goes on.
    pub(in crate::agent) async fn wait_for_end(&mut self) -> Option<std::process::ExitStatus> {
        tokio::time::timeout(GRACE, self.child.wait())
            .await
            .ok()
            .and_then(Result::ok)
    }

    /// The error for a child that closed its output or input, or ended. `seen` is what it wrote of a reply.
    pub(in crate::agent) async fn exited(&mut self, seen: &str) -> AgentError {
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
            output: format!("{seen}{}", self.stderr_tail()),
        }
    }

    /// The end of what it wrote to standard error; empty, or begins with a separator.
    pub(in crate::agent) fn stderr_tail(&self) -> String {
        let text = self.secrets.redact(&self.stderr.text());
        if text.is_empty() {
            return String::new();
        }
        let from = text.ceil_char_boundary(text.len().saturating_sub(4 * EXCERPT_BYTES));
        format!("; standard error: {}", excerpt(&text[from..], 4 * EXCERPT_BYTES))
    }

    /// Ends the whole group at once.
    pub(in crate::agent) fn kill(&mut self) {
        if !std::mem::replace(&mut self.killed, true) {
            // It fails if everything has ended, which is what is wanted.
            let _ended_already = self.child.start_kill();
        }
    }

    /// Lets the child end by itself for a moment, then ends the whole group. Its standard input must be closed by now.
    pub(in crate::agent) async fn close(&mut self) {
        if !self.killed {
            let _status = self.wait_for_end().await;
        }
        self.kill();
        let _status = self.wait_for_end().await;
        self.stderr_drained.abort();
    }
}

impl Drop for Program {
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

/// A command, for errors.
pub(in crate::agent) fn place_of(command: &[Text]) -> String {
    let words: Vec<&str> = command.iter().map(Text::as_str).collect();
    format!("`{}`", excerpt(&words.join(" "), PLACE_BYTES))
}
