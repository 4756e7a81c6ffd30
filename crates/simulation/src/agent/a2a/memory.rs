//! What is remembered of an A2A conversation between turns, and stored with each for whoever goes on with it.

use std::collections::BTreeSet;

use model::{Role, Turn};
use serde_json::{Value, json};

use super::reply::Artifact;
use crate::briefing::seed_of;

/// The most artifacts of one task.
const MAX_ARTIFACTS: usize = 1000;

/// What the agent's server assigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// Under what the server keeps the conversation.
    pub(super) context: Option<String>,
    /// The task that waits for input.
    pub(super) task: Option<String>,
    /// Digests of that task's artifacts that were told already: a task shows all its artifacts every time.
    told: BTreeSet<String>,
}

impl Memory {
    /// From the agent's last turn; empty if it has not spoken yet.
    pub(super) fn of(history: &[Turn]) -> Result<Self, String> {
        let Some(turn) = history.iter().rfind(|turn| turn.role == Role::Agent) else {
            return Ok(Self::default());
        };
        turn.session
            .as_deref()
            .and_then(Self::read)
            .ok_or_else(|| format!("turn {} does not say how to go on with the session", turn.index))
    }

    fn read(session: &str) -> Option<Self> {
        let session: Value = serde_json::from_str(session).ok()?;
        let text = |field: &str| session.get(field).and_then(Value::as_str).map(ToOwned::to_owned);
        let told = session.get("told").and_then(Value::as_array);
        Some(Self {
            context: text("context"),
            task: text("task"),
            told: told
                .into_iter()
                .flatten()
                .map(|digest| digest.as_str().map(ToOwned::to_owned))
                .collect::<Option<_>>()?,
        })
    }

    /// What is stored with a turn.
    pub(super) fn session(&self) -> String {
        let mut session = json!({});
        if let Some(fields) = session.as_object_mut() {
            for (name, value) in [("context", &self.context), ("task", &self.task)] {
                if let Some(value) = value {
                    fields.insert(name.to_owned(), value.as_str().into());
                }
            }
            if !self.told.is_empty() {
                fields.insert("told".to_owned(), self.told.iter().map(String::as_str).collect());
            }
        }
        session.to_string()
    }

    /// Of a task's artifacts those that are new, or have changed.
    pub(super) fn news(&mut self, artifacts: Vec<Artifact>) -> Result<Vec<String>, String> {
        if artifacts.len() > MAX_ARTIFACTS {
            return Err(format!(
                "a task has at most {MAX_ARTIFACTS} artifacts, this has {}",
                artifacts.len()
            ));
        }
        let mut texts = Vec::new();
        let mut told = BTreeSet::new();
        for artifact in artifacts {
            let digest = seed_of(&[artifact.id.as_bytes(), artifact.text.as_bytes()]);
            let digest = format!("{digest:016x}");
            if !self.told.contains(&digest) {
                texts.push(artifact.text);
            }
            told.insert(digest);
        }
        self.told = told;
        Ok(texts)
    }

    /// The task has ended: nothing can be added to it.
    pub(super) fn leave_task(&mut self) {
        self.task = None;
        self.told.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::turns;

    fn artifact(id: &str, text: &str) -> Artifact {
        Artifact {
            id: id.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn artifacts_are_told_once_even_by_another_worker() {
        let mut memory = Memory {
            context: Some("c".to_owned()),
            task: Some("t".to_owned()),
            told: BTreeSet::new(),
        };
        let (menu, bill) = (artifact("1", "menu"), artifact("2", "bill"));
        assert_eq!(memory.news(vec![menu.clone()]), Ok(vec!["menu".to_owned()]));
        let mut history = turns(&[(Role::User, "hi"), (Role::Agent, "size?"), (Role::User, "large")]);
        history[1].session = Some(memory.session());
        let mut resumed = Memory::of(&history).unwrap();
        assert_eq!(resumed, memory);
        assert_eq!(resumed.news(vec![menu, bill]), Ok(vec!["bill".to_owned()]));
        assert_eq!(
            resumed.news(vec![artifact("1", "new menu")]),
            Ok(vec!["new menu".to_owned()])
        );
        resumed.leave_task();
        assert_eq!(resumed.session(), r#"{"context":"c"}"#);
    }

    #[test]
    fn a_turn_that_lost_its_session_is_not_taken_for_a_beginning() {
        assert_eq!(Memory::of(&turns(&[(Role::User, "hi")])), Ok(Memory::default()));
        let lost = turns(&[(Role::User, "hi"), (Role::Agent, "hello")]);
        assert!(Memory::of(&lost).unwrap_err().contains("turn 1"));
        assert!(
            Memory::default()
                .news(vec![artifact("1", ""); MAX_ARTIFACTS + 1])
                .is_err()
        );
    }
}
