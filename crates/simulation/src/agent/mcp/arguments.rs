//! The arguments of the tool: an object whose texts are templates.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::super::{AgentError, openai_chat::fill_in};
use crate::{
    excerpt::{QUOTE_BYTES, excerpt},
    template::{self, Variables},
};

/// What arguments may name.
pub(crate) const ARGUMENT_VARIABLES: &[&str] = &[
    "message",
    "kind",
    "turn",
    "session_id",
    "idempotency_key",
    "history",
    "persona",
    "scenario",
    "context_graph",
    "secret",
];

/// What the texts are filled in with.
pub(super) struct Filler<'a> {
    pub(super) variables: &'a Variables,
    /// The same values without secrets, for texts that are nothing but a name.
    pub(super) values: &'a BTreeMap<&'static str, Value>,
}

impl Filler<'_> {
    /// The arguments of a turn.
    pub(super) fn object(&self, arguments: &Value) -> Result<Map<String, Value>, AgentError> {
        match self.value(arguments, "arguments")? {
            Value::Object(fields) => Ok(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(AgentError::Template {
                    field: "arguments".to_owned(),
                    reason: "must be an object".to_owned(),
                })
            }
        }
    }

    fn value(&self, value: &Value, field: &str) -> Result<Value, AgentError> {
        Ok(match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            Value::String(source) => match bare_name(source).and_then(|name| self.values.get(name)) {
                Some(value) => value.clone(),
                None => Value::String(fill_in(self.variables, field, source)?),
            },
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let filled = items.map(|(index, item)| self.value(item, &format!("{field}.{index}")));
                Value::Array(filled.collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let filled = fields.iter().map(|(name, item)| {
                    let item = self.value(item, &format!("{field}.{name}"))?;
                    Ok((name.clone(), item))
                });
                Value::Object(filled.collect::<Result<_, AgentError>>()?)
            }
        })
    }
}

/// Whether the tool takes these arguments, as far as its schema tells.
pub(super) fn accepted(
    schema: Option<&Validator>,
    tool: &str,
    arguments: &Map<String, Value>,
) -> Result<(), AgentError> {
    let Some(schema) = schema else {
        return Ok(());
    };
    let arguments = Value::Object(arguments.clone());
    let Some(fault) = schema.iter_errors(&arguments).next() else {
        return Ok(());
    };
    let path = fault.instance_path().to_string();
    let place = if path.is_empty() {
        String::new()
    } else {
        format!(" at `{path}`")
    };
    Err(AgentError::Template {
        field: "arguments".to_owned(),
        reason: format!(
            "tool `{tool}` does not accept them: {}{place}",
            excerpt(&fault.to_string(), QUOTE_BYTES)
        ),
    })
}

/// Whether any of the texts names a variable.
pub(in crate::agent) fn arguments_name(arguments: &Value, name: &str) -> bool {
    match arguments {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(source) => {
            template::check(source, ARGUMENT_VARIABLES).is_ok_and(|named| named.contains(name))
        }
        Value::Array(items) => items.iter().any(|item| arguments_name(item, name)),
        Value::Object(fields) => fields.values().any(|item| arguments_name(item, name)),
    }
}

/// The name, if a text is nothing but `{{ NAME }}`.
fn bare_name(source: &str) -> Option<&str> {
    let name = source.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_templates_and_bare_names_are_values() {
        let values = BTreeMap::from([
            ("message", json!("say \"hi\"")),
            ("turn", json!(3)),
            ("history", json!([{"role": "user", "text": "a"}])),
        ]);
        let variables = values
            .iter()
            .fold(Variables::default(), |variables, (name, value)| {
                variables.with(name, value)
            });
        let filler = Filler {
            variables: &variables,
            values: &values,
        };
        let filled = filler.object(&json!({
            "q": "{{ message }}", "n": "{{turn}}", "label": "turn {{ turn }}", "fixed": 7,
            "deep": [{"all": "{{ history }}"}],
        }));
        assert_eq!(
            Value::Object(filled.unwrap()),
            json!({"q": "say \"hi\"", "n": 3, "label": "turn 3", "fixed": 7, "deep": [{"all": [{"role": "user", "text": "a"}]}]})
        );
        let error = filler
            .object(&json!({"deep": ["{{ nobody.there }}"]}))
            .unwrap_err();
        assert!(error.to_string().starts_with("arguments.deep.0: "), "{error}");
    }

    #[test]
    fn what_the_tool_does_not_take_is_told() {
        let schema = json!({"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]});
        let schema = jsonschema::validator_for(&schema).unwrap();
        let check = |arguments: Value| {
            let arguments = arguments.as_object().unwrap().clone();
            accepted(Some(&schema), "ask", &arguments).map_err(|error| error.to_string())
        };
        assert_eq!(check(json!({"q": "x"})), Ok(()));
        assert_eq!(
            check(json!({})).unwrap_err(),
            "arguments: tool `ask` does not accept them: \"q\" is a required property"
        );
        assert_eq!(
            check(json!({"q": 1})).unwrap_err(),
            "arguments: tool `ask` does not accept them: 1 is not of type \"string\" at `/q`"
        );
    }
}
