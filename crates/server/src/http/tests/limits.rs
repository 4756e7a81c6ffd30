use std::collections::BTreeMap;

use api::error::ErrorCode;

use super::*;

fn number(answer: &Response, name: &str) -> u64 {
    let value = answer
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("{name} is missing"));
    value.to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn sign_in_is_limited_unless_told_otherwise() {
    let served = serve_with(HttpOptions {
        rate_limits: RateLimits::default(),
        ..options()
    })
    .await;
    let now = u64::try_from(served.bench.gateway.now().as_micros() / 1_000_000).unwrap();
    for left in (0..5).rev() {
        let answer = served
            .sign_in("acme", &served.key_id, "wrong", "ann")
            .send()
            .await
            .unwrap();
        assert_eq!(
            (
                number(&answer, "x-ratelimit-limit"),
                number(&answer, "x-ratelimit-remaining")
            ),
            (5, left)
        );
        assert!((now..now + 120).contains(&number(&answer, "x-ratelimit-reset")));
        assert!(!answer.headers().contains_key("retry-after"));
        assert_eq!(problem(answer).await.code, ErrorCode::Unauthenticated);
    }
    let answer = served
        .sign_in("acme", &served.key_id, &served.secret, "ann")
        .send()
        .await
        .unwrap();
    assert!((1..=12).contains(&number(&answer, "retry-after")));
    assert_eq!(number(&answer, "x-ratelimit-remaining"), 0);
    assert_eq!(problem(answer).await.code, ErrorCode::RateLimited);
    let other_key = served
        .sign_in("acme", "6618791275130b73714e8d90", &served.secret, "ann")
        .send()
        .await
        .unwrap();
    assert_eq!(other_key.status(), StatusCode::UNAUTHORIZED);
    let list = served.ask(Method::GET, "service/").send().await.unwrap();
    assert_eq!(list.status(), StatusCode::OK);
    assert!(
        !list.headers().contains_key("x-ratelimit-limit"),
        "nothing else is limited"
    );
}

#[tokio::test]
async fn operations_are_limited_if_wanted() {
    let served = serve_with(HttpOptions {
        rate_limits: RateLimits {
            per_operation: BTreeMap::from([("get-services".to_owned(), 2)]),
            sign_in_per_minute: 0,
            ..RateLimits::default()
        },
        ..options()
    })
    .await;
    // Both spellings are one operation, and a request that is refused for another reason counts too.
    for (path, status) in [("service/", 200), ("service?limit=-1", 422), ("service", 429)] {
        let answer = served.ask(Method::GET, path).send().await.unwrap();
        assert_eq!(number(&answer, "x-ratelimit-limit"), 2);
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
    let other = served.ask(Method::GET, "metric/").send().await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
    // Who is not let in uses nothing up.
    let answer = served
        .client
        .get(served.url("/v1/acme/service/"))
        .send()
        .await
        .unwrap();
    assert!(!answer.headers().contains_key("x-ratelimit-limit"));
}
