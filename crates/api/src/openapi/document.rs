//! The document as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::{
    Components as ComponentsObject, Info, License, OpenApi, Paths, Server, Tag,
    path::{HttpMethod, PathItem},
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use super::{
    build::{Built, endpoint, extra},
    extra::extras,
    order::ordered,
    responses,
    schemas::{Components, schema},
    tidy::tidy,
};
use crate::{
    bus::{COMMANDS, Family, QUERIES, commands, queries},
    error::Problem,
    http::{Method, Operation, operations},
    request::schema::referred,
    session::{API_KEY_HEADER, API_KEY_ID_HEADER, ORG_ID_HEADER, USER_ID_HEADER},
};

/// What the document says about all operations together.
const DESCRIPTION: &str = "\
Rehearse tests conversational agents: simulated users play scenarios against an agent, metrics judge what was said, and success \
criteria decide.

Sign in with an API key first (`POST /v1/{organization}/user/signin_with_api_key`); present the token with every further request. \
Every path is answered with and without a slash at its end, never by a redirect; the document names one spelling. What Rehearse \
adds to an object stands under the one key `rehearse`. Errors are problem details (RFC 9457); a 422 lists every wrong field at once.";

/// The document.
pub fn openapi() -> OpenApi {
    let mut components = Components::new();
    referred::<Problem>(&mut components);
    let mut paths = Paths::new();
    let mut tags = BTreeSet::new();
    let mut statuses = BTreeSet::new();
    let mut add = |built: Built| {
        for component in built.components {
            if components.iter().all(|(known, _)| *known != component.0) {
                components.push(component);
            }
        }
        tags.insert(built.tag);
        statuses.extend(built.statuses);
        add_operation(&mut paths, built.path, built.method, built.operation);
    };
    operations().filter_map(described).for_each(&mut add);
    extras().into_iter().map(extra).for_each(&mut add);

    let mut openapi = OpenApi::new(info(), paths);
    openapi.servers = Some(vec![Server::new("/")]);
    openapi.tags = Some(tags.iter().map(Tag::new).collect());
    openapi.security = Some(security());
    openapi.components = Some(components_object(components, &statuses));
    openapi
}

/// The document as JSON, with its keys in the same order every time.
pub fn openapi_json() -> Value {
    // Every part of the document has text keys, so that nothing can fail here.
    serde_json::to_value(openapi()).map_or(Value::Null, ordered)
}

/// An operation with what its endpoint takes and answers.
fn described(operation: &'static Operation) -> Option<Built> {
    let (table, schemas) = match operation.family {
        Family::Command => (COMMANDS, commands::SCHEMAS),
        Family::Query => (QUERIES, queries::SCHEMAS),
    };
    table
        .iter()
        .zip(schemas)
        .find(|(endpoint, _)| endpoint.kind == operation.kind && endpoint.verb == operation.verb)
        .map(|(known, schemas)| endpoint(operation, known, schemas()))
}

fn add_operation(
    paths: &mut Paths,
    path: String,
    method: Method,
    operation: utoipa::openapi::path::Operation,
) {
    let method = match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Delete => HttpMethod::Delete,
    };
    let item = PathItem::new(method, operation);
    match paths.paths.get_mut(&path) {
        Some(known) => known.merge_operations(item),
        None => {
            paths.paths.insert(path, item);
        }
    }
}

fn info() -> Info {
    let mut info = Info::new("Rehearse", env!("CARGO_PKG_VERSION"));
    let mut license = License::new(env!("CARGO_PKG_LICENSE"));
    license.identifier = Some(env!("CARGO_PKG_LICENSE").to_owned());
    info.description = Some(DESCRIPTION.to_owned());
    info.license = Some(license);
    info
}

fn scheme(name: &str) -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], &str>(name, [])
}

/// A bearer token, or the same token as a password; either may come with the organization that issued it.
fn security() -> Vec<SecurityRequirement> {
    let with_organization = |name: &str| scheme(name).add::<_, [&str; 0], &str>("organization", []);
    vec![
        scheme("bearer"),
        scheme("basic"),
        with_organization("bearer"),
        with_organization("basic"),
    ]
}

fn components_object(components: Components, statuses: &BTreeSet<u16>) -> ComponentsObject {
    let mut object = ComponentsObject::new();
    let mut schemas = BTreeMap::new();
    for (name, component) in components {
        let json = serde_json::to_value(component).map_or(Value::Null, tidy);
        schemas.insert(name, schema(json));
    }
    object.schemas = schemas;
    for status in statuses {
        let (name, response) = responses::error_component(*status);
        object.responses.insert(name, response.into());
    }
    let key = |name: &str, description: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
    };
    object.add_security_scheme("bearer", SecurityScheme::Http(bearer()));
    object.add_security_scheme("basic", SecurityScheme::Http(basic()));
    object.add_security_scheme(
        "organization",
        key(
            ORG_ID_HEADER,
            "The organization that issued the token; it may be left out.",
        ),
    );
    object.add_security_scheme("apiKey", key(API_KEY_HEADER, "The key's secret."));
    object.add_security_scheme("apiKeyId", key(API_KEY_ID_HEADER, "The key's id."));
    object.add_security_scheme("apiKeyUser", key(USER_ID_HEADER, "The user whose key it is."));
    object
}

fn bearer() -> Http {
    HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The token that signing in gives."))
        .build()
}

fn basic() -> Http {
    HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some(
            "The user `<organization>_<user>`, with the token as password.",
        ))
        .build()
}
