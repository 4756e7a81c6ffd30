//! Probes: whether the process answers, and whether requests should be sent to it. They tell nothing about organizations.

use std::{sync::Arc, time::Duration};

use api::bus::LogStatus;
use axum::{body::Body, extract::State};
use http::{Response, StatusCode};
use journal::LogName;
use projections::Log;
use serde::Serialize;
use serde_json::json;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{app::App, respond};

/// How long the log may take to answer.
const LOG_TIMEOUT: Duration = Duration::from_secs(2);

/// How long what the log said is repeated: anybody may ask, and must not be able to keep the log busy.
const FRESH: Duration = Duration::from_millis(250);

/// Whether requests should be sent to this server.
#[derive(Clone, Debug, Serialize)]
struct Readiness {
    ready: bool,
    /// Why not.
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<LogStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<LogStatus>,
}

/// The last sequences of the two logs; none: it could not be reached.
type Ends = Option<(u64, u64)>;

/// Asks the log, not too often.
#[derive(Debug, Default)]
pub(super) struct Probe {
    last: Mutex<Option<(Instant, Ends)>>,
}

impl Probe {
    async fn ends(&self, app: &App) -> Ends {
        let mut last = self.last.lock().await;
        if let Some((at, ends)) = *last
            && at.elapsed() < FRESH
        {
            return ends;
        }
        let journal = app.gateway().journal();
        let asked = timeout(LOG_TIMEOUT, async {
            let events = journal.info(LogName::Events).await?;
            let results = journal.info(LogName::Results).await?;
            Ok::<_, journal::JournalError>((events.last_sequence, results.last_sequence))
        });
        let ends = match asked.await {
            Ok(Ok(ends)) => Some(ends),
            Ok(Err(failure)) => {
                tracing::warn!(error = &failure as &dyn std::error::Error, "not ready");
                None
            }
            Err(_elapsed) => None,
        };
        *last = Some((Instant::now(), ends));
        ends
    }
}

/// `GET /healthz`: the process answers.
pub(super) async fn health() -> Response<Body> {
    respond::json(StatusCode::OK, &json!({"status": "ok"}))
}

/// `GET /readyz`: whether requests should be sent here, and why not.
pub(super) async fn readiness(State(app): State<Arc<App>>) -> Response<Body> {
    let readiness = judge(&app).await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    respond::json(status, &readiness)
}

async fn judge(app: &App) -> Readiness {
    let mut reasons = Vec::new();
    let ends = app.probe().ends(app).await;
    let projected = app.gateway().database().sequences();
    let status = |end, log| LogStatus::of(end, projected.of(log));
    let events = ends.map(|(end, _)| status(end, Log::Events));
    let results = ends.map(|(_, end)| status(end, Log::Results));
    if ends.is_none() {
        reasons.push("the log cannot be reached".to_owned());
    }
    if !app.gateway().is_following() {
        reasons.push("the projections no longer follow the log".to_owned());
    }
    let max_lag = app.options().max_lag;
    for (name, status) in [("events", events), ("results", results)] {
        if let Some(status) = status.filter(|status| status.lag > max_lag) {
            reasons.push(format!(
                "the projections of {name} are {} messages behind",
                status.lag
            ));
        }
    }
    if app.stopping().is_cancelled() {
        reasons.push("the server is stopping".to_owned());
    }
    Readiness {
        ready: reasons.is_empty(),
        reasons,
        events,
        results,
    }
}
