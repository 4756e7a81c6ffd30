use std::collections::BTreeMap;

use model::Protocol;
use serde_json::json;

use super::*;
use crate::{
    agent::testing::{open, open_with, stored},
    test_support::{
        self, briefing,
        server::{Response, Server},
        text,
    },
};

fn rasa(url: &str) -> Protocol {
    Protocol::Rasa(Rasa {
        base_url: text(&format!("{url}/")),
        channel: text("rest"),
        opening: None,
        headers: BTreeMap::from([("x-key".to_owned(), "{{ secret.KEY }}".to_owned())]),
        metadata: Some(test_support::json(&json!({"from": "test"}))),
    })
}

#[tokio::test]
async fn a_message_goes_to_the_channel_under_the_sessions_name() {
    let answer =
        json!([{"recipient_id": "s", "text": "Hello."}, {"recipient_id": "s", "text": "How can I help?"}]);
    let server = Server::start(vec![Response::json(&answer)]).await;
    let mut talk = open(rasa(&server.url), &[]).await.unwrap();
    assert_eq!(talk.hear("hi").await, "Hello.\n\nHow can I help?");
    let sender = briefing().session_id;
    assert_eq!(
        server.body(0),
        json!({"sender": sender, "message": "hi", "metadata": {"from": "test"}})
    );
    let request = server.requests().remove(0).to_lowercase();
    assert!(
        request.starts_with("post /webhooks/rest/webhook http/1.1\r\n"),
        "{request}"
    );
    for line in [
        "x-key: hunter22\r\n",
        "idempotency-key: key-2\r\n",
        "traceparent: 00-",
    ] {
        assert!(request.contains(line), "{line} in {request}");
    }
}

#[tokio::test]
async fn whatever_is_shown_is_told() {
    let answer = json!([
        {"text": "Shall I?", "buttons": [{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}]},
        {"image": "https://x.example/a.png"},
        {"custom": {"map": [1, 2]}},
        {"attachment": {"type": "video"}, "quick_replies": [{"title": "More"}]},
        {"text": null, "buttons": null},
    ]);
    let server = Server::start(vec![Response::json(&answer)]).await;
    let mut talk = open(rasa(&server.url), &[]).await.unwrap();
    let expected = "Shall I?\n[Yes] [No]\n\n[image: https://x.example/a.png]\n\n[custom: {\"map\":[1,2]}]\n\n\
                    [attachment: {\"type\":\"video\"}]\n[More]";
    assert_eq!(talk.hear("hi").await, expected);
}

#[tokio::test]
async fn silence_is_a_reply() {
    let server = Server::start(vec![Response::json(&json!([]))]).await;
    let reply = open(rasa(&server.url), &[])
        .await
        .unwrap()
        .say("hi")
        .await
        .unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("", false));
}

#[tokio::test]
async fn another_worker_goes_on_by_the_same_name() {
    let server = Server::start(vec![Response::json(&json!([{"text": "Still here."}]))]).await;
    let mut talk = open(rasa(&server.url), &stored("x")).await.unwrap();
    assert_eq!(talk.hear("hi").await, "Still here.");
    assert_eq!(server.body(0)["sender"], briefing().session_id);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_opening_makes_it_speak_first() {
    let mut protocol = rasa("http://127.0.0.1:9");
    let error = open(protocol.clone(), &[])
        .await
        .unwrap()
        .give(AgentInput::Greet)
        .await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("say in `opening` what makes it speak"), "{error}");
    let server = Server::start(vec![Response::json(&json!([{"text": "Welcome."}])); 2]).await;
    if let Protocol::Rasa(rasa) = &mut protocol {
        rasa.base_url = text(&server.url);
        rasa.opening = Some(text("/greet"));
    }
    let mut talk = open(protocol, &[]).await.unwrap();
    assert_eq!(talk.give(AgentInput::Greet).await.unwrap().text, "Welcome.");
    assert_eq!(server.body(0)["message"], "/greet");
    talk.give(AgentInput::Event("it rains".to_owned())).await.unwrap();
    assert_eq!(server.body(1)["message"], "[event] it rains");
}

#[tokio::test]
async fn what_is_not_rasas_answer_is_refused() {
    let wrong = [
        (
            json!({"status": "failure"}),
            "the response is not a list of messages: {\"status\":\"failure\"}",
        ),
        (json!(["hi"]), "`\"hi\"` in the response is not a message"),
        (
            json!(vec![json!({"text": "x"}); 201]),
            "one reply has at most 200 messages, this has 201",
        ),
    ];
    for (answer, reason) in wrong {
        let server = Server::start(vec![Response::json(&answer)]).await;
        let error = open(rasa(&server.url), &[])
            .await
            .unwrap()
            .say("hi")
            .await
            .unwrap_err();
        let shown = error.to_string();
        let place = format!("POST {}/webhooks/rest/webhook: ", server.url);
        assert!(shown.starts_with(&place) && shown.contains(reason), "{shown}");
        assert_eq!(server.requests().len(), 1, "it is not tried again");
    }
    let server = Server::start(vec![
        Response::with("200 OK", &[], "<html>hunter22"),
        Response::with(
            "302 Found",
            &["location: https://elsewhere.example/login?x=1"],
            "",
        ),
        Response::Endless,
    ])
    .await;
    let mut talk = open(rasa(&server.url), &[]).await.unwrap();
    let mut errors = Vec::new();
    for _try in 0..3 {
        errors.push(talk.say("hi").await.unwrap_err().to_string());
    }
    assert!(
        errors[0].contains("is not JSON") && errors[0].contains("<html>***"),
        "{}",
        errors[0]
    );
    assert!(
        errors[1].contains("redirects to https://elsewhere.example/login;"),
        "{}",
        errors[1]
    );
    assert!(
        errors[2].contains("longer than max_reply_bytes (4096)"),
        "{}",
        errors[2]
    );
}

#[tokio::test]
async fn what_may_pass_is_tried_again_with_the_same_key() {
    let fine = Response::json(&json!([{"text": "Hello."}]));
    let server = Server::start(vec![Response::Cut, Response::with("503 Busy", &[], ""), fine]).await;
    let reply = open(rasa(&server.url), &[])
        .await
        .unwrap()
        .say("hi")
        .await
        .unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("Hello.", 3));
    let heads = |request: String| request.split("\r\n\r\n").next().unwrap().to_owned();
    let requests: Vec<String> = server.requests().into_iter().map(heads).collect();
    assert_eq!(requests[0], requests[2]);
    let server = Server::start(vec![Response::Hang]).await;
    let talk = open_with(rasa(&server.url), &[], |connection| {
        connection.timeout_ms = 50;
        connection.max_attempts = 1;
    });
    let error = talk.await.unwrap().say("hi").await.unwrap_err();
    assert!(error.to_string().ends_with("no reply within 50 ms"), "{error}");
}
