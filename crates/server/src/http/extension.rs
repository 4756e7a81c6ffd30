//! What the API has beyond operations that answer JSON: streams of events, and artifacts by signed address.

mod artifact;
mod base;
mod events;
mod range;

use std::sync::Arc;

use api::{
    bus::Family,
    http::{Method, Operation},
    run::{ARTIFACT_PATH, EVENTS_PATH},
};
use axum::routing::{MethodFilter, MethodRouter};
pub(super) use base::base_url;

use super::app::App;

/// How a request to follow a run stands in path and query.
const EVENTS: Operation = of_run("follow-run", EVENTS_PATH);

/// How a request for an artifact stands in path and query.
const ARTIFACT: Operation = of_run("fetch-run-artifact", ARTIFACT_PATH);

/// Every address of the extensions, in both spellings.
pub(super) fn addresses() -> impl Iterator<Item = (String, MethodRouter<Arc<App>>)> {
    let events = EVENTS.spellings().map(|path| {
        let methods = MethodRouter::new().on(MethodFilter::GET, events::answer);
        (path, methods)
    });
    let artifact = ARTIFACT.spellings().map(|path| {
        let methods = MethodRouter::new().on(MethodFilter::GET, artifact::answer);
        (path, methods)
    });
    events.into_iter().chain(artifact)
}

/// What is asked of a run by its id, and has no endpoint of its own.
const fn of_run(id: &'static str, path: &'static str) -> Operation {
    Operation {
        id,
        method: Method::Get,
        path,
        status: 200,
        family: Family::Query,
        kind: "run",
        verb: "get",
        path_fields: &[("run_id", "id")],
        query_fields: &[],
        per_minute: 600,
        errors: &[],
    }
}
