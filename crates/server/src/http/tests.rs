//! The HTTP server over a real listener, as clients meet it.

mod artifacts;
mod auth;
mod conditional;
mod events;
mod follow;
mod hostile;
mod limits;
mod requests;
mod role_keys;
mod routing;
mod stopping;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use api::error::Problem;
use journal::MemoryJournal;
use model::ADMINISTRATOR_ROLE;
use projections::Database;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;
use crate::tests::{Bench, bench_on};

/// What the tokens of the bench are signed under.
const SECRET: [u8; 32] = [9; 32];

/// A server with one organization and its administrator, `ann`.
struct Served {
    journal: MemoryJournal,
    bench: Bench,
    http: Http,
    tokens: Tokens,
    client: Client,
    key_id: String,
    secret: String,
}

/// Any port, nothing limited.
fn options() -> HttpOptions {
    HttpOptions {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        rate_limits: RateLimits {
            sign_in_per_minute: 0,
            ..RateLimits::default()
        },
        ..HttpOptions::default()
    }
}

async fn serve() -> Served {
    serve_with(options()).await
}

async fn serve_with(options: HttpOptions) -> Served {
    let journal = MemoryJournal::new();
    let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let user = json!({"id": "ann", "name": "Ann", "role": ADMINISTRATOR_ROLE});
    bench.command("user.create", user).await.unwrap();
    let key = json!({"duration": "P30D", "rehearse": {"user_id": "ann"}});
    let key = bench.command("api_key.create", key).await.unwrap();
    serve_on(bench, &key, options, journal, 0).await
}

/// Serves a bench in which `ann` has this key; its clock is some milliseconds ahead of the journal's.
async fn serve_on(
    bench: Bench,
    key: &Value,
    options: HttpOptions,
    journal: MemoryJournal,
    ahead_ms: u64,
) -> Served {
    let clock = journal.clone();
    let tokens = Tokens::new(SECRET, Arc::new(move || clock.now().plus_millis(ahead_ms)));
    let http = Http::start(options, bench.gateway.clone(), tokens.clone())
        .await
        .unwrap();
    Served {
        journal,
        bench,
        http,
        tokens,
        client: Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        key_id: key["api_key_id"].as_str().unwrap().to_owned(),
        secret: key["api_key"].as_str().unwrap().to_owned(),
    }
}

impl Served {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.http.base_url())
    }

    /// A token of `ann`, without signing in.
    fn token(&self) -> String {
        let key = self.key_id.parse().unwrap();
        let (token, _) = self
            .tokens
            .issue("acme".parse().unwrap(), "ann".parse().unwrap(), key)
            .unwrap();
        token
    }

    /// A request by `ann` to an address below the organization.
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.url(&format!("/v1/acme/{path}"));
        self.client.request(method, url).bearer_auth(self.token())
    }

    fn sign_in(&self, org: &str, key_id: &str, secret: &str, user: &str) -> RequestBuilder {
        self.client
            .post(self.url(&format!("/v1/{org}/user/signin_with_api_key")))
            .header("x-api-key", secret)
            .header("x-api-key-id", key_id)
            .header("x-user-id", user)
    }

    /// What comes back for these bytes, until the server closes the connection.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.http.local_addr()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    }
}

/// Everything until the other side closes.
async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answer is a problem in the right form, with the headers of every answer.
async fn problem(answer: Response) -> Problem {
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers.contains_key("www-authenticate"), status == 401);
    assert_secure(&headers);
    let body = answer.text().await.unwrap();
    let problem: Problem = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    assert_eq!(problem.status, status);
    assert_eq!(
        problem.request_id.as_deref().unwrap(),
        headers["x-request-id"].to_str().unwrap()
    );
    problem
}

fn assert_secure(headers: &reqwest::header::HeaderMap) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(headers.contains_key("x-request-id"));
}

/// The status of a raw answer; 0 if there was none.
fn status_of(answer: &str) -> u16 {
    let status = answer.split(' ').nth(1);
    status.and_then(|status| status.parse().ok()).unwrap_or(0)
}
