use api::error::ErrorCode;

use super::*;
use crate::tests::persona;

#[tokio::test]
async fn an_idempotency_key_makes_a_command_once() {
    let served = serve().await;
    let create = async |key: &str, name: &str| {
        let request = served
            .ask(Method::POST, "simulation/persona/")
            .json(&persona(name));
        request.header("idempotency-key", key).send().await.unwrap()
    };
    let first: Value = create("k1", "Maria").await.json().await.unwrap();
    let again = create("k1", "Maria").await;
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let other = problem(create("k1", "Carmen").await).await;
    assert_eq!((other.status, other.code), (422, ErrorCode::IdempotencyKeyReused));
    assert_eq!(create("k2", "Carmen").await.status(), StatusCode::CREATED);
    for wrong in ["", "a b", &"k".repeat(256)] {
        let refused = problem(create(wrong, "Eve").await).await;
        assert_eq!(
            (refused.status, refused.errors[0].pointer.as_str()),
            (422, "/Idempotency-Key"),
            "{wrong}"
        );
    }
    let personas = served.bench.query("persona.list", json!({})).await.unwrap();
    assert_eq!(personas["simulation_personas"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_wrong_field_is_named_wherever_it_stands() {
    let served = serve().await;
    let pointers = |problem: Problem| -> Vec<String> {
        assert_eq!(problem.status, 422, "{problem}");
        problem.errors.into_iter().map(|error| error.pointer).collect()
    };
    let id = "6618791275130b73714e8d90";
    let answer = served
        .ask(
            Method::GET,
            "simulation/persona/?limit=-1&continuation_token=x&lmit=3",
        )
        .send()
        .await
        .unwrap();
    assert_eq!(
        pointers(problem(answer).await),
        ["/limit", "/continuation_token", "/lmit"]
    );
    let answer = served
        .ask(Method::POST, &format!("simulation/persona/{id}/?tags=1"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(pointers(problem(answer).await), ["/tags"]);
    let answer = served
        .ask(Method::POST, &format!("simulation/persona/{id}/"))
        .json(&json!({"id": id}))
        .send()
        .await
        .unwrap();
    assert_eq!(pointers(problem(answer).await), ["/id"]);
    let answer = served
        .ask(Method::DELETE, "simulation/persona/NOT-AN-ID/")
        .send()
        .await
        .unwrap();
    assert_eq!(pointers(problem(answer).await), ["/id"]);
    let answer = served
        .ask(Method::GET, "service/")
        .header("rehearse-seen", "-1")
        .send()
        .await
        .unwrap();
    assert_eq!(pointers(problem(answer).await), ["/Rehearse-Seen"]);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let served = serve().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: &[(&str, &[u8])] = &[
        ("application/json", b"{"),
        ("application/json", b"\xFF\xFE{}"),
        ("application/json", b"{\"name\":\"a\",\"name\":\"b\"}"),
        ("application/json", b"{\"name\":NaN}"),
        ("application/json", b"{\"name\":1e999}"),
        ("application/json", b"{} trailing"),
        ("application/json", b"null null"),
        ("application/json", deep.as_bytes()),
        ("text/plain", b"{}"),
        ("application/x-www-form-urlencoded", b"name=a"),
        ("", b"{}"),
    ];
    for (content_type, body) in bodies {
        let request = served
            .ask(Method::POST, "simulation/persona/")
            .body(body.to_vec());
        let answer = request
            .header("content-type", *content_type)
            .send()
            .await
            .unwrap();
        let problem = problem(answer).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(50)]);
        assert_eq!(
            (problem.status, problem.code),
            (422, ErrorCode::MalformedBody),
            "{content_type} {shown}"
        );
        assert_eq!(problem.errors.len(), 1);
    }
    for body in ["[]", "null", "7", "\"text\""] {
        let request = served.ask(Method::POST, "simulation/persona/").body(body);
        let answer = request
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        let problem = problem(answer).await;
        assert_eq!(
            (problem.status, problem.code),
            (422, ErrorCode::ValidationFailed),
            "{body}"
        );
    }
    // No body at all is an empty object, whatever the type: what is missing is named.
    let answer = served
        .ask(Method::POST, "simulation/persona/")
        .send()
        .await
        .unwrap();
    assert!(
        problem(answer)
            .await
            .errors
            .iter()
            .any(|error| error.pointer == "/name")
    );
    // JSON has more than one name.
    let request = served
        .ask(Method::POST, "simulation/persona/")
        .body(persona("Maria").to_string());
    let made = request
        .header("content-type", "Application/vnd.x+JSON; charset=utf-8")
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    // What takes no body is sent none.
    let answer = served
        .ask(Method::GET, "service/")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(answer).await.code, ErrorCode::MalformedBody);
}

#[tokio::test]
async fn a_large_body_is_refused_and_the_client_is_told() {
    let served = serve().await;
    // The client sends all of it before it looks at the answer.
    for size in [7, 10] {
        let body = vec![b' '; size * 1024 * 1024];
        let request = served.ask(Method::POST, "simulation/persona/").body(body);
        let answer = request
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        assert_eq!(problem(answer).await.code, ErrorCode::TooLarge);
    }
    let fits = "x".repeat(5 * 1024 * 1024);
    let answer = served
        .ask(Method::POST, "simulation/persona/")
        .json(&persona(&fits))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(answer).await.code, ErrorCode::ValidationFailed);
    let health = served.client.get(served.url("/healthz")).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
}

#[tokio::test]
async fn hostile_text_is_just_text() {
    let served = serve().await;
    for name in [
        "evt.acme.>",
        "'; DROP TABLE personas; --",
        "a\r\nX-Evil: 1",
        "../../etc/passwd",
        "\u{202e}gnp.exe",
        "\u{0430}cme",
    ] {
        let answer = served
            .ask(Method::POST, "simulation/persona/")
            .json(&persona(name))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        assert!(status == 201 || status == 422, "{name:?}: {status}");
        assert!(!answer.headers().contains_key("x-evil"));
        let encoded: String = name.bytes().map(|b| format!("%{b:02X}")).collect();
        for path in [
            format!("simulation/persona/?tag={encoded}&creator={encoded}"),
            format!("rehearse/personas/{encoded}"),
        ] {
            let answer = served.ask(Method::GET, &path).send().await.unwrap();
            assert!(answer.status().as_u16() < 500, "{path}: {}", answer.status());
            assert!(!answer.headers().contains_key("x-evil"));
        }
    }
}
