//! How a client works.

use std::{sync::Arc, time::Duration};

use model::{ApiKeyId, OrgId, UserId};

use super::{Secret, TokenStore};

/// Who asks, and how that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The API key's id.
    pub api_key_id: ApiKeyId,
    /// The API key.
    pub api_key: Secret,
    /// The user that it opens for.
    pub user_id: UserId,
}

/// How a client works.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Where the server is: `http://` or `https://`, a host, perhaps a port and a path, nothing else.
    pub base_url: String,
    /// The tenant.
    pub organization: OrgId,
    /// Who asks.
    pub credentials: Credentials,
    /// How connections are made.
    pub transport: Transport,
    /// For how long a request is made again that may succeed a moment later: no connection, or a status of 429, 502, 503 or 504. A server
    /// that asks for more patience than is left gets none.
    pub persistence: Duration,
    /// The same as long as the server has never answered.
    pub connect_persistence: Duration,
    /// Keeps the token for other processes; none: each client signs in.
    pub token_store: Option<Arc<dyn TokenStore>>,
}

/// How connections are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long the server may be silent. Long polls wait less.
    pub timeout: Duration,
    /// The largest body of an answer, in bytes.
    pub max_response_bytes: usize,
    /// Certificates (PEM) to trust beside the system's.
    pub certificates: Option<Vec<u8>>,
    /// What the server is told that the client is.
    pub user_agent: String,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            max_response_bytes: 64 * 1024 * 1024,
            certificates: None,
            user_agent: concat!("rehearse/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl ClientOptions {
    /// The usual options.
    pub fn new(base_url: impl Into<String>, organization: OrgId, credentials: Credentials) -> Self {
        Self {
            base_url: base_url.into(),
            organization,
            credentials,
            transport: Transport::default(),
            persistence: Duration::from_secs(15),
            connect_persistence: Duration::from_secs(2),
            token_store: None,
        }
    }
}
