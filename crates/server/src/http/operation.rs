//! One operation: who asks, how often, what for; then the gateway.

use std::sync::Arc;

use api::{
    bus::{Family, SEQUENCE_HEADER},
    error::{ErrorCode, Problem},
    http::Operation,
};
use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, request::Parts};
use model::{Kind, StateTag};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    answers::Question,
    app::App,
    body::RequestBody,
    conditional,
    extension::base_url,
    limit::Allowance,
    next_page,
    request::{read_metadata, read_request},
    respond::{empty, json, json_bytes, refuse},
};
use crate::{Answer, Caller, Metadata, gateway::internal};

/// Answers a request of an operation.
pub(super) async fn answer(app: Arc<App>, operation: &'static Operation, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut body = RequestBody::new(body, &parts.headers, app.options());
    let mut allowance = None;
    let mut answer = match serve(&app, operation, &parts, &mut body, &mut allowance).await {
        Ok(answer) => answer,
        Err(problem) => refuse(problem),
    };
    if let Some(allowance) = allowance {
        answer.extensions_mut().insert(allowance);
    }
    body.drain().await;
    answer
}

async fn serve(
    app: &Arc<App>,
    operation: &'static Operation,
    parts: &Parts,
    body: &mut RequestBody,
    allowance: &mut Option<Allowance>,
) -> Result<Response<Body>, Problem> {
    let caller = app.caller(parts).await?;
    *allowance = app.limits().operation(operation, &caller, app.gateway().now());
    if let Some(allowance) = allowance {
        allowance.require()?;
    }
    let mut metadata = read_metadata(operation.family, &parts.headers)?;
    metadata.known = conditional::precondition(operation, &parts.headers)?;
    let request = read_request(operation, parts, body).await?;
    let status = StatusCode::from_u16(operation.status).map_err(|invalid| internal(&invalid))?;
    match operation.family {
        Family::Command => {
            let done = command(app, operation, caller, metadata, request).await?;
            let mut response = if status == StatusCode::NO_CONTENT {
                empty(status)
            } else {
                json(status, &done.body)
            };
            let sequence = HeaderValue::from(done.sequence);
            response.headers_mut().insert(SEQUENCE_HEADER, sequence);
            conditional::add_state(operation, response.headers_mut(), done.state);
            Ok(response)
        }
        Family::Query => {
            let state = state_shown(app, operation, &caller, metadata.seen, &request).await?;
            let answer = query(app, operation, parts, &caller, metadata, &request).await?;
            if operation.verb == "page" {
                let mut response = json_bytes(status, answer.clone());
                next_page::add(&mut response, &parts.uri, &answer);
                return Ok(response);
            }
            conditional::show(operation, &parts.headers, status, state, answer)
        }
    }
}

/// The state of the object that a query shows. It is read before the answer is made, which is then never older.
async fn state_shown(
    app: &App,
    operation: &'static Operation,
    caller: &Caller,
    seen: Option<u64>,
    request: &Value,
) -> Result<Option<StateTag>, Problem> {
    match operation.kind.parse::<Kind>() {
        Ok(kind) if operation.shows_object() => app.gateway().state_shown(caller, seen, kind, request).await,
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Answers a query, with what it was answered with before if nothing has happened since.
async fn query(
    app: &App,
    operation: &'static Operation,
    parts: &Parts,
    caller: &Caller,
    mut metadata: Metadata,
    request: &Value,
) -> Result<Bytes, Problem> {
    let gateway = app.gateway();
    // Before the answer is made: it may then show more than this, never less.
    let sequences = gateway.database().sequences();
    let question = Question::of(operation, parts, caller);
    let shown = metadata.seen.is_none_or(|seen| seen <= sequences.events);
    if let Some(question) = question.as_ref().filter(|_| shown && gateway.is_following())
        && let Some(given) = app.answers().find(question, sequences, &caller.access)
    {
        return Ok(given);
    }
    metadata.base_url = Some(base_url(app, &parts.headers));
    let (kind, verb) = (operation.kind, operation.verb);
    let asked = gateway.query_value(caller, metadata, kind, verb, request);
    let answer = timeout(app.options().request_timeout, asked).await;
    let answer = answer.map_err(|_elapsed| too_late(app))??;
    let bytes = Bytes::from(serde_json::to_vec(&answer).map_err(|failure| internal(&failure))?);
    if let Some(question) = question {
        app.answers().keep(question, sequences, &caller.access, &bytes);
    }
    Ok(bytes)
}

/// Has a command carried out: to the end, also if the client goes away.
async fn command(
    app: &Arc<App>,
    operation: &'static Operation,
    caller: Caller,
    metadata: Metadata,
    request: Value,
) -> Result<Answer, Problem> {
    let has_key = metadata.command_id.is_some();
    let gateway = app.gateway().clone();
    let task = app.carry_out(async move {
        let (kind, verb) = (operation.kind, operation.verb);
        gateway
            .command_value(&caller, metadata, kind, verb, &request)
            .await
    });
    let done = timeout(app.options().request_timeout, task).await;
    let done = done.map_err(|_elapsed| too_late(app))?;
    done.map_err(|lost| internal(&lost))?.map_err(|problem| {
        if has_key && problem.code == ErrorCode::CommandReused {
            return Problem::new(
                ErrorCode::IdempotencyKeyReused,
                "the idempotency key came with another request before",
            );
        }
        problem
    })
}

pub(super) fn too_late(app: &App) -> Problem {
    let seconds = app.options().request_timeout.as_secs();
    Problem::new(
        ErrorCode::TimedOut,
        format!("there was no answer within {seconds} s; whether a command took effect is not known"),
    )
}
