//! LangGraph's server.

use std::collections::BTreeMap;

use harness::Peer;
use model::{Json, LangGraph, Protocol};

use super::{Talk, text};

fn protocol(url: &str, assistant_id: &str) -> Protocol {
    Protocol::LangGraph(LangGraph {
        base_url: text(url),
        assistant_id: text(assistant_id),
        api_key: None,
        headers: BTreeMap::new(),
        input: None,
        config: None,
        completed: None,
    })
}

#[tokio::test]
async fn a_graph_keeps_the_conversation_calls_tools_and_asks_back() {
    let peer = Peer::start("langgraph");
    let mut talk = Talk::begin(protocol(&peer.url, "concierge")).await;
    assert_eq!(talk.hear("My name is Ada").await, "Nice to meet you, Ada.");
    let reply = talk.say("weather in Lisbon").await.unwrap();
    assert_eq!(reply.text, "It is 21 degrees and clear in Lisbon.");
    assert!(!reply.completed);
    let calls: Vec<_> = reply
        .tool_calls
        .iter()
        .map(|call| {
            (
                call.name.as_str(),
                call.arguments.as_str(),
                call.result.as_ref().map(Json::as_str),
            )
        })
        .collect();
    let result = r#""21 degrees and clear in Lisbon""#;
    assert_eq!(calls, [("get_weather", r#"{"city":"Lisbon"}"#, Some(result))]);
    assert_eq!(talk.hear("cancel my order").await, "Shall I cancel order 7?");
    // Another worker answers the interrupt, in the same thread.
    let mut talk = talk.hand_over().await;
    assert_eq!(talk.hear("yes").await, "Order 7 is cancelled.");
    assert_eq!(talk.hear("What is my name?").await, "Your name is Ada.");
    let mut talk = talk.hand_over().await;
    assert_eq!(talk.hear("goodbye").await, "Goodbye, Ada.");
    // A run that fails is a failure, although HTTP says that all is well.
    let error = talk.say("fail").await.unwrap_err().to_string();
    assert!(
        error.contains("the run failed: RuntimeError: The kitchen is closed."),
        "{error}"
    );
}

#[tokio::test]
async fn a_turn_that_was_answered_is_not_played_again() {
    let peer = Peer::start("langgraph");
    let mut talk = Talk::begin(protocol(&peer.url, "concierge")).await;
    assert_eq!(talk.hear("My name is Ada").await, "Nice to meet you, Ada.");
    let first = talk.hear("how many messages").await;
    // A worker is lost after the graph has answered and before that is stored: the next one gives it the same turn.
    talk.forget_last_exchange();
    let mut talk = talk.hand_over().await;
    assert_eq!(talk.hear("how many messages").await, first);
    assert_eq!(talk.hear("how many messages").await, "You have sent 3 messages.");
}

#[tokio::test]
async fn an_assistant_that_is_not_there_is_named() {
    let peer = Peer::start("langgraph");
    let mut talk = Talk::begin(protocol(&peer.url, "nonsense")).await;
    let error = talk.say("hello").await.unwrap_err().to_string();
    assert!(
        error.contains("/runs/wait: answered with status 422: "),
        "{error}"
    );
    assert!(error.contains("Invalid assistant: 'nonsense'"), "{error}");
}
