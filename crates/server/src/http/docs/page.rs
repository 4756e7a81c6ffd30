//! The page as a whole.

use serde_json::{Map, Value};

use super::{
    html::{Escaped, prose},
    operation::{error, operation},
    schema::block,
};

/// An operation with its address.
struct Entry<'a> {
    path: &'a str,
    method: &'a str,
    operation: &'a Value,
}

/// The page for a document.
pub(super) fn page(document: &Value) -> String {
    let title = document["info"]["title"].as_str().unwrap_or_default();
    let entries = entries(document);
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{0} API</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body>",
        Escaped(title),
    );
    html.push_str(&navigation(&tags, &entries));
    html.extend([format!(
        "<main><h1>{} API <small>{}</small></h1><p>{}</p><p><a href=\"/openapi.json\">openapi.json</a></p>",
        Escaped(title),
        Escaped(document["info"]["version"].as_str().unwrap_or_default()),
        prose(document["info"]["description"].as_str().unwrap_or_default()),
    )]);
    for tag in &tags {
        html.extend([format!("<h2 id=\"tag-{}\">{}</h2>", anchor(tag), Escaped(tag))]);
        for entry in entries.iter().filter(|entry| has_tag(entry, tag)) {
            html.push_str(&operation(document, entry.path, entry.method, entry.operation));
        }
    }
    html.push_str("<h2 id=\"errors\">Errors</h2>");
    for (name, response) in named(document, "responses").into_iter().flatten() {
        html.push_str(&error(name, response));
    }
    html.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in named(document, "schemas").into_iter().flatten() {
        html.push_str(&component(name, schema));
    }
    html + "</main></body></html>"
}

fn named<'a>(document: &'a Value, kind: &str) -> Option<&'a Map<String, Value>> {
    document["components"][kind].as_object()
}

fn entries(document: &Value) -> Vec<Entry<'_>> {
    let paths = document["paths"].as_object();
    paths
        .into_iter()
        .flatten()
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| Entry {
                path,
                method,
                operation,
            })
        })
        .collect()
}

fn has_tag(entry: &Entry<'_>, tag: &str) -> bool {
    let tags = entry.operation["tags"].as_array();
    tags.is_some_and(|tags| tags.iter().any(|known| known == tag))
}

/// A tag within an anchor.
fn anchor(tag: &str) -> String {
    tag.replace(' ', "-")
}

fn navigation(tags: &[&str], entries: &[Entry<'_>]) -> String {
    let mut html = String::from("<nav>");
    for tag in tags {
        html.extend([format!("<details><summary>{}</summary><ul>", Escaped(tag))]);
        for entry in entries.iter().filter(|entry| has_tag(entry, tag)) {
            let id = entry.operation["operationId"].as_str().unwrap_or_default();
            html.extend([format!("<li><a href=\"#{0}\">{0}</a></li>", Escaped(id))]);
        }
        html.push_str("</ul></details>");
    }
    html + "<p><a href=\"#errors\">Errors</a></p><p><a href=\"#schemas\">Schemas</a></p></nav>"
}

fn component(name: &str, schema: &Value) -> String {
    format!(
        "<section class=\"schema\" id=\"schema-{0}\"><h3>{0}</h3><p>{1}</p>{2}</section>",
        Escaped(name),
        prose(schema["description"].as_str().unwrap_or_default()),
        block(schema),
    )
}
