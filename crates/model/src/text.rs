//! Validated text: names, free text, tags, variables, JSON, languages, time zones and URLs of webhooks.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// Why a value was not accepted, in words for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    /// The reason, as a lower-case clause that also says what would be accepted.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident($source:ty) by $check:path;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                $check(text).map(Self)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Invalid;

            fn try_from(text: &str) -> Result<Self, Invalid> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text! {
    /// What people call an object: trimmed, not empty, at most 512 bytes, no control characters.
    Name(String) by name;
    /// Free text: trimmed, not empty, at most 256 KiB.
    Text(String) by free_text;
    /// A JSON value kept as its text, as written; at most 512 KiB and 64 levels deep.
    Json(String) by json;
    /// An ISO 639-3 language code, such as `eng`.
    Language(String) by language;
    /// An IANA time zone name, such as `Europe/Berlin`.
    Timezone(String) by timezone;
    /// Where a webhook goes: an absolute URL of at most 2,048 bytes, without blanks and control characters.
    WebhookUrl(String) by webhook_url;
}

fn name(text: String) -> Result<String, Invalid> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Invalid::new("must not be empty"));
    }
    if trimmed.len() > 512 {
        return Err(Invalid::new(format!(
            "must be at most 512 bytes long, this is {}",
            trimmed.len()
        )));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(Invalid::new("must not contain control characters"));
    }
    Ok(trimmed.to_owned())
}

impl Language {
    /// The language's name in English, such as `German`; its code if it has none.
    pub fn english_name(&self) -> &str {
        isolang::Language::from_639_3(&self.0).map_or(self.0.as_str(), |language| language.to_name())
    }
}

fn free_text(text: String) -> Result<String, Invalid> {
    const LIMIT: usize = 256 * 1024;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Invalid::new("must not be empty"));
    }
    if trimmed.len() > LIMIT {
        return Err(Invalid::new(format!(
            "must be at most {LIMIT} bytes long, this is {}",
            trimmed.len()
        )));
    }
    Ok(trimmed.to_owned())
}

fn json(text: String) -> Result<String, Invalid> {
    const LIMIT: usize = 512 * 1024;
    if text.len() > LIMIT {
        return Err(Invalid::new(format!(
            "must be at most {LIMIT} bytes of JSON, this is {}",
            text.len()
        )));
    }
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|source| Invalid::new(format!("is not JSON: {source}")))?;
    if depth(&value) > 64 {
        return Err(Invalid::new("must be at most 64 levels deep"));
    }
    Ok(text)
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => 0,
    }
}

/// Codes that ISO 639-3 once had and gave up. Clients that know an older edition still send them.
pub(crate) const RETIRED_LANGUAGES: &[&str] = &[
    "ajp", "kgm", "ksa", "nom", "plj", "pmk", "prp", "slq", "szd", "tmk", "tpw", "xss", "zkb", "zua",
];

fn language(text: String) -> Result<String, Invalid> {
    if isolang::Language::from_639_3(&text).is_none() && !RETIRED_LANGUAGES.contains(&text.as_str()) {
        return Err(Invalid::new(
            "must be an ISO 639-3 code of three letters, such as `eng`",
        ));
    }
    Ok(text)
}

fn timezone(text: String) -> Result<String, Invalid> {
    if text == "localtime" {
        return Ok(text);
    }
    match jiff::tz::TimeZone::get(&text) {
        // Names are found in any letter case; what is kept is the name as IANA writes it.
        Ok(zone) => Ok(zone.iana_name().map_or(text, str::to_owned)),
        Err(_unknown) => Err(Invalid::new(
            "must be an IANA time zone name, such as `Europe/Berlin`",
        )),
    }
}

fn webhook_url(text: String) -> Result<String, Invalid> {
    const LIMIT: usize = 2048;
    if text.len() > LIMIT {
        return Err(Invalid::new(format!(
            "must be at most {LIMIT} bytes long, this is {}",
            text.len()
        )));
    }
    if text.chars().any(|char| char.is_control() || char.is_whitespace()) {
        return Err(Invalid::new("must not contain blanks or control characters"));
    }
    let absolute = text.split_once("://").is_some_and(|(scheme, rest)| {
        let mut letters = scheme.bytes();
        let begins = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let goes_on = letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        begins && goes_on && !host.is_empty() && !host.starts_with(':')
    });
    if !absolute {
        return Err(Invalid::new(
            "must be an absolute URL, such as `https://example.com/hooks`",
        ));
    }
    Ok(text)
}

