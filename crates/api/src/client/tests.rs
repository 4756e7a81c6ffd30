mod fake;

use std::{sync::Mutex, time::SystemTime};

use fake::{Fake, Seen, answer, json, problem};
use model::Time;
use serde_json::json;

use super::*;
use crate::{
    bus::{
        commands::PersonaDelete,
        queries::{OrganizationGet, PersonaList},
    },
    error::{ErrorCode, PROBLEM_CONTENT_TYPE},
    persona,
    read::read,
    request::Empty,
    session::SignedIn,
};

const KEY_ID: &str = "6618791275130b73714e8db1";

fn options(base_url: &str) -> ClientOptions {
    let credentials = Credentials {
        api_key_id: KEY_ID.parse().unwrap(),
        api_key: Secret::new("the-key"),
        user_id: "ann".parse().unwrap(),
    };
    ClientOptions::new(base_url, "acme".parse().unwrap(), credentials)
}

fn client(fake: &Fake) -> Client {
    Client::new(options(&fake.url)).unwrap()
}

fn in_seconds(seconds: u64) -> Time {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Time::from_micros(i64::try_from(now.as_micros()).unwrap()).plus_millis(seconds * 1000)
}

fn signed_in(token: &str) -> String {
    json(&json!({ "id_token": token, "expires_at": in_seconds(3600).to_string() }))
}

fn page() -> Value {
    json!({"simulation_personas": [], "has_more": false, "continuation_token": null, "filter_values": null})
}

/// Signs in with tokens `token-1`, `token-2`, … and answers everything else so.
fn after_sign_in(
    script: impl Fn(&Seen, usize) -> String + Send + Sync + 'static,
) -> impl Fn(&Seen, usize) -> String + Send + Sync + 'static {
    let n_tokens = AtomicU64::new(0);
    move |seen, n_before| {
        if seen.is_sign_in() {
            signed_in(&format!("token-{}", n_tokens.fetch_add(1, Ordering::SeqCst) + 1))
        } else {
            script(seen, n_before)
        }
    }
}

#[tokio::test]
async fn a_typed_call_is_a_request_of_its_operation() {
    let fake = Fake::start(after_sign_in(|seen, _| match seen.line.split(' ').next() {
        Some("GET") => json(&page()),
        _ => "HTTP/1.1 204 No Content\r\nrehearse-sequence: 41\r\nconnection: close\r\n\r\n".to_owned(),
    }))
    .await;
    let client = client(&fake);
    let query: persona::ListQuery = read(&json!({"tag": ["team:a b", "vip:"], "limit": 5})).unwrap();
    assert_eq!(
        client
            .call::<PersonaList>(&query)
            .await
            .unwrap()
            .simulation_personas,
        []
    );
    let delete: persona::Delete = read(&json!({ "id": KEY_ID })).unwrap();
    client.call::<PersonaDelete>(&delete).await.unwrap();
    client
        .call_with_key::<PersonaDelete>("my-key", &delete)
        .await
        .unwrap();
    client.call::<PersonaList>(&query).await.unwrap();

    let sign_ins = fake.sign_ins();
    assert_eq!(sign_ins.len(), 1);
    assert_eq!(sign_ins[0].line, "POST /v1/acme/user/signin_with_api_key");
    assert_eq!(sign_ins[0].header("x-api-key"), "the-key");
    assert_eq!(sign_ins[0].header("x-api-key-id"), KEY_ID);
    assert_eq!(sign_ins[0].header("x-user-id"), "ann");
    let asked = fake.asked();
    assert!(
        asked[0].line.starts_with("GET /v1/acme/simulation/persona/?"),
        "{}",
        asked[0].line
    );
    assert!(
        asked[0].line.contains("tag=team%3Aa+b&tag=vip%3A"),
        "{}",
        asked[0].line
    );
    assert_eq!(
        asked[1].line,
        format!("DELETE /v1/acme/simulation/persona/{KEY_ID}/")
    );
    assert!(
        asked
            .iter()
            .all(|seen| seen.header("authorization") == "Bearer token-1")
    );
    assert_eq!(asked[0].header("idempotency-key"), "");
    assert_eq!(asked[1].header("idempotency-key").len(), 32);
    assert_eq!(asked[2].header("idempotency-key"), "my-key");
    assert_eq!(
        (asked[0].header("rehearse-seen"), asked[3].header("rehearse-seen")),
        (String::new(), "41".to_owned()),
        "what was done is seen afterwards"
    );
}

