//! Operations, for people.

use serde_json::Value;

use super::{
    html::{Escaped, prose},
    schema::{block, line, row},
};

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A value with its reference followed.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}

/// The section of an operation.
pub(super) fn operation(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let id = Escaped(text(operation, "operationId"));
    let mut html = format!(
        "<section class=\"operation\" id=\"{id}\"><h3><span class=\"method {method}\">{}</span> \
         <code>{}</code> <a class=\"anchor\" href=\"#{id}\">{id}</a></h3><p>{}</p>",
        method.to_uppercase(),
        Escaped(path),
        prose(text(operation, "summary")),
    );
    let description = text(operation, "description");
    if !description.is_empty() {
        html.extend([format!("<p class=\"note\">{}</p>", prose(description))]);
    }
    html.push_str(&parameters(operation));
    if let Some(content) = content(&operation["requestBody"]) {
        html.extend([format!("<h4>Body</h4>{}", body(content))]);
    }
    html.push_str("<h4>Answers</h4>");
    let responses = operation["responses"].as_object();
    for (status, response) in responses.into_iter().flatten() {
        html.push_str(&answer(document, status, response));
    }
    html + "</section>"
}

fn parameters(operation: &Value) -> String {
    let parameters = operation["parameters"]
        .as_array()
        .filter(|parameters| !parameters.is_empty());
    let Some(parameters) = parameters else {
        return String::new();
    };
    let rows = parameters.iter().map(|parameter| {
        let mut schema = parameter["schema"].clone();
        if let Some(keywords) = schema.as_object_mut() {
            let description = format!(
                "{} In the {}.",
                text(parameter, "description"),
                text(parameter, "in")
            );
            keywords.insert("description".to_owned(), Value::from(description));
        }
        row(
            text(parameter, "name"),
            parameter["required"] == Value::Bool(true),
            &schema,
        )
    });
    format!(
        "<h4>Parameters</h4><table><tbody>{}</tbody></table>",
        rows.collect::<String>()
    )
}

/// The first content of a body.
fn content(body: &Value) -> Option<&Value> {
    body["content"].as_object()?.values().next()
}

fn body(content: &Value) -> String {
    let mut html = block(&content["schema"]);
    if let Some(example) = content.get("example")
        && let Ok(pretty) = serde_json::to_string_pretty(example)
    {
        html.extend([format!(
            "<details><summary>Example</summary><pre>{}</pre></details>",
            Escaped(&pretty)
        )]);
    }
    html
}

/// A success in full; an error in a line, because all errors are told once.
fn answer(document: &Value, status: &str, response: &Value) -> String {
    let resolved = resolved(document, response);
    let status_text = Escaped(status);
    if let Some(name) = response
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.rsplit('/').next())
    {
        return format!("<p><a href=\"#response-{}\">{status_text}</a></p>", Escaped(name));
    }
    let inner = content(resolved).map(body).unwrap_or_default();
    format!(
        "<p><strong>{status_text}</strong> {}</p>{inner}",
        prose(text(resolved, "description"))
    )
}

/// The section of an error.
pub(super) fn error(name: &str, response: &Value) -> String {
    let shape = content(response)
        .map(|content| line(&content["schema"]))
        .unwrap_or_default();
    format!(
        "<section id=\"response-{0}\"><h3>{0}</h3>{1}<p class=\"type\">{shape}</p></section>",
        Escaped(name),
        prose(text(response, "description")),
    )
}
