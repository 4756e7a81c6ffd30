//! Connections: accepting them, reading requests from them in time, closing them.

use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::Semaphore,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

use super::{app::App, pipeline, router::router, stall::Stall};

/// The largest head of a request, in bytes: what fits a request line of 64 KiB and as much in headers.
const MAX_HEAD_BYTES: usize = 128 * 1024;

/// How long to wait when the operating system has no connection to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Every open connection.
#[derive(Debug)]
pub(super) struct Connections {
    stopping: CancellationToken,
    /// Cancelled when patience is at an end.
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl Connections {
    /// Begins to accept.
    pub(super) fn start(listener: TcpListener, app: &Arc<App>) -> Self {
        let connections = Self {
            stopping: app.stopping().clone(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let accepting = accept(
            listener,
            Arc::clone(app),
            connections.closing.clone(),
            connections.tasks.clone(),
        );
        connections.tasks.spawn(accepting);
        connections
    }

    /// Waits until every request that came in was answered; false if some were cut off at the deadline.
    pub(super) async fn stop(self, deadline: Instant) -> bool {
        self.stopping.cancel();
        self.tasks.close();
        let in_time = timeout_at(deadline, self.tasks.wait()).await.is_ok();
        self.closing.cancel();
        self.tasks.wait().await;
        in_time
    }
}

/// Accepts connections until the server stops.
async fn accept(listener: TcpListener, app: Arc<App>, closing: CancellationToken, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(app.options().max_connections));
    let router = router(Arc::clone(&app));
    let stopping = app.stopping().clone();
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((listener.accept().await, place))
        };
        let Some(Some((accepted, place))) = stopping.run_until_cancelled(next).await else {
            return;
        };
        match accepted {
            Ok((stream, peer)) => {
                let (app, router, closing) = (Arc::clone(&app), router.clone(), closing.clone());
                tasks.spawn(async move {
                    serve(stream, peer.ip(), app, router, closing).await;
                    drop(place);
                });
            }
            Err(failure) => {
                // Out of file descriptors, or the other side has gone: neither is a reason to stop.
                warn!(
                    error = &failure as &dyn std::error::Error,
                    "a connection could not be accepted"
                );
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the requests of one connection.
async fn serve(stream: TcpStream, peer: IpAddr, app: Arc<App>, router: Router, closing: CancellationToken) {
    // Answers are written whole: waiting for more to send only delays them.
    if let Err(failure) = stream.set_nodelay(true) {
        debug!(
            error = &failure as &dyn std::error::Error,
            "a connection is gone already"
        );
        return;
    }
    let options = app.options();
    let io = TokioIo::new(Stall::new(stream, options.write_timeout));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        .max_header_size(MAX_HEAD_BYTES);
    let stopping = app.stopping().clone();
    let service = service_fn(move |request| {
        let (app, router) = (Arc::clone(&app), router.clone());
        async move { Ok::<_, Infallible>(pipeline::answer(&app, router, peer, request).await) }
    });
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let ended = select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            select! {
                ended = connection => ended,
                () = closing.cancelled() => return,
            }
        }
    };
    if let Err(failure) = ended {
        debug!(error = &failure as &dyn std::error::Error, "a connection ended");
    }
}
