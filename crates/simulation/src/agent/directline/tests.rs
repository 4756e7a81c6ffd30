use std::collections::BTreeMap;

use model::{DirectLineCredential, Protocol};
use serde_json::json;

use super::*;
use crate::{
    agent::testing::{Talk, open, open_with, stored},
    test_support::{
        briefing,
        server::{Response, Server},
        text,
    },
};

const AT_ONCE: u32 = 0;

fn bot(url: &str, credential: DirectLineCredential, quiet_ms: u32) -> Protocol {
    Protocol::DirectLine(DirectLine {
        base_url: text(&format!("{url}/v3/directline")),
        credential,
        headers: BTreeMap::from([("x-key".to_owned(), "{{ secret.KEY }}".to_owned())]),
        quiet_ms,
        poll_ms: 50,
    })
}

fn secret() -> DirectLineCredential {
    DirectLineCredential::Secret(text("{{ secret.KEY }}"))
}

fn started(more: &Value) -> Response {
    let mut body = json!({"conversationId": "c/1"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    Response::with("201 Created", &[], &body.to_string())
}

fn posted(id: &str) -> Response {
    Response::json(&json!({ "id": id }))
}

fn page(watermark: &str, activities: &[Value]) -> Response {
    Response::json(&json!({ "activities": activities, "watermark": watermark }))
}

/// What we said, as the service shows it.
fn own(id: &str, key: &str) -> Value {
    json!({
        "type": "message", "id": id, "from": {"id": format!("dl_{}", briefing().session_id)}, "text": "?",
        "channelData": {"clientActivityID": key},
    })
}

fn said(text: &str, reply_to: Option<&str>) -> Value {
    json!({"type": "message", "id": text, "from": {"id": "bot", "role": "bot"}, "text": text, "replyToId": reply_to})
}

async fn begin(mut responses: Vec<Response>) -> (Server, Talk) {
    responses.insert(0, started(&json!({})));
    let server = Server::start(responses).await;
    let talk = open(bot(&server.url, secret(), AT_ONCE), &[]).await.unwrap();
    (server, talk)
}

fn line<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request
        .lines()
        .find_map(|line| {
            line.split_once(": ")
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        })
        .map(|(_, value)| value)
}

#[tokio::test]
async fn a_message_is_posted_and_its_answer_polled() {
    let (server, mut talk) = begin(vec![
        posted("c|1"),
        page(
            "1",
            &[
                own("c|1", "key-2"),
                json!({"type": "typing", "from": {"id": "bot"}, "replyToId": "c|1"}),
            ],
        ),
        page("3", &[said("Hello.", Some("c|1")), said("And?", Some("c|1"))]),
        posted("c|4"),
        page("5", &[own("c|4", "key-4"), said("Bye.", Some("c|4"))]),
    ])
    .await;
    let reply = talk.say("hi").await.unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.completed, reply.calls),
        ("Hello.\n\nAnd?", false, 1)
    );
    assert_eq!(
        reply.session.unwrap(),
        r#"{"conversation":"c/1","watermark":"3"}"#
    );
    assert_eq!(talk.hear("bye").await, "Bye.");
    let requests = server.requests();
    let starts: Vec<&str> = requests
        .iter()
        .map(|request| request.lines().next().unwrap())
        .collect();
    assert_eq!(
        starts,
        [
            "POST /v3/directline/conversations HTTP/1.1",
            "POST /v3/directline/conversations/c%2F1/activities HTTP/1.1",
            "GET /v3/directline/conversations/c%2F1/activities HTTP/1.1",
            "GET /v3/directline/conversations/c%2F1/activities?watermark=1 HTTP/1.1",
            "POST /v3/directline/conversations/c%2F1/activities HTTP/1.1",
            "GET /v3/directline/conversations/c%2F1/activities?watermark=3 HTTP/1.1",
        ]
    );
    let user = format!("dl_{}", briefing().session_id);
    assert_eq!(server.body(0), json!({"user": {"id": user}}));
    assert_eq!(
        server.body(1),
        json!({"type": "message", "from": {"id": user}, "text": "hi", "channelData": {"clientActivityID": "key-2"}})
    );
    for request in &requests {
        assert_eq!(line(request, "authorization"), Some("Bearer hunter22"));
        assert!(line(request, "traceparent").is_some(), "{request}");
    }
    assert_eq!(line(&requests[1], "idempotency-key"), Some("key-2"));
}

