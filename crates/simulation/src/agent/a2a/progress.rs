//! What has come of one message to an A2A agent so far, and what it amounts to in the end.

use super::{
    memory::Memory,
    reply::{Event, State, Status, Task},
};
use crate::excerpt::{EXCERPT_BYTES, excerpt};

/// What has come so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    context: Option<String>,
    message: Option<String>,
    task: Option<Task>,
}

impl Progress {
    /// Adds one thing.
    pub(super) fn add(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Message { context, text } => {
                self.in_context(context);
                self.message = Some(text);
            }
            Event::Task(task) => {
                self.in_context(task.context.clone());
                self.task = Some(task);
            }
            Event::Status {
                task,
                context,
                status,
            } => {
                self.in_context(context);
                self.task(task)?.status = status;
            }
            Event::Artifact {
                task,
                context,
                artifact,
                append,
            } => {
                self.in_context(context);
                let artifacts = &mut self.task(task)?.artifacts;
                match artifacts.iter_mut().find(|known| known.id == artifact.id) {
                    Some(known) if append => known.text.push_str(&artifact.text),
                    Some(known) => *known = artifact,
                    None => artifacts.push(artifact),
                }
            }
        }
        Ok(())
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_done(&self) -> bool {
        self.message.is_some()
            || self
                .task
                .as_ref()
                .is_some_and(|task| !task.status.state.is_busy())
    }

    /// The task that the agent is at, if it told.
    pub(super) fn task_id(&self) -> Option<&str> {
        self.task.as_ref().map(|task| task.id.as_str())
    }

    /// What the agent says with it, once it is done; what is to be remembered goes to `memory`.
    ///
    /// A task that was canceled or rejected is an answer if the agent says anything with it. One that failed, or waits for
    /// credentials, is not: no user could go on from there.
    pub(super) fn conclude(self, memory: &mut Memory) -> Result<Said, String> {
        if self.context.is_some() {
            memory.context = self.context;
        }
        let (Some(task), None) = (self.task, &self.message) else {
            memory.leave_task();
            return Ok(Said {
                text: self.message.unwrap_or_default(),
                may_be_empty: false,
            });
        };
        if memory.task.as_ref() != Some(&task.id) {
            memory.leave_task();
        }
        let Task {
            id,
            status: Status { state, said },
            artifacts,
            context: _,
        } = task;
        let artifacts = memory.news(artifacts)?;
        let text = joined(said, artifacts);
        let with = |text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!(": {}", excerpt(text, EXCERPT_BYTES))
            }
        };
        match state {
            State::InputRequired => memory.task = Some(id),
            State::Completed | State::Canceled | State::Rejected => memory.leave_task(),
            State::Failed => return Err(format!("the task failed{}", with(&text))),
            State::AuthRequired => {
                return Err(format!(
                    "the task waits for credentials, which this connection does not send; give them in `api_key` or `headers`{}",
                    with(&text)
                ));
            }
            State::Submitted | State::Working => return Err("the task has not ended".to_owned()),
        }
        if text.trim().is_empty() && matches!(state, State::Canceled | State::Rejected) {
            let how = if state == State::Canceled {
                "canceled"
            } else {
                "rejected"
            };
            return Err(format!("the task was {how} without a word"));
        }
        Ok(Said {
            text,
            // Something was done, and there was nothing to say about it.
            may_be_empty: state == State::Completed,
        })
    }

    fn in_context(&mut self, context: Option<String>) {
        if context.is_some() {
            self.context = context;
        }
    }

    /// The task of this id; a stream that begins in the middle of it makes it known.
    fn task(&mut self, id: String) -> Result<&mut Task, String> {
        let context = self.context.clone();
        let task = self.task.get_or_insert_with(|| Task {
            id: id.clone(),
            context,
            status: Status {
                state: State::Submitted,
                said: None,
            },
            artifacts: Vec::new(),
        });
        if task.id == id {
            Ok(task)
        } else {
            Err(format!(
                "an update is of task `{}`, but this is task `{}`",
                id.escape_debug(),
                task.id.escape_debug()
            ))
        }
    }
}

/// What an agent says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) may_be_empty: bool,
}

/// The agent's message, then what it made; what was said already is not said again.
fn joined(said: Option<String>, artifacts: Vec<String>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in said.into_iter().chain(artifacts) {
        if !text.trim().is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::{super::reply::Artifact, *};

    fn status(state: State, said: Option<&str>) -> Event {
        Event::Status {
            task: "t".to_owned(),
            context: Some("c".to_owned()),
            status: Status {
                state,
                said: said.map(ToOwned::to_owned),
            },
        }
    }

    fn chunk(text: &str, append: bool) -> Event {
        Event::Artifact {
            task: "t".to_owned(),
            context: None,
            artifact: Artifact {
                id: "a".to_owned(),
                text: text.to_owned(),
            },
            append,
        }
    }

    fn after(events: Vec<Event>) -> (Progress, Memory) {
        let mut progress = Progress::default();
        for event in events {
            assert!(!progress.is_done());
            progress.add(event).unwrap();
        }
        (progress, Memory::default())
    }

    #[test]
    fn a_stream_adds_up() {
        let (progress, mut memory) = after(vec![
            status(State::Working, Some("Writing.")),
            chunk("wrong", false),
            chunk("one ", false),
            chunk("two", true),
            status(State::Completed, None),
        ]);
        assert!(progress.is_done());
        assert_eq!(progress.conclude(&mut memory).unwrap().text, "one two");
        assert_eq!(memory.session(), r#"{"context":"c"}"#);
    }

    #[test]
    fn a_question_keeps_the_task_open() {
        let (progress, mut memory) = after(vec![status(State::InputRequired, Some("Which size?"))]);
        assert_eq!(progress.conclude(&mut memory).unwrap().text, "Which size?");
        assert_eq!(memory.task.as_deref(), Some("t"));
    }

    #[test]
    fn what_a_task_says_last_is_the_reply_or_the_error() {
        let conclude = |state, said| {
            let (progress, mut memory) = after(vec![status(state, said)]);
            progress.conclude(&mut memory)
        };
        assert_eq!(
            conclude(State::Rejected, Some("Not on the menu.")).unwrap().text,
            "Not on the menu."
        );
        assert_eq!(
            conclude(State::Canceled, Some("As you like.")).unwrap().text,
            "As you like."
        );
        assert!(conclude(State::Completed, None).unwrap().may_be_empty);
        let error = |state, said| conclude(state, said).unwrap_err();
        assert_eq!(
            error(State::Failed, Some("The kitchen is closed.")),
            "the task failed: The kitchen is closed."
        );
        assert_eq!(error(State::Failed, None), "the task failed");
        assert!(error(State::AuthRequired, Some("Sign in first.")).ends_with("`headers`: Sign in first."));
        assert_eq!(
            error(State::Rejected, None),
            "the task was rejected without a word"
        );
    }

    #[test]
    fn the_same_words_are_said_once() {
        let (progress, mut memory) = after(vec![
            status(State::Working, None),
            chunk("Done.", false),
            status(State::Completed, Some("Done.")),
        ]);
        assert_eq!(progress.conclude(&mut memory).unwrap().text, "Done.");
    }

    #[test]
    fn updates_of_another_task_are_refused() {
        let mut progress = Progress::default();
        progress.add(status(State::Working, None)).unwrap();
        let other = Event::Status {
            task: "other".to_owned(),
            context: None,
            status: Status {
                state: State::Completed,
                said: None,
            },
        };
        assert!(progress.add(other).unwrap_err().contains("of task `other`"));
    }
}
