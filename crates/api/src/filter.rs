//! The parameters that many queries share.

use std::fmt;

use model::{Name, OrgId, Time, Token, UserId};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read},
    request::schema::{self, Components, Object, referred},
};

/// One field to sort by: `+field` or `-field` on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The field.
    pub field: String,
    /// Greatest first.
    pub descending: bool,
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { '-' } else { '+' }, self.field)
    }
}

/// A tag filter: `key:value`, `key:*` (any value) or `key:` (no value) on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilter {
    /// The tag's key.
    pub key: String,
    /// What its value must be.
    pub value: TagMatch,
}

/// What a tag's value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagMatch {
    /// Anything, or nothing.
    Any,
    /// Nothing: the tag has no value.
    Null,
    /// Exactly this.
    Exactly(String),
}

impl TagFilter {
    /// Whether labels match.
    pub fn matches(&self, tags: &model::Tags) -> bool {
        let Some(value) = tags.entries().get(&self.key) else {
            return false;
        };
        match &self.value {
            TagMatch::Any => true,
            TagMatch::Null => value.is_none(),
            TagMatch::Exactly(wanted) => value.as_ref() == Some(wanted),
        }
    }
}

impl fmt::Display for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            TagMatch::Any => write!(f, "{}:*", self.key),
            TagMatch::Null => write!(f, "{}:", self.key),
            TagMatch::Exactly(value) => write!(f, "{}:{value}", self.key),
        }
    }
}

/// A user, as filters name one: `org,user`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFilter {
    /// The user's organization.
    pub org_id: OrgId,
    /// The user.
    pub user_id: UserId,
}

impl fmt::Display for UserFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.org_id, self.user_id)
    }
}

/// Which versions: `3`, `latest`, `2-5` or `2-latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionFilter {
    /// The first version; none: the latest.
    pub from: Option<u32>,
    /// The last version; none: the latest.
    pub to: Option<u32>,
}

impl VersionFilter {
    /// The inclusive range of numbers, for an object whose latest version is `latest`.
    pub fn range(&self, latest: u32) -> std::ops::RangeInclusive<u32> {
        self.from.unwrap_or(latest)..=self.to.unwrap_or(latest)
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
        if text == "latest" {
            return Some(Self { from: None, to: None });
        }
        let Some((from, to)) = text.split_once('-') else {
            let number = number(text)?;
            return Some(Self {
                from: Some(number),
                to: Some(number),
            });
        };
        let from = number(from)?;
        let to = if to == "latest" { None } else { Some(number(to)?) };
        to.is_none_or(|to| from <= to)
            .then_some(Self { from: Some(from), to })
    }
}

impl fmt::Display for VersionFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (None, _) => f.write_str("latest"),
            (Some(from), None) => write!(f, "{from}-latest"),
            (Some(from), Some(to)) if from == to => write!(f, "{from}"),
            (Some(from), Some(to)) => write!(f, "{from}-{to}"),
        }
    }
}

/// A metric, and which of its versions: `<metric>-<version>`, or `<metric>-` for any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricVersionFilter {
    /// The metric.
    pub metric_id: model::MetricId,
    /// The version; none: any.
    pub version: Option<u32>,
}

impl fmt::Display for MetricVersionFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.metric_id)?;
        self.version.map_or(Ok(()), |version| write!(f, "{version}"))
    }
}

/// A point in the log: a sequence (a number), or the last commit not later than a time (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// After the commit with this sequence.
    Sequence(u64),
    /// After the last commit that was made at this time or before.
    Time(Time),
}

impl Serialize for AsOf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sequence(sequence) => serializer.serialize_u64(*sequence),
            Self::Time(time) => serializer.serialize_str(&crate::wire::precise_time(*time)),
        }
    }
}

impl Read for AsOf {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        match value {
            Value::Number(_) => u64::read(value, at, errors).map(Self::Sequence),
            Value::String(text) => match text.parse() {
                Ok(sequence) => Some(Self::Sequence(sequence)),
                Err(_not_a_number) => Time::read(value, at, errors).map(Self::Time),
            },
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                errors.push(
                    at,
                    "must be a sequence (a number) or a date and time with an offset",
                );
                None
            }
        }
    }
}

/// Names one object: by id or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// By id.
    Id(Token),
    /// By the name of a live object.
    Name(Name),
}

/// Asks for one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Get {
    /// Which.
    pub key: Key,
    /// As it was then; none: as it is.
    pub as_of: Option<AsOf>,
}

