//! How to reach the server, and how its streams are to be.

use std::{fmt, path::PathBuf, time::Duration};

/// A password, token or seed. It is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: hand it on to what needs it and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Who we are to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Nobody in particular, or what the URL says.
    #[default]
    None,
    /// A user and a password.
    UserPassword {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// The seed of an NKEY.
    NkeySeed(Secret),
    /// A credentials file with a JWT and a seed, as `nsc` writes it.
    File(PathBuf),
    /// A token.
    Token(Secret),
}

/// How to reach the server.
#[derive(Clone)]
pub struct ConnectOptions {
    /// Addresses such as `nats://127.0.0.1:4222` or `tls://host`, of the servers of one cluster.
    pub urls: Vec<String>,
    /// Who we are.
    pub credentials: Credentials,
    /// A file of certificates (PEM) of the authorities to be trusted, besides those of the system.
    pub tls_root: Option<PathBuf>,
    /// What the server calls this connection.
    pub name: String,
    /// What the subjects of answers to us begin with; none: `_INBOX`. For credentials that may not receive in everyone's inboxes
    /// use something below it, such as `_INBOX.ann`.
    pub inbox_prefix: Option<String>,
    /// The longest time to wait for the first connection.
    pub connect_timeout: Duration,
}

impl ConnectOptions {
    /// The server at `url`, with 5 seconds to connect and nothing else.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            credentials: Credentials::None,
            tls_root: None,
            name: "rehearse".to_owned(),
            inbox_prefix: None,
            connect_timeout: Duration::from_secs(5),
        }
    }

    pub(crate) fn inbox_prefix(&self) -> &str {
        self.inbox_prefix.as_deref().unwrap_or("_INBOX")
    }

    /// The addresses, without what stands before an `@`.
    pub(crate) fn shown_urls(&self) -> String {
        self.urls
            .iter()
            .map(|url| shown(url))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A URL without its user and password.
fn shown(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let host = rest.rsplit_once('@').map_or(rest, |(_userinfo, host)| host);
    if scheme.is_empty() {
        host.to_owned()
    } else {
        format!("{scheme}://{host}")
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("urls", &self.shown_urls())
            .field("credentials", &self.credentials)
            .field("tls_root", &self.tls_root)
            .field("name", &self.name)
            .field("inbox_prefix", &self.inbox_prefix)
            .field("connect_timeout", &self.connect_timeout)
            .finish()
    }
}

/// How the streams are to be. Every process of one installation must be given the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamOptions {
    /// How many servers keep each message; none: 3 in a cluster, else 1, and an existing stream may have any number.
    pub replicas: Option<usize>,
    /// How long the journal of a running conversation is kept.
    pub turns_max_age: Duration,
    /// How long dead letters and advisories are kept.
    pub dead_letters_max_age: Duration,
    /// How long a lease lasts without a sign of life.
    pub lease_duration: Duration,
}

impl Default for StreamOptions {
    /// Turns 7 days, dead letters 30 days, leases 30 seconds.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            replicas: None,
            turns_max_age: 7 * DAY,
            dead_letters_max_age: 30 * DAY,
            lease_duration: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let mut options = ConnectOptions::new("nats://ann:hunter2@host:4222");
        options.credentials = Credentials::UserPassword {
            user: "ann".to_owned(),
            password: Secret::new("hunter2"),
        };
        let shown = format!("{options:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("nats://host:4222"), "{shown}");
        assert_eq!(options.shown_urls(), "nats://host:4222");
        assert_eq!(shown_of("host:4222"), "host:4222");
        assert_eq!(shown_of("token@host"), "host");
    }

    fn shown_of(url: &str) -> String {
        ConnectOptions::new(url).shown_urls()
    }
}
