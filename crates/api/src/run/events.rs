//! The live progress of a run: server-sent events, each with a place from which to go on.
//!
//! Says what the events hold and how their ids look; not how they are sent.

use std::{fmt, str::FromStr};

use model::{Invalid, RunId};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{ConversationRow, TallyView};
use crate::{
    FieldErrors, Pointer,
    read::Read,
    request::{request, schema},
};

/// Where a run is followed, after [`PATH_PREFIX`](crate::http::PATH_PREFIX): a `GET`.
pub const EVENTS_PATH: &str = "rehearse/runs/{run_id}/events";
/// Request header: the id of the last event that the client has seen. It counts more than the parameter `last_event_id`.
pub const LAST_EVENT_ID_HEADER: &str = "last-event-id";
/// The media type of a stream of events.
pub const EVENTS_CONTENT_TYPE: &str = "text/event-stream";

request! {
    /// Follows a run.
    FollowQuery {
        /// The run.
        id: RunId = required(),
        /// Go on after the event with this id; none: from the beginning.
        last_event_id: Option<EventId> = single(),
    }
}

/// Names an event, and says what comes after it: everything beyond these places in the two logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The sequence of the run's last commit that was told.
    pub events: u64,
    /// The sequence of the run's last result that was told.
    pub results: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.events, self.results)
    }
}

impl FromStr for EventId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts = text.split_once('-');
        let id = parts.and_then(|(events, results)| {
            Some(Self {
                events: sequence(events)?,
                results: sequence(results)?,
            })
        });
        id.ok_or_else(|| Invalid::new("must be the id of an event: two sequences, such as `12-40`"))
    }
}

/// A sequence as it is written here: no sign, and no zeros before it.
fn sequence(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok()).flatten()
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for EventId {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let text = String::read(value, at, errors)?;
        text.parse()
            .map_err(|reason: Invalid| errors.push(at, reason.to_string()))
            .ok()
    }
}

impl PartialSchema for EventId {
    fn schema() -> RefOr<Schema> {
        crate::openapi::schema(json!({
            "description": "Names an event of a run, and a place in the two logs that it comes from.",
            "type": "string",
            "pattern": "^(0|[1-9][0-9]{0,19})-(0|[1-9][0-9]{0,19})$",
        }))
    }
}

impl ToSchema for EventId {
    fn name() -> std::borrow::Cow<'static, str> {
        schema::component_name(module_path!(), "EventId").into()
    }
}

/// What kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventName {
    /// The run began; with the run as it is read, without results.
    RunStarted,
    /// A conversation has its result; with a [`ConversationFinished`].
    ConversationFinished,
    /// The run was asked to stop; with the run, without results. Results of what was under way may still follow.
    RunCancelled,
    /// Everything is accounted for, and nothing follows; with the run, without results.
    RunCompleted,
}

impl EventName {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunStarted => "run.started",
            Self::ConversationFinished => "conversation.finished",
            Self::RunCancelled => "run.cancelled",
            Self::RunCompleted => "run.completed",
        }
    }
}

/// What is told of a conversation that has its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunConversationFinished)]
pub struct ConversationFinished {
    /// The conversation.
    pub conversation: ConversationRow,
    /// How many conversations of the run ended how, up to this one.
    pub tally: TallyView,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_in_one_way() {
        for text in ["0-0", "12-40", "18446744073709551615-18446744073709551615"] {
            assert_eq!(text.parse::<EventId>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "-",
            "1",
            "1-",
            "-1",
            "+1-1",
            "01-1",
            "1-00",
            "1-2-3",
            " 1-2",
            "1- 2",
            "1.0-2",
            "٣-1",
            "18446744073709551616-0",
            "a-b",
        ] {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_place_is_read_from_text_only() {
        let id = "6618791275130b73714e8d90";
        let read = |last: Value| crate::read::read::<FollowQuery>(&json!({"id": id, "last_event_id": last}));
        assert_eq!(
            read(json!("3-7")).unwrap().last_event_id,
            Some(EventId {
                events: 3,
                results: 7
            })
        );
        for wrong in [json!(3), json!("3"), json!(["3-7", "3-8"])] {
            let errors = read(wrong).unwrap_err();
            assert_eq!(errors.as_slice()[0].pointer, "/last_event_id");
        }
    }
}
