//! Plain text, as people speak with a program in a terminal: a message is one line, and a reply ends where the program
//! prompts again. Without a prompt, a reply is one line.
//!
//! What stands before the first prompt is the greeting: the reply if the agent is to speak first, else ignored. A program
//! that ends successfully after a reply has completed the conversation.

use model::AgentInput;

use super::{
    super::{AgentCall, AgentError, Answer, EVENT_PREFIX},
    process::Process,
};

pub(super) struct Prompt {
    prompt: Option<Vec<u8>>,
    /// The first prompt was seen.
    ready: bool,
}

impl Prompt {
    pub(super) fn new(prompt: Option<&str>) -> Self {
        Self {
            prompt: prompt
                .filter(|prompt| !prompt.is_empty())
                .map(|prompt| prompt.as_bytes().to_vec()),
            ready: false,
        }
    }

    /// One turn.
    pub(super) async fn exchange(
        &mut self,
        process: &mut Process,
        call: &AgentCall<'_>,
    ) -> Result<Answer, AgentError> {
        let line = match &call.input {
            AgentInput::Greet => {
                self.ready = true;
                return self.reply(process).await;
            }
            AgentInput::Message(text) => one_line(text),
            AgentInput::Event(text) => one_line(&format!("{EVENT_PREFIX}{text}")),
        };
        if self.prompt.is_some() && !self.ready {
            let greeting = self.reply(process).await?;
            if greeting.completed {
                return Err(process.exited().await);
            }
        }
        self.ready = true;
        process.expect_silence().await?;
        process.write_line(&line).await?;
        self.reply(process).await
    }

    async fn reply(&self, process: &mut Process) -> Result<Answer, AgentError> {
        let Some(prompt) = &self.prompt else {
            let line = process.read_line().await?;
            return Ok(answer(&line, false));
        };
        let piece = process.read_piece(|bytes| find_prompt(bytes, prompt)).await?;
        if let Some(piece) = piece {
            return Ok(answer(&piece, false));
        }
        let rest = process.take_pending();
        let ended_well = process
            .wait_for_end()
            .await
            .is_some_and(|status| status.success());
        process.kill();
        if ended_well && !rest.is_empty() {
            Ok(answer(&rest, true))
        } else {
            Err(process.exited().await)
        }
    }
}

fn answer(bytes: &[u8], completed: bool) -> Answer {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    Answer {
        text: text.trim().to_owned(),
        completed,
        ..Answer::default()
    }
}

/// Where the prompt begins, at the beginning of a line, and where it ends.
fn find_prompt(bytes: &[u8], prompt: &[u8]) -> Option<(usize, usize)> {
    let line_begins = |at: usize| at == 0 || bytes.get(at - 1) == Some(&b'\n');
    (0..bytes.len())
        .filter(|at| line_begins(*at))
        .find(|at| bytes[*at..].starts_with(prompt))
        .map(|at| (at, at + prompt.len()))
}

fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_counts_only_at_the_beginning_of_a_line() {
        assert_eq!(find_prompt(b"a > b\n> ", b"> "), Some((6, 8)));
        assert_eq!(find_prompt(b"> rest", b"> "), Some((0, 2)));
        assert_eq!(find_prompt(b"a > b", b"> "), None);
    }

    #[test]
    fn a_message_becomes_one_line() {
        assert_eq!(one_line("  one\r\n\n two\u{2028}three "), "one two\u{2028}three");
    }
}
