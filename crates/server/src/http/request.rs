//! A request of an operation: from path, query, headers and body to what the gateway takes.

use api::{
    FieldErrors, Pointer,
    bus::{Family, SEEN_HEADER, TRACE_HEADER},
    error::{ErrorCode, Problem},
    http::{IDEMPOTENCY_KEY_HEADER, Operation, gather},
};
use http::{HeaderMap, request::Parts};
use model::{CommandId, OrgId};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{
    body::{RequestBody, require_json},
    headers::single,
    json::{malformed, read_json},
    query::pairs,
};
use crate::{Metadata, bus::is_traceparent, gateway::internal};

/// The longest value of a placeholder, in bytes.
const MAX_PLACEHOLDER: usize = 512;

/// The longest idempotency key, in bytes.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// How many of the characters that an idempotency key is hashed to name the command.
const COMMAND_ID_CHARS: usize = 40;

/// The organization that a path is about.
///
/// # Errors
/// There can be no organization of that name.
pub(crate) fn organization(path: &str) -> Result<OrgId, Problem> {
    let encoded = path.split('/').nth(2).unwrap_or("");
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    text.parse().map_err(|_invalid| no_organization(&text))
}

/// There is none, or none of the caller's: nobody learns which.
pub(crate) fn no_organization(org: &str) -> Problem {
    let shown: String = org.chars().filter(|c| !c.is_control()).take(100).collect();
    Problem::new(ErrorCode::NotFound, format!("there is no organization `{shown}`"))
}

/// Puts a request together.
///
/// # Errors
/// Anything that is wrong with path, query or body.
pub(super) async fn read_request(
    operation: &Operation,
    parts: &Parts,
    body: &mut RequestBody,
) -> Result<Value, Problem> {
    let path = placeholders(operation, parts.uri.path())?;
    let query = pairs(parts.uri.query().unwrap_or(""))?;
    let bytes = body.read().await?;
    let body = if operation.has_body() {
        Some(if bytes.is_empty() {
            Value::Object(Map::new())
        } else {
            require_json(&parts.headers)?;
            read_json(&bytes)?
        })
    } else if bytes.is_empty() {
        None
    } else {
        return Err(malformed(
            &Pointer::root(),
            "must be empty: the operation takes none",
        ));
    };
    Ok(gather(operation, &path, &query, body)?)
}

/// The values of a path's placeholders, decoded, each with the placeholder's name.
fn placeholders(operation: &Operation, path: &str) -> Result<Vec<(String, String)>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut found = Vec::new();
    let template = operation.full_path();
    for (name, encoded) in template.split('/').zip(path.split('/')).skip(3) {
        let Some(name) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            continue;
        };
        let value = percent_decode_str(encoded).decode_utf8();
        let acceptable = value
            .ok()
            .filter(|value| value.len() <= MAX_PLACEHOLDER && !value.chars().any(char::is_control));
        match acceptable {
            Some(value) => found.push((name.to_owned(), value.into_owned())),
            None => {
                let detail =
                    format!("must be at most {MAX_PLACEHOLDER} bytes of UTF-8 without control characters");
                errors.push(&Pointer::root().key(name), detail);
            }
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// What came with a request in its headers.
///
/// # Errors
/// A header that cannot be what it is meant to be.
pub(super) fn read_metadata(family: Family, headers: &HeaderMap) -> Result<Metadata, Problem> {
    let mut metadata = Metadata {
        traceparent: single(headers, TRACE_HEADER)
            .ok()
            .flatten()
            .filter(|trace| is_traceparent(trace))
            .map(str::to_owned),
        ..Metadata::default()
    };
    match family {
        Family::Command => {
            if let Some(key) = single(headers, IDEMPOTENCY_KEY_HEADER)? {
                metadata.command_id = Some(command_id(key)?);
            }
        }
        Family::Query => {
            if let Some(seen) = single(headers, SEEN_HEADER)? {
                let sequence = seen.parse().map_err(|_not_a_number| {
                    FieldErrors::one(&Pointer::root().key(SEEN_HEADER), "must be a sequence")
                })?;
                metadata.seen = Some(sequence);
            }
        }
    }
    Ok(metadata)
}

/// The command that an idempotency key names. The executor keeps those of organizations and users apart.
fn command_id(key: &str) -> Result<CommandId, Problem> {
    let is_key = (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if !is_key {
        let detail = format!("must be 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters");
        let errors = FieldErrors::one(&Pointer::root().key(IDEMPOTENCY_KEY_HEADER), detail);
        return Err(errors.into());
    }
    let hash = blake3::hash(key.as_bytes()).to_hex();
    let name = format!("http-{}", hash.get(..COMMAND_ID_CHARS).unwrap_or(&hash));
    name.parse().map_err(|invalid: model::Invalid| internal(&invalid))
}

#[cfg(test)]
mod tests {
    use api::http::operation;

    use super::*;

    #[test]
    fn placeholders_are_decoded_and_bounded() {
        let operation = operation("upsert-service-version-set").unwrap();
        let read = |path: &str| placeholders(operation, path);
        let values = read("/v1/acme/service/a%2Fb/version_sets/%C3%A9").unwrap();
        let values: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["a/b", "é"]);
        for wrong in ["%FF", "a%00", "a%0D%0AX-Evil:1", &"x".repeat(MAX_PLACEHOLDER + 1)] {
            let errors = read(&format!("/v1/acme/service/{wrong}/version_sets/{wrong}/")).unwrap_err();
            let pointers: Vec<&str> = errors
                .as_slice()
                .iter()
                .map(|error| error.pointer.as_str())
                .collect();
            assert_eq!(pointers, ["/service_id", "/version_set_name"], "{wrong}");
        }
    }

    #[test]
    fn a_key_names_one_command() {
        let id = command_id("k1").unwrap();
        assert_eq!(id, command_id("k1").unwrap());
        assert_ne!(id, command_id("k2").unwrap());
        assert_eq!(id.as_str().len(), "http-".len() + COMMAND_ID_CHARS);
        assert!(command_id(&"k".repeat(MAX_IDEMPOTENCY_KEY)).is_ok());
        for wrong in ["", "a b", "é", &"k".repeat(MAX_IDEMPOTENCY_KEY + 1)] {
            assert_eq!(
                command_id(wrong).unwrap_err().errors[0].pointer,
                "/Idempotency-Key",
                "{wrong}"
            );
        }
    }
}
