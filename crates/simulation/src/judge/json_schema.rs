//! Validates replies as JSON against a JSON Schema.
//!
//! A schema can take work without bound: by reference to itself, or by alternatives of alternatives. So references stay
//! within the document, must not lead back to where they stand, and the schema with every reference written out has a
//! bounded size; the text validated has one too. Patterns are matched in linear time.

use jsonschema::{PatternOptions, Validator};
use model::{Invalid, Json, MetricType, MetricValue, Scope};
use serde_json::Value;

use super::{Evidence, Judgement, cannot_give, scope};
use crate::excerpt::{QUOTE_BYTES, excerpt};

/// The most schemas within a schema, references written out.
const MAX_SUBSCHEMAS: usize = 5_000;
/// The longest reply that is validated, in bytes.
const MAX_REPLY_BYTES: usize = 256 * 1024;

/// Compiles a schema.
pub(crate) fn compile(schema: &Json) -> Result<Validator, Invalid> {
    let schema = schema.value();
    let mut size = 0;
    expand(&schema, &schema, &mut Vec::new(), &mut size)?;
    jsonschema::options()
        .offline()
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(512 * 1024)
                .dfa_size_limit(1024 * 1024),
        )
        .build(&schema)
        .map_err(|why| {
            Invalid::new(format!(
                "is not a JSON Schema: {}",
                excerpt(&why.to_string(), 300)
            ))
        })
}

/// Walks the schema with its references written out. Every object counts, whether or not it is a schema.
fn expand<'s>(
    root: &'s Value,
    node: &'s Value,
    following: &mut Vec<&'s str>,
    size: &mut usize,
) -> Result<(), Invalid> {
    *size += 1;
    if *size > MAX_SUBSCHEMAS {
        return Err(Invalid::new(format!(
            "with its references written out it has more than {MAX_SUBSCHEMAS} parts"
        )));
    }
    match node {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| expand(root, item, following, size)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    // A part with an identity of its own is where its references start from.
                    ("$id" | "id", Value::String(_)) if !std::ptr::eq(node, root) => {
                        return Err(Invalid::new(format!("`{name}` is supported only at the top")));
                    }
                    // Here the names are not keywords.
                    (
                        "properties" | "patternProperties" | "dependentSchemas" | "dependencies",
                        Value::Object(named),
                    ) => {
                        named
                            .values()
                            .try_for_each(|schema| expand(root, schema, following, size))?;
                    }
                    ("$dynamicRef" | "$recursiveRef", _) => {
                        return Err(Invalid::new(format!("`{name}` is not supported; use `$ref`")));
                    }
                    ("$ref", Value::String(reference)) => follow(root, reference, following, size)?,
                    // Definitions count where they are used.
                    ("$defs" | "definitions" | "const" | "enum" | "default" | "examples", _) => {}
                    _ => expand(root, value, following, size)?,
                }
            }
            Ok(())
        }
    }
}

fn follow<'s>(
    root: &'s Value,
    reference: &'s str,
    following: &mut Vec<&'s str>,
    size: &mut usize,
) -> Result<(), Invalid> {
    if following.contains(&reference) {
        return Err(Invalid::new(format!(
            "`$ref` {reference} leads back to itself; recursive schemas are not supported"
        )));
    }
    let target = reference
        .strip_prefix('#')
        .filter(|pointer| pointer.is_empty() || pointer.starts_with('/'))
        .and_then(|pointer| root.pointer(pointer))
        .ok_or_else(|| {
            Invalid::new(format!(
                "`$ref` {} does not point into the schema, as `#/$defs/name` does",
                excerpt(reference, 100)
            ))
        })?;
    if std::ptr::eq(target, root) {
        return Err(Invalid::new(
            "`$ref` # leads back to itself; recursive schemas are not supported",
        ));
    }
    following.push(reference);
    expand(root, target, following, size)?;
    following.pop();
    Ok(())
}

pub(super) fn measure(
    metric_type: MetricType,
    schema: &Json,
    scope: Scope,
    evidence: &Evidence<'_>,
) -> Result<Judgement, String> {
    let validator = compile(schema).map_err(|invalid| format!("the schema {invalid}"))?;
    let messages = scope::messages(scope, evidence.turns);
    if messages.is_empty() {
        return Ok(scope::nothing_said(scope));
    }
    let mut n_valid = 0_u32;
    let mut problem = None;
    for turn in &messages {
        match check(&validator, &turn.text) {
            Ok(()) => n_valid += 1,
            Err(why) => {
                problem.get_or_insert_with(|| {
                    format!(
                        "Turn {}: {why}: “{}”.",
                        turn.index,
                        excerpt(&turn.text, QUOTE_BYTES)
                    )
                });
            }
        }
    }
    let n_all = u32::try_from(messages.len()).unwrap_or(u32::MAX);
    let value = match metric_type {
        MetricType::Boolean => MetricValue::Boolean(n_valid == n_all),
        MetricType::Numerical => MetricValue::Numerical(f64::from(n_valid) / f64::from(n_all)),
        MetricType::Categorical => return Err(cannot_give("json_schema", metric_type)),
    };
    let counted = format!(
        "{n_valid} of {n_all} looked at ({}) follow the schema.",
        scope::noun(scope)
    );
    let justification = problem.map_or_else(|| counted.clone(), |problem| format!("{counted} {problem}"));
    Ok(Judgement {
        value: Some(value),
        justification,
        references: scope::indices(messages),
    })
}

fn check(validator: &Validator, text: &str) -> Result<(), String> {
    if text.len() > MAX_REPLY_BYTES {
        return Err(format!(
            "longer than the {MAX_REPLY_BYTES} bytes that are validated"
        ));
    }
    let value: Value = serde_json::from_str(text).map_err(|why| format!("not JSON ({why})"))?;
    validator.validate(&value).map_err(|why| {
        let place = why.instance_path().to_string();
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("at `{}` ", excerpt(&place, 100))
        };
        format!("{place}{}", excerpt(&why.to_string(), QUOTE_BYTES))
    })
}