#[tokio::test]
async fn an_object_of_the_body_and_a_name_in_the_query_arrive() {
    let fake = Fake::start(after_sign_in(|_, _| json(&json!({"ok": true})))).await;
    let client = client(&fake);
    let ask = async |family, kind: &str, verb: &str, request| {
        client.request(family, kind, verb, &request).await.unwrap()
    };
    ask(Family::Query, "persona", "get", json!({"name": "a/../b?"})).await;
    let version = json!({"id": KEY_ID, "version": 2, "objective": "o"});
    ask(Family::Command, "scenario", "create_version", version).await;
    let asked = fake.asked();
    assert_eq!(
        asked[0].line,
        "GET /v1/acme/rehearse/personas/~?name=a%2F..%2Fb%3F"
    );
    assert_eq!(
        asked[1].line,
        format!("POST /v1/acme/simulation/scenario/{KEY_ID}/version/?version=2")
    );
    assert_eq!(asked[1].body, r#"{"objective":"o"}"#);
    assert_eq!(asked[1].header("content-type"), "application/json");
}

#[tokio::test]
async fn callers_at_once_share_one_sign_in() {
    let fake = Fake::start(after_sign_in(|_, _| json(&page()))).await;
    let client = client(&fake);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move {
            let query: persona::ListQuery = read(&json!({})).unwrap();
            client.call::<PersonaList>(&query).await.unwrap()
        });
    }
    assert_eq!(calls.join_all().await.len(), 20);
    assert_eq!((fake.sign_ins().len(), fake.asked().len()), (1, 20));
}

#[tokio::test]
async fn a_token_that_is_taken_back_costs_one_sign_in() {
    let fake = Fake::start(after_sign_in(|seen, _| {
        if seen.header("authorization") == "Bearer token-1" {
            problem(ErrorCode::Unauthenticated, "")
        } else {
            json(&json!({}))
        }
    }))
    .await;
    let client = client(&fake);
    let ask = async || {
        client
            .request(Family::Query, "server", "status", &json!({}))
            .await
    };
    ask().await.unwrap();
    ask().await.unwrap();
    assert_eq!((fake.sign_ins().len(), fake.asked().len()), (2, 3));

    // A server that refuses every token is asked twice, not for ever.
    let fake = Fake::start(after_sign_in(|_, _| problem(ErrorCode::Unauthenticated, ""))).await;
    let client = self::client(&fake);
    let refused = client
        .request(Family::Query, "server", "status", &json!({}))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Unauthenticated));
    assert_eq!((fake.sign_ins().len(), fake.asked().len()), (2, 2));
}

#[tokio::test]
async fn a_key_that_is_refused_is_refused_to_all_who_wait() {
    let fake = Fake::start(|_, _| problem(ErrorCode::Unauthenticated, "")).await;
    let client = client(&fake);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let client = client.clone();
        calls.spawn(async move {
            client
                .request(Family::Query, "server", "status", &json!({}))
                .await
                .unwrap_err()
        });
    }
    for refused in calls.join_all().await {
        assert!(matches!(refused, ClientError::SignIn { .. }), "{refused}");
        assert!(!format!("{refused:?}").contains("the-key"));
    }
    assert_eq!((fake.sign_ins().len(), fake.asked().len()), (1, 0));
}

#[tokio::test]
async fn what_may_pass_is_tried_again_under_the_same_key() {
    let fake = Fake::start(after_sign_in(|_, n_before| match n_before {
        0 => problem(ErrorCode::Unavailable, ""),
        1 => answer(502, "text/html", "", "<h1>away</h1>"),
        2 => String::new(),
        _ => "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned(),
    }))
    .await;
    let delete: persona::Delete = read(&json!({ "id": KEY_ID })).unwrap();
    client(&fake).call::<PersonaDelete>(&delete).await.unwrap();
    let asked = fake.asked();
    assert_eq!(asked.len(), 4);
    let keys: std::collections::BTreeSet<String> =
        asked.iter().map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
}

#[tokio::test]
async fn patience_has_an_end() {
    // A server that asks for more patience than there is gets none.
    let fake = Fake::start(after_sign_in(|_, _| {
        problem(ErrorCode::RateLimited, "retry-after: 60\r\n")
    }))
    .await;
    let status = async |client: &Client| {
        client
            .request(Family::Query, "server", "status", &json!({}))
            .await
            .unwrap_err()
    };
    assert_eq!(status(&client(&fake)).await.code(), Some(ErrorCode::RateLimited));
    assert_eq!(fake.asked().len(), 1);

    // What will not pass is asked for once.
    for code in [ErrorCode::NotFound, ErrorCode::Internal, ErrorCode::Forbidden] {
        let fake = Fake::start(after_sign_in(move |_, _| problem(code, ""))).await;
        assert_eq!(status(&client(&fake)).await.code(), Some(code));
        assert_eq!(fake.asked().len(), 1, "{code}");
    }

    let impatient = Client::new(options("http://127.0.0.1:1"))
        .unwrap()
        .with_persistence(Duration::ZERO);
    let unreachable = status(&impatient).await;
    assert!(
        matches!(unreachable, ClientError::Unreachable { .. }),
        "{unreachable}"
    );
    assert!(std::error::Error::source(&unreachable).is_some());
}

