//! Agents that are a child process: one per conversation, spoken to over its standard input and output.
//!
//! The process dies with its conversation. Whatever goes wrong ends the whole process group, for its state is unknown from
//! then on: there is no second try. Its output is read only while a reply is due, so a child that floods blocks itself
//! in the pipe.

mod json_lines;
mod process;
mod program;
mod prompt;
mod reader;
mod ring;

use std::time::Duration;

use async_trait::async_trait;
use model::{Connection, Protocol, StdioFraming, Turn};
use process::Process;
pub(super) use program::{Program, ProgramOptions, place_of};

use super::{AgentCall, AgentError, Answer, Exchange, openai_chat::fill_in};
use crate::{Briefing, Secrets, template::Variables, view};

pub(super) struct StdioSession {
    process: Process,
    framing: Framing,
    timeout_ms: u32,
    /// Why the session is of no further use.
    broken: Option<AgentError>,
}

enum Framing {
    JsonLines,
    Prompt(prompt::Prompt),
}

impl StdioSession {
    /// Starts the child and tells it what it is to know.
    pub(super) async fn start(
        briefing: &Briefing,
        connection: &Connection,
        history: &[Turn],
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let Protocol::Stdio {
            command,
            framing,
            env,
            working_directory,
            continuation: _,
        } = &connection.protocol
        else {
            return Err(AgentError::Unsuitable {
                agent: briefing.agent.name.to_string(),
                reason: format!("`{}` is not `stdio`", connection.protocol.as_str()),
            });
        };
        let variables = Variables::default()
            .with("session_id", &briefing.session_id.as_str().into())
            .with("persona", &view::persona(briefing))
            .with("scenario", &view::scenario(briefing))
            .with("context_graph", &briefing.context_graph.value())
            .with_secrets(secrets);
        let mut filled = Vec::new();
        for (name, value) in env {
            filled.push((name.clone(), fill_in(&variables, &format!("env.{name}"), value)?));
        }
        let program = ProgramOptions {
            command,
            env: &filled,
            working_directory: working_directory.as_ref().map(model::Text::as_str),
            secrets,
        };
        let process = Process::spawn(&program, connection.max_reply_bytes)?;
        let framing = match framing {
            StdioFraming::JsonLines => Framing::JsonLines,
            StdioFraming::Prompt { prompt } => Framing::Prompt(prompt::Prompt::new(prompt.as_deref())),
        };
        let mut session = Self {
            process,
            framing,
            timeout_ms: connection.timeout_ms,
            broken: None,
        };
        if matches!(session.framing, Framing::JsonLines) {
            let start = json_lines::start(briefing, history);
            session
                .guarded(async |process, _framing| process.write_line(&start).await)
                .await?;
        }
        Ok(session)
    }

    /// Does something with the process in the time that a reply may take; ends the process if it fails.
    async fn guarded<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Process, &mut Framing) -> Result<T, AgentError>,
    ) -> Result<T, AgentError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let limit = Duration::from_millis(u64::from(self.timeout_ms));
        let outcome = tokio::time::timeout(limit, work(&mut self.process, &mut self.framing)).await;
        let error = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_elapsed) => AgentError::Timeout {
                place: self.process.place().to_owned(),
                timeout_ms: self.timeout_ms,
                detail: self.process.seen_so_far(),
            },
        };
        self.process.kill();
        self.broken = Some(error.clone());
        Err(error)
    }
}

#[async_trait]
impl Exchange for StdioSession {
    async fn exchange(&mut self, call: AgentCall<'_>) -> Result<(Answer, u32), AgentError> {
        let answer = self
            .guarded(async |process, framing| match framing {
                Framing::JsonLines => json_lines::exchange(process, &call).await,
                Framing::Prompt(prompt) => prompt.exchange(process, &call).await,
            })
            .await?;
        Ok((answer, 1))
    }

    async fn close(mut self: Box<Self>) {
        self.process.close().await;
    }

    fn place(&self) -> &str {
        self.process.place()
    }
}

#[cfg(test)]
mod tests;
