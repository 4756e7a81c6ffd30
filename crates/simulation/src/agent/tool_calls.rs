//! Tool calls as agents report them.

use model::{Json, ToolCall};
use serde_json::Value;

use crate::Secrets;

/// The most tool calls of one reply.
const MAX_TOOL_CALLS: usize = 200;

/// Reads `[{name, arguments, result?}]`; null and absent are none.
pub(super) fn read(value: Option<&Value>) -> Result<Vec<ToolCall>, String> {
    let calls = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(calls)) => calls,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err("`tool_calls` is not an array".to_owned());
        }
    };
    if calls.len() > MAX_TOOL_CALLS {
        return Err(format!(
            "one reply has at most {MAX_TOOL_CALLS} tool calls, this has {}",
            calls.len()
        ));
    }
    calls.iter().map(read_one).collect()
}

fn read_one(call: &Value) -> Result<ToolCall, String> {
    let name = call
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| "a tool call has no `name`".to_owned())?;
    Ok(ToolCall {
        name: name.to_owned(),
        arguments: call
            .get("arguments")
            .map_or_else(|| Ok(Json::empty_object()), keep)?,
        result: call
            .get("result")
            .filter(|result| !result.is_null())
            .map(keep)
            .transpose()?,
    })
}

/// Reads `[{function: {name, arguments: "<JSON as text>"}}]`, as chat completions have it.
pub(super) fn read_functions(value: Option<&Value>) -> Result<Vec<ToolCall>, String> {
    let plain = |call: &Value| {
        let function = call.get("function").or_else(|| call.get("custom"))?;
        let arguments = match function.get("arguments").or_else(|| function.get("input")) {
            Some(Value::String(text)) => {
                serde_json::from_str(text).unwrap_or_else(|_not_json| text.as_str().into())
            }
            Some(other) => other.clone(),
            None => Value::Object(serde_json::Map::new()),
        };
        Some(serde_json::json!({ "name": function.get("name")?, "arguments": arguments }))
    };
    match value {
        Some(Value::Array(calls)) => {
            let calls: Option<Vec<Value>> = calls.iter().map(plain).collect();
            read(Some(&Value::Array(
                calls.ok_or_else(|| "a tool call has no `function.name`".to_owned())?,
            )))
        }
        other @ (None
        | Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_),
        )) => read(other),
    }
}

/// What a tool gave back as a text: the object or list that it is, or the text itself.
pub(super) fn parsed(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | Err(_) => text.into(),
    }
}

fn keep(value: &Value) -> Result<Json, String> {
    Json::from_value(value).map_err(|invalid| format!("a tool call's data {invalid}"))
}

/// The call without secrets. If masking breaks the JSON, the data is kept as a text.
pub(crate) fn redacted(call: ToolCall, secrets: &Secrets) -> ToolCall {
    let clean = |json: Json| {
        let text = secrets.redact(json.as_str());
        if text == json.as_str() {
            return json;
        }
        Json::try_from(text.clone())
            .or_else(|_broken| Json::from_value(&Value::String(text)))
            .unwrap_or_else(|_too_long| Json::empty_object())
    };
    ToolCall {
        name: secrets.redact(&call.name),
        arguments: clean(call.arguments),
        result: call.result.map(clean),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_parsed_where_they_are_json() {
        let calls = json!([
            {"id": "1", "type": "function", "function": {"name": "book", "arguments": "{\"day\": 3}"}},
            {"function": {"name": "say", "arguments": "not json"}},
            {"function": {"name": "stop"}},
        ]);
        let read = read_functions(Some(&calls)).unwrap();
        let arguments: Vec<_> = read.iter().map(|call| call.arguments.as_str()).collect();
        assert_eq!(arguments, [r#"{"day":3}"#, r#""not json""#, "{}"]);
        assert!(read_functions(Some(&json!([{"function": {}}]))).is_err());
        assert_eq!(read_functions(Some(&Value::Null)), Ok(Vec::new()));
    }

    #[test]
    fn secrets_leave_tool_calls() {
        let secrets = crate::test_support::secrets(&[("KEY", "hunter22")]);
        assert!(secrets.get("KEY").is_some());
        let call = json!([{"name": "x", "arguments": {"auth": "Bearer hunter22"}, "result": "hunter22"}]);
        let call = redacted(read(Some(&call)).unwrap().remove(0), &secrets);
        assert_eq!(call.arguments.as_str(), r#"{"auth":"Bearer ***"}"#);
        assert_eq!(call.result.unwrap().as_str(), r#""***""#);
    }
}
