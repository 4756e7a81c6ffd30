//! Artifacts by signed address.

use api::error::ErrorCode;
use model::Verdict;
use reqwest::header::HeaderMap;

use super::{follow::TheRun, *};
use crate::tests::bench_ahead;

const ARTIFACT: &[u8] = b"0123456789";

/// A run that is over.
async fn over(served: &Served) -> TheRun {
    let mut run = TheRun::start(served, 1).await;
    for n in 0..3 {
        run.finish(served, n, Verdict::Passed, None).await;
    }
    run.complete(served, ARTIFACT).await;
    run
}

fn artifacts_path(run: &TheRun) -> String {
    format!("simulation/unit_test_set_run/{}/artifacts/", run.id)
}

/// Asks for the address of a run's artifact.
async fn signed(served: &Served, run: &TheRun) -> String {
    let answer = served
        .ask(Method::GET, &artifacts_path(run))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    answer["presigned_url"].as_str().unwrap().to_owned()
}

/// Fetches an address with these headers, without signing in.
async fn fetch(
    served: &Served,
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = served.client.request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn an_address_opens_the_artifact_to_whoever_has_it() {
    let served = serve().await;
    let run = over(&served).await;
    let answer = served
        .ask(Method::GET, &artifacts_path(&run))
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    let url = answer["presigned_url"].as_str().unwrap();
    let base = served.url(&format!("/v1/acme/rehearse/runs/{}/artifact?expires=", run.id));
    assert!(url.starts_with(&base), "{url}");
    let now = served.bench.gateway.now();
    let expires: model::Time = answer["url_expires_at"].as_str().unwrap().parse().unwrap();
    let lifetime = expires.millis_since(now);
    assert!((3_598_000..=3_600_000).contains(&lifetime), "{lifetime}");

    let digest = model::Digest::of(ARTIFACT).to_string();
    let length = ARTIFACT.len().to_string();
    for (method, body) in [(Method::GET, ARTIFACT), (Method::HEAD, b"".as_slice())] {
        for url in [url.to_owned(), url.replace("/artifact?", "/artifact/?")] {
            let (status, headers, found) = fetch(&served, method.clone(), &url, &[]).await;
            assert_eq!(
                (status, found.as_slice()),
                (StatusCode::OK, body),
                "{method} {url}"
            );
            for (name, value) in [
                ("content-type", "application/zip"),
                ("content-length", &length),
                (
                    "content-disposition",
                    &format!("attachment; filename=\"run-{}.zip\"", run.id),
                ),
                ("etag", &format!("\"{digest}\"")),
                ("accept-ranges", "bytes"),
                ("cache-control", "private, max-age=0"),
                ("x-content-type-options", "nosniff"),
            ] {
                assert_eq!(headers[name], value, "{method} {name}");
            }
        }
    }
    // On a server that was not there as well.
    let bench =
        crate::tests::bench_as("beside", served.journal.clone(), Database::in_memory().unwrap()).await;
    let key = json!({"api_key_id": served.key_id, "api_key": served.secret});
    let beside = serve_on(bench, &key, options(), served.journal.clone(), 0).await;
    let there = url.replace(&served.http.base_url(), &beside.http.base_url());
    assert_eq!(fetch(&beside, Method::GET, &there, &[]).await.2, ARTIFACT);
}

#[tokio::test]
async fn ranges_and_conditions_are_minded() {
    let served = serve().await;
    let run = over(&served).await;
    let url = signed(&served, &run).await;
    let etag = format!("\"{}\"", model::Digest::of(ARTIFACT));
    let get = async |headers: &[(&str, &str)]| fetch(&served, Method::GET, &url, headers).await;
    for (range, content_range, expected) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=2-5", "bytes 2-5/10", "2345"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=7-100", "bytes 7-9/10", "789"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=-100", "bytes 0-9/10", "0123456789"),
    ] {
        for condition in [None, Some(("if-range", etag.as_str()))] {
            let headers: Vec<_> = [("range", range)].into_iter().chain(condition).collect();
            let (status, headers, found) = get(&headers).await;
            assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(headers["content-range"], content_range);
            assert_eq!(headers["content-length"], expected.len().to_string());
            assert_eq!(headers["content-type"], "application/zip");
            assert_eq!(headers["etag"], etag);
            assert_eq!(found, expected.as_bytes(), "{range}");
        }
        let changed = get(&[("range", range), ("if-range", "\"other\"")]).await;
        assert_eq!((changed.0, changed.2.as_slice()), (StatusCode::OK, ARTIFACT));
        let head = fetch(&served, Method::HEAD, &url, &[("range", range)]).await;
        assert_eq!(
            (head.0, &head.1["content-length"]),
            (StatusCode::OK, &"10".parse().unwrap())
        );
    }
    for range in ["bytes=10-", "bytes=-0", "bytes=99-100"] {
        let answer = served
            .client
            .get(&url)
            .header("range", range)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-range"], "bytes */10");
        let body: Problem = answer.json().await.unwrap();
        assert_eq!(
            (body.status, body.code),
            (416, ErrorCode::RangeNotSatisfiable),
            "{range}"
        );
    }
    for range in ["bytes=0-1,4-5", "bytes=5-2", "pages=1-2", "bytes=x"] {
        let whole = get(&[("range", range)]).await;
        assert_eq!(
            (whole.0, whole.2.as_slice()),
            (StatusCode::OK, ARTIFACT),
            "{range}"
        );
    }
    for known in [etag.as_str(), "*", &format!("\"x\", W/{etag}")] {
        let (status, headers, found) = get(&[("if-none-match", known), ("range", "bytes=0-1")]).await;
        assert_eq!((status, found.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(headers["etag"], etag);
    }
    assert_eq!(get(&[("if-none-match", "\"x\"")]).await.0, StatusCode::OK);
    assert_eq!(get(&[("if-match", &etag)]).await.0, StatusCode::OK);
    assert_eq!(
        get(&[("if-match", "\"x\"")]).await.0,
        StatusCode::PRECONDITION_FAILED
    );
}

#[tokio::test]
async fn an_address_opens_nothing_else_and_not_for_ever() {
    let served = serve().await;
    let run = over(&served).await;
    let url = signed(&served, &run).await;
    let other = "6618791275130b73714e8d90";
    let (base, signature) = url.rsplit_once("signature=").unwrap();
    let (before, expires) = base.split_once("expires=").unwrap();
    let expires: u64 = expires.trim_end_matches('&').parse().unwrap();
    let flipped = if signature.starts_with('0') { "1" } else { "0" };
    let forged = [
        format!("{base}signature={flipped}{}", &signature[1..]),
        format!("{base}signature={}", "0".repeat(64)),
        base.trim_end_matches('&').to_owned(),
        format!("{before}signature={signature}"),
        format!("{before}expires={}&signature={signature}", expires + 1),
        format!("{before}expires={}&signature={signature}", expires - 1),
        format!("{before}expires=0&signature={signature}"),
        format!("{before}expires=253402300799&signature={signature}"),
        url.replace(&run.id.to_string(), other),
        url.replace("/v1/acme/", "/v1/other/"),
    ];
    for url in forged {
        for method in [Method::GET, Method::HEAD] {
            let (status, headers, body) = fetch(&served, method, &url, &[]).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{url}");
            assert!(!headers.contains_key("etag"));
            assert!(!String::from_utf8_lossy(&body).contains("0123456789"));
        }
    }
    for (url, wanted) in [
        (format!("{base}signature=abc"), 422),
        (format!("{before}expires=x&signature={signature}"), 422),
        (format!("{before}expires=-1&signature={signature}"), 422),
        (format!("{url}&signature={signature}"), 422),
        (format!("{url}&more=1"), 422),
        (url.replace(&run.id.to_string(), "x"), 422),
        (url.replace("/v1/acme/", "/v1/a%20b/"), 404),
    ] {
        let answer = served.client.get(&url).send().await.unwrap();
        assert_eq!(problem(answer).await.status, wanted, "{url}");
    }
    // An hour later it opens nothing.
    let ahead_ms = 3_600_000;
    let bench = bench_ahead(
        "later",
        served.journal.clone(),
        Database::in_memory().unwrap(),
        ahead_ms,
    )
    .await;
    let key = json!({"api_key_id": served.key_id, "api_key": served.secret});
    let later = serve_on(bench, &key, options(), served.journal.clone(), ahead_ms).await;
    let there = url.replace(&served.http.base_url(), &later.http.base_url());
    let answer = later.client.get(&there).send().await.unwrap();
    assert_eq!(problem(answer).await.code, ErrorCode::Forbidden);
    assert_eq!(
        fetch(&later, Method::GET, &signed(&later, &run).await, &[])
            .await
            .2,
        ARTIFACT
    );
}

#[tokio::test]
async fn there_is_no_address_before_there_is_an_artifact() {
    let served = serve().await;
    let run = TheRun::start(&served, 1).await;
    let ask = async |path: &str| problem(served.ask(Method::GET, path).send().await.unwrap()).await;
    let early = ask(&artifacts_path(&run)).await;
    assert_eq!((early.status, early.code), (400, ErrorCode::ArtifactNotReady));
    let unknown = ask(&format!(
        "simulation/unit_test_set_run/{}/artifacts/",
        "0".repeat(24)
    ))
    .await;
    assert_eq!(unknown.status, 404);
    let malformed = ask("simulation/unit_test_set_run/x/artifacts/").await;
    assert_eq!(malformed.status, 422);
}

#[tokio::test]
async fn addresses_begin_with_what_clients_see() {
    let served = serve().await;
    let run = over(&served).await;
    let with_host = async |host: &str| {
        let request = format!(
            "GET /v1/acme/{} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            artifacts_path(&run),
            served.token()
        );
        let answer = served.raw(request.as_bytes()).await;
        assert_eq!(status_of(&answer), 200, "{host}: {answer}");
        let body: Value = serde_json::from_str(answer.rsplit("\r\n\r\n").next().unwrap()).unwrap();
        body["presigned_url"].as_str().unwrap().to_owned()
    };
    for host in ["rehearse.example.com", "localhost:1234", "[::1]:8080"] {
        let url = with_host(host).await;
        assert!(url.starts_with(&format!("http://{host}/v1/acme/")), "{url}");
    }
    let bound = format!("{}/v1/acme/", served.http.base_url());
    for host in ["", "a/b", "user@evil.example", "a?b", "a b", &"a".repeat(300)] {
        let url = with_host(host).await;
        assert!(url.starts_with(&bound), "{host}: {url}");
    }
    // On the bus nobody says how the server is seen.
    let body = json!({"id": run.id});
    let unknown = served
        .bench
        .query("run.artifact_url", body.clone())
        .await
        .unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NoPublicUrl);
    let public = HttpOptions {
        public_url: Some("https://rehearse.example.com/sub/".to_owned()),
        ..options()
    };
    let public = Http::start(public, served.bench.gateway.clone(), served.tokens.clone())
        .await
        .unwrap();
    let answer = served.bench.query("run.artifact_url", body).await.unwrap();
    let url = answer["presigned_url"].as_str().unwrap();
    assert!(
        url.starts_with("https://rehearse.example.com/sub/v1/acme/rehearse/runs/"),
        "{url}"
    );
    let path = format!(
        "{}/v1/acme/{}",
        format_args!("http://{}", public.local_addr()),
        artifacts_path(&run)
    );
    let request = served.client.get(path).bearer_auth(served.token()).send();
    let answer: Value = request.await.unwrap().json().await.unwrap();
    assert!(
        answer["presigned_url"]
            .as_str()
            .unwrap()
            .starts_with("https://rehearse.example.com/sub/v1/")
    );
}
