//! Objects of any kind, by name or id.

use api::{
    error::{ErrorCode, Problem},
    event::{History, HistoryEntry},
};
use model::{Kind, Oid, Time};
use serde_json::{Map, Value, json};

use super::{Client, RequestError};

/// The most objects that one listing reads.
const MAX_LISTED: usize = 10_000;

/// A page of a list: the answers of all kinds have these parts, under names of their own.
#[derive(Debug)]
pub(crate) struct Page {
    /// The objects.
    pub(crate) items: Vec<Value>,
    /// Where the next page begins; none if this is the last.
    pub(crate) next: Option<u64>,
}

impl Page {
    /// Takes an answer apart.
    pub(crate) fn of(answer: Value) -> Self {
        let Value::Object(mut fields) = answer else {
            return Self {
                items: Vec::new(),
                next: None,
            };
        };
        let next = fields.get("continuation_token").and_then(Value::as_u64);
        let has_more = fields.get("has_more").and_then(Value::as_bool).unwrap_or(false);
        let items = fields
            .values_mut()
            .find_map(Value::as_array_mut)
            .map(std::mem::take)
            .unwrap_or_default();
        Self {
            items,
            next: next.filter(|_| has_more),
        }
    }
}

/// Whether a text has the form of an object's id.
fn looks_like_id(text: &str) -> bool {
    text.parse::<Oid>().is_ok()
}

/// An object's id. API keys have it under another name.
pub(crate) fn id(object: &Value) -> &str {
    ["id", "_id"]
        .iter()
        .find_map(|key| object.get(*key)?.as_str())
        .unwrap_or_default()
}

/// What people call an object.
pub(crate) fn label(object: &Value) -> String {
    for pointer in ["/name", "/title", "/profile/name", "/rehearse/set_name", "/id"] {
        if let Some(Value::String(name)) = object.pointer(pointer) {
            return name.clone();
        }
    }
    String::new()
}

impl Client {
    /// The object that people call `name`, which may be its id; `as_of` is a sequence or a time.
    pub(crate) async fn object(
        &self,
        kind: Kind,
        name: &str,
        as_of: Option<&str>,
    ) -> Result<Value, RequestError> {
        let by = |key: &str| {
            let mut request = Map::new();
            request.insert(key.to_owned(), json!(name));
            if let Some(as_of) = as_of {
                let as_of = as_of
                    .parse::<u64>()
                    .map_or_else(|_time| json!(as_of), |sequence| json!(sequence));
                request.insert("as_of".to_owned(), as_of);
            }
            Value::Object(request)
        };
        if matches!(
            kind,
            Kind::Organization
                | Kind::ApiKey
                | Kind::Role
                | Kind::TemporaryGrant
                | Kind::WebhookDestination
                | Kind::Evaluation
        ) {
            return self.object_from_history(kind, name, as_of).await;
        }
        let by_id_only = matches!(kind, Kind::User | Kind::Run);
        if by_id_only || looks_like_id(name) {
            match self.query(kind.as_str(), "get", &by("id")).await {
                // A name may look like an id.
                Err(error) if error.code() == Some(ErrorCode::NotFound) && !by_id_only => {}
                answered => return answered,
            }
        }
        self.query(kind.as_str(), "get", &by("name")).await
    }

    /// As [`Client::object`], for kinds that cannot be asked for one by one: from what happened to the object.
    async fn object_from_history(
        &self,
        kind: Kind,
        id: &str,
        as_of: Option<&str>,
    ) -> Result<Value, RequestError> {
        let history: History = self
            .query("event", "history", &json!({ "kind": kind.as_str(), "id": id }))
            .await?;
        let state = state_at(history, as_of);
        state.ok_or_else(|| {
            let detail = format!("{kind} {id} did not exist yet");
            RequestError::Refused(Box::new(Problem::new(ErrorCode::NotFound, detail)))
        })
    }

    /// The id of the object that people call `name`.
    pub(crate) async fn id_of(&self, kind: Kind, name: &str) -> Result<String, RequestError> {
        let object = self.object(kind, name, None).await?;
        match id(&object) {
            "" => Err(RequestError::Answer(format!("the {kind} has no id"))),
            id => Ok(id.to_owned()),
        }
    }

    /// Live objects of a kind, page after page, and whether there are more than are listed.
    pub(crate) async fn list(&self, kind: Kind) -> Result<(Vec<Value>, bool), RequestError> {
        let mut request = match kind {
            Kind::Persona
            | Kind::Scenario
            | Kind::Metric
            | Kind::UnitTest
            | Kind::UnitTestSet
            | Kind::User => {
                json!({ "is_deleted": false })
            }
            Kind::Agent | Kind::ContextGraph => json!({ "deprecated": false }),
            Kind::Service => json!({ "is_active": true }),
            Kind::Organization
            | Kind::ApiKey
            | Kind::Run
            | Kind::Role
            | Kind::TemporaryGrant
            | Kind::WebhookDestination
            | Kind::Evaluation => json!({}),
        };
        let mut items = Vec::new();
        loop {
            let page = Page::of(self.page(kind.as_str(), "list", &mut request).await?);
            items.extend(page.items);
            match page.next {
                Some(_) if items.len() >= MAX_LISTED => return Ok((items, true)),
                Some(next) => request["continuation_token"] = json!(next),
                None => return Ok((items, false)),
            }
        }
    }
}

/// The state after the last change that is not after `as_of`, a sequence or a time.
fn state_at(history: History, as_of: Option<&str>) -> Option<Value> {
    let sequence = as_of.and_then(|as_of| as_of.parse::<u64>().ok());
    let time = as_of.and_then(|as_of| as_of.parse::<Time>().ok());
    let is_past = |entry: &HistoryEntry| {
        entry.events.first().is_none_or(|event| match (sequence, time) {
            (Some(sequence), _) => event.sequence <= sequence,
            (None, Some(time)) => event.at <= time,
            (None, None) => as_of.is_none(),
        })
    };
    history
        .history
        .into_iter()
        .take_while(is_past)
        .last()
        .map(|entry| entry.state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_every_kind_are_understood() {
        let page = Page::of(json!({
            "simulation_personas": [{"id": "a"}], "has_more": true, "continuation_token": 50, "filter_values": null,
        }));
        assert_eq!((page.items.len(), page.next), (1, Some(50)));
        let page = Page::of(json!({ "api_keys": [{"id": "a"}, {"id": "b"}] }));
        assert_eq!((page.items.len(), page.next), (2, None));
    }
}
