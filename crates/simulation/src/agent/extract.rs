//! Taking the parts of a reply out of what an agent sent: JSON Pointers (RFC 6901), or minijinja templates over `response`.
//!
//! What is taken is data: nothing an agent sends is ever a template itself.

use model::{Text, ToolCall};
use serde_json::Value;

use super::tool_calls;
use crate::template::{MAX_REQUEST_BYTES, Variables, is_template};

/// What came back, and what templates see beside it.
pub(super) struct Response {
    value: Value,
    variables: Variables,
}

impl Response {
    /// `variables` are what templates may name beside `response`.
    pub(super) fn new(value: Value, variables: &Variables) -> Self {
        let variables = variables.clone().with("response", &value);
        Self { value, variables }
    }

    /// What a pointer or template takes out; a template gives a text. `field` is the source's place in the connection.
    pub(super) fn take(&self, source: &Text, field: &str) -> Result<Option<Value>, String> {
        let source = source.as_str();
        if !is_template(source) {
            return Ok(self.value.pointer(source).cloned());
        }
        let text = self
            .variables
            .render(source, MAX_REQUEST_BYTES)
            .map_err(|why| format!("{field} does not fit: {why}"))?;
        Ok(Some(Value::String(text)))
    }

    /// A text; nothing there and null are the empty one.
    pub(super) fn text(&self, source: &Text, field: &str) -> Result<String, String> {
        match self.take(source, field)? {
            Some(Value::String(text)) => Ok(text),
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(format!("what stands at `{source}` ({field}) is not a text"))
            }
        }
    }

    /// Tool calls; none if there is nothing.
    pub(super) fn tool_calls(&self, source: Option<&Text>, field: &str) -> Result<Vec<ToolCall>, String> {
        let Some(source) = source else {
            return Ok(Vec::new());
        };
        let found = match self.take(source, field)? {
            Some(Value::String(rendered)) if is_template(source.as_str()) => Some(
                serde_json::from_str(&rendered)
                    .map_err(|why| format!("{field} came out as something not JSON ({why})"))?,
            ),
            found => found,
        };
        tool_calls::read(found.as_ref())
    }

    /// Yes or no; nothing there is no.
    pub(super) fn flag(&self, source: Option<&Text>, field: &str) -> Result<bool, String> {
        let Some(source) = source else {
            return Ok(false);
        };
        match self.take(source, field)? {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::String(rendered)) if matches!(rendered.trim(), "true" | "True") => Ok(true),
            Some(Value::String(rendered)) if matches!(rendered.trim(), "false" | "False" | "") => Ok(false),
            Some(Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Err(format!(
                "what stands at `{source}` ({field}) is not true or false"
            )),
        }
    }

    /// What an error report says; nothing if there is nothing, null, false or an empty text.
    pub(super) fn report(&self, source: Option<&Text>, field: &str) -> Result<Option<String>, String> {
        let Some(source) = source else {
            return Ok(None);
        };
        Ok(match self.take(source, field)? {
            None | Some(Value::Null | Value::Bool(false)) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) => Some(text),
            Some(other @ (Value::Bool(true) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => {
                Some(other.to_string())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_support::text;

    fn response() -> Response {
        let value = json!({
            "text": "Hello {{ secret.KEY }}", "none": null, "done": true, "number": 1,
            "calls": [{"name": "look", "arguments": {"at": 1}}], "error": {"code": 7},
        });
        Response::new(value, &Variables::default().with("turn", &json!(3)))
    }

    #[test]
    fn pointers_and_templates_take_what_is_there() {
        let response = response();
        let text_of = |source: &str| response.text(&text(source), "text");
        assert_eq!(
            text_of("/text").unwrap(),
            "Hello {{ secret.KEY }}",
            "data stays data"
        );
        assert_eq!(
            text_of("{{ response.text }} {{ turn }}").unwrap(),
            "Hello {{ secret.KEY }} 3"
        );
        assert_eq!(text_of("/none").unwrap(), "");
        assert_eq!(text_of("/absent").unwrap(), "");
        assert_eq!(
            text_of("/number").unwrap_err(),
            "what stands at `/number` (text) is not a text"
        );
        assert!(
            text_of("{{ response.absent }}")
                .unwrap_err()
                .starts_with("text does not fit: ")
        );
    }

    #[test]
    fn flags_reports_and_tool_calls_are_read_or_refused() {
        let response = response();
        let flag = |source: &str| response.flag(Some(&text(source)), "last");
        assert_eq!(flag("/done"), Ok(true));
        assert_eq!(flag("/absent"), Ok(false));
        assert_eq!(flag("{{ response.number == 1 }}"), Ok(true));
        assert_eq!(flag("{{ response.absent | default(0) == 1 }}"), Ok(false));
        assert!(
            flag("{{ response.absent == 1 }}")
                .unwrap_err()
                .contains("undefined value")
        );
        assert!(flag("/text").unwrap_err().contains("is not true or false"));
        let report = |source: &str| response.report(Some(&text(source)), "error").unwrap();
        assert_eq!(report("/error").as_deref(), Some(r#"{"code":7}"#));
        assert_eq!(report("/none"), None);
        let calls = |source: &str| response.tool_calls(Some(&text(source)), "tool_calls");
        assert_eq!(calls("/calls").unwrap()[0].name, "look");
        assert_eq!(calls("{{ response.calls | tojson }}").unwrap().len(), 1);
        assert!(
            calls("{{ response.text }}")
                .unwrap_err()
                .contains("something not JSON")
        );
        assert!(calls("/text").is_err());
    }
}
