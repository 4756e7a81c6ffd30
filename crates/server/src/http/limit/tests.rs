use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

const NOW: Time = Time::from_micros(1_000_000_000_000);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn limits() -> Limits {
    Limits::new(&RateLimits::default()).unwrap()
}

#[test]
fn a_sign_in_too_many_is_refused_until_there_is_one_left() {
    let limits = limits();
    for left in (0..5).rev() {
        let allowance = limits.sign_in(HERE, "acme", "k1", NOW).unwrap();
        assert_eq!((allowance.limit, allowance.remaining), (5, left));
        assert_eq!(allowance.reset, 1_000_000 + u64::from(5 - left) * 12);
        assert!(allowance.require().is_ok());
    }
    let refused = limits.sign_in(HERE, "acme", "k1", NOW).unwrap();
    assert_eq!(refused.require().unwrap_err().code, ErrorCode::RateLimited);
    assert!((1..=12).contains(&refused.retry_after.unwrap()), "{refused:?}");
    for (peer, org, key) in [
        (HERE, "acme", "k2"),
        (HERE, "other", "k1"),
        (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), "acme", "k1"),
    ] {
        assert!(limits.sign_in(peer, org, key, NOW).unwrap().require().is_ok());
    }
}

#[test]
fn one_place_is_one_place() {
    let v6 = |text: &str| IpAddr::V6(text.parse::<Ipv6Addr>().unwrap());
    assert_eq!(place(v6("2001:db8::1")), place(v6("2001:db8::ffff:1")));
    assert_ne!(place(v6("2001:db8::1")), place(v6("2001:db8:0:1::1")));
    assert_eq!(place(v6("::ffff:127.0.0.1")), place(HERE));
}

#[test]
fn callers_beyond_memory_share() {
    let limits = limits();
    for n in 0..MAX_KEYS {
        limits.sign_in(HERE, "acme", &n.to_string(), NOW).unwrap();
    }
    let shared: Vec<bool> = (0..6)
        .map(|n| {
            limits
                .sign_in(HERE, "acme", &format!("more{n}"), NOW)
                .unwrap()
                .require()
                .is_ok()
        })
        .collect();
    assert_eq!(shared, [true, true, true, true, true, false]);
    assert!(limits.sign_in.unwrap().used.len() <= MAX_KEYS + 1);
}

#[test]
fn operations_are_limited_if_wanted() {
    let caller = Caller::trusted("acme".parse().unwrap(), "ann".parse().unwrap());
    let allowance = |wanted: &RateLimits, id: &str| {
        let limits = Limits::new(wanted).unwrap();
        limits
            .operation(operation(id).unwrap(), &caller, NOW)
            .map(|allowance| allowance.limit)
    };
    let off = RateLimits {
        per_operation: BTreeMap::from([("get-metrics".to_owned(), 7)]),
        ..RateLimits::default()
    };
    assert_eq!(allowance(&off, "get-metrics"), Some(7));
    assert_eq!(allowance(&off, "create-metric"), None);
    let on = RateLimits {
        operations: true,
        factor: 0.5,
        per_operation: BTreeMap::from([("get-metrics".to_owned(), 0)]),
        ..RateLimits::default()
    };
    assert_eq!(allowance(&on, "get-metrics"), None);
    assert_eq!(allowance(&on, "create-metric"), Some(50));
    for wrong in [
        RateLimits {
            factor: 0.0,
            ..RateLimits::default()
        },
        RateLimits {
            factor: f64::NAN,
            ..RateLimits::default()
        },
        RateLimits {
            per_operation: BTreeMap::from([("dance".to_owned(), 1)]),
            ..RateLimits::default()
        },
    ] {
        assert!(Limits::new(&wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(multiplied(10, 1e300), u32::MAX);
}
