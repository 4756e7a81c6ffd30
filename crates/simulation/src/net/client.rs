//! HTTP clients that keep to what may be reached.

use std::time::Duration;

use reqwest::{Client, Url};

use super::{Reach, ReachError, Resolver, proxies};

/// Clients that share what they may reach. They follow no redirect, decompress nothing (a small body could become a large one) and
/// keep connections for the next request.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    /// For hosts elsewhere; honours `HTTPS_PROXY` and the like.
    elsewhere: Client,
    /// For this machine, which no proxy can reach.
    here: Client,
    reach: Reach,
}

impl Clients {
    /// # Errors
    /// TLS cannot be set up on this machine.
    pub(crate) fn new(
        reach: Reach,
        connect_timeout: Duration,
        max_idle_per_host: usize,
    ) -> Result<Self, reqwest::Error> {
        let resolver = Resolver {
            reach: reach.clone(),
            proxies: proxies::hosts().into(),
        };
        let builder = || {
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_gzip()
                .connect_timeout(connect_timeout)
                .pool_max_idle_per_host(max_idle_per_host)
                .dns_resolver(resolver.clone())
                .user_agent(concat!("rehearse/", env!("CARGO_PKG_VERSION")))
        };
        Ok(Self {
            elsewhere: builder().build()?,
            here: builder().no_proxy().build()?,
            reach,
        })
    }

    /// The client for a URL.
    ///
    /// # Errors
    /// The URL names an address that may not be reached.
    pub(crate) fn for_url(&self, url: &Url) -> Result<&Client, ReachError> {
        self.reach.check(url)?;
        Ok(if is_here(url) { &self.here } else { &self.elsewhere })
    }
}

/// Whether a URL is on this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost"
        || host.ends_with(".localhost")
        || super::literal(host).is_some_and(|address| address.is_loopback())
}