impl Serialize for Get {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        match &self.key {
            Key::Id(id) => map.serialize_entry("id", id)?,
            Key::Name(name) => map.serialize_entry("name", name)?,
        }
        if let Some(as_of) = &self.as_of {
            map.serialize_entry("as_of", as_of)?;
        }
        map.end()
    }
}

impl PartialSchema for Get {
    fn schema() -> RefOr<Schema> {
        let mut object = Object::new("Asks for one object.");
        object.field("id", "Which, by id.", schema::single::<Token>());
        object.field(
            "name",
            "Which, by the name of a live object.",
            schema::single::<Name>(),
        );
        object.field(
            "as_of",
            "As it was then; none: as it is.",
            schema::single::<AsOf>(),
        );
        object.exactly_one(&["id", "name"]);
        object.finish(true)
    }
}

impl ToSchema for Get {
    fn schemas(components: &mut Components) {
        referred::<Token>(components);
        referred::<Name>(components);
        referred::<AsOf>(components);
    }
}

impl Read for Get {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let mut fields = Fields::of(value, at, errors)?;
        let id = fields.single::<Token>("id");
        let name = fields.single::<Name>("name");
        let as_of = fields.single("as_of");
        let key = match (id?, name?) {
            (Some(id), None) => Some(Key::Id(id)),
            (None, Some(name)) => Some(Key::Name(name)),
            (None, None) | (Some(_), Some(_)) => {
                fields.fault("id", "give either `id` or `name`");
                None
            }
        };
        fields.finish();
        Some(Self {
            key: key?,
            as_of: as_of?,
        })
    }
}

macro_rules! described {
    ($($type:ident: $description:literal = $schema:expr;)+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                crate::openapi::described($description, $schema)
            }
        }

        impl ToSchema for $type {}
    )+};
}

described! {
    AsOf: "A point in the log: a sequence, or the last commit not later than a time." = json!({
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^[0-9]+$"},
            {"type": "string", "format": "date-time"},
        ],
    });
    TagFilter: "A label: `key:value`, `key:*` (any value) or `key:` (no value)." = json!({
        "type": "string", "pattern": "^[^:]+:", "maxLength": 2048, "examples": ["team:support"],
    });
    UserFilter: "A user: `organization,user`." = json!({
        "type": "string",
        "pattern": r"^\s*[A-Za-z0-9_-]{1,64}\s*,\s*[A-Za-z0-9_-]{1,64}\s*$",
        "maxLength": 2048,
        "examples": ["acme,u1"],
    });
    VersionFilter: "Versions: one, `latest`, or an inclusive range." = json!({
        "type": "string",
        "pattern": "^(latest|0*[1-9][0-9]{0,8}(-(latest|0*[1-9][0-9]{0,8}))?)$",
        "maxLength": 2048,
        "examples": ["3", "latest", "2-5", "2-latest"],
    });
    MetricVersionFilter: "A metric and its version, or any version: `<metric>-<version>` or `<metric>-`." = json!({
        "type": "string",
        "pattern": "^[a-f0-9]{24}-[0-9]{0,9}$",
        "examples": ["6618791275130b73714e8d4c-1", "6618791275130b73714e8d4c-"],
    });
}

macro_rules! written_as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}

written_as_text!(SortKey, TagFilter, UserFilter, VersionFilter, MetricVersionFilter);

fn parse<T>(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
    parser: impl FnOnce(&str) -> Option<T>,
    accepted: &str,
) -> Option<T> {
    let parsed = value.as_str().filter(|text| text.len() <= 2048).and_then(parser);
    if parsed.is_none() {
        errors.push(at, format!("must be {accepted}"));
    }
    parsed
}

impl Read for SortKey {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let parser = |text: &str| {
            let mut chars = text.chars();
            // A query string turns an unescaped `+` into a blank.
            let descending = match chars.next()? {
                '+' | ' ' => false,
                '-' => true,
                _ => return None,
            };
            let field = chars.as_str();
            (!field.is_empty()).then(|| Self {
                field: field.to_owned(),
                descending,
            })
        };
        parse(value, at, errors, parser, "`+field` or `-field`")
    }
}

impl Read for TagFilter {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let parser = |text: &str| {
            let (key, value) = text.split_once(':')?;
            let value = match value {
                "" => TagMatch::Null,
                "*" => TagMatch::Any,
                value => TagMatch::Exactly(value.to_owned()),
            };
            (!key.is_empty()).then(|| Self {
                key: key.to_owned(),
                value,
            })
        };
        parse(
            value,
            at,
            errors,
            parser,
            "`key:value`, `key:*` (any value) or `key:` (no value)",
        )
    }
}

