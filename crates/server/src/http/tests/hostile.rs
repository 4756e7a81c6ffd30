//! Bytes that no client would send.

use super::*;

/// Short times, so that whoever is slow is met soon.
fn impatient() -> HttpOptions {
    HttpOptions {
        header_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        ..options()
    }
}

/// A request of `ann` to create a persona, with these further headers and this body.
fn post(served: &Served, headers: &str, body: &[u8]) -> Vec<u8> {
    let token = served.token();
    let head = format!(
        "POST /v1/acme/simulation/persona/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nConnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let served = serve().await;
    let huge = "x".repeat(300_000);
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let table: &[(&str, Vec<u8>, &[u16])] = &[
        (
            "no HTTP at all",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "HTTP/2 preface",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            &[0, 400],
        ),
        (
            "another version",
            b"GET /healthz HTTP/3.7\r\nHost: a\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a blank in the path",
            b"GET /healthz /x HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "raw bytes in the path",
            b"GET /v1/acme/\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[400, 404],
        ),
        (
            "raw bytes in the query",
            b"GET /v1/acme/service/?a=\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[400, 401],
        ),
        (
            "a control character in a header",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: a\x00b\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a header without a name",
            b"GET /healthz HTTP/1.1\r\n: a\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a header name with a blank",
            b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a folded header",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: a\r\n b\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "two lengths",
            b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec(),
            &[400],
        ),
        (
            "a negative length",
            b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "an unknown coding",
            b"POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a long path",
            format!("GET /{huge} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes(),
            &[414, 431],
        ),
        (
            "a long header",
            format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: {huge}\r\n\r\n").into_bytes(),
            &[431],
        ),
        (
            "many headers",
            format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{many}\r\n").into_bytes(),
            &[431],
        ),
        (
            "invalid UTF-8 in the organization",
            b"GET /v1/%FF/service/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[404],
        ),
        (
            "a tunnel",
            b"CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[404, 405],
        ),
        (
            "a trace",
            b"TRACE /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[405],
        ),
        (
            "the whole server",
            b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[404],
        ),
        (
            "dots",
            b"GET /v1/../healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[404],
        ),
        (
            "an upgrade",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: h2c\r\n\r\n"
                .to_vec(),
            &[200],
        ),
        (
            "the old version",
            b"GET /healthz HTTP/1.0\r\n\r\n".to_vec(),
            &[200],
        ),
        (
            "an absolute address",
            b"GET http://evil.example.com/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
            &[200],
        ),
    ];
    for (what, bytes, expected) in table {
        let answer = served.raw(bytes).await;
        assert!(expected.contains(&status_of(&answer)), "{what}: {answer}");
        assert!(!answer.contains("evil"), "{what}: {answer}");
    }
    let health = served.client.get(served.url("/healthz")).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK, "it still answers");
}

#[tokio::test]
async fn paths_and_queries_that_are_not_text_are_refused() {
    let served = serve().await;
    let token = served.token();
    for path in [
        "rehearse/personas/%FF",
        "rehearse/personas/%00",
        "rehearse/personas/a%0D%0ASet-Cookie:x",
        "simulation/persona/?tag=%FF",
        "simulation/persona/?%FF=1",
        &format!("rehearse/personas/{}", "x".repeat(600)),
        &format!("simulation/persona/?{}", "id=a&".repeat(2001)),
    ] {
        let request = format!(
            "GET /v1/acme/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        let answer = served.raw(request.as_bytes()).await;
        assert_eq!(status_of(&answer), 422, "{path}: {answer}");
        assert!(!answer.to_lowercase().contains("\nset-cookie"), "{answer}");
    }
}

#[tokio::test]
async fn bodies_that_do_not_arrive_as_announced_are_refused() {
    let served = serve_with(impatient()).await;
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (what, headers, body, expected) in [
        ("no chunk size", chunked, b"zz\r\n{}\r\n0\r\n\r\n".as_slice(), 422),
        ("a huge chunk size", chunked, b"FFFFFFFFFFFFFFFFFF\r\n{}", 422),
        (
            "a chunk that is longer than it says",
            chunked,
            b"1\r\n{}\r\n0\r\n\r\n",
            422,
        ),
        ("chunks that never end", chunked, b"2\r\n{}\r\n", 408),
        ("less than announced", "Content-Length: 100\r\n", b"{}", 408),
        (
            "more than accepted, announced",
            "Content-Length: 99999999999\r\n",
            b"{}",
            413,
        ),
    ] {
        let answer = served.raw(&post(&served, headers, body)).await;
        assert_eq!(status_of(&answer), expected, "{what}: {answer}");
    }
}

#[tokio::test]
async fn whoever_sends_slowly_is_cut_off() {
    let served = serve_with(impatient()).await;
    let mut slow = TcpStream::connect(served.http.local_addr()).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost:").await.unwrap();
    let answer = read_all(&mut slow).await;
    assert!([0, 408].contains(&status_of(&answer)), "{answer}");

    // A byte now and then is not enough.
    let mut slow = TcpStream::connect(served.http.local_addr()).await.unwrap();
    slow.write_all(&post(&served, "Content-Length: 100\r\n", b"{"))
        .await
        .unwrap();
    let (mut reading, mut writing) = slow.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = [0; 12];
    reading.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    dripping.abort();
}

#[tokio::test]
async fn a_client_that_asks_first_is_answered_without_its_body() {
    let served = serve().await;
    let request = "POST /v1/acme/service/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    let answer = served.raw(request.as_bytes()).await;
    assert_eq!(status_of(&answer), 401, "{answer}");
}

#[tokio::test]
async fn two_requests_on_one_connection_are_two_requests() {
    let served = serve().await;
    let token = served.token();
    let get = |path: &str, end: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n{end}\r\n")
    };
    let both = [
        get("/v1/acme/service/", ""),
        get("/v1/acme/nothing", "Connection: close\r\n"),
    ]
    .concat();
    let answer = served.raw(both.as_bytes()).await;
    let statuses: Vec<&str> = answer
        .matches("HTTP/1.1 200")
        .chain(answer.matches("HTTP/1.1 404"))
        .collect();
    assert_eq!(statuses, ["HTTP/1.1 200", "HTTP/1.1 404"], "{answer}");
}
