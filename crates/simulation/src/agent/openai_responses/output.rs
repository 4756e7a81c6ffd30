//! What a response of the Responses API holds: words, tool calls, usage.

use model::{ToolCall, Usage};
use serde_json::{Map, Value, json};

use crate::{
    agent::tool_calls,
    excerpt::{QUOTE_BYTES, excerpt},
};

/// Fields of an item that say nothing about what a tool was asked.
const BOOKKEEPING: [&str; 6] = ["id", "type", "status", "call_id", "name", "server_label"];
/// Where items keep what a tool gave.
const RESULTS: [&str; 4] = ["output", "outputs", "results", "result"];

/// What a response holds.
#[derive(Debug, PartialEq)]
pub(super) struct Output {
    pub(super) text: String,
    pub(super) tool_calls: Vec<ToolCall>,
    pub(super) usage: Option<Usage>,
    /// `{type, call_id}` of the calls that the caller was to answer.
    pub(super) unanswered: Vec<Value>,
}

/// Reads a response.
pub(super) fn read(response: &Value) -> Result<Output, String> {
    let status = response.get("status").and_then(Value::as_str);
    if let Some(error) = response.get("error").filter(|error| !error.is_null()) {
        return Err(failed(error));
    }
    match status {
        // Many that imitate the API leave it out.
        None | Some("completed" | "incomplete") => {}
        Some("failed") => return Err("the response failed, and does not say why".to_owned()),
        Some(other) => {
            return Err(format!(
                "the response's status is `{}`, not `completed`",
                excerpt(other, QUOTE_BYTES)
            ));
        }
    }
    let items = response
        .get("output")
        .and_then(Value::as_array)
        .ok_or("the response has no list `output`")?;
    let mut texts: Vec<String> = Vec::new();
    let mut calls: Vec<Call> = Vec::new();
    for item in items {
        let kind = item.get("type").and_then(Value::as_str).unwrap_or("message");
        match kind {
            "message" => texts.push(message(item)?),
            "reasoning" | "compaction" => {}
            _ => match kind.strip_suffix("_output") {
                Some(_) => answer(&mut calls, item),
                None if kind.ends_with("_call") => calls.push(Call::read(kind, item)),
                None => {}
            },
        }
    }
    texts.retain(|text| !text.trim().is_empty());
    if status == Some("incomplete") && texts.is_empty() && calls.is_empty() {
        let reason = response
            .pointer("/incomplete_details/reason")
            .and_then(Value::as_str)
            .unwrap_or("no reason given");
        return Err(format!(
            "the response is incomplete ({}) and holds neither text nor tool calls",
            excerpt(reason, QUOTE_BYTES)
        ));
    }
    let unanswered = calls.iter().filter_map(Call::unanswered).collect();
    let calls = Value::Array(calls.into_iter().map(|call| call.plain).collect());
    Ok(Output {
        text: texts.join("\n\n"),
        tool_calls: tool_calls::read(Some(&calls))?,
        usage: response.get("usage").and_then(usage),
        unanswered,
    })
}

fn failed(error: &Value) -> String {
    let field = |name| error.get(name).and_then(Value::as_str);
    let message = field("message")
        .or_else(|| error.as_str())
        .unwrap_or("no message");
    let code = field("code").map(|code| format!(" ({})", excerpt(code, QUOTE_BYTES)));
    format!(
        "the response failed{}: {}",
        code.unwrap_or_default(),
        excerpt(message, QUOTE_BYTES)
    )
}

fn message(item: &Value) -> Result<String, String> {
    match item.get("content") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts
            .iter()
            .filter_map(|part| part.get("text").or_else(|| part.get("refusal")))
            .filter_map(Value::as_str)
            .collect()),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
            Err("`content` of a message is neither a text nor a list of parts".to_owned())
        }
    }
}

/// A tool call.
struct Call {
    kind: String,
    id: Option<String>,
    /// `{name, arguments, result?}`
    plain: Value,
}

impl Call {
    /// Calls of functions and of MCP servers have a name and arguments; the tools that the API has built in are named by the type
    /// of their item, and what else the item says are their arguments.
    fn read(kind: &str, item: &Value) -> Self {
        let arguments = match (item.get("arguments").or_else(|| item.get("input")), item) {
            (Some(Value::String(text)), _) => {
                serde_json::from_str(text).unwrap_or_else(|_not_json| text.as_str().into())
            }
            (Some(other), _) => other.clone(),
            (None, Value::Object(fields)) => {
                let asked: Map<String, Value> = fields
                    .iter()
                    .filter(|(name, value)| {
                        !value.is_null()
                            && !BOOKKEEPING.contains(&name.as_str())
                            && !RESULTS.contains(&name.as_str())
                    })
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                Value::Object(asked)
            }
            (None, _) => json!({}),
        };
        let own = kind.strip_suffix("_call").unwrap_or(kind);
        let is_named = matches!(own, "function" | "custom_tool" | "mcp");
        let name = match item.get("name") {
            Some(name) => name.clone(),
            // Without its name such a call is refused.
            None if is_named => Value::Null,
            None => own.into(),
        };
        let result = RESULTS.iter().find_map(|field| item.get(field)).cloned();
        let id = item.get("call_id").and_then(Value::as_str);
        Self {
            kind: kind.to_owned(),
            id: id.map(ToOwned::to_owned),
            plain: json!({ "name": name, "arguments": arguments, "result": result }),
        }
    }

