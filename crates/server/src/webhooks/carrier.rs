//! Carrying one request to where it belongs. Knows nothing of events, destinations or retries.

use std::{error::Error, fmt::Write as _, net::IpAddr};

use async_trait::async_trait;
use bytes::Bytes;
use model::{MAX_ATTEMPT_FAILURE_CHARS, WebhookUrl};
use reqwest::{Client, Response, Url, header::CONTENT_TYPE, redirect::Policy};

use super::{
    WebhookOptions,
    address::{NotPublic, PublicResolver, is_public},
};

/// How much of an answer is read, in bytes, so that the connection can be used again. What it says is ignored.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// Where it goes.
    pub(super) url: WebhookUrl,
    /// What stands in its head, beside what every request has.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Its body: JSON.
    pub(super) body: Bytes,
}

/// Carries requests. Whoever calls bounds the time.
#[async_trait]
pub(crate) trait Carrier: Send + Sync + 'static {
    /// Carries a request, once. The status of the answer, or why there was none, for people.
    async fn carry(&self, request: &Outgoing) -> Result<u16, String>;
}

/// Carries requests over HTTP.
#[derive(Debug)]
pub(crate) struct HttpCarrier {
    client: Client,
    options: WebhookOptions,
}

impl HttpCarrier {
    /// # Errors
    /// TLS cannot be set up on this machine.
    pub(crate) fn new(options: WebhookOptions) -> Result<Self, reqwest::Error> {
        // A proxy would resolve names by itself, past the resolver that checks them.
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .user_agent(concat!("rehearse/", env!("CARGO_PKG_VERSION")));
        if !options.allow_private_addresses {
            builder = builder.dns_resolver(PublicResolver);
        }
        Ok(Self {
            client: builder.build()?,
            options,
        })
    }

    /// Checks what can be checked before anything is looked up or sent.
    fn check(&self, url: &WebhookUrl) -> Result<Url, String> {
        let url: Url = url
            .as_str()
            .parse()
            .map_err(|why| format!("the URL cannot be used: {why}"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.options.allow_http => {}
            "http" => {
                return Err("webhooks go over https only (setting `webhooks.allow_http`)".to_owned());
            }
            other => return Err(format!("webhooks do not go over `{other}`")),
        }
        // An address in place of a name is not resolved, so the resolver does not see it.
        let host = url.host_str().unwrap_or_default();
        let literal = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        if literal.is_ok_and(|address| !self.options.allow_private_addresses && !is_public(address)) {
            return Err(NotPublic.to_string());
        }
        Ok(url)
    }
}

#[async_trait]
impl Carrier for HttpCarrier {
    async fn carry(&self, outgoing: &Outgoing) -> Result<u16, String> {
        let url = self.check(&outgoing.url)?;
        let mut request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        for (name, value) in &outgoing.headers {
            request = request.header(*name, value);
        }
        let answer = request.body(outgoing.body.clone()).send().await.map_err(causes)?;
        let status = answer.status().as_u16();
        drain(answer).await;
        Ok(status)
    }
}

/// Reads an answer to its end, if that is near.
async fn drain(mut answer: Response) {
    let mut n_bytes = 0_usize;
    // Whatever goes wrong here: the destination has answered.
    while let Ok(Some(chunk)) = answer.chunk().await {
        n_bytes = n_bytes.saturating_add(chunk.len());
        if n_bytes > MAX_ANSWER_BYTES {
            return;
        }
    }
}

/// An error with its causes, without the URL, which may hold a password.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        // Writing to a string does not fail.
        let _written = write!(text, ": {source}");
        cause = source.source();
    }
    shortened(&text)
}

/// As much of a text as is kept of a failure.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(MAX_ATTEMPT_FAILURE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(options: WebhookOptions, url: &str) -> Result<Url, String> {
        let carrier = HttpCarrier::new(options).unwrap();
        carrier.check(&url.try_into().unwrap())
    }

    #[tokio::test]
    async fn private_addresses_and_plain_http_are_refused_unless_allowed() {
        let strict = WebhookOptions::default();
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[fd00::1]:8443/hook",
            "https://169.254.169.254/latest/meta-data",
            "https://user:pass@10.0.0.1/",
            "https://100.64.0.1/",
        ] {
            let refused = check(strict, url).unwrap_err();
            assert!(refused.contains("allow_private_addresses"), "{url}: {refused}");
            let lax = WebhookOptions {
                allow_private_addresses: true,
                ..strict
            };
            check(lax, url).unwrap();
        }
        check(strict, "https://1.1.1.1/").unwrap();
        check(strict, "https://example.com/").unwrap();
        let refused = check(strict, "http://example.com/").unwrap_err();
        assert!(refused.contains("allow_http"), "{refused}");
        let lax = WebhookOptions {
            allow_http: true,
            ..strict
        };
        check(lax, "http://example.com/").unwrap();
        for scheme in ["ftp", "file", "gopher", "ws"] {
            let refused = check(lax, &format!("{scheme}://example.com/")).unwrap_err();
            assert!(refused.contains(scheme), "{refused}");
        }
        let answer = HttpCarrier::new(strict)
            .unwrap()
            .carry(&Outgoing {
                url: "https://localhost:1/".try_into().unwrap(),
                headers: Vec::new(),
                body: Bytes::new(),
            })
            .await;
        let refused = answer.unwrap_err();
        assert!(refused.contains("allow_private_addresses"), "{refused}");
        assert!(
            !refused.contains("127.0.0.1") && !refused.contains("::1"),
            "{refused}"
        );
    }

    #[test]
    fn a_failure_is_kept_short() {
        assert_eq!(shortened("ü").len(), 2);
        assert_eq!(
            shortened(&"ü".repeat(1000)).chars().count(),
            MAX_ATTEMPT_FAILURE_CHARS
        );
    }
}
