//! What the addresses of the API begin with, as the client of a request sees it.

use http::{
    HeaderMap,
    header::HOST,
    uri::{Authority, Scheme},
};

use super::super::{app::App, headers::single};

/// The longest `Host` that is repeated to its sender, in bytes.
const MAX_HOST: usize = 260;

/// What was configured; else the host that the client has addressed, if it can be one; else where the server listens.
pub(in super::super) fn base_url(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.options().public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = single(headers, HOST.as_str()).ok().flatten();
    match host.filter(|host| is_plausible(host)) {
        Some(host) => format!("{}://{host}", Scheme::HTTP),
        None => app.bound_url(),
    }
}

/// Whether a text is a host, with or without a port: it will stand in an address that is handed on.
fn is_plausible(host: &str) -> bool {
    let is_harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'[' | b']' | b'-');
    (1..=MAX_HOST).contains(&host.len())
        && host.bytes().all(is_harmless)
        && host
            .parse::<Authority>()
            .is_ok_and(|authority| !authority.host().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_is_a_host() {
        for host in [
            "localhost",
            "127.0.0.1:8080",
            "[::1]:80",
            "a-b.example.com",
            "A.b",
        ] {
            assert!(is_plausible(host), "{host}");
        }
        for other in [
            "",
            ":80",
            "a b",
            "a/b",
            "u@a",
            "a?b",
            "a#b",
            "a\\b",
            "a\"b",
            "a%2Fb",
            "a:b:c",
            "[::1",
            "é",
            &"a".repeat(MAX_HOST + 1),
        ] {
            assert!(!is_plausible(other), "{other}");
        }
    }
}
