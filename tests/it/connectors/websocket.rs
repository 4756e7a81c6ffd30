//! A server that the library `websockets` of `PyPI` runs.

use std::collections::BTreeMap;

use harness::Peer;
use model::{Continuation, FrameFormat, Protocol, ReplyExtract, WebSocket};

use super::{Talk, text};

/// How its frames are read, whether or not it streams.
fn chat(peer: &Peer, path: &str, continuation: Continuation) -> Protocol {
    Protocol::WebSocket(WebSocket {
        url: text(&format!("{}{path}", peer.url.replacen("http", "ws", 1))),
        headers: BTreeMap::new(),
        frames: FrameFormat::Json,
        open: None,
        greeting: false,
        message: text(
            r#"{"session_id": {{ session_id | tojson }}, "id": {{ idempotency_key | tojson }}, "text": {{ message | tojson }}}"#,
        ),
        extract: ReplyExtract {
            text: Some(text("/text")),
            tool_calls: Some(text("/tool_calls")),
            completed: Some(text("/end")),
        },
        error: Some(text("{{ response.message if response.type == 'error' else '' }}")),
        last: Some(text(
            "{{ response.type == 'message' and response.reply_to == idempotency_key }}",
        )),
        ignore: Some(text("{{ response.type == 'delta' }}")),
        continuation,
    })
}

#[tokio::test]
async fn a_conversation_goes_on_over_another_connection() {
    let peer = Peer::start("websocket");
    for path in ["/chat", "/chat?stream=1"] {
        let mut talk = Talk::begin(chat(&peer, path, Continuation::Continue)).await;
        assert_eq!(talk.hear("My name is Ada").await, "Nice to meet you, Ada.");
        assert_eq!(talk.hear("what is my name?").await, "Your name is Ada.");
        let mut talk = talk.hand_over().await;
        assert_eq!(
            talk.hear("what is my name?").await,
            "Your name is Ada.",
            "the session's id names the session"
        );
        let weather = talk.say("weather in Lisbon").await.unwrap();
        assert_eq!(weather.text, "It is 21 degrees and clear in Lisbon.");
        let [call] = weather.tool_calls.as_slice() else {
            panic!("{:?}", weather.tool_calls);
        };
        assert_eq!(
            (call.name.as_str(), call.arguments.as_str()),
            ("get_weather", r#"{"city":"Lisbon"}"#)
        );
        let traced = talk.hear("which traceparent").await;
        assert!(traced.starts_with("traceparent: 00-"), "{traced}");
        let goodbye = talk.say("goodbye").await.unwrap();
        assert_eq!(
            (goodbye.text.as_str(), goodbye.completed),
            ("Goodbye, Ada.", true)
        );
        talk.session.close().await;
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    let peer = Peer::start("websocket");
    let mut talk = Talk::begin(chat(&peer, "/chat", Continuation::Restart)).await;
    let error = talk.say("fail").await.unwrap_err().to_string();
    assert!(
        error.contains("it reports an error: The kitchen is closed."),
        "{error}"
    );
    let error = Talk::refused(chat(&peer, "/else", Continuation::Restart)).await;
    assert!(
        error
            .to_string()
            .ends_with("answered with status 404: the chat is at /chat"),
        "{error}"
    );
}
