//! The log as JSON: every event of every kind, readable without knowing the stored format.

mod data;
mod query;
mod view;

pub use data::event_data;
use model::{CommandId, Kind, OrgId, Recorded, Time, Token, UserId};
pub use query::{EventsQuery, HistoryQuery};
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use view::object_view;

use crate::shape::KindShape;

/// One event of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventView {
    /// The sequence of its commit; the only order there is.
    pub sequence: u64,
    /// When the command was decided.
    pub at: Time,
    /// Who asked.
    pub actor: UserId,
    /// For which command.
    pub command_id: CommandId,
    /// The kind of object that it happened to.
    pub kind: KindShape,
    /// The object's id.
    pub id: Token,
    /// What happened, such as `persona.created`.
    pub event: String,
    /// The particulars; null if there are none.
    pub data: Value,
}

impl EventView {
    /// Every event of a commit, in order.
    ///
    /// # Errors
    /// None in practice: every part has text keys. The error is kept rather than hidden.
    pub fn of(recorded: &Recorded) -> Result<Vec<Self>, serde_json::Error> {
        let commit = &recorded.commit;
        let view = |event: &model::Event| {
            Ok(Self {
                sequence: recorded.sequence,
                at: commit.meta.at,
                actor: commit.meta.actor.clone(),
                command_id: commit.meta.command_id.clone(),
                kind: commit.object.kind.into(),
                id: commit.object.key.clone(),
                event: event.name().to_owned(),
                data: event_data(event)?,
            })
        };
        commit.events.iter().map(view).collect()
    }

    /// The kind of object that it happened to.
    pub const fn object_kind(&self) -> Kind {
        self.kind.0
    }
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Events {
    /// In order.
    pub events: Vec<EventView>,
    /// Where to go on: the sequence up to which the log was read.
    pub last_sequence: u64,
    /// Whether there are more now.
    pub has_more: bool,
}

/// One commit on an object, and what it made of the object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EventHistoryEntry)]
pub struct HistoryEntry {
    /// The events.
    pub events: Vec<EventView>,
    /// The object after them, as `get` shows it.
    pub state: Value,
}

/// Everything that happened to one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EventHistory)]
pub struct History {
    /// One per commit, in order.
    pub history: Vec<HistoryEntry>,
}

impl HistoryEntry {
    /// A commit and the object's state after it.
    ///
    /// # Errors
    /// None in practice, as for [`EventView::of`].
    pub fn of(org: &OrgId, recorded: &Recorded, state: &model::Object) -> Result<Self, serde_json::Error> {
        Ok(Self {
            events: EventView::of(recorded)?,
            state: object_view(org, state)?,
        })
    }
}

#[cfg(test)]
mod tests;