    /// What is to be sent so that the server goes on.
    fn unanswered(&self) -> Option<Value> {
        let by_caller = matches!(self.kind.as_str(), "function_call" | "custom_tool_call");
        let open = by_caller && self.plain.get("result").is_none_or(Value::is_null);
        let id = self.id.as_ref().filter(|_id| open)?;
        Some(json!({ "type": self.kind, "call_id": id }))
    }
}

/// What a tool gave, if the service ran it.
fn answer(calls: &mut [Call], item: &Value) {
    let id = item.get("call_id").and_then(Value::as_str);
    let call = calls
        .iter_mut()
        .find(|call| id.is_some() && call.id.as_deref() == id);
    if let (Some(call), Some(output)) = (call, item.get("output")) {
        let parsed = output.as_str().and_then(|text| serde_json::from_str(text).ok());
        call.plain["result"] = parsed.unwrap_or_else(|| output.clone());
    }
}

fn usage(usage: &Value) -> Option<Usage> {
    let tokens = |name| usage.get(name).and_then(Value::as_u64);
    let (input, output) = (tokens("input_tokens"), tokens("output_tokens"));
    (input.is_some() || output.is_some()).then(|| Usage::of_tokens(input.unwrap_or(0), output.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, arguments, result.
    type Plain = (String, String, Option<String>);

    fn calls(items: &Value) -> (Vec<Plain>, Vec<Value>) {
        let output = read(&json!({ "output": items })).unwrap();
        let calls = output.tool_calls.into_iter().map(|call| {
            let result = call.result.map(|result| result.as_str().to_owned());
            (call.name, call.arguments.as_str().to_owned(), result)
        });
        (calls.collect(), output.unanswered)
    }

    #[test]
    fn words_and_refusals_are_the_text() {
        let response = json!({
            "status": "completed", "error": null,
            "output": [
                {"type": "reasoning", "summary": [{"text": "hidden"}]},
                {"type": "message", "content": [{"type": "output_text", "text": "One"}, {"type": "output_text", "text": " two."}]},
                {"type": "message", "content": [{"type": "refusal", "refusal": "But not that."}]},
            ],
            "usage": {"input_tokens": 4, "output_tokens": 5, "total_tokens": 9},
        });
        let output = read(&response).unwrap();
        assert_eq!(output.text, "One two.\n\nBut not that.");
        assert_eq!(output.usage, Some(Usage::of_tokens(4, 5)));
    }

    #[test]
    fn calls_of_every_kind_are_recorded() {
        let (recorded, unanswered) = calls(&json!([
            {"type": "function_call", "call_id": "1", "name": "book", "arguments": "{\"day\": 3}"},
            {"type": "function_call", "call_id": "2", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "2", "output": "21 degrees"},
            {"type": "custom_tool_call", "call_id": "3", "name": "sql", "input": "select 1"},
            {"type": "mcp_call", "id": "m", "server_label": "s", "name": "roll", "arguments": "{\"n\":6}", "output": "4"},
            {"type": "web_search_call", "id": "w", "status": "completed", "action": {"query": "tea"}},
        ]));
        let plain = |name: &str, arguments: &str, result: Option<&str>| {
            (
                name.to_owned(),
                arguments.to_owned(),
                result.map(ToOwned::to_owned),
            )
        };
        assert_eq!(
            recorded,
            [
                plain("book", r#"{"day":3}"#, None),
                plain("weather", "{}", Some("\"21 degrees\"")),
                plain("sql", "\"select 1\"", None),
                plain("roll", r#"{"n":6}"#, Some("\"4\"")),
                plain("web_search", r#"{"action":{"query":"tea"}}"#, None),
            ]
        );
        assert_eq!(
            unanswered,
            [
                json!({"type": "function_call", "call_id": "1"}),
                json!({"type": "custom_tool_call", "call_id": "3"})
            ]
        );
    }

    #[test]
    fn a_reply_cut_short_is_a_reply_if_it_holds_anything() {
        let cut = |output: Value| {
            read(
                &json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": output}),
            )
        };
        let words = json!([{"type": "message", "content": [{"type": "output_text", "text": "The tea is"}]}]);
        assert_eq!(cut(words).unwrap().text, "The tea is");
        let none = cut(json!([{"type": "reasoning"}])).unwrap_err();
        assert!(none.contains("incomplete (max_output_tokens)"), "{none}");
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for (response, why) in [
            (json!({}), "no list `output`"),
            (json!([]), "no list `output`"),
            (
                json!({"status": "failed", "error": {"code": "server_error", "message": "Closed."}}),
                "failed (server_error): Closed.",
            ),
            (json!({"error": "Closed."}), "failed: Closed."),
            (json!({"status": "failed", "output": []}), "does not say why"),
            (
                json!({"status": "in_progress", "output": []}),
                "status is `in_progress`",
            ),
            (
                json!({"output": [{"type": "message", "content": 3}]}),
                "neither a text nor a list",
            ),
            (
                json!({"output": [{"type": "function_call", "arguments": "{}"}]}),
                "has no `name`",
            ),
        ] {
            let refused = read(&response).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
