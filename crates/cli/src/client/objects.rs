//! Objects of any kind, by name or id.

use api::error::ErrorCode;
use model::{Kind, Oid};
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
        let Value::Object(mut fields) = answer else { return Self { items: Vec::new(), next: None } };
        let next = fields.get("continuation_token").and_then(Value::as_u64);
        let has_more = fields.get("has_more").and_then(Value::as_bool).unwrap_or(false);
        let items = fields.values_mut().find_map(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        Self { items, next: next.filter(|_| has_more) }
    }
}

/// Whether a text has the form of an object's id.
fn looks_like_id(text: &str) -> bool {
    text.parse::<Oid>().is_ok()
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
    pub(crate) async fn object(&self, kind: Kind, name: &str, as_of: Option<&str>) -> Result<Value, RequestError> {
        let by = |key: &str| {
            let mut request = Map::new();
            request.insert(key.to_owned(), json!(name));
            if let Some(as_of) = as_of {
                let as_of = as_of.parse::<u64>().map_or_else(|_time| json!(as_of), |sequence| json!(sequence));
                request.insert("as_of".to_owned(), as_of);
            }
            Value::Object(request)
        };
        let by_id_only = matches!(kind, Kind::Organization | Kind::User | Kind::ApiKey | Kind::Run);
        if by_id_only || looks_like_id(name) {
            match self.query(kind.as_str(), "get", &by("id")).await {
                // A name may look like an id.
                Err(error) if error.code() == Some(ErrorCode::NotFound) && !by_id_only => {}
                answered => return answered,
            }
        }
        self.query(kind.as_str(), "get", &by("name")).await
    }

    /// The id of the object that people call `name`.
    pub(crate) async fn id_of(&self, kind: Kind, name: &str) -> Result<String, RequestError> {
        let object = self.object(kind, name, None).await?;
        let id = object.get("id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| RequestError::Answer(format!("the {kind} has no `id`")))
    }

    /// Live objects of a kind, page after page, and whether there are more than are listed.
    pub(crate) async fn list(&self, kind: Kind) -> Result<(Vec<Value>, bool), RequestError> {
        let mut request = match kind {
            Kind::Persona | Kind::Scenario | Kind::Metric | Kind::UnitTest | Kind::UnitTestSet | Kind::User => {
                json!({ "is_deleted": false })
            }
            Kind::Agent | Kind::ContextGraph => json!({ "deprecated": false }),
            Kind::Service => json!({ "is_active": true }),
            Kind::Organization | Kind::ApiKey | Kind::Run => json!({}),
        };
        let mut items = Vec::new();
        loop {
            let page = Page::of(self.query(kind.as_str(), "list", &request).await?);
            items.extend(page.items);
            match page.next {
                Some(_) if items.len() >= MAX_LISTED => return Ok((items, true)),
                Some(next) => request["continuation_token"] = json!(next),
                None => return Ok((items, false)),
            }
        }
    }
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
