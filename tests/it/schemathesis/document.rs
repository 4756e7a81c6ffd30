//! OpenAPI documents, cut to what is tested.

use std::collections::{BTreeSet, HashSet};

use harness::{Up, tool};
use serde_json::{Value, json};

use crate::sdk::shared_operations;

const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The tool tries every value of a list. Of longer ones than this, languages and timezones, it gets a part: that both sides take the
/// same values is compared in the tests of the package `api`.
const MAX_VALUES: usize = 100;

/// Values that what exists already has.
const USED: &[&str] = &["eng", "Europe/Berlin"];

/// The document that a running server hands out.
pub(super) fn served(up: &Up) -> Value {
    let credentials = up.credentials();
    let url = format!("{}/openapi.json", credentials["base_url"].as_str().unwrap());
    let script = "import sys, urllib.request as r; sys.stdout.buffer.write(r.urlopen(sys.argv[1]).read())";
    let output = std::process::Command::new(tool("sdk/bin/python"))
        .args(["-c", script, &url])
        .env("NO_PROXY", "127.0.0.1,localhost")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Keeps the operations for which `keep` holds.
fn keep(mut document: Value, keep: impl Fn(&Value) -> bool) -> Value {
    let paths = document["paths"].as_object_mut().unwrap();
    for item in paths.values_mut() {
        let item = item.as_object_mut().unwrap();
        item.retain(|key, operation| !METHODS.contains(&key.as_str()) || keep(operation));
    }
    paths.retain(|_, item| METHODS.iter().any(|method| item.get(method).is_some()));
    document
}

/// Amigo's document with the operations that we share. Its servers are not ours.
pub(super) fn shared(document: Value) -> Value {
    let shared: HashSet<&str> = shared_operations().into_iter().collect();
    let mut document = keep(document, |operation| {
        operation["operationId"]
            .as_str()
            .is_some_and(|id| shared.contains(id))
    });
    assert_eq!(n_operations(&document), shared.len());
    document["servers"] = json!([{"url": "/"}]);
    document
}

/// Without operations that answer with a stream: it has no end that could be waited for. Tests of their own read them.
pub(super) fn without_streams(document: Value) -> Value {
    keep(document, |operation| {
        !operation["responses"]
            .as_object()
            .unwrap()
            .values()
            .any(|response| response["content"].get("text/event-stream").is_some())
    })
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let items = document["paths"].as_object().unwrap().values();
    items.flat_map(|item| METHODS.iter().filter_map(|method| item.get(method)))
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let items = document["paths"].as_object_mut().unwrap().values_mut();
    items
        .flat_map(|item| item.as_object_mut().unwrap().iter_mut())
        .filter_map(|(key, operation)| METHODS.contains(&key.as_str()).then_some(operation))
}

/// How many operations it has.
pub(super) fn n_operations(document: &Value) -> usize {
    operations(document).count()
}

/// The names of all parameters in paths.
pub(super) fn path_parameters(document: &Value) -> BTreeSet<String> {
    let parameters =
        operations(document).flat_map(|operation| operation["parameters"].as_array().into_iter().flatten());
    let in_path = parameters.filter(|parameter| parameter["in"] == "path");
    in_path
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Of what kind the object is that a parameter names.
pub(super) fn kind_of(parameter: &str) -> Option<&str> {
    let kind = parameter.strip_suffix("_id")?;
    let kind = kind.strip_prefix("simulation_").unwrap_or(kind);
    Some(match kind {
        "service_hierarchical_state_machine" | "state_machine" => "context_graph",
        "unit_test_set_run" => "run",
        kind => kind,
    })
}

/// For the tool: without the header of what the caller has seen, since a server would wait in vain for what nobody has seen; with shorter
/// lists of values; and with the references in the schemas of path parameters followed, as it cannot choose from a dictionary for
/// others.
///
/// Preconditions are left out as well: at the edges of their pattern the tool makes values that the pattern does not admit. The server's
/// own tests are about them.
pub(super) fn plain(mut document: Value) -> Value {
    shorten(&mut document);
    let schemas = document["components"]["schemas"].clone();
    for operation in operations_mut(&mut document) {
        let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else {
            continue;
        };
        let left_out = [api::bus::SEEN_HEADER, "If-Match", "If-None-Match"];
        parameters.retain(|parameter| !left_out.iter().any(|name| parameter["name"] == *name));
        for parameter in parameters {
            if parameter["in"] == "path" {
                parameter["schema"] = followed(&parameter["schema"], &schemas);
            }
        }
    }
    document
}

fn shorten(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Array(values)) = fields.get_mut("enum")
                && values.len() > MAX_VALUES
            {
                let step = values.len() / MAX_VALUES + 1;
                let mut index = 0;
                values.retain(|value| {
                    index += 1;
                    index % step == 0 || value.as_str().is_some_and(|value| USED.contains(&value))
                });
            }
            fields.values_mut().for_each(shorten);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn followed(schema: &Value, schemas: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let name = fields
                .get("$ref")
                .and_then(|reference| reference.as_str().unwrap().rsplit('/').next());
            name.map_or_else(
                || {
                    fields
                        .iter()
                        .map(|(key, value)| (key.clone(), followed(value, schemas)))
                        .collect()
                },
                |name| followed(&schemas[name], schemas),
            )
        }
        Value::Array(items) => items.iter().map(|item| followed(item, schemas)).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other.clone(),
    }
}

/// Operations with rules for requests that a schema does not say: an object is named by its id in the path or by its name in the query,
/// a conversation by one of three fields, a cursor is what an earlier page gave, a judge measures values of some types only, a key
/// is for a user or for a role, documents of a suite refer to each other, a duration has bounds however it is written, which schemes a
/// webhook may have is the installation's choice, a role's name in a path has no control characters, and which simulators there are is the installation's choice too, and
/// expressions and templates must compile, and in a recorded conversation user and agent take turns.
pub(super) fn with_more_rules(document: &Value) -> Vec<String> {
    const KNOWN: &[&str] = &[
        "get-run-transcript",
        "create-metric",
        "create-metric-version",
        "create-api-key",
        "apply-suite",
        "diff-suite",
        "create-temporary-permission-grant",
        "create-webhook-destination",
        "modify-role",
        "assign-role",
        "create-agent-version",
        "create-simulation-scenario",
        "create-simulation-scenario-version",
        "start-run",
        "create-recording",
        "rerun-run",
        "create-simulation-unit-test-set-run",
    ];
    let has_more_rules = |operation: &Value| {
        let parameters = || operation["parameters"].as_array().into_iter().flatten();
        let in_query = |name: &str| {
            parameters().any(|parameter| parameter["in"] == "query" && parameter["name"] == name)
        };
        let has_id =
            parameters().any(|parameter| parameter["in"] == "path" && parameter["name"] != "organization");
        in_query("cursor") || (has_id && in_query("name"))
    };
    let ids = operations(document).filter_map(|operation| {
        let id = operation["operationId"].as_str()?;
        (KNOWN.contains(&id) || has_more_rules(operation)).then(|| id.to_owned())
    });
    ids.collect()
}
