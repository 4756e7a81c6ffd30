//! Reading single values.

use std::{ops::RangeInclusive, str::FromStr};

use model::{
    AgentId, ApiKeyId, CommandId, ContextGraphId, Digest, Invalid, Json, Keyterm, Language, MetricId, Name,
    Oid, OrgId, PersonaId, RoleId, RunId, ScenarioId, ServiceId, TemporaryGrantId, Text, Time, Timezone,
    Token, UnitTestId, UnitTestSetId, UserId, VersionSetName, WebhookDestinationId, WebhookUrl,
};
use serde_json::Value;

use super::Read;
use crate::{FieldErrors, Pointer};

/// What a value is, for people.
pub(crate) const fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn text<'a>(value: &'a Value, at: &Pointer, errors: &mut FieldErrors) -> Option<&'a str> {
    let text = value.as_str();
    if text.is_none() {
        let quotes = match value {
            Value::Number(_) | Value::Bool(_) => " (write it in quotes)",
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => "",
        };
        errors.push(at, format!("must be text, this is {}{quotes}", described(value)));
    }
    text
}

/// Text of at most `limit` bytes, as it is.
pub(crate) fn limited_string(
    value: &Value,
    limit: usize,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<String> {
    let text = text(value, at, errors)?;
    if text.len() > limit {
        errors.push(
            at,
            format!("must be at most {limit} bytes long, this is {}", text.len()),
        );
        return None;
    }
    Some(text.to_owned())
}

impl Read for String {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        limited_string(value, 256 * 1024, at, errors)
    }
}

impl Read for bool {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let found = value.as_bool();
        if found.is_none() {
            errors.push(at, format!("must be true or false, this is {}", described(value)));
        }
        found
    }
}

/// A whole number within bounds.
pub(crate) fn integer(
    value: &Value,
    range: &RangeInclusive<u64>,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<u64> {
    let found = whole(value).filter(|number| range.contains(number));
    if found.is_none() {
        let (least, most) = (range.start(), range.end());
        let bounds = match (*least, *most) {
            (0, u64::MAX) => "of 0 or more".to_owned(),
            (least, u64::MAX) => format!("of {least} or more"),
            (least, most) => format!("from {least} to {most}"),
        };
        let found = match value {
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                described(value).to_owned()
            }
        };
        errors.push(at, format!("must be a whole number {bounds}, this is {found}"));
    }
    found
}

/// A whole number, also one that is written with a fraction of nothing: JSON does not tell 9 from 9.0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole, not negative, and small enough to be exact"
)]
fn whole(value: &Value) -> Option<u64> {
    // Beyond 2^53 not every whole number is exact.
    let is_whole = |number: &f64| number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(number);
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(is_whole).map(|number| number as u64))
}

/// A finite number.
pub(crate) fn finite(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<f64> {
    let found = value.as_f64().filter(|number| number.is_finite());
    if found.is_none() {
        errors.push(at, format!("must be a number, this is {}", described(value)));
    }
    found
}

impl Read for f64 {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        finite(value, at, errors)
    }
}

impl Read for u64 {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        integer(value, &(0..=Self::MAX), at, errors)
    }
}

impl Read for u32 {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let found = integer(value, &(0..=u64::from(Self::MAX)), at, errors)?;
        Self::try_from(found).ok()
    }
}

impl Read for Json {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        accept(Self::from_value(value), at, errors)
    }
}

impl Read for Value {
    fn read(value: &Value, _at: &Pointer, _errors: &mut FieldErrors) -> Option<Self> {
        Some(value.clone())
    }
}

fn accept<T>(made: Result<T, Invalid>, at: &Pointer, errors: &mut FieldErrors) -> Option<T> {
    match made {
        Ok(value) => Some(value),
        Err(reason) => {
            errors.push(at, reason.to_string());
            None
        }
    }
}

fn parsed<T: FromStr<Err = Invalid>>(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<T> {
    accept(text(value, at, errors)?.parse(), at, errors)
}

macro_rules! readable {
    ($($type:ty = $make:ident),+ $(,)?) => {$(
        impl Read for $type {
            fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
                $make(value, at, errors)
            }
        }
    )+};
}

fn converted<T: TryFrom<String, Error = Invalid>>(
    value: &Value,
    at: &Pointer,
    errors: &mut FieldErrors,
) -> Option<T> {
    accept(text(value, at, errors)?.to_owned().try_into(), at, errors)
}

readable! {
    Name = converted,
    Text = converted,
    Language = converted,
    Timezone = converted,
    Keyterm = converted,
    VersionSetName = converted,
    WebhookUrl = converted,
    Token = parsed,
    Time = parsed,
    OrgId = parsed,
    UserId = parsed,
    CommandId = parsed,
    PersonaId = parsed,
    ScenarioId = parsed,
    MetricId = parsed,
    AgentId = parsed,
    ContextGraphId = parsed,
    ServiceId = parsed,
    UnitTestId = parsed,
    UnitTestSetId = parsed,
    RunId = parsed,
    ApiKeyId = parsed,
    RoleId = parsed,
    TemporaryGrantId = parsed,
    WebhookDestinationId = parsed,
    Oid = parsed,
    Digest = parsed,
}
