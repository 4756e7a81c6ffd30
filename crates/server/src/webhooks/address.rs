//! Which addresses webhooks may go to. Whoever makes a destination chooses where this server sends requests; without a bound it could
//! reach what only this machine or its network can.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Why no address of a host may be used. It does not say which address it is: that is a secret of this server's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the host has no public address, and webhooks may go to no other (setting `webhooks.allow_private_addresses`)"
)]
pub(super) struct NotPublic;

/// Whether an address belongs to the public internet.
pub(super) const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        // This network, private, shared (carrier-grade NAT), loopback, link-local, private, protocol assignments.
        [0 | 10 | 127, ..] | [100, 64..=127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 0, 0, _]
        // Documentation, relays from IPv6, private, benchmarks, documentation.
        | [192, 0, 2, _] | [192, 88, 99, _] | [192, 168, ..] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _]
        // Multicast, reserved, broadcast.
        | [224..=255, ..]
    )
}

/// Only what is in use as global unicast. Everything else is loopback, link-local, unique-local, multicast, IPv4 in disguise, or unused.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // IPv4 behind a translator of the network: as the address within.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(within(high, low)),
        // IPv4 in a tunnel: likewise.
        [0x2002, high, low, ..] => is_public_v4(within(high, low)),
        // Protocol assignments (tunnels among them), and documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

const fn within(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

/// Resolves names to public addresses only, so that the address that was checked is the one that is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            if found.is_empty() {
                return Err(io::Error::other("the name has no address").into());
            }
            let public = found.into_iter().filter(|address| is_public(address.ip()));
            let public: Vec<SocketAddr> = public.collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2002:808:808::1",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_resolved() {
        let resolved = PublicResolver.resolve("localhost".parse().unwrap()).await;
        let Err(error) = resolved else {
            panic!("localhost is not public")
        };
        assert!(error.downcast_ref::<NotPublic>().is_some(), "{error}");
    }
}
