use std::collections::BTreeSet;

use api::{
    error::ErrorCode,
    http::{Method as Asked, operations},
};

use super::*;
use crate::tests::persona;

fn method(asked: Asked) -> Method {
    match asked {
        Asked::Get => Method::GET,
        Asked::Post => Method::POST,
        Asked::Put => Method::PUT,
        Asked::Delete => Method::DELETE,
    }
}

/// A path without its placeholders.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{organization}" => "acme",
        "{version_set_name}" => "beta",
        "{kind}" => "persona",
        part if part.starts_with('{') => "6618791275130b73714e8d90",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_operation_is_served_in_both_spellings() {
    let served = serve().await;
    for operation in operations() {
        for path in operation.spellings() {
            let mut request = served
                .client
                .request(method(operation.method), served.url(&filled(&path)))
                .bearer_auth(served.token());
            if operation.has_body() {
                request = request.json(&json!({}));
            }
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            assert!(!(300..400).contains(&status), "{path}: {status}");
            if status < 300 {
                assert_eq!(status, operation.status, "{} {path}", operation.id);
                continue;
            }
            let problem = problem(answer).await;
            assert!(
                ![ErrorCode::UnknownEndpoint, ErrorCode::MethodNotAllowed].contains(&problem.code)
                    && status < 500,
                "{} {path}: {problem}",
                operation.id
            );
        }
    }
}

