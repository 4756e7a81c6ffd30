//! A run's events as a stream (`text/event-stream`), for as long as the run goes on and its reader may see it.
//!
//! The next events are looked for only when the last ones were taken over by the connection. So a reader who is slow costs nothing but
//! its place, and one who does not read at all is cut off by the connection.

use std::{convert::Infallible, fmt::Write as _, sync::Arc, time::Duration};

use api::{
    FieldErrors, Pointer,
    bus::Family,
    error::Problem,
    run::{EVENTS_CONTENT_TYPE, EventId, LAST_EVENT_ID_HEADER},
};
use axum::{
    body::Body,
    extract::{Request, State},
};
use bytes::Bytes;
use futures::stream;
use http::{HeaderName, HeaderValue, Response, header::CONTENT_TYPE, request::Parts};
use model::Invalid;
use serde_json::json;
use tokio::time::timeout;
use tracing::debug;

use super::{
    super::{
        app::App,
        body::RequestBody,
        headers::single,
        request::{read_metadata, read_request},
        respond::{empty, refuse},
    },
    EVENTS,
};
use crate::gateway::{Follower, RunEvent, Taken};

/// After how much silence a sign of life is sent.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A sign of life: a comment, which readers pass over.
const COMMENT: &str = ":\n\n";

/// What a stream begins with: after how many milliseconds a reader should come back if the connection is lost.
const GREETING: &str = "retry: 1000\n\n";

/// Tells proxies of a widespread kind to pass on what comes when it comes.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers a request to follow a run.
pub(super) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut body = RequestBody::new(body, &parts.headers, app.options());
    let begun = begin(&app, &parts, &mut body).await;
    body.drain().await;
    match begun {
        Ok(Some(follower)) => followed(Following {
            app,
            parts,
            follower,
            is_greeted: false,
        }),
        Ok(None) => empty(http::StatusCode::NO_CONTENT),
        Err(problem) => refuse(problem),
    }
}

async fn begin(app: &App, parts: &Parts, body: &mut RequestBody) -> Result<Option<Follower>, Problem> {
    let caller = app.caller(parts).await?;
    let metadata = read_metadata(Family::Query, &parts.headers)?;
    let mut request = read_request(&EVENTS, parts, body).await?;
    if let Some(last) = last_event_id(parts)? {
        // A browser that comes back repeats the address, and says in the header how far it has come since.
        request["last_event_id"] = json!(last);
    }
    app.gateway().follow(&caller, &metadata, &request).await
}

/// The place in the request's headers from which to go on.
fn last_event_id(parts: &Parts) -> Result<Option<EventId>, FieldErrors> {
    let given = single(&parts.headers, LAST_EVENT_ID_HEADER)?;
    let id = given.map(|text| {
        text.parse().map_err(|invalid: Invalid| {
            let header = Pointer::root().key(LAST_EVENT_ID_HEADER);
            FieldErrors::one(&header, invalid.to_string())
        })
    });
    id.transpose()
}

/// A stream under way.
struct Following {
    app: Arc<App>,
    /// The request: who asks is found out again and again.
    parts: Parts,
    follower: Follower,
    is_greeted: bool,
}

fn followed(following: Following) -> Response<Body> {
    let chunks = stream::unfold(following, |mut following| async move {
        let chunk = following.next().await?;
        Some((Ok::<_, Infallible>(chunk), following))
    });
    let mut answer = Response::new(Body::from_stream(chunks));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENTS_CONTENT_TYPE));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    answer
}

impl Following {
    /// What to send next; none: the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_greeted {
            self.is_greeted = true;
            return Some(Bytes::from_static(GREETING.as_bytes()));
        }
        match self.events().await {
            Ok(chunk) => chunk,
            Err(problem) => {
                // The reader goes on where it was, and is then told what is wrong.
                debug!(%problem, "a stream of events ends");
                None
            }
        }
    }

    async fn events(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            // A key may have been revoked and a role changed, and tokens end.
            let caller = self.app.caller(&self.parts).await?;
            self.follower.permit(caller).await?;
            match self.follower.take().await? {
                Taken::Events(events) => return Ok(Some(written(&events))),
                Taken::Over => return Ok(None),
                Taken::Nothing => {}
            }
            match timeout(HEARTBEAT, self.follower.wait()).await {
                Ok(news) => {
                    if !news? {
                        return Ok(None);
                    }
                }
                Err(_elapsed) => return Ok(Some(Bytes::from_static(COMMENT.as_bytes()))),
            }
        }
    }
}

/// Events as they are sent. What they tell stands on one line, as JSON has no line ends of its own.
fn written(events: &[RunEvent]) -> Bytes {
    let mut text = String::new();
    for RunEvent { id, name, data } in events {
        // Writing into a text cannot fail.
        let _written = write!(text, "id: {id}\nevent: {}\ndata: {data}\n\n", name.as_str());
    }
    text.into()
}