impl Json {
    /// Keeps `value` as compact text.
    pub fn from_value(value: &serde_json::Value) -> Result<Self, Invalid> {
        value.to_string().try_into()
    }

    /// The value. The text was checked when it was made.
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or(serde_json::Value::Null)
    }

    /// `{}`.
    pub fn empty_object() -> Self {
        Self("{}".to_owned())
    }
}

macro_rules! map {
    ($($(#[$doc:meta])* $name:ident($value:ty) as $repr:literal by $check:path;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = $repr, into = $repr)]
        pub struct $name(BTreeMap<String, $value>);

        impl $name {
            /// The entries, in key order.
            pub fn entries(&self) -> &BTreeMap<String, $value> {
                &self.0
            }
        }

        impl TryFrom<BTreeMap<String, $value>> for $name {
            type Error = Invalid;

            fn try_from(entries: BTreeMap<String, $value>) -> Result<Self, Invalid> {
                $check(entries).map(Self)
            }
        }

        impl From<$name> for BTreeMap<String, $value> {
            fn from(map: $name) -> Self {
                map.0
            }
        }
    )+};
}

map! {
    /// Labels: at most 100 entries of at most 512 bytes each; a value may be null.
    Tags(Option<String>) as "BTreeMap<String, Option<String>>" by tags;
    /// Variables handed to tools: at most 20, keys `[a-z_][a-z0-9_]+`, values of at most 64 KiB.
    Variables(String) as "BTreeMap<String, String>" by variables;
}

impl Tags {
    /// The stricter form that personas, scenarios, metrics and services ask for: at most 20 entries, keys and values
    /// made of word characters and blanks.
    pub fn strict(entries: BTreeMap<String, Option<String>>) -> Result<Self, Invalid> {
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '_' || c.is_whitespace())
        };
        if entries.len() > 20 {
            return Err(Invalid::new(format!(
                "must have at most 20 tags, this has {}",
                entries.len()
            )));
        }
        for (key, value) in &entries {
            if key.trim().is_empty() || !word(key) || !value.as_deref().is_none_or(word) {
                return Err(Invalid::new(format!(
                    "tag `{}`: use letters, digits, `_` and blanks only",
                    key.escape_default()
                )));
            }
        }
        entries.try_into()
    }
}

fn tags(entries: BTreeMap<String, Option<String>>) -> Result<BTreeMap<String, Option<String>>, Invalid> {
    if entries.len() > 100 {
        return Err(Invalid::new(format!(
            "must have at most 100 tags, this has {}",
            entries.len()
        )));
    }
    for (key, value) in &entries {
        if key.len() > 512 || value.as_ref().is_some_and(|value| value.len() > 512) {
            return Err(Invalid::new("tag keys and values must be at most 512 bytes long"));
        }
    }
    Ok(entries)
}

fn variables(entries: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Invalid> {
    if entries.len() > 20 {
        return Err(Invalid::new(format!(
            "must have at most 20 variables, this has {}",
            entries.len()
        )));
    }
    for (key, value) in &entries {
        let mut bytes = key.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !first || !rest || key.len() < 2 || key.len() > 512 {
            return Err(Invalid::new(format!(
                "variable `{}`: a name has two or more of `a-z`, `0-9`, `_` and does not start with a digit",
                key.escape_default()
            )));
        }
        if value.len() > 64 * 1024 {
            return Err(Invalid::new(format!(
                "variable `{key}` must be at most 64 KiB long"
            )));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::WebhookUrl;

    #[test]
    fn a_webhook_goes_to_a_host() {
        for fine in [
            "https://example.com",
            "http://127.0.0.1:9/hook?x=1#y",
            "https://user:pass@[::1]:8443/a",
            "HTTPS://EXAMPLE.COM/",
        ] {
            assert_eq!(WebhookUrl::try_from(fine).unwrap().as_str(), fine);
        }
        let long = format!("https://example.com/{}", "x".repeat(2048));
        for wrong in [
            "",
            "example.com/hook",
            "https://",
            "https:///hook",
            "https://:443/",
            "https://user@/",
            "://example.com",
            "1http://example.com",
            "https://exa mple.com",
            "https://example.com/\r\nX: y",
            "https://example.com/\u{0}",
            "https://?example.com",
            &long,
        ] {
            assert!(WebhookUrl::try_from(wrong).is_err(), "{wrong}");
        }
    }
}
