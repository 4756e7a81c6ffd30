//! Which addresses outbound connections may go to.
//!
//! Whoever writes an agent's connection or a language model's base URL chooses where a worker sends requests; without a bound they could
//! reach what only the worker's machine or network can, metadata services of clouds above all. So public addresses are always allowed and
//! every other only if the operator's configuration lists it ([`Reach`]). Names are resolved here, and the addresses that were checked are the
//! ones that are used, so a name that answers differently the second time gains nothing. Redirects are followed by nobody.
//!
//! A proxy that the environment names (`HTTPS_PROXY` and the like) resolves names itself, so what is behind it is for the proxy to
//! decide; addresses that stand in a URL literally are refused all the same. The proxy's own name may resolve to any address.

pub(crate) mod client;
mod proxies;
pub(crate) mod public;
pub(crate) mod response;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// The most networks that may be listed.
const MAX_NETWORKS: usize = 256;

/// Where the metadata services of clouds are. Nobody means them who allows a network around them, so they are allowed only by themselves.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Which addresses may be connected to: public ones, and those that are allowed by name of their network. Cheap to clone.
#[derive(Clone, Default)]
pub struct Reach {
    allowed: Arc<[IpNet]>,
}

/// Why nothing is connected to. A text never says which address a name has: that may be a secret of the worker's network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReachError {
    /// The address, or every address of the name, is outside of what may be reached.
    #[error(
        "`{host}` is not on the public internet, and this worker's configuration does not allow to reach it (setting \
         `worker.allowed_networks`)"
    )]
    NotAllowed {
        /// The host, as it was written.
        host: String,
    },
    /// The name has no address.
    #[error("`{host}` has no address: {reason}")]
    Unknown {
        /// The host, as it was written.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// The list of networks cannot be read.
    #[error("{entry}: {reason}")]
    Network {
        /// What was written.
        entry: String,
        /// What is wrong, and what to write.
        reason: String,
    },
}

impl Reach {
    /// Public addresses only.
    pub fn public_only() -> Self {
        Self::default()
    }

    /// Public addresses, and those of `networks`: addresses, or blocks such as `10.0.0.0/8` or `fd00::/8`. A metadata service of a cloud is
    /// allowed only by an entry that is exactly its address.
    ///
    /// # Errors
    /// An entry is not an address or a block, or has bits beyond its prefix; or there are more than 256.
    pub fn allowing<N: AsRef<str>>(networks: &[N]) -> Result<Self, ReachError> {
        if networks.len() > MAX_NETWORKS {
            return Err(ReachError::Network {
                entry: format!("{} networks", networks.len()),
                reason: format!("at most {MAX_NETWORKS} can be allowed"),
            });
        }
        let allowed = networks.iter().map(|entry| network(entry.as_ref()));
        Ok(Self {
            allowed: allowed.collect::<Result<_, _>>()?,
        })
    }

    /// Whether an address may be connected to.
    pub fn permits(&self, address: IpAddr) -> bool {
        let real = public::embedded(address).unwrap_or(address);
        if METADATA.contains(&address) || METADATA.contains(&real) {
            let exactly = |network: &IpNet| network.prefix_len() == network.max_prefix_len();
            return self
                .allowed
                .iter()
                .any(|network| exactly(network) && (network.contains(&address) || network.contains(&real)));
        }
        public::is_public(address)
            || self
                .allowed
                .iter()
                .any(|network| network.contains(&address) || network.contains(&real))
    }

    /// Checks what can be checked before anything is looked up: an address that stands in the URL in place of a name. Names are for
    /// [`Self::resolve`].
    ///
    /// # Errors
    /// [`ReachError::NotAllowed`].
    pub fn check(&self, url: &Url) -> Result<(), ReachError> {
        let host = url.host_str().unwrap_or_default();
        match literal(host) {
            Some(address) if !self.permits(address) => Err(not_allowed(host)),
            Some(_) | None => Ok(()),
        }
    }

    /// The addresses of a host (a name or an address) that may be connected to, for connectors that open connections themselves. Connect to
    /// these and not to the name, or another lookup may answer differently.
    ///
    /// # Errors
    /// The host has no address, or none that may be connected to.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ReachError> {
        if let Some(address) = literal(host) {
            return if self.permits(address) {
                Ok(vec![SocketAddr::new(address, port)])
            } else {
                Err(not_allowed(host))
            };
        }
        let found = lookup(host, port).await?;
        let permitted: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| self.permits(address.ip()))
            .collect();
        if permitted.is_empty() {
            return Err(not_allowed(host));
        }
        Ok(permitted)
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Reach({} networks beside the public internet)",
            self.allowed.len()
        )
    }
}

/// Looks names up for HTTP clients and gives them what may be reached. Names of proxies are not judged: the operator names those.
#[derive(Clone, Debug)]
struct Resolver {
    reach: Reach,
    proxies: Arc<[String]>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let is_proxy = resolver
                .proxies
                .iter()
                .any(|proxy| proxy.eq_ignore_ascii_case(host));
            let found = if is_proxy {
                lookup(host, 0).await?
            } else {
                resolver.reach.resolve(host, 0).await?
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, ReachError> {
    let unknown = |reason: String| ReachError::Unknown {
        host: host.to_owned(),
        reason,
    };
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|why| unknown(why.to_string()))?;
    let found: Vec<SocketAddr> = found.collect();
    if found.is_empty() {
        return Err(unknown("the name is known, but without an address".to_owned()));
    }
    Ok(found)
}

fn not_allowed(host: &str) -> ReachError {
    ReachError::NotAllowed {
        host: host.to_owned(),
    }
}

/// The address that a URL's host is, if it is one.
fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
        .parse()
        .ok()
}

fn network(entry: &str) -> Result<IpNet, ReachError> {
    let refused = |reason: String| ReachError::Network {
        entry: format!("`{entry}`"),
        reason,
    };
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    let network: IpNet = entry.parse().map_err(|_why| {
        refused("is neither an address nor a block of addresses such as 10.0.0.0/8 or fd00::/8".to_owned())
    })?;
    if network.addr() != network.network() {
        return Err(refused(format!(
            "has bits beyond its prefix; the block is {}",
            network.trunc()
        )));
    }
    Ok(network)
}

#[cfg(test)]
mod tests;
