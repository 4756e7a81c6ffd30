//! Opening the connection: the address that may be reached, TLS, and the handshake of RFC 6455. No proxy and no redirect is followed.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use reqwest::{Url, header::HeaderMap};
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, client::IntoClientRequest as _, handshake::client::Response, protocol::WebSocketConfig,
    },
};

use super::super::AgentError;
use crate::{
    Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
    net::{
        Reach, ReachError,
        response::{retry_after, shown_target},
    },
};

/// How the connection is opened.
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// For errors.
    pub(super) place: String,
    pub(super) reach: Reach,
    pub(super) connect_timeout: Duration,
    pub(super) max_frame_bytes: usize,
    pub(super) secrets: Secrets,
}

/// What the connection runs over.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Carrier for T {}

pub(super) type Stream = WebSocketStream<Box<dyn Carrier>>;

/// Trusts whom this machine trusts, as HTTP requests do.
static TLS: LazyLock<Result<Arc<ClientConfig>, String>> = LazyLock::new(|| {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|why| why.to_string())?;
    Ok(Arc::new(config.with_no_client_auth()))
});

impl Target {
    /// Connects.
    pub(super) async fn connect(&self) -> Result<Stream, AgentError> {
        let host = self.url.host_str().unwrap_or_default();
        let standard = if self.url.scheme() == "wss" { 443 } else { 80 };
        let port = self.url.port().unwrap_or(standard);
        let addresses = self
            .reach
            .resolve(host, port)
            .await
            .map_err(|why| self.unresolved(&why))?;
        let tcp = tokio::time::timeout(self.connect_timeout, dial(&addresses))
            .await
            .unwrap_or_else(|_elapsed| Err("no connection in time".to_owned()))
            .map_err(|reason| self.unreachable(reason))?;
        // Small frames are what a conversation is made of.
        let _no_matter = tcp.set_nodelay(true);
        let carrier: Box<dyn Carrier> = if self.url.scheme() == "wss" {
            Box::new(self.secured(host, tcp).await?)
        } else {
            Box::new(tcp)
        };
        self.handshake(carrier).await
    }

    async fn secured(&self, host: &str, tcp: TcpStream) -> Result<impl Carrier + use<>, AgentError> {
        let config = TLS
            .as_ref()
            .map_err(|why| self.unreachable(format!("TLS cannot be set up: {why}")))?;
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|why| self.unreachable(format!("`{host}` cannot be a server's name: {why}")))?;
        let connecting = TlsConnector::from(Arc::clone(config)).connect(name, tcp);
        tokio::time::timeout(self.connect_timeout, connecting)
            .await
            .map_err(|_elapsed| self.unreachable("no TLS connection in time".to_owned()))?
            .map_err(|why| self.unreachable(format!("TLS: {why}")))
    }

    async fn handshake(&self, carrier: Box<dyn Carrier>) -> Result<Stream, AgentError> {
        let mut request = self.url.as_str().into_client_request().map_err(|why| {
            self.malformed(format!(
                "the request that opens the connection cannot be made: {why}"
            ))
        })?;
        request.headers_mut().extend(self.headers.clone());
        let config = WebSocketConfig::default()
            .read_buffer_size(16 * 1024)
            .max_message_size(Some(self.max_frame_bytes))
            .max_frame_size(Some(self.max_frame_bytes));
        match client_async_with_config(request, carrier, Some(config)).await {
            Ok((stream, _response)) => Ok(stream),
            Err(tungstenite::Error::Http(response)) => Err(self.refused(&response)),
            Err(tungstenite::Error::Io(why)) => Err(self.unreachable(why.to_string())),
            Err(other) => Err(self.malformed(format!("it does not speak WebSocket there: {other}"))),
        }
    }

    fn refused(&self, response: &Response) -> AgentError {
        let status = response.status();
        let retry_after_ms = retry_after(response.headers());
        let place = self.place.clone();
        let detail = if status.is_redirection() {
            let target = shown_target(&self.url, response.headers());
            format!(": it redirects to {target}; use that URL, redirects are not followed")
        } else {
            let body = response.body().as_deref().unwrap_or_default();
            let text = self.secrets.redact(&String::from_utf8_lossy(body));
            let quoted = excerpt(text.trim(), EXCERPT_BYTES);
            if status.is_success() {
                format!(" instead of opening a WebSocket: {quoted}")
            } else if quoted.is_empty() {
                String::new()
            } else {
                format!(": {quoted}")
            }
        };
        if status.as_u16() == 429 {
            AgentError::RateLimited {
                place,
                retry_after_ms,
                detail,
            }
        } else {
            AgentError::Refused {
                place,
                status: status.as_u16(),
                retry_after_ms,
                detail,
            }
        }
    }

    fn unresolved(&self, why: &ReachError) -> AgentError {
        match why {
            ReachError::NotAllowed { .. } => AgentError::NotAllowed {
                place: self.place.clone(),
                reason: why.to_string(),
            },
            ReachError::Unknown { .. } | ReachError::Network { .. } => self.unreachable(why.to_string()),
        }
    }

    fn unreachable(&self, reason: String) -> AgentError {
        AgentError::Unreachable {
            place: self.place.clone(),
            reason,
        }
    }

    fn malformed(&self, reason: String) -> AgentError {
        AgentError::Malformed {
            place: self.place.clone(),
            reason,
            detail: String::new(),
        }
    }
}

/// The first address that answers.
async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut last = "the host has no address".to_owned();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(why) => last = why.to_string(),
        }
    }
    Err(last)
}
