//! The HTTP server: the gateway's commands and queries under the addresses of `api::http`.
//!
//! A request goes through `connection` (bytes in time), `pipeline` (request id, security headers, CORS, panics), `router` (which
//! operation), `auth` (who asks), `limit` (how often), `request` (path, query, body and headers as one JSON object), and then the
//! gateway. What is refused anywhere is a [`Problem`](api::error::Problem), which the pipeline writes out; so it looks the same
//! wherever it comes from. Nothing here knows what an operation means.

mod answers;
mod app;
mod auth;
mod body;
mod conditional;
mod connection;
mod cors;
mod docs;
mod extension;
mod headers;
mod json;
mod limit;
mod next_page;
mod operation;
mod options;
mod pipeline;
mod probe;
mod query;
mod request;
mod respond;
mod router;
mod sign_in;
mod stall;
#[cfg(test)]
mod tests;
mod token;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use app::App;
use connection::Connections;
pub use limit::RateLimits;
pub use options::{HttpError, HttpOptions};
pub use token::Tokens;
use tokio::{
    net::TcpListener,
    time::{Instant, timeout_at},
};

use crate::Gateway;

/// A running HTTP server.
#[derive(Debug)]
pub struct Http {
    app: Arc<App>,
    connections: Connections,
    address: SocketAddr,
}

impl Http {
    /// Begins to listen and to answer.
    ///
    /// # Errors
    /// Options that cannot be served by, or an address that cannot be listened on.
    pub async fn start(options: HttpOptions, gateway: Gateway, tokens: Tokens) -> Result<Self, HttpError> {
        let wanted = options.address;
        let app = Arc::new(App::new(options, gateway, tokens)?);
        let cannot_bind = |source| HttpError::Bind {
            address: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(cannot_bind)?;
        let address = listener.local_addr().map_err(cannot_bind)?;
        app.bound_to(address);
        let connections = Connections::start(listener, &app);
        Ok(Self {
            app,
            connections,
            address,
        })
    }

    /// Where it listens, with the port that it was given if it asked for any.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What the addresses of the API begin with, as clients see it; no slash at the end.
    pub fn base_url(&self) -> String {
        let configured = self.app.options().public_url.as_deref();
        configured.map_or_else(
            || self.app.bound_url(),
            |url| url.trim_end_matches('/').to_owned(),
        )
    }

    /// Takes no more requests, lets those that have come in finish, and then closes. Who waits for something to happen is answered
    /// at once; what is not done after `patience` is cut off.
    pub async fn stop(self, patience: Duration) {
        let deadline = Instant::now() + patience;
        self.app.begin_stopping();
        if !self.connections.stop(deadline).await {
            tracing::warn!("some requests were still being answered when the HTTP server stopped");
        }
        let commands = self.app.finish_commands();
        if timeout_at(deadline, commands).await.is_err() {
            tracing::warn!("some commands were still being carried out when the HTTP server stopped");
        }
    }
}
