//! From what was made to what can be done with it.

use serde_json::{Value, json};
use utoipa::openapi::link::{Link, LinkBuilder};

use super::schemas::EndpointSchemas;
use crate::http::{Method, Operation, operations};

/// Links of an operation that makes something, named after the operation that they lead to; none for any other.
pub(super) fn links(operation: &Operation, schemas: &EndpointSchemas) -> Vec<(&'static str, Link)> {
    if !matches!(operation.verb, "create" | "start") {
        return Vec::new();
    }
    let Some(key) = created_key(schemas) else {
        return Vec::new();
    };
    let id = format!("$response.body#/{key}");
    operations()
        .filter(|target| target.kind == operation.kind && target.id != operation.id)
        .filter_map(|target| Some((target.id, link(target, &id)?)))
        .collect()
}

/// The field of the answer that holds the new object's id: the first.
fn created_key(schemas: &EndpointSchemas) -> Option<String> {
    let name = schemas.response.as_ref()?["$ref"]
        .as_str()?
        .rsplit('/')
        .next()?
        .to_owned();
    let (_, component) = schemas.components.iter().find(|(known, _)| *known == name)?;
    let component = serde_json::to_value(component).ok()?;
    component["properties"].as_object()?.keys().next().cloned()
}

/// The link to an operation that names one object of the kind, in its path or, for a list, in its query.
fn link(target: &Operation, id: &str) -> Option<Link> {
    let placeholder = target.path_fields.iter().find(|(_, field)| *field == "id");
    let mut parameters = vec![(
        "path.organization".to_owned(),
        json!("$request.path.organization"),
    )];
    match placeholder {
        // A second placeholder would need something that the answer does not tell.
        Some((name, _)) if target.path_fields.len() == 1 => {
            parameters.push((format!("path.{name}"), Value::from(id)))
        }
        None if target.method == Method::Get && target.verb == "list" && target.kind != "api_key" => {
            parameters.push(("query.id".to_owned(), Value::from(id)));
        }
        Some(_) | None => return None,
    }
    let link = parameters.into_iter().fold(
        LinkBuilder::new().operation_id(target.id),
        |link, (name, value)| link.parameter(name, value),
    );
    Some(link.build())
}