#[tokio::test]
async fn who_does_not_answer_as_rehearse_does_is_not_believed() {
    for (script, what) in [
        (
            answer(200, "text/html", "", "<html>"),
            "status 200 with content of type text/html",
        ),
        (
            answer(404, "text/html", "", "<html>"),
            "status 404 with content of type text/html",
        ),
        (
            answer(301, "", "location: https://elsewhere/\r\n", ""),
            "it redirects to https://elsewhere/",
        ),
    ] {
        let fake = Fake::start(move |_, _| script.clone()).await;
        let error = client(&fake)
            .call::<OrganizationGet>(&Empty {})
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::NotRehearse { .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(fake.sign_ins().len(), 1, "no redirect is followed");
    }
    let fake = Fake::start(|_, _| "SSH-2.0-OpenSSH_9.6\r\n".to_owned()).await;
    let impatient = client(&fake).with_persistence(Duration::ZERO);
    let error = impatient.call::<OrganizationGet>(&Empty {}).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    for script in [
        answer(200, "application/json", "", "{\"id\": "),
        answer(200, "application/json", "", "{\"id\": 3}"),
        answer(500, PROBLEM_CONTENT_TYPE, "", "{\"code\": \"brand_new\"}"),
    ] {
        let fake = Fake::start(after_sign_in(move |_, _| script.clone())).await;
        let error = client(&fake)
            .call::<OrganizationGet>(&Empty {})
            .await
            .unwrap_err();
        assert!(matches!(error, ClientError::Unreadable { .. }), "{error}");
    }
    for script in [
        json(&json!("x".repeat(2000))),
        // Nothing says how much will come.
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{}",
            "x".repeat(2000)
        ),
    ] {
        let fake = Fake::start(after_sign_in(move |_, _| script.clone())).await;
        let mut options = options(&fake.url);
        options.transport.max_response_bytes = 1000;
        let client = Client::new(options).unwrap();
        let error = client.call::<OrganizationGet>(&Empty {}).await.unwrap_err();
        assert!(
            matches!(error, ClientError::TooLarge { limit_bytes: 1000 }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_that_does_not_fit() {
    let fake = Fake::start(after_sign_in(|_, _| json(&json!({})))).await;
    let client = client(&fake);
    let ask = async |kind: &str, verb: &str, request: Value| {
        client
            .request(Family::Query, kind, verb, &request)
            .await
            .unwrap_err()
    };
    assert!(matches!(
        ask("persona", "get", json!({})).await,
        ClientError::Request(_)
    ));
    assert!(matches!(
        ask("persona", "get", json!({"id": ".."})).await,
        ClientError::Request(_)
    ));
    assert!(matches!(
        ask("banana", "get", json!({})).await,
        ClientError::UnknownEndpoint { .. }
    ));
    let mut with_certificates = options("https://127.0.0.1:1");
    with_certificates.transport.certificates = Some(b"no certificate".to_vec());
    assert!(matches!(
        Client::new(with_certificates).unwrap_err(),
        ClientError::Options { .. }
    ));
    assert!(fake.asked().is_empty() && fake.sign_ins().is_empty());
}

#[derive(Debug, Default)]
struct Kept(Mutex<Option<SignedIn>>);

impl TokenStore for Kept {
    fn load(&self) -> Option<SignedIn> {
        self.0.lock().unwrap().clone()
    }

    fn save(&self, signed_in: &SignedIn) {
        *self.0.lock().unwrap() = Some(signed_in.clone());
    }

    fn forget(&self) {
        *self.0.lock().unwrap() = None;
    }
}

#[tokio::test]
async fn a_kept_token_saves_a_sign_in_while_it_is_good() {
    let fake = Fake::start(after_sign_in(|seen, _| {
        if seen.header("authorization") == "Bearer revoked" {
            problem(ErrorCode::Unauthenticated, "")
        } else {
            json(&json!({}))
        }
    }))
    .await;
    let kept = Arc::new(Kept::default());
    let ask = async || {
        let mut options = options(&fake.url);
        let store: Arc<dyn TokenStore> = kept.clone();
        options.token_store = Some(store);
        let client = Client::new(options).unwrap();
        client
            .request(Family::Query, "server", "status", &json!({}))
            .await
            .unwrap();
    };
    ask().await;
    ask().await;
    assert_eq!(fake.sign_ins().len(), 1);
    for (token, seconds) in [("expired", 0), ("about to expire", 30), ("revoked", 3600)] {
        let before = fake.sign_ins().len();
        kept.save(&SignedIn {
            id_token: token.to_owned(),
            expires_at: in_seconds(seconds),
        });
        ask().await;
        assert_eq!(fake.sign_ins().len(), before + 1, "{token}");
        assert!(kept.load().unwrap().id_token.starts_with("token-"));
    }
}