#[tokio::test]
async fn what_the_bot_said_before_is_no_answer() {
    let welcome = said("Welcome.", Some("join"));
    let proactive = said("News!", None);
    let (_server, mut talk) = begin(vec![
        posted("c|1"),
        page("2", &[welcome, proactive.clone()]),
        page(
            "4",
            &[own("c|1", "key-2"), said("Late to another.", Some("other"))],
        ),
        page("5", &[said("Hello.", Some("c|1"))]),
    ])
    .await;
    assert_eq!(
        talk.hear("hi").await,
        "Welcome.\n\nNews!\n\nLate to another.\n\nHello."
    );
    // Without a name of what it answers, what follows our message answers it.
    let (_server, mut talk) = begin(vec![posted("c|1"), page("4", &[own("c|1", "key-2"), proactive])]).await;
    assert_eq!(talk.hear("hi").await, "News!");
}

#[tokio::test]
async fn a_service_may_answer_the_post_with_the_replys_id() {
    let mut mine = own("u1", "key-2");
    mine.as_object_mut().unwrap().remove("channelData");
    let mut reply = said("Hello.", Some("u1"));
    reply["id"] = json!("r1");
    reply["from"] = json!({"id": "bot"});
    let body = json!({ "activities": [mine, reply], "watermark": 2 });
    let (server, mut talk) = begin(vec![
        posted("r1"),
        Response::json(&body),
        posted("r2"),
        page("4", &[said("Yes.", None)]),
    ])
    .await;
    let first = talk.say("hi").await.unwrap();
    assert_eq!(first.text, "Hello.");
    assert_eq!(
        first.session.unwrap(),
        r#"{"conversation":"c/1","watermark":"2"}"#
    );
    drop(server);
}

#[tokio::test]
async fn a_reply_is_whole_when_the_bot_is_quiet() {
    let nothing = || page("9", &[]);
    let server = Server::start(vec![
        started(&json!({})),
        posted("c|1"),
        page("2", &[own("c|1", "key-2"), said("One", Some("c|1"))]),
        page("3", &[said("Two", Some("c|1"))]),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
    ])
    .await;
    let mut talk = open(bot(&server.url, secret(), 80), &[]).await.unwrap();
    assert_eq!(talk.hear("hi").await, "One\n\nTwo");
    assert!(server.requests().len() > 4, "it was asked once more");
}

#[tokio::test]
async fn the_bot_may_end_the_conversation_and_speak_first() {
    let end = json!({"type": "endOfConversation", "from": {"id": "bot"}, "code": "completedSuccessfully"});
    let server = Server::start(vec![
        started(&json!({})),
        page("1", &[said("Welcome.", Some("join"))]),
        posted("c|1"),
        page("4", &[own("c|1", "key-4"), said("Bye.", Some("c|1")), end]),
    ])
    .await;
    let mut talk = open(bot(&server.url, secret(), AT_ONCE), &[]).await.unwrap();
    let welcome = talk.give(AgentInput::Greet).await.unwrap();
    assert_eq!((welcome.text.as_str(), welcome.completed), ("Welcome.", false));
    let reply = talk.say("bye").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("Bye.", true));
    let alone = json!({"type": "endOfConversation", "from": {"id": "bot"}});
    let (_server, mut talk) = begin(vec![posted("c|1"), page("2", &[alone])]).await;
    let reply = talk.say("bye").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("", true));
}

