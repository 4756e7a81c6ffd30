use super::*;
use crate::net::client::Clients;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn by_default_only_the_public_internet_may_be_reached() {
    let reach = Reach::public_only();
    for private in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "64:ff9b::10.0.0.1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
        "4000::1",
    ] {
        assert!(!reach.permits(address(private)), "{private}");
    }
    for public in [
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "64:ff9b::8.8.8.8",
    ] {
        assert!(reach.permits(address(public)), "{public}");
    }
}

#[test]
fn networks_that_are_listed_may_be_reached_in_every_form_of_their_addresses() {
    let reach = Reach::allowing(&["10.0.0.0/8", "fd00::/8", "192.168.7.9"]).unwrap();
    for permitted in [
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "64:ff9b::10.1.2.3",
        "fd12::1",
        "192.168.7.9",
        "1.1.1.1",
    ] {
        assert!(reach.permits(address(permitted)), "{permitted}");
    }
    for refused in ["127.0.0.1", "192.168.7.8", "fe80::1", "::ffff:127.0.0.1"] {
        assert!(!reach.permits(address(refused)), "{refused}");
    }
}

#[test]
fn a_metadata_service_is_allowed_by_its_own_address_only() {
    let metadata = [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "fd00:ec2::254",
    ];
    let wide = Reach::allowing(&["0.0.0.0/0", "::/0"]).unwrap();
    assert!(wide.permits(address("127.0.0.1")) && wide.permits(address("fd00::1")));
    for service in metadata {
        assert!(!wide.permits(address(service)), "{service}");
        assert!(
            Reach::allowing(&[service]).unwrap().permits(address(service)),
            "{service}"
        );
    }
    assert!(!wide.permits(address("::ffff:169.254.169.254")));
}

#[test]
fn what_is_no_network_is_refused_with_what_to_write() {
    for (entry, says) in [
        ("localhost", "10.0.0.0/8"),
        ("10.0.0.1/8", "the block is 10.0.0.0/8"),
        ("10.0.0.0/33", "neither an address"),
        ("", "neither an address"),
    ] {
        let error = Reach::allowing(&[entry]).unwrap_err().to_string();
        assert!(error.contains(says), "{entry}: {error}");
    }
    assert!(Reach::allowing(&vec!["10.0.0.0/8"; 257]).is_err());
}

#[test]
fn an_address_in_a_url_is_checked_however_it_is_written() {
    let reach = Reach::public_only();
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://user:pass@10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
    ] {
        let error = reach.check(&Url::parse(url).unwrap()).unwrap_err().to_string();
        assert!(error.contains("worker.allowed_networks"), "{url}: {error}");
        assert!(!error.contains("pass@"), "{error}");
    }
    assert_eq!(reach.check(&Url::parse("https://1.1.1.1/").unwrap()), Ok(()));
}

#[tokio::test]
async fn names_resolve_to_what_may_be_reached() {
    let refused = Reach::public_only().resolve("localhost", 80).await.unwrap_err();
    assert_eq!(refused, not_allowed("localhost"));
    assert!(!refused.to_string().contains("127.0.0.1"), "{refused}");
    let found = crate::test_support::loopback()
        .resolve("localhost", 80)
        .await
        .unwrap();
    assert!(
        found.iter().all(|at| at.ip().is_loopback() && at.port() == 80),
        "{found:?}"
    );
    assert_eq!(
        Reach::public_only().resolve("1.1.1.1", 443).await.unwrap(),
        ["1.1.1.1:443".parse().unwrap()]
    );
    assert!(Reach::public_only().resolve("[::1]", 443).await.is_err());
    let unknown = Reach::public_only()
        .resolve("no-such-name.invalid", 1)
        .await
        .unwrap_err();
    assert!(matches!(unknown, ReachError::Unknown { .. }), "{unknown:?}");
}

#[tokio::test]
async fn a_client_does_not_connect_to_a_name_of_this_machine() {
    let clients = Clients::new(Reach::public_only(), std::time::Duration::from_secs(1), 1).unwrap();
    let url = Url::parse("http://localhost:1/").unwrap();
    let error = clients.for_url(&url).unwrap().get(url).send().await.unwrap_err();
    assert_eq!(response::not_allowed(&error), Some(&not_allowed("localhost")));
}

#[tokio::test]
async fn the_name_of_a_proxy_is_not_judged() {
    let resolver = Resolver {
        reach: Reach::public_only(),
        proxies: vec!["LOCALHOST".to_owned()].into(),
    };
    assert!(resolver.resolve("localhost".parse().unwrap()).await.is_ok());
}
