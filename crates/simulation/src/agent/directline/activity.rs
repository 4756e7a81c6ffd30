//! Activities of a conversation, and what of them is the bot's reply.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{
    Answer,
    rich_text::{attachment, choices, lines, paragraphs, text},
};

/// What one poll brings.
#[derive(Debug)]
pub(super) struct Page {
    activities: Vec<Value>,
    /// From where the next poll reads on.
    pub(super) watermark: Option<String>,
}

impl Page {
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let activities = value.get("activities").and_then(Value::as_array);
        let watermark = match value.get("watermark") {
            None | Some(Value::Null) => None,
            Some(Value::String(watermark)) => Some(watermark.clone()),
            Some(Value::Number(watermark)) => Some(watermark.to_string()),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                return Err("`watermark` is not a text".to_owned());
            }
        };
        Ok(Self {
            activities: activities
                .ok_or_else(|| "the response has no `activities`".to_owned())?
                .clone(),
            watermark,
        })
    }
}

/// What was heard since a message was posted.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    user: &'a str,
    client_activity_id: &'a str,
    /// Ids under which the message is known.
    ours: BTreeSet<String>,
    /// The message stands in the conversation, and what follows came after it.
    echoed: bool,
    any_will_do: bool,
    said: Vec<String>,
    progress: Progress,
}

/// How far the bot has come with its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    /// It has said nothing that answers the message.
    Awaited,
    /// It has answered the message, and may go on.
    Answered,
    /// It has ended the conversation.
    Over,
}

impl<'a> Heard<'a> {
    pub(super) const fn new(user: &'a str, client_activity_id: &'a str) -> Self {
        Self {
            user,
            client_activity_id,
            ours: BTreeSet::new(),
            echoed: false,
            any_will_do: false,
            said: Vec::new(),
            progress: Progress::Awaited,
        }
    }

    /// The service has taken the message and calls it so.
    pub(super) fn posted(&mut self, id: Option<String>) {
        self.ours.extend(id);
    }

    /// Nothing was posted: whatever the bot says is its reply.
    pub(super) fn waits_for_anything(&mut self) {
        self.any_will_do = true;
        if !self.said.is_empty() {
            self.reach(Progress::Answered);
        }
    }

    /// Whether the message was found in the conversation.
    pub(super) const fn is_posted(&self) -> bool {
        self.echoed
    }

    /// Whether the bot has answered the message, rather than said something before it.
    pub(super) fn is_answered(&self) -> bool {
        self.progress >= Progress::Answered
    }

    /// Whether the bot has ended the conversation.
    pub(super) fn is_over(&self) -> bool {
        self.progress == Progress::Over
    }

    fn reach(&mut self, progress: Progress) {
        self.progress = self.progress.max(progress);
    }

    /// How much the bot has said.
    pub(super) fn bytes(&self) -> usize {
        self.said.iter().map(String::len).sum()
    }

    pub(super) fn answer(&self) -> Answer {
        Answer {
            text: paragraphs(self.said.iter().cloned()),
            completed: self.is_over(),
            ..Answer::default()
        }
    }

    /// Takes in what is new; tells whether the bot said something.
    pub(super) fn listen(&mut self, page: Page) -> bool {
        let before = self.said.len();
        for activity in &page.activities {
            let id = text(activity, "id");
            if self.is_own(activity) {
                let named = activity
                    .pointer("/channelData/clientActivityID")
                    .and_then(Value::as_str);
                // An own message of an earlier turn may be seen again; with an id that tells, only this turn's counts.
                if named.is_none_or(|named| named == self.client_activity_id) {
                    self.echoed = true;
                    self.ours.extend(id.map(ToOwned::to_owned));
                }
                continue;
            }
            match text(activity, "type") {
                Some("message") => {
                    self.said.push(shown(activity));
                    if self.any_will_do || self.is_answer(activity) {
                        self.reach(Progress::Answered);
                    }
                }
                Some("endOfConversation") => {
                    self.said.push(shown(activity));
                    self.reach(Progress::Over);
                }
                // Typing, events, traces and the like are no words.
                Some(_) | None => {}
            }
        }
        self.said.len() > before
    }

    fn is_own(&self, activity: &Value) -> bool {
        let from = |part: &str| activity.pointer(part).and_then(Value::as_str);
        let ours = text(activity, "id").is_some_and(|id| self.ours.contains(id));
        // A token may bind another name to us than we give ourselves.
        match from("/from/role") {
            Some("user") => true,
            Some("bot" | "skill") => false,
            Some(_) | None => {
                from("/from/id") == Some(self.user) || (ours && activity.pointer("/replyToId").is_none())
            }
        }
    }

    fn is_answer(&self, activity: &Value) -> bool {
        // Some services call the reply, not the message, what the post is answered with.
        let is_named = text(activity, "id").is_some_and(|id| self.ours.contains(id));
        is_named
            || match text(activity, "replyToId") {
                Some(answered) => self.ours.contains(answered),
                None => self.echoed,
            }
    }
}

/// A message, as words.
fn shown(activity: &Value) -> String {
    let words = text(activity, "text").map(ToOwned::to_owned);
    let attachments = activity
        .get("attachments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let suggested = activity.pointer("/suggestedActions/actions");
    let parts = words
        .into_iter()
        .chain(attachments.map(attachment))
        .chain([choices(suggested, "title")]);
    lines(parts)
}
