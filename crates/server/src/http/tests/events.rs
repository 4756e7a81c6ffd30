//! Following runs over HTTP.

mod resume;

use api::error::ErrorCode;
use http_body_util::BodyExt as _;
use journal::Journal as _;
use model::Verdict;
use tower_service::Service as _;

use super::{
    follow::{Reader, TheRun},
    *,
};
use crate::tests::bench_as;

/// Another server, with projections of its own.
async fn beside(served: &Served) -> Served {
    let bench = bench_as("beside", served.journal.clone(), Database::in_memory().unwrap()).await;
    let key = json!({"api_key_id": served.key_id, "api_key": served.secret});
    serve_on(bench, &key, options(), served.journal.clone(), 0).await
}

#[tokio::test]
async fn everybody_is_told_when_it_happens() {
    let served = serve().await;
    let beside = beside(&served).await;
    let mut run = TheRun::start(&served, 1).await;
    let mut readers = [
        run.follow(&served, None).await,
        run.follow(&served, None).await,
        run.follow(&beside, None).await,
    ];
    let mut told = Vec::new();
    for reader in &mut readers {
        let started = reader.next().await.unwrap();
        assert_eq!(
            (started.name.as_str(), &started.data["id"]),
            ("run.started", &json!(run.id))
        );
        assert_eq!(started.data["rehearse"]["state"], "running");
        assert_eq!(started.data["unit_test_run_results"], json!([null, null, null]));
        told.push(started);
    }
    for n in [2, 0, 1] {
        run.finish(&served, n, Verdict::Passed, None).await;
        let mut same = Vec::new();
        for reader in &mut readers {
            let finished = reader.next().await.unwrap();
            assert_eq!(
                finished.about(),
                ("conversation.finished".to_owned(), Some(u64::from(n)))
            );
            same.push(finished);
        }
        assert!(same.iter().all(|event| *event == same[0]), "{same:?}");
        told.push(same[0].clone());
    }
    run.complete(&served, b"zip").await;
    for reader in &mut readers {
        let completed = reader.next().await.unwrap();
        assert_eq!(completed.name, "run.completed");
        assert_eq!(completed.data["rehearse"]["verdict"], "passed");
        assert_eq!(reader.next().await, None, "the stream ends");
    }
    // A row is as lists show it.
    let rows = served
        .bench
        .query("run.results", json!({"id": run.id}))
        .await
        .unwrap();
    for row in rows["conversations"].as_array().unwrap() {
        let shown = told
            .iter()
            .find(|event| event.data["conversation"]["n"] == row["n"]);
        assert_eq!(&shown.unwrap().data["conversation"], row);
    }
    let mut state = served
        .bench
        .query("run.wait", json!({"id": run.id}))
        .await
        .unwrap();
    // What it took is told where a run is shown as it is, not as it was.
    for now in ["usage", "attempts"] {
        assert!(state["rehearse"][now].is_object(), "{now}");
        state["rehearse"][now] = json!(null);
    }
    let last = run
        .rest(&served, told.last().map(|event| event.id.as_str()))
        .await;
    assert_eq!(last[0].data, state, "the run is shown as everywhere");
}

#[tokio::test]
async fn whoever_is_at_the_end_is_told_that_nothing_follows() {
    let served = serve().await;
    let mut run = TheRun::start(&served, 1).await;
    run.cancel(&served).await;
    run.complete(&served, b"zip").await;
    let all = run.rest(&served, None).await;
    assert_eq!(
        all.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
        ["run.started", "run.cancelled", "run.completed"]
    );
    for end in [
        &all[2].id,
        "99999999-0",
        "18446744073709551615-18446744073709551615",
    ] {
        let answer = served.ask(Method::GET, &run.path()).header("last-event-id", end);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{end}");
        let in_query = format!("{}?last_event_id={end}", run.path());
        let answer = served.ask(Method::GET, &in_query).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{end}");
    }
    // A browser repeats the address, and says in the header how far it has come.
    let path = format!("{}?last_event_id={}", run.path(), all[2].id);
    let request = served.ask(Method::GET, &path).header("last-event-id", &all[1].id);
    let mut reader = Reader::of(request.send().await.unwrap());
    assert_eq!(reader.next().await.unwrap().name, "run.completed");
}