#[tokio::test]
async fn actions_and_cards_are_told() {
    let mut reply = said("Which room?", Some("c|1"));
    reply["attachments"] = json!([{"contentType": "image/png", "name": "plan.png", "contentUrl": "data:x"}]);
    reply["suggestedActions"] =
        json!({"actions": [{"type": "imBack", "title": "Sea"}, {"type": "imBack", "title": "Garden"}]});
    let (_server, mut talk) = begin(vec![posted("c|1"), page("2", &[reply])]).await;
    assert_eq!(
        talk.hear("book").await,
        "Which room?\n[image: plan.png]\n[Sea] [Garden]"
    );
}

#[tokio::test]
async fn a_message_is_never_posted_twice() {
    // The answer to the post was lost, the message was not.
    let (server, mut talk) = begin(vec![
        Response::Cut,
        page("1", &[own("c|1", "key-2")]),
        page("2", &[said("Hello.", Some("c|1"))]),
    ])
    .await;
    let reply = talk.say("hi").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("Hello.", 2));
    let posts = server
        .requests()
        .iter()
        .filter(|request| request.starts_with("POST"))
        .count();
    assert_eq!(posts, 2, "one starts the conversation");
    // It was lost.
    let (server, mut talk) = begin(vec![
        Response::Cut,
        page("0", &[]),
        posted("c|1"),
        page("2", &[own("c|1", "key-2"), said("Hello.", Some("c|1"))]),
    ])
    .await;
    assert_eq!(talk.hear("hi").await, "Hello.");
    assert_eq!(server.body(1), server.body(3));
}

