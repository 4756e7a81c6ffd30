//! How the HTTP server works, and why it may not start.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use http::Uri;

use super::limit::RateLimits;

/// How the HTTP server works.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Where to listen. Port 0: any that is free.
    pub address: SocketAddr,
    /// How clients see the server, such as `https://rehearse.example.com`, if something stands in front of it.
    pub public_url: Option<String>,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a request may take from its last byte to the answer.
    pub request_timeout: Duration,
    /// How long the head of a request may take to arrive; also how long a connection may stay idle between two requests.
    pub header_timeout: Duration,
    /// How long the body of a request may take to arrive; large ones get a second more for every 64 KiB that came.
    pub body_timeout: Duration,
    /// How long the other side may leave an answer unread.
    pub write_timeout: Duration,
    /// How many connections may be open at once. More of them wait to be accepted.
    pub max_connections: usize,
    /// Which pages of other origins may use the API from a browser: exact origins, such as `https://console.example.com`.
    pub cors_origins: Vec<String>,
    /// How often requests may be made.
    pub rate_limits: RateLimits,
    /// By how many messages the projections may be behind the log while the server counts as ready.
    pub max_lag: u64,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            max_body_bytes: 6 * 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(30),
            max_connections: 4096,
            cors_origins: Vec::new(),
            rate_limits: RateLimits::default(),
            max_lag: 1000,
        }
    }
}

impl HttpOptions {
    /// Whether clients reach the server over TLS.
    pub(super) fn is_https(&self) -> bool {
        let url = self.public_url.as_deref();
        url.is_some_and(|url| {
            url.get(..8)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
        })
    }

    /// Refuses what cannot be served by.
    pub(super) fn check(&self) -> Result<(), HttpError> {
        if let Some(url) = &self.public_url
            && !is_base_url(url)
        {
            return Err(HttpError::PublicUrl { url: url.clone() });
        }
        let no_origin = self.cors_origins.iter().find(|origin| !is_origin(origin));
        no_origin.map_or(Ok(()), |origin| {
            Err(HttpError::Origin {
                origin: origin.clone(),
            })
        })
    }
}

/// Whether a text is an absolute `http` or `https` URL without query.
fn is_base_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'))
        && uri.query().is_none()
        && !text.contains('#')
}

/// Whether a text is an origin as browsers send it: scheme, host and port, and nothing after.
fn is_origin(text: &str) -> bool {
    let bare = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    is_base_url(text) && bare.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?']))
}

/// The HTTP server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: choose another address, or port 0 for any that is free")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The public URL is none.
    #[error(
        "`{url}` is no public URL: it must begin with http:// or https:// and name a host, without query or credentials"
    )]
    PublicUrl {
        /// What was given.
        url: String,
    },
    /// An origin is none.
    #[error(
        "`{origin}` is no origin: write scheme and host, and the port if it is not the usual one, such as https://console.example.com"
    )]
    Origin {
        /// What was given.
        origin: String,
    },
    /// A rate limit is for an operation that does not exist.
    #[error("there is no operation `{operation}` to limit: use the names of the OpenAPI document")]
    Operation {
        /// What was given.
        operation: String,
    },
    /// The factor of the rate limits is no positive number.
    #[error("the rate limits cannot be multiplied by {factor}: use a number above 0")]
    Factor {
        /// What was given.
        factor: f64,
    },
    /// The life of a token is too short or too long.
    #[error("a token cannot live for {seconds} s: use 360 to 86400")]
    TokenLifetime {
        /// What was given.
        seconds: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_origins_are_origins() {
        for origin in [
            "https://console.example.com",
            "http://127.0.0.1:3000",
            "http://[::1]:80",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for other in [
            "*",
            "null",
            "",
            "https://",
            "https://*.example.com",
            "https://a.b/",
            "ftp://a.b",
            "https://u@a.b",
            "a.b",
        ] {
            assert!(!is_origin(other), "{other}");
        }
    }

    #[test]
    fn a_public_url_is_absolute() {
        for url in [
            "https://rehearse.example.com",
            "http://127.0.0.1:8080/",
            "https://example.com/rehearse",
        ] {
            assert!(is_base_url(url), "{url}");
        }
        for other in [
            "",
            "example.com",
            "/rehearse",
            "ftp://a.b",
            "https://a.b/?x=1",
            "https://u:p@a.b",
        ] {
            assert!(!is_base_url(other), "{other}");
        }
    }
}