#[tokio::test]
async fn places_that_are_none_are_refused() {
    let served = serve().await;
    let run = TheRun::start(&served, 1).await;
    for wrong in [
        "",
        "7",
        "a-b",
        "1-2-3",
        "-1-2",
        "1 - 2",
        "01-1",
        "18446744073709551616-0",
    ] {
        let request = served
            .ask(Method::GET, &run.path())
            .header("last-event-id", wrong);
        let refused = problem(request.send().await.unwrap()).await;
        assert_eq!(
            (refused.status, refused.errors[0].pointer.as_str()),
            (422, "/last-event-id"),
            "{wrong}"
        );
        let encoded: String = wrong.bytes().map(|b| format!("%{b:02X}")).collect();
        let path = format!("{}?last_event_id={encoded}", run.path());
        let refused = problem(served.ask(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(
            (refused.status, refused.errors[0].pointer.as_str()),
            (422, "/last_event_id"),
            "{wrong}"
        );
    }
    for (path, status) in [
        (format!("{}?from=1", run.path()), 422),
        ("rehearse/runs/x/events".to_owned(), 422),
        (format!("rehearse/runs/{}/events", "0".repeat(24)), 404),
    ] {
        let refused = problem(served.ask(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(refused.status, status, "{path}");
    }
    let answer = served.ask(Method::POST, &run.path()).send().await.unwrap();
    assert_eq!(problem(answer).await.status, 405);
    let stranger = served.client.get(served.url(&format!("/v1/acme/{}", run.path())));
    assert_eq!(problem(stranger.send().await.unwrap()).await.status, 401);
}

#[tokio::test]
async fn a_stop_ends_streams_at_once() {
    let served = serve().await;
    let run = TheRun::start(&served, 1).await;
    let mut reader = run.follow(&served, None).await;
    reader.next().await.unwrap();
    let began = Instant::now();
    served.http.stop(Duration::from_secs(8)).await;
    assert_eq!(reader.next().await, None, "it ends, and is not torn");
    assert!(began.elapsed() < Duration::from_secs(8));
}

/// Waits until so many follow a run.
async fn following(served: &Served, n: usize) {
    testkit::wait_until(
        Duration::from_secs(20),
        "readers come and go",
        async || match served.bench.gateway.n_following() {
            found if found == n => Ok(()),
            found => Err(format!("{found} instead of {n}")),
        },
    )
    .await;
}

#[tokio::test]
async fn whoever_does_not_read_is_cut_off() {
    let served = serve_with(HttpOptions {
        write_timeout: Duration::from_millis(300),
        ..options()
    })
    .await;
    let mut run = TheRun::start(&served, 100).await;
    // More than the buffers between the two can hold.
    for n in 0..300 {
        run.finish(&served, n, Verdict::Errored, Some("x".repeat(100_000)))
            .await;
    }
    let mut stream = TcpStream::connect(served.http.local_addr()).await.unwrap();
    let request = format!(
        "GET /v1/acme/{} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        run.path(),
        served.token()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    following(&served, 0).await;
    // Whoever reads is told everything, also a lot.
    run.cancel(&served).await;
    run.complete(&served, b"zip").await;
    assert_eq!(run.rest(&served, None).await.len(), 303);
}

#[tokio::test]
async fn a_connection_that_is_gone_gives_its_place_back() {
    let served = serve().await;
    let mut run = TheRun::start(&served, 1).await;
    let mut reader = run.follow(&served, None).await;
    reader.next().await.unwrap();
    following(&served, 1).await;
    drop(reader);
    run.finish(&served, 0, Verdict::Passed, None).await;
    following(&served, 0).await;
}

#[tokio::test]
async fn places_are_limited() {
    let served = serve().await;
    let run = TheRun::start(&served, 1).await;
    let mut readers = Vec::new();
    for _ in 0..crate::gateway::MAX_WAITING {
        readers.push(run.follow(&served, None).await);
    }
    let refused = problem(served.ask(Method::GET, &run.path()).send().await.unwrap()).await;
    assert_eq!((refused.status, refused.code), (503, ErrorCode::Unavailable));
    // Others are answered as ever.
    let wait = format!("rehearse/runs/{}/wait?wait_ms=1", run.id);
    let answer = served.ask(Method::GET, &wait).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    readers.clear();
    served.http.stop(Duration::from_secs(8)).await;
    assert_eq!(served.bench.gateway.n_following(), 0);
}

/// A user with these grants, and a request to follow the run as that user.
async fn as_user(served: &Served, run: &TheRun, name: &str, grants: Value) -> RequestBuilder {
    let role = json!({
        "role_name": name, "description": "reads", "permission_grants": grants, "frontend_view": "client",
    });
    served.bench.command("role.create", role).await.unwrap();
    let user = json!({"id": name, "name": name, "role": name});
    served.bench.command("user.create", user).await.unwrap();
    let key = json!({"duration": "P1D", "rehearse": {"user_id": name}});
    let key = served.bench.command("api_key.create", key).await.unwrap();
    let key = key["api_key_id"].as_str().unwrap().parse().unwrap();
    let token = served
        .tokens
        .issue("acme".parse().unwrap(), name.parse().unwrap(), key);
    let url = served.url(&format!("/v1/acme/{}", run.path()));
    served.client.get(url).bearer_auth(token.unwrap().0)
}

#[tokio::test]
async fn who_may_see_less_is_told_less() {
    const RUN: &str = "Simulation:GetSimulationUnitTestSetRun";
    const SET: &str = "Simulation:GetSimulationUnitTestSet";
    const TEST: &str = "Simulation:GetSimulationUnitTest";
    let served = serve().await;
    let mut run = TheRun::start(&served, 2).await;
    let grant = |permission: &str| json!({"permission_name": permission, "conditions": {}});
    let one = json!({
        "permission_name": TEST, "conditions": {"name": {"type": "Equals", "value": "two"}},
    });
    let nothing = as_user(&served, &run, "nothing", json!([grant(SET)])).await;
    let run_only = as_user(&served, &run, "run-only", json!([grant(RUN)])).await;
    let one_test = as_user(&served, &run, "one-test", json!([grant(RUN), grant(SET), one])).await;
    let everything = as_user(&served, &run, "all", json!([grant(RUN), grant(SET), grant(TEST)])).await;

    assert_eq!(problem(nothing.send().await.unwrap()).await.status, 403);
    let mut readers = Vec::new();
    for request in [run_only, one_test, everything] {
        readers.push(Reader::of(request.send().await.unwrap()));
    }
    for n in 0..6 {
        run.finish(&served, n, Verdict::Passed, None).await;
    }
    run.complete(&served, b"zip").await;
    for (mut reader, (n_specs, shown)) in
        readers
            .into_iter()
            .zip([(0, vec![]), (3, vec![2, 3]), (3, (0..6).collect())])
    {
        let mut told = Vec::new();
        while let Some(event) = reader.next().await {
            told.push(event);
        }
        let conversations: Vec<u64> = told.iter().filter_map(|event| event.about().1).collect();
        assert_eq!(conversations, shown);
        for event in [&told[0], told.last().unwrap()] {
            let specs = event.data["unit_test_run_specs"].as_array().unwrap();
            assert_eq!(specs.len(), n_specs, "{event:?}");
        }
        assert_eq!(told.last().unwrap().name, "run.completed");
    }
}

#[tokio::test]
async fn a_key_that_is_revoked_ends_its_streams() {
    let served = serve().await;
    let mut run = TheRun::start(&served, 1).await;
    let grants = json!([{"permission_name": "Simulation:GetSimulationUnitTestSetRun", "conditions": {}}]);
    let request = as_user(&served, &run, "bob", grants).await;
    let mut reader = Reader::of(request.send().await.unwrap());
    reader.next().await.unwrap();
    served
        .bench
        .command("user.delete", json!({"id": "bob"}))
        .await
        .unwrap();
    run.finish(&served, 0, Verdict::Passed, None).await;
    assert_eq!(reader.next().await, None, "nothing more is told");
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_shows_that_it_lives() {
    let served = serve().await;
    let run = TheRun::start(&served, 1).await;
    let request = axum::extract::Request::get(format!("/v1/acme/{}", run.path()))
        .header("authorization", format!("Bearer {}", served.token()))
        .body(axum::body::Body::empty());
    let mut router = router::router(Arc::clone(&served.http.app));
    let answer = router.call(request.unwrap()).await.unwrap();
    let mut body = answer.into_body();
    let mut next = async || body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(next().await, "retry: 1000\n\n");
    assert!(next().await.starts_with(b"id: "));
    for _ in 0..3 {
        let began = Instant::now();
        assert_eq!(next().await, ":\n\n");
        assert_eq!(began.elapsed(), Duration::from_secs(15));
    }
}

#[tokio::test]
async fn events_of_the_log_are_waited_for() {
    let served = serve().await;
    let last = served
        .journal
        .info(journal::LogName::Events)
        .await
        .unwrap()
        .last_sequence;
    let wait = served.ask(
        Method::GET,
        &format!("rehearse/events?after={last}&wait_ms=10000"),
    );
    let waiting = tokio::spawn(async move { wait.send().await.unwrap() });
    while served.bench.gateway.n_waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let persona = crate::tests::persona("Maria");
    served.bench.command("persona.create", persona).await.unwrap();
    let told: Value = waiting.await.unwrap().json().await.unwrap();
    assert_eq!(told["events"][0]["event"], "persona.created");
    assert_eq!(told["events"][0]["sequence"], last + 1);
    let nothing = served.ask(
        Method::GET,
        &format!("rehearse/events?after={}&wait_ms=1", last + 1),
    );
    let told: Value = nothing.send().await.unwrap().json().await.unwrap();
    assert_eq!(told["events"], json!([]));
}
