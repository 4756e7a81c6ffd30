//! Which address and method is which operation. Both spellings of every path lead to it; there is never a redirect.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    error::{ErrorCode, Problem},
    http::{Method, PATH_PREFIX, operations},
    session::SIGN_IN_PATH,
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    routing::{MethodFilter, MethodRouter, get},
};
use http::Response;

use super::{app::App, docs, extension, operation, probe, respond::refuse, sign_in, token};

/// Every address of the server.
pub(super) fn router(app: Arc<App>) -> Router {
    let mut addresses: BTreeMap<String, MethodRouter<Arc<App>>> = BTreeMap::new();
    for operation in operations() {
        let filter = filter(operation.method);
        for path in operation.spellings() {
            let handler = move |State(app): State<Arc<App>>, request: Request| {
                operation::answer(app, operation, request)
            };
            let methods = addresses.remove(&shape(&path)).unwrap_or_default();
            addresses.insert(shape(&path), methods.on(filter, handler));
        }
    }
    let sign_in = format!("{PATH_PREFIX}{SIGN_IN_PATH}");
    for path in [format!("{sign_in}/"), sign_in] {
        addresses.insert(
            shape(&path),
            MethodRouter::new().on(MethodFilter::POST, sign_in::answer),
        );
    }
    for (path, methods) in extension::addresses() {
        addresses.insert(shape(&path), methods);
    }
    addresses
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(&path, methods)
        })
        .merge(docs::router())
        .route("/healthz", get(probe::health))
        .route("/readyz", get(probe::readiness))
        .route("/.well-known/jwks.json", get(token::jwks))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown)
        .with_state(app)
}

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// A path with its placeholders numbered: operations name the same place differently, and the router must not mind.
fn shape(path: &str) -> String {
    let parts = path.split('/').enumerate().map(|(n, part)| {
        if part.starts_with('{') {
            format!("{{p{n}}}")
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// There is nothing at this address.
async fn unknown() -> Response<Body> {
    refuse(Problem::new(
        ErrorCode::UnknownEndpoint,
        "there is nothing at this address; GET /openapi.json lists what there is",
    ))
}

/// There is something at this address, but not for this method. The router adds `Allow`.
async fn method_not_allowed(request: Request) -> Response<Body> {
    let detail = format!("this address cannot be used with {}", request.method());
    refuse(Problem::new(ErrorCode::MethodNotAllowed, detail))
}
