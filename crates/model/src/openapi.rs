//! What identifiers and texts look like, as JSON Schema (2020-12), for the OpenAPI document.
//!
//! Every pattern and bound here says what the constructor of the type accepts; a test in `api` compares the two. Bounds that are in bytes stand as
//! numbers of characters, which JSON Schema counts: exact for ASCII, and never narrower.

use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Object, Ref, RefOr, Schema, extensions::Extensions, schema::SchemaType},
};

use crate::{
    AgentId, ApiKeyId, CommandId, ContextGraphId, Digest, EvaluationId, Json, Keyterm, Language, MetricId,
    Name, Oid, OrgId, PersonaId, RoleId, RunId, ScenarioId, ServiceId, Tags, TemporaryGrantId, Text, Time,
    Timezone, Token, UnitTestId, UnitTestSetId, UserId, Variables, VersionSetName, WebhookDestinationId,
    WebhookUrl, text::RETIRED_LANGUAGES,
};

/// A schema made of these keywords. The builders of `utoipa` know only some keywords of JSON Schema; this knows all of them.
pub fn schema(keywords: Map<String, Value>) -> RefOr<Schema> {
    if let Some(Value::String(reference)) = keywords.get("$ref")
        && keywords.len() == 1
    {
        return RefOr::Ref(Ref::new(reference.as_str()));
    }
    // A new object is of type `object`; here the keywords say the type.
    let mut object = Object::with_type(SchemaType::AnyValue);
    object.extensions = Some(keywords.into_iter().collect::<Extensions>());
    RefOr::T(Schema::Object(object))
}

fn keywords(value: Value) -> RefOr<Schema> {
    match value {
        Value::Object(keywords) => schema(keywords),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            schema(Map::new())
        }
    }
}

macro_rules! described {
    ($($type:ident = $schema:expr;)+) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                keywords($schema)
            }
        }

        impl ToSchema for $type {}
    )+};
}

/// What [`str::trim`] takes away, as the inside of a character class.
pub const BLANK: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// Control characters, as the inside of a character class.
pub const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";

/// Text that is not empty once it is trimmed, and then has no control characters.
fn name_pattern() -> String {
    format!("^[{BLANK}]*[^{BLANK}{CONTROL}]([^{CONTROL}]*[^{BLANK}{CONTROL}])?[{BLANK}]*$")
}

/// Text that is not empty once it is trimmed.
fn text_pattern() -> String {
    format!("[^{BLANK}]")
}

/// A scheme, a host that is not empty, and no blanks or control characters anywhere.
fn webhook_url_pattern() -> String {
    let none = format!("{BLANK}{CONTROL}");
    format!(
        r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#\\{none}]*@)?[^:@/?#\\{none}][^@/?#\\{none}]*([/?#\\][^{none}]*)?$"
    )
}

fn oid(description: &str) -> Value {
    json!({"description": description, "type": "string", "pattern": "^[a-f0-9]{24}$"})
}

fn token(description: &str) -> Value {
    json!({"description": description, "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"})
}

/// Every code, in order.
fn languages() -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = isolang::languages()
        .map(|language| language.to_639_3())
        .chain(RETIRED_LANGUAGES.iter().copied())
        .collect();
    codes.sort_unstable();
    codes
}

/// Every name, in order.
fn timezones() -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| Timezone::try_from(name.as_str()).is_ok())
        .collect();
    names.push("localtime".to_owned());
    names.sort_unstable();
    names.dedup();
    names
}

described! {
    Name = json!({
        "description": "A name: trimmed, then 1 to 512 bytes without control characters.",
        "type": "string", "minLength": 1, "maxLength": 512, "pattern": name_pattern(),
    });
    Text = json!({
        "description": "Free text: trimmed, then 1 byte to 256 KiB.",
        "type": "string", "minLength": 1, "maxLength": 256 * 1024, "pattern": text_pattern(),
    });
    Json = json!({"description": "Any JSON of at most 512 KiB and 64 levels."});
    Language = json!({
        "description": "A language (ISO 639-3).", "type": "string", "enum": languages(), "examples": ["eng"],
    });
    Timezone = json!({
        "description": "A time zone (IANA).", "type": "string", "enum": timezones(), "examples": ["Europe/Berlin"],
    });
    Tags = json!({
        "description": "Labels; a value may be null.",
        "type": "object", "maxProperties": 100,
        "propertyNames": {"maxLength": 512},
        "additionalProperties": {"type": ["string", "null"], "maxLength": 512},
    });
    Variables = json!({
        "description": "Variables handed to tools.",
        "type": "object", "maxProperties": 20,
        "propertyNames": {"pattern": "^[a-z_][a-z0-9_]+$", "maxLength": 512},
        "additionalProperties": {"type": "string", "maxLength": 64 * 1024},
    });
    Keyterm = json!({
        "description": "One to three lower-case words.",
        "type": "string", "maxLength": 200, "pattern": "^[a-z-]+( [a-z-]+){0,2}$",
    });
    VersionSetName = json!({
        "description": "The name of a version set.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$",
    });
    WebhookUrl = json!({
        "description": "Where a webhook goes: an absolute URL.",
        "type": "string", "minLength": 1, "maxLength": 2048, "pattern": webhook_url_pattern(),
    });
    Digest = json!({
        "description": "A SHA-256 digest.", "type": "string", "pattern": "^[0-9a-f]{64}$",
    });
    Time = json!({
        "description": "A date and time with an offset (RFC 3339).", "type": "string", "format": "date-time",
    });
    Token = token("A word.");
    OrgId = token("Identifies an organization.");
    UserId = token("Identifies a user.");
    CommandId = token("Names one intended change.");
    Oid = oid("Identifies something.");
    PersonaId = oid("Identifies a persona.");
    ScenarioId = oid("Identifies a scenario.");
    MetricId = oid("Identifies a metric.");
    AgentId = oid("Identifies an agent.");
    ContextGraphId = oid("Identifies a context graph.");
    ServiceId = oid("Identifies a service.");
    UnitTestId = oid("Identifies a unit test.");
    UnitTestSetId = oid("Identifies a unit test set.");
    RunId = oid("Identifies a run.");
    ApiKeyId = oid("Identifies an API key.");
    EvaluationId = oid("Identifies a manual evaluation.");
    RoleId = oid("Identifies a role.");
    TemporaryGrantId = oid("Identifies a temporary grant.");
    WebhookDestinationId = oid("Identifies a webhook destination.");
}
