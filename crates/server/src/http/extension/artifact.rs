//! Artifacts by signed address: whole or a range, to anybody who has the address.

use std::sync::Arc;

use api::{
    error::{ErrorCode, Problem},
    read::read,
    run::{ARTIFACT_CONTENT_TYPE, SignedArtifactQuery},
};
use axum::{
    body::Body,
    extract::{Request, State},
};
use headers::{AcceptRanges, ContentLength, ContentRange, ETag, HeaderMapExt as _};
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    request::Parts,
};
use tokio::time::timeout;

use super::{
    super::{
        app::App,
        body::RequestBody,
        operation::too_late,
        request::{organization, read_request},
        respond::{empty, refuse},
    },
    ARTIFACT,
    range::{Wanted, wanted},
};
use crate::gateway::internal;

/// Answers a request for an artifact.
pub(super) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut body = RequestBody::new(body, &parts.headers, app.options());
    let served = timeout(app.options().request_timeout, serve(&app, &parts, &mut body)).await;
    let served = served.map_err(|_elapsed| too_late(&app)).flatten();
    body.drain().await;
    served.unwrap_or_else(refuse)
}

async fn serve(app: &App, parts: &Parts, body: &mut RequestBody) -> Result<Response<Body>, Problem> {
    let org = organization(parts.uri.path())?;
    let request = read_request(&ARTIFACT, parts, body).await?;
    let request = read::<SignedArtifactQuery>(&request)?;
    let gateway = app.gateway();
    let opened = gateway.open_artifact(&org, &request).await?;
    let length = opened.size_bytes();
    let etag = format!("\"{}\"", opened.digest()).parse::<ETag>();
    let etag = etag.map_err(|invalid| internal(&invalid))?;
    let mut answer = match wanted(&parts.method, &parts.headers, &etag, length) {
        Wanted::Known => empty(StatusCode::NOT_MODIFIED),
        Wanted::Other => {
            let detail = "the artifact is not the one that `If-Match` names";
            refuse(Problem::new(ErrorCode::PreconditionFailed, detail))
        }
        Wanted::Beyond => {
            let detail = format!("the artifact has {length} bytes");
            let mut answer = refuse(Problem::new(ErrorCode::RangeNotSatisfiable, detail));
            answer
                .headers_mut()
                .typed_insert(ContentRange::unsatisfied_bytes(length));
            answer
        }
        Wanted::Whole if parts.method == Method::HEAD => {
            let mut answer = empty(StatusCode::OK);
            describe(&mut answer, request.id, length);
            answer
        }
        Wanted::Whole => {
            let bytes = gateway.artifact_bytes(opened).await?;
            let mut answer = Response::new(Body::from(bytes));
            describe(&mut answer, request.id, length);
            answer
        }
        Wanted::Part(range) => {
            let bytes = gateway.artifact_bytes(opened).await?;
            let place = |byte: &u64| usize::try_from(*byte).map_err(|invalid| internal(&invalid));
            // The bytes are as many as `length`, within which the range lies.
            let part = bytes.slice(place(range.start())?..=place(range.end())?);
            let n_bytes = part.len() as u64;
            let mut answer = Response::new(Body::from(part));
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            describe(&mut answer, request.id, n_bytes);
            let content = ContentRange::bytes(range, length).map_err(|invalid| internal(&invalid))?;
            answer.headers_mut().typed_insert(content);
            answer
        }
    };
    let headers = answer.headers_mut();
    headers.typed_insert(etag);
    headers.typed_insert(AcceptRanges::bytes());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=0"));
    Ok(answer)
}

/// Says what the body is. `n_bytes` is what it has, or would have if it were sent.
fn describe(answer: &mut Response<Body>, run: model::RunId, n_bytes: u64) {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(ARTIFACT_CONTENT_TYPE));
    headers.typed_insert(ContentLength(n_bytes));
    // An id is made of digits and letters.
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"run-{run}.zip\"")) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
}