#[tokio::test]
async fn another_worker_goes_on_where_the_first_stopped() {
    let server = Server::start(vec![
        page("3", &[]),
        posted("c|4"),
        page("5", &[own("c|4", "key-4"), said("Still here.", Some("c|4"))]),
    ])
    .await;
    let history = stored(r#"{"conversation":"c/1","watermark":"3"}"#);
    let mut talk = open(bot(&server.url, secret(), AT_ONCE), &history).await.unwrap();
    assert_eq!(talk.hear("hi").await, "Still here.");
    let requests = server.requests();
    assert!(
        requests[0].starts_with("GET /v3/directline/conversations/c%2F1/activities?watermark=3 "),
        "{}",
        requests[0]
    );
    assert_eq!(line(&requests[1], "authorization"), Some("Bearer hunter22"));
    let error = open(bot(&server.url, secret(), AT_ONCE), &stored("{}"))
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[tokio::test]
async fn tokens_are_used_renewed_and_given_up_for_the_secret() {
    let server = Server::start(vec![
        started(&json!({"token": "first", "expires_in": 0})),
        // Due at once: renewed before the post, then before the poll, which the service refuses to do.
        Response::json(&json!({"token": "second", "expires_in": 3600})),
        posted("c|1"),
        Response::with("403 Forbidden", &[], "expired"),
        page("2", &[own("c|1", "key-2"), said("Hello.", Some("c|1"))]),
    ])
    .await;
    let mut talk = open(bot(&server.url, secret(), AT_ONCE), &[]).await.unwrap();
    assert_eq!(talk.hear("hi").await, "Hello.");
    let requests = server.requests();
    assert!(
        requests[1].starts_with("POST /v3/directline/tokens/refresh "),
        "{}",
        requests[1]
    );
    let bearers: Vec<_> = requests
        .iter()
        .map(|request| line(request, "authorization").unwrap())
        .collect();
    assert_eq!(
        bearers,
        [
            "Bearer hunter22",
            "Bearer first",
            "Bearer second",
            "Bearer second",
            "Bearer hunter22"
        ]
    );
}

#[tokio::test]
async fn a_token_may_come_from_elsewhere() {
    let server = Server::start(vec![
        Response::json(&json!({"token": "given", "expires_in": 3600})),
        started(&json!({"token": "bound", "expires_in": 3600})),
        posted("c|1"),
        page("2", &[own("c|1", "key-2"), said("Hello.", Some("c|1"))]),
        Response::with("403 Forbidden", &[], "expired"),
    ])
    .await;
    let credential =
        DirectLineCredential::TokenUrl(text(&format!("{}/token?key={{{{ secret.KEY }}}}", server.url)));
    let mut talk = open(bot(&server.url, credential.clone(), AT_ONCE), &[])
        .await
        .unwrap();
    assert_eq!(talk.hear("hi").await, "Hello.");
    let requests = server.requests();
    assert!(
        requests[0].starts_with("GET /token?key=hunter22 "),
        "{}",
        requests[0]
    );
    assert_eq!(line(&requests[0], "authorization"), None);
    assert_eq!(line(&requests[0], "x-key"), Some("hunter22"));
    assert_eq!(line(&requests[1], "authorization"), Some("Bearer given"));
    assert_eq!(server.body(1), json!({}));
    assert_eq!(line(&requests[3], "authorization"), Some("Bearer bound"));
    let error = talk.say("hi").await.unwrap_err().to_string();
    assert!(error.contains("answered with status 403: expired"), "{error}");
    let elsewhere = Server::start(vec![Response::json(&json!({"access_token": "hidden"}))]).await;
    let credential = DirectLineCredential::TokenUrl(text(&format!("{}/token", elsewhere.url)));
    let error = open(bot(&server.url, credential, AT_ONCE), &[])
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(error.ends_with("/token: the response has no `token`"), "{error}");
    // What the connection sends to its own origin goes to no other.
    assert_eq!(line(&elsewhere.requests()[0], "x-key"), None);
}

#[tokio::test]
async fn no_credential_is_sent_where_none_is_wanted() {
    let server = Server::start(vec![started(&json!({}))]).await;
    open(bot(&server.url, DirectLineCredential::None, AT_ONCE), &[])
        .await
        .unwrap();
    assert_eq!(line(&server.requests()[0], "authorization"), None);
}

#[tokio::test]
async fn what_is_no_direct_line_is_refused() {
    let server = Server::start(vec![Response::json(&json!({"ok": true, "token": "hidden"}))]).await;
    let error = open(bot(&server.url, secret(), AT_ONCE), &[])
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.ends_with("no `conversationId`; is this a Direct Line service?"),
        "{error}"
    );
    let wrong = [
        (
            Response::json(&json!({"messages": []})),
            "the response has no `activities`",
        ),
        (
            Response::json(&json!({"activities": [], "watermark": []})),
            "`watermark` is not a text",
        ),
        (Response::with("200 OK", &[], "<html>"), "is not JSON"),
        (
            Response::with("404 Not Found", &[], "gone"),
            "answered with status 404: gone",
        ),
    ];
    for (response, reason) in wrong {
        let (_server, mut talk) = begin(vec![posted("c|1"), response]).await;
        let error = talk.say("hi").await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let long = "x".repeat(3000);
    let (_server, mut talk) = begin(vec![
        posted("c|1"),
        page("1", &[said(&long, Some("other"))]),
        page("2", &[said(&long, Some("other"))]),
    ])
    .await;
    let error = talk.say("hi").await.unwrap_err().to_string();
    assert!(error.contains("longer than max_reply_bytes (4096)"), "{error}");
}

#[tokio::test]
async fn a_bot_that_does_not_answer_runs_out_of_time() {
    let mut responses = vec![started(&json!({})), posted("c|1")];
    responses.extend(std::iter::repeat_with(|| page("1", &[])).take(100));
    let server = Server::start(responses).await;
    let talk = open_with(bot(&server.url, secret(), AT_ONCE), &[], |connection| {
        connection.timeout_ms = 300;
        connection.max_attempts = 1;
    });
    let error = talk.await.unwrap().say("hi").await.unwrap_err().to_string();
    assert!(error.ends_with("/activities: no reply within 300 ms"), "{error}");
}
