use api::{error::ErrorCode, session::SignedIn};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::*;
use crate::tests::bench_ahead;

/// The status and the whole body but the request's id.
async fn told(answer: Response) -> (u16, String) {
    let problem = problem(answer).await;
    (
        problem.status,
        Problem {
            request_id: None,
            ..problem
        }
        .to_string(),
    )
}

#[tokio::test]
async fn a_key_opens_the_organization_of_its_user() {
    let served = serve().await;
    let answer = served
        .sign_in("acme", &served.key_id, &served.secret, "ann")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let signed_in: SignedIn = answer.json().await.unwrap();
    assert!(signed_in.expires_at > served.bench.gateway.now().plus_millis(3_500_000));
    let with_slash = served.url("/v1/acme/user/signin_with_api_key/");
    let request = served
        .sign_in("acme", &served.key_id, &served.secret, "ann")
        .build()
        .unwrap();
    let answer = served
        .client
        .post(with_slash)
        .headers(request.headers().clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    let url = served.url("/v1/acme/service/");
    let token = &signed_in.id_token;
    let accepted = [
        ("authorization", format!("Bearer {token}")),
        ("authorization", format!("bearer {token}")),
        (
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(format!("acme_ann:{token}"))),
        ),
    ];
    for (name, value) in accepted {
        let answer = served
            .client
            .get(&url)
            .header(name, &value)
            .header("x-org-id", "acme")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{value}");
    }
    let refused = [
        vec![],
        vec![("authorization", String::new())],
        vec![("authorization", "Bearer".to_owned())],
        vec![("authorization", "Bearer ".to_owned())],
        vec![("authorization", token.clone())],
        vec![("authorization", format!("Digest {token}"))],
        vec![("authorization", format!("Bearer {}", &token[1..]))],
        vec![("authorization", format!("Bearer {}", "x".repeat(50_000)))],
        vec![(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(format!("acme_bob:{token}"))),
        )],
        vec![(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(format!("other_ann:{token}"))),
        )],
        vec![(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(token)),
        )],
        vec![("authorization", "Basic !!!".to_owned())],
        vec![
            ("authorization", format!("Bearer {token}")),
            ("authorization", format!("Bearer {token}")),
        ],
        vec![
            ("authorization", format!("Bearer {token}")),
            ("x-org-id", "other".to_owned()),
        ],
    ];
    for headers in refused {
        let request = headers
            .iter()
            .fold(served.client.get(&url), |request, (name, value)| {
                request.header(*name, value)
            });
        let problem = problem(request.send().await.unwrap()).await;
        assert_eq!(
            (problem.status, problem.code),
            (401, ErrorCode::Unauthenticated),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_tells_nothing() {
    let served = serve().await;
    let other = crate::tests::caller("other", "bob");
    let body = json!({"id": "bob", "name": "Bob", "role": ADMINISTRATOR_ROLE}).to_string();
    let made = served.bench.gateway.command(
        &other,
        crate::Metadata::default(),
        "user",
        "create",
        body.as_bytes(),
    );
    made.await.unwrap();
    served
        .bench
        .command(
            "user.create",
            json!({"id": "eve", "name": "Eve", "role": ADMINISTRATOR_ROLE}),
        )
        .await
        .unwrap();
    let revoked = served
        .bench
        .command("api_key.create", json!({"duration": "P30D"}))
        .await
        .unwrap();
    let revoked_id = revoked["api_key_id"].as_str().unwrap();
    served
        .bench
        .command("api_key.delete", json!({"id": revoked_id}))
        .await
        .unwrap();
    let of_eve = served
        .bench
        .command(
            "api_key.create",
            json!({"duration": "P30D", "rehearse": {"user_id": "eve"}}),
        )
        .await
        .unwrap();
    served
        .bench
        .command("user.delete", json!({"id": "eve"}))
        .await
        .unwrap();
    let (key, secret) = (served.key_id.as_str(), served.secret.as_str());
    let wrong = [
        ("acme", key, "wrong", "ann"),
        ("acme", key, &secret[1..], "ann"),
        ("acme", "6618791275130b73714e8d90", secret, "ann"),
        ("acme", "not-an-id", secret, "ann"),
        ("acme", "000000000000000000000000", secret, "ann"),
        ("acme", key, secret, "bob"),
        ("acme", key, secret, "a b/c"),
        ("other", key, secret, "bob"),
        ("nobody", key, secret, "ann"),
        ("acme", revoked_id, revoked["api_key"].as_str().unwrap(), "ann"),
        (
            "acme",
            of_eve["api_key_id"].as_str().unwrap(),
            of_eve["api_key"].as_str().unwrap(),
            "eve",
        ),
    ];
    let mut answers = std::collections::BTreeSet::new();
    for (org, key, secret, user) in wrong {
        answers.insert(told(served.sign_in(org, key, secret, user).send().await.unwrap()).await);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers.first().unwrap().0, 401);

    let answer = served
        .client
        .post(served.url("/v1/acme/user/signin_with_api_key"))
        .header("x-api-key", "k")
        .send();
    let problem = problem(answer.await.unwrap()).await;
    let pointers: Vec<&str> = problem
        .errors
        .iter()
        .map(|error| error.pointer.as_str())
        .collect();
    assert_eq!(
        (problem.status, pointers),
        (422, vec!["/x-api-key-id", "/x-user-id"])
    );
    let impossible = served.sign_in("a%20b", key, secret, "ann").send().await.unwrap();
    assert_eq!(impossible.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_expired_key_opens_nothing() {
    let journal = MemoryJournal::new();
    let today = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let user = json!({"id": "ann", "name": "Ann", "role": ADMINISTRATOR_ROLE});
    today.command("user.create", user).await.unwrap();
    let key = today
        .command("api_key.create", json!({"duration": "P1D"}))
        .await
        .unwrap();
    let (a_day, a_minute) = (86_400_000, 60_000);
    for (ahead, status) in [(a_day - a_minute, 200), (a_day + a_minute, 401)] {
        let bench = bench_ahead("later", journal.clone(), Database::in_memory().unwrap(), ahead).await;
        let served = serve_on(bench, &key, options(), journal.clone(), ahead).await;
        let answer = served
            .sign_in("acme", &served.key_id, &served.secret, "ann")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status, "{ahead}");
        // A token that was made before does not outlive its key.
        let list = served.ask(Method::GET, "service/").send().await.unwrap();
        assert_eq!(list.status().as_u16(), status, "{ahead}");
    }
}

#[tokio::test]
async fn another_organization_is_none() {
    let served = serve().await;
    let other = crate::tests::caller("other", "bob");
    let body = json!({"id": "bob", "name": "Bob", "role": ADMINISTRATOR_ROLE}).to_string();
    let made = served.bench.gateway.command(
        &other,
        crate::Metadata::default(),
        "user",
        "create",
        body.as_bytes(),
    );
    made.await.unwrap();
    for path in ["service/", "metric/", "rehearse/users/bob"] {
        let mut answers = Vec::new();
        for org in ["other", "nobody"] {
            let url = served.url(&format!("/v1/{org}/{path}"));
            let answer = served
                .client
                .get(url)
                .bearer_auth(served.token())
                .send()
                .await
                .unwrap();
            let (status, text) = told(answer).await;
            answers.push((status, text.replace(org, "x")));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].0, 404);
        assert!(
            answers[0].1.contains("there is no organization `x`"),
            "{answers:?}"
        );
    }
    // Who has not shown who it is learns nothing at all.
    for org in ["acme", "other", "nobody"] {
        let answer = served
            .client
            .get(served.url(&format!("/v1/{org}/service/")))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{org}");
    }
}

#[tokio::test]
async fn revoking_a_key_or_deleting_a_user_takes_effect_at_once() {
    let served = serve().await;
    let list = async || served.ask(Method::GET, "service/").send().await.unwrap().status();
    assert_eq!(list().await, StatusCode::OK);
    served
        .bench
        .command("api_key.delete", json!({"id": served.key_id}))
        .await
        .unwrap();
    assert_eq!(list().await, StatusCode::UNAUTHORIZED);

    let served = serve().await;
    let list = async || served.ask(Method::GET, "service/").send().await.unwrap().status();
    assert_eq!(list().await, StatusCode::OK);
    served
        .bench
        .command(
            "user.create",
            json!({"id": "eve", "name": "Eve", "role": ADMINISTRATOR_ROLE}),
        )
        .await
        .unwrap();
    let eve = crate::tests::caller("acme", "eve");
    let body = json!({"id": "ann"}).to_string();
    let deleted = served.bench.gateway.command(
        &eve,
        crate::Metadata::default(),
        "user",
        "delete",
        body.as_bytes(),
    );
    deleted.await.unwrap();
    assert_eq!(list().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn tokens_of_another_secret_open_nothing() {
    let served = serve().await;
    let clock = MemoryJournal::new();
    let foreign = Tokens::new([8; 32], Arc::new(move || clock.now()));
    let key = served.key_id.parse().unwrap();
    let (token, _) = foreign
        .issue("acme".parse().unwrap(), "ann".parse().unwrap(), key)
        .unwrap();
    let answer = served
        .client
        .get(served.url("/v1/acme/service/"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(problem(answer).await.code, ErrorCode::Unauthenticated);
}
