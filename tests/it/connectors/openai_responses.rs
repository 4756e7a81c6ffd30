//! `openai_responses` against Microsoft's server of the API, which keeps histories, and a fake provider, which keeps none.

use std::collections::BTreeMap;

use harness::Peer;
use model::{Json, Protocol, ResponsesHistory, Usage};

use super::{Talk, text};

fn protocol(url: &str, history: ResponsesHistory) -> Protocol {
    Protocol::OpenAiResponses {
        base_url: text(&format!("{url}/v1")),
        model: text("gpt-4.1"),
        api_key: None,
        instructions: Some(text("You are a concierge.")),
        history,
        headers: BTreeMap::new(),
        parameters: None,
    }
}

#[tokio::test]
async fn histories_of_server_and_client() {
    let peer = Peer::start("responses");
    for history in [ResponsesHistory::Server, ResponsesHistory::Client] {
        let mut talk = Talk::begin(protocol(&peer.url, history)).await;
        let first = talk.say("My name is Ada").await.unwrap();
        assert_eq!(first.text, "Nice to meet you, Ada.");
        assert_eq!(first.usage, Some(Usage::of_tokens(4, 5)));
        assert_eq!(first.session.is_some(), history == ResponsesHistory::Server);
        assert_eq!(talk.hear("What is my name?").await, "Your name is Ada.");
        let told = talk.say("weather in Lisbon").await.unwrap();
        assert_eq!(told.text, "It is 21 degrees and clear in Lisbon.");
        let call = &told.tool_calls[0];
        assert_eq!(
            (call.name.as_str(), call.arguments.as_str()),
            ("get_weather", r#"{"city":"Lisbon"}"#)
        );
        let result = call.result.as_ref().unwrap();
        assert_eq!(result.as_str(), "\"21 degrees and clear in Lisbon\"");
        let mut talk = talk.hand_over().await;
        assert_eq!(talk.hear("how many messages").await, "You have sent 4 messages.");
        assert_eq!(talk.hear("goodbye").await, "Goodbye, Ada.");
        let failed = talk.say("fail").await.unwrap_err();
        let reason = "the response failed (server_error): The kitchen is closed.";
        assert!(failed.to_string().contains(reason), "{failed}");
    }
}

/// The fake provider, offered a tool that only the caller could run.
fn with_tool(url: &str, history: ResponsesHistory) -> Protocol {
    let mut protocol = protocol(url, history);
    if let Protocol::OpenAiResponses { parameters, .. } = &mut protocol {
        let tools = r#"{"tools":[{"type":"function","name":"get_weather","parameters":{"type":"object"}}]}"#;
        *parameters = Some(Json::try_from(tools.to_owned()).unwrap());
    }
    protocol
}

#[tokio::test]
async fn tools_that_the_caller_should_run() {
    let peer = Peer::start("aimock");
    let mut talk = Talk::begin(with_tool(&peer.url, ResponsesHistory::Client)).await;
    assert_eq!(talk.hear("hello").await, "Hello, this is the concierge.");
    let asked = talk.say("weather?").await.unwrap();
    let call = &asked.tool_calls[0];
    assert_eq!(
        (asked.text.as_str(), call.name.as_str(), call.arguments.as_str()),
        ("", "get_weather", r#"{"city":"Lisbon"}"#)
    );
    let mut talk = Talk::begin(with_tool(&peer.url, ResponsesHistory::Client)).await;
    let limited = talk.say("slow down").await.unwrap_err();
    assert!(
        limited.to_string().contains("too many requests (429)"),
        "{limited}"
    );
}
