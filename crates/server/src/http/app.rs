//! What every handler has at hand.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::OnceLock,
};

use api::error::Problem;
use http::request::Parts;
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

use super::{
    HttpError, HttpOptions, Tokens, answers::Answers, auth::Sessions, limit::Limits, probe::Probe,
    request::organization,
};
use crate::{Caller, Gateway};

/// What every handler has at hand.
#[derive(Debug)]
pub(crate) struct App {
    options: HttpOptions,
    gateway: Gateway,
    tokens: Tokens,
    sessions: Sessions,
    answers: Answers,
    limits: Limits,
    probe: Probe,
    stopping: CancellationToken,
    commands: TaskTracker,
    /// Where the server listens, once it does.
    address: OnceLock<SocketAddr>,
}

/// Where a request comes from: the other side of its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl App {
    pub(super) fn new(options: HttpOptions, gateway: Gateway, tokens: Tokens) -> Result<Self, HttpError> {
        options.check()?;
        Ok(Self {
            limits: Limits::new(&options.rate_limits)?,
            sessions: Sessions::new(),
            answers: Answers::new(),
            probe: Probe::default(),
            stopping: CancellationToken::new(),
            commands: TaskTracker::new(),
            address: OnceLock::new(),
            options,
            gateway,
            tokens,
        })
    }

    /// Takes note of where the server listens, and tells the gateway where clients find it if that was configured.
    pub(super) fn bound_to(&self, address: SocketAddr) {
        self.address.get_or_init(|| address);
        if let Some(url) = &self.options.public_url {
            self.gateway.publish_at(url.trim_end_matches('/'));
        }
    }

    /// What the addresses of the API begin with for a client that reaches the server without anything in front of it.
    pub(crate) fn bound_url(&self) -> String {
        let address = self.address.get().unwrap_or(&self.options.address);
        format!("http://{address}")
    }

    pub(crate) const fn options(&self) -> &HttpOptions {
        &self.options
    }

    pub(crate) const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    pub(crate) const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) const fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(super) const fn probe(&self) -> &Probe {
        &self.probe
    }

    /// Cancelled when the server begins to stop: an answer that goes on for long ends then.
    pub(crate) const fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Who makes this request, to an address below `/v1/{organization}/`.
    pub(crate) async fn caller(&self, request: &Parts) -> Result<Caller, Problem> {
        let org = organization(request.uri.path())?;
        self.sessions.caller(self, &request.headers, &org).await
    }

    /// Carries something out to the end, even if the one who asked for it goes away.
    pub(crate) fn carry_out<T: Send + 'static>(
        &self,
        command: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.commands.spawn(command.in_current_span())
    }

    pub(super) fn begin_stopping(&self) {
        self.stopping.cancel();
        self.gateway.end_polls();
    }

    /// Waits for what is still being carried out.
    pub(super) async fn finish_commands(&self) {
        self.commands.close();
        self.commands.wait().await;
    }
}