#[tokio::test]
async fn a_persona_lives_its_life_over_http() {
    let served = serve().await;
    let created = served
        .ask(Method::POST, "simulation/persona/")
        .json(&persona("Maria"))
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), StatusCode::CREATED);
    assert_eq!(created.headers()["content-type"], "application/json");
    assert_secure(created.headers());
    let sequence = created.headers()["rehearse-sequence"]
        .to_str()
        .unwrap()
        .to_owned();
    let created: Value = created.json().await.unwrap();
    let id = created["simulation_persona_id"].as_str().unwrap();

    let listed = served
        .ask(
            Method::GET,
            &format!("simulation/persona?id={id}&limit=1&sort_by=%2Bupdated_at&is_deleted=false"),
        )
        .header("rehearse-seen", &sequence)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.status(), StatusCode::OK);
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed["simulation_personas"][0]["name"], json!("Maria"));

    let version = persona("Maria")["initial_version"].clone();
    let second = served
        .ask(
            Method::POST,
            &format!("simulation/persona/{id}/version?version=2"),
        )
        .json(&version)
        .send()
        .await
        .unwrap();
    assert_eq!(second.json::<Value>().await.unwrap(), json!({"version": 2}));

    let deleted = served
        .ask(Method::DELETE, &format!("simulation/persona/{id}/"))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    for name in ["content-type", "content-length", "transfer-encoding"] {
        assert!(!deleted.headers().contains_key(name), "{name}");
    }
    assert_eq!(deleted.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_told() {
    let served = serve().await;
    for path in [
        "/",
        "/v1",
        "/v2/acme/service/",
        "/v1/acme",
        "/v1/acme/services/",
        "//v1/acme/service/",
    ] {
        let answer = served.client.get(served.url(path)).send().await.unwrap();
        assert_eq!(problem(answer).await.code, ErrorCode::UnknownEndpoint, "{path}");
    }
    let answer = served.ask(Method::PATCH, "service/").send().await.unwrap();
    let allow = answer.headers()["allow"].to_str().unwrap().to_owned();
    let allow: BTreeSet<&str> = allow.split(',').collect();
    assert_eq!(allow, BTreeSet::from(["GET", "HEAD", "POST"]));
    assert_eq!(problem(answer).await.code, ErrorCode::MethodNotAllowed);

    let told = served.ask(Method::OPTIONS, "service/").send().await.unwrap();
    assert_eq!(told.status(), StatusCode::NO_CONTENT);
    assert!(told.headers().contains_key("allow"));
    assert_secure(told.headers());

    let head = served.ask(Method::HEAD, "service/").send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert!(head.headers().contains_key("content-length"));
    assert_eq!(head.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_request_keeps_its_name_if_it_is_harmless() {
    let served = serve().await;
    let named = async |id: &str| {
        let answer = served
            .client
            .get(served.url("/healthz"))
            .header("x-request-id", id)
            .send()
            .await
            .unwrap();
        answer.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(named("Trace_1-a").await, "Trace_1-a");
    for other in ["", "a b", "a;b", "<script>", &"x".repeat(65)] {
        let id = named(other).await;
        assert!(id != other && id.len() == 16, "{other}: {id}");
    }
}

#[tokio::test]
async fn only_listed_origins_may_use_it_from_a_page() {
    let origin = "https://console.example.com";
    let served = serve_with(HttpOptions {
        cors_origins: vec![origin.to_owned()],
        public_url: Some("https://rehearse.example.com/".to_owned()),
        ..options()
    })
    .await;
    let address = format!("http://{}/v1/acme/service/", served.http.local_addr());
    let ask = async |method: Method, origin: &str| {
        let request = served.client.request(method, &address).header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.send().await.unwrap()
    };
    let preflight = ask(Method::OPTIONS, origin).await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    let headers = preflight.headers();
    assert_eq!(headers["access-control-allow-origin"], origin);
    assert!(
        headers["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .contains("authorization")
    );
    assert!(
        headers["strict-transport-security"]
            .to_str()
            .unwrap()
            .contains("max-age")
    );
    assert_secure(headers);
    let refused = ask(Method::GET, origin).await;
    assert_eq!(
        refused.headers()["access-control-allow-origin"],
        origin,
        "a page may read why"
    );
    for other in [
        "https://evil.example.com",
        "null",
        "https://console.example.com.evil.com",
        "https://console.example.com:443",
    ] {
        for method in [Method::OPTIONS, Method::GET] {
            let answer = ask(method, other).await;
            assert!(
                !answer.headers().contains_key("access-control-allow-origin"),
                "{other}"
            );
            assert_eq!(answer.headers()["vary"], "Origin");
        }
    }
    assert_eq!(served.http.base_url(), "https://rehearse.example.com");
}

#[tokio::test]
async fn probes_and_keys_need_no_token() {
    let served = serve().await;
    let get = async |path: &str| served.client.get(served.url(path)).send().await.unwrap();
    let health = get("/healthz").await;
    assert_eq!(health.status(), StatusCode::OK);
    let ready = get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::OK);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!((&ready["ready"], &ready["reasons"]), (&json!(true), &json!([])));
    assert_eq!(
        ready["events"],
        json!({"last_sequence": 2, "projected_sequence": 2, "lag": 0})
    );
    assert_eq!(ready["results"]["lag"], json!(0));
    let keys = get("/.well-known/jwks.json").await;
    assert_eq!(keys.headers()["cache-control"], "public, max-age=300");
    let keys: Value = keys.json().await.unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 3);
    for key in keys["keys"].as_array().unwrap() {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"]),
            (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
        );
        assert!(key.get("d").is_none());
    }
}

#[tokio::test]
async fn a_server_that_no_longer_follows_is_not_ready() {
    let served = serve().await;
    served.bench.server.stopped().cancel();
    let ready = served.client.get(served.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(
        ready["reasons"],
        json!(["the projections no longer follow the log"])
    );
    let health = served.client.get(served.url("/healthz")).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    let answer = served.ask(Method::GET, "service/").send().await.unwrap();
    assert_eq!(problem(answer).await.code, ErrorCode::Unavailable);
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let served = serve().await;
    let again = HttpOptions {
        address: served.http.local_addr(),
        ..options()
    };
    let refused = Http::start(again, served.bench.gateway.clone(), served.tokens.clone()).await;
    assert!(
        matches!(refused.unwrap_err(), HttpError::Bind { address, .. } if address == served.http.local_addr())
    );
}

#[tokio::test]
async fn a_server_without_its_log_is_not_ready() {
    let served = serve().await;
    let ready = async || {
        let answer = served.client.get(served.url("/readyz")).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    served.journal.set_cut(true);
    let (status, ready) = ready().await;
    assert_eq!(
        (status, &ready["reasons"]),
        (503, &json!(["the log cannot be reached"]))
    );
    assert!(ready.get("events").is_none());
}

#[tokio::test]
async fn a_bug_in_one_request_is_told_and_no_more() {
    let served = serve().await;
    let router = axum::Router::new().fallback(async || -> StatusCode { panic!("a bug") });
    let request = http::Request::get("/")
        .header("x-request-id", "r1")
        .body(axum::body::Body::empty());
    let answer = pipeline::answer(
        &served.http.app,
        router,
        served.http.local_addr().ip(),
        request.unwrap(),
    )
    .await;
    assert_eq!(answer.status(), 500);
    assert_secure(answer.headers());
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .unwrap();
    let problem: Problem = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (problem.code, problem.request_id.as_deref()),
        (ErrorCode::Internal, Some("r1"))
    );
    assert!(!problem.detail.contains("bug"));
}

#[tokio::test]
async fn the_documentation_needs_no_token_and_loads_nothing_foreign() {
    let served = serve().await;
    for (path, content_type) in [
        ("/openapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/", "text/html; charset=utf-8"),
    ] {
        let answer = served.client.get(served.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let headers = answer.headers();
        assert_eq!(headers["content-type"], content_type, "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
}