impl Read for UserFilter {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let parser = |text: &str| {
            let (org_id, user_id) = text.split_once(',')?;
            Some(Self {
                org_id: org_id.trim().parse().ok()?,
                user_id: user_id.trim().parse().ok()?,
            })
        };
        parse(value, at, errors, parser, "`organization,user`")
    }
}

impl Read for VersionFilter {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let accepted = "a version's number, `latest`, or a range such as `2-5` or `2-latest`";
        let number = value.as_u64().map(|number| Value::from(number.to_string()));
        parse(
            number.as_ref().unwrap_or(value),
            at,
            errors,
            Self::parse,
            accepted,
        )
    }
}

impl Read for MetricVersionFilter {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let parser = |text: &str| {
            let (metric_id, version) = text.split_once('-')?;
            let version = if version.is_empty() {
                None
            } else {
                Some(version.parse().ok()?)
            };
            Some(Self {
                metric_id: metric_id.parse().ok()?,
                version,
            })
        };
        parse(
            value,
            at,
            errors,
            parser,
            "`<metric>-<version>`, or `<metric>-` for any version",
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read::read;

    fn survives<T: Read + Serialize>(text: &str) {
        let value: T = read(&json!(text)).unwrap();
        assert_eq!(serde_json::to_value(&value).unwrap(), json!(text));
    }

    #[test]
    fn filters_survive_the_wire() {
        survives::<SortKey>("-updated_at");
        survives::<TagFilter>("team:support");
        survives::<TagFilter>("team:*");
        survives::<TagFilter>("team:");
        survives::<TagFilter>("time:12:30");
        survives::<UserFilter>("acme,u1");
        for text in ["3", "latest", "2-5", "1-latest"] {
            survives::<VersionFilter>(text);
        }
        survives::<MetricVersionFilter>("6618791275130b73714e8d4c-2");
        survives::<MetricVersionFilter>("6618791275130b73714e8d4c-");
        assert_eq!(read::<AsOf>(&json!(17)).unwrap(), AsOf::Sequence(17));
        survives::<AsOf>("2026-01-31T09:30:00Z");
    }

    #[test]
    fn a_blank_is_a_plus() {
        assert_eq!(
            read::<SortKey>(&json!(" name")).unwrap(),
            SortKey {
                field: "name".to_owned(),
                descending: false
            }
        );
    }

    #[test]
    fn malformed_filters_are_refused() {
        assert!(read::<SortKey>(&json!("name")).is_err());
        assert!(read::<TagFilter>(&json!("team")).is_err());
        assert!(read::<UserFilter>(&json!("u1")).is_err());
        assert!(read::<MetricVersionFilter>(&json!("x-1")).is_err());
        for text in ["0", "5-2", "latest-3", "a", "-3", "1-"] {
            assert!(read::<VersionFilter>(&json!(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn version_filters_say_which_versions() {
        let range = |text: &str| read::<VersionFilter>(&json!(text)).unwrap().range(7);
        assert_eq!(range("latest"), 7..=7);
        assert_eq!(range("2-latest"), 2..=7);
        assert_eq!(range("3"), 3..=3);
        assert_eq!(range("2-5"), 2..=5);
    }

    #[test]
    fn tags_match_exactly_or_any_or_none() {
        let entries = std::collections::BTreeMap::from([
            ("team".to_owned(), Some("support".to_owned())),
            ("draft".to_owned(), None),
        ]);
        let tags: model::Tags = entries.try_into().unwrap();
        let matches = |text: &str| read::<TagFilter>(&json!(text)).unwrap().matches(&tags);
        assert!(matches("team:support") && matches("team:*") && matches("draft:") && matches("draft:*"));
        assert!(!matches("team:") && !matches("team:sales") && !matches("draft:x") && !matches("other:*"));
    }

    #[test]
    fn an_object_is_named_one_way() {
        assert!(read::<Get>(&json!({"id": "a", "name": "b"})).is_err());
        assert!(read::<Get>(&json!({})).is_err());
        let get: Get = read(&json!({"name": "b", "as_of": 3})).unwrap();
        assert_eq!(
            serde_json::to_value(&get).unwrap(),
            json!({"name": "b", "as_of": 3})
        );
    }
}
