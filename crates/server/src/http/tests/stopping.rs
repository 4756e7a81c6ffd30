use super::*;

/// Starts to listen to the log, and returns when the request is being answered.
async fn waiting(served: &Served) -> tokio::task::JoinHandle<Response> {
    let request = served.ask(Method::GET, "rehearse/events?after=1000&wait_ms=10000");
    let asked = tokio::spawn(async move { request.send().await.unwrap() });
    while served.bench.gateway.n_waiting() == 0 {
        tokio::task::yield_now().await;
    }
    asked
}

#[tokio::test]
async fn stopping_answers_what_has_come_in() {
    let served = serve().await;
    let address = served.http.local_addr();
    let asked = waiting(&served).await;
    let began = Instant::now();
    served.http.stop(Duration::from_secs(8)).await;
    let answer = asked.await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "who waits is answered at once"
    );
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody is let in any more"
    );
}

#[tokio::test]
async fn a_connection_that_does_nothing_does_not_keep_it_from_stopping() {
    let served = serve().await;
    let mut idle = TcpStream::connect(served.http.local_addr()).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let mut half = TcpStream::connect(served.http.local_addr()).await.unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nHo").await.unwrap();
    let began = Instant::now();
    served.http.stop(Duration::from_millis(500)).await;
    assert!(began.elapsed() < Duration::from_secs(8));
    read_all(&mut idle).await;
    assert_eq!(
        read_all(&mut half).await,
        "",
        "what never became a request is cut off"
    );
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_answered_at_once() {
    let served = serve_with(HttpOptions {
        max_connections: 1,
        header_timeout: Duration::from_millis(300),
        ..options()
    })
    .await;
    let mut first = TcpStream::connect(served.http.local_addr()).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHo").await.unwrap();
    // The second waits until the first has been cut off for being slow.
    let answer = served
        .raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(status_of(&answer), 200);
    read_all(&mut first).await;
}
