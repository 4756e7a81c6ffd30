use std::collections::BTreeMap;

use model::Turn;
use serde_json::json;

use super::*;
use crate::{
    Agents, AgentsOptions,
    agent::{AgentReply, AgentSession},
    test_support::{
        self, connected, secrets,
        server::{Response, Server},
        text, turns,
    },
};

fn briefing(url: &str) -> Briefing {
    connected(Protocol::OpenAiChat {
        base_url: text(&format!("{url}/v1/?key={{{{ secret.KEY }}}}")),
        model: text("small"),
        api_key: Some(text("{{ secret.KEY }}")),
        system: Some(text(
            "Talk to {{ persona.name }} in state {{ context_graph.state }}.",
        )),
        headers: BTreeMap::from([("x-session".to_owned(), "{{ session_id }}".to_owned())]),
        parameters: Some(test_support::json(&json!({"temperature": 0, "stream": true}))),
    })
}

fn plain(url: &str) -> Briefing {
    let mut briefing = briefing(url);
    if let Some(Protocol::OpenAiChat { base_url, system, .. }) = briefing
        .agent
        .content
        .connection
        .as_mut()
        .map(|connection| &mut connection.protocol)
    {
        *base_url = text(&format!("{url}/v1"));
        *system = None;
    }
    briefing
}

fn adjusted(mut briefing: Briefing, timeout_ms: u32, max_attempts: u32) -> Briefing {
    if let Some(connection) = &mut briefing.agent.content.connection {
        connection.timeout_ms = timeout_ms;
        connection.max_attempts = max_attempts;
    }
    briefing
}

fn here() -> AgentsOptions {
    AgentsOptions {
        reach: test_support::loopback(),
        ..AgentsOptions::default()
    }
}

async fn open(briefing: &Briefing) -> Result<Box<dyn AgentSession>, AgentError> {
    Agents::new(&here(), secrets(&[("KEY", "hunter22")]))
        .unwrap()
        .open(briefing, &[], &crate::Cassette::off())
        .await
}

async fn ask(briefing: &Briefing, turns: &[Turn]) -> Result<AgentReply, AgentError> {
    let input = turns
        .last()
        .map_or(AgentInput::Greet, |turn| AgentInput::Message(turn.text.clone()));
    let call = AgentCall {
        input,
        turn_index: 3,
        idempotency_key: "key-3".to_owned(),
        turns,
    };
    open(briefing).await?.call(call).await
}

fn said() -> Vec<Turn> {
    turns(&[
        (Role::Event, "it rains"),
        (Role::Agent, "I see"),
        (Role::User, "hello"),
    ])
}

fn completion(message: &Value) -> Response {
    Response::json(&json!({
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }))
}

async fn reply_to(message: &Value) -> Result<AgentReply, AgentError> {
    let server = Server::start(vec![completion(message)]).await;
    ask(&plain(&server.url), &said()).await
}

#[tokio::test]
async fn a_call_carries_the_whole_conversation() {
    let server = Server::start(vec![completion(&json!({"role": "assistant", "content": "Hi!"}))]).await;
    let mut briefing = briefing(&server.url);
    if let Some(Protocol::OpenAiChat { base_url, .. }) = briefing
        .agent
        .content
        .connection
        .as_mut()
        .map(|connection| &mut connection.protocol)
    {
        *base_url = text(&format!("{}/v1/", server.url));
    }
    let reply = ask(&briefing, &said()).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("Hi!", 1));
    assert_eq!(reply.usage, Some(Usage::of_tokens(11, 7)));
    let request = server.requests().remove(0).to_lowercase();
    assert!(
        request.starts_with("post /v1/chat/completions http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("authorization: bearer hunter22\r\n"),
        "{request}"
    );
    assert!(request.contains("idempotency-key: key-3\r\n"), "{request}");
    assert!(request.contains("traceparent: 00-"), "{request}");
    assert!(
        request.contains(&format!("x-session: {}\r\n", briefing.session_id)),
        "{request}"
    );
    let expected = json!({
        "temperature": 0, "stream": false, "model": "small",
        "messages": [
            {"role": "system", "content": "Talk to Ada in state start."},
            {"role": "user", "content": "[event] it rains"},
            {"role": "assistant", "content": "I see"},
            {"role": "user", "content": "hello"},
        ],
    });
    assert_eq!(server.body(0), expected);
}

#[tokio::test]
async fn every_form_of_content_is_read() {
    let parts = json!([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]);
    assert_eq!(reply_to(&json!({"content": parts})).await.unwrap().text, "ab");
    assert_eq!(
        reply_to(&json!({"content": null, "refusal": "I cannot"}))
            .await
            .unwrap()
            .text,
        "I cannot"
    );
    let call = json!({"function": {"name": "book", "arguments": "{\"day\":3}"}});
    let tools = reply_to(&json!({"content": null, "tool_calls": [call]}))
        .await
        .unwrap();
    assert_eq!(
        (tools.text.as_str(), tools.tool_calls[0].name.as_str()),
        ("", "book")
    );
    assert_eq!(tools.tool_calls[0].arguments.as_str(), r#"{"day":3}"#);
    let masked = reply_to(&json!({"content": "my key is hunter22"})).await.unwrap();
    assert_eq!(masked.text, "my key is ***");
}

#[tokio::test]
async fn replies_that_do_not_follow_the_protocol_are_errors() {
    assert!(matches!(
        reply_to(&json!({"content": ""})).await,
        Err(AgentError::Empty { .. })
    ));
    assert!(matches!(
        reply_to(&json!({"content": 3})).await,
        Err(AgentError::Malformed { .. })
    ));
    let server = Server::start(vec![
        Response::with("200 OK", &[], "<html>sorry, hunter22</html>"),
        Response::json(&json!({"choices": []})),
    ])
    .await;
    let error = ask(&plain(&server.url), &said()).await.unwrap_err();
    let place = format!("POST {}/v1/chat/completions", server.url);
    assert!(
        error
            .to_string()
            .starts_with(&format!("{place}: the response is not JSON")),
        "{error}"
    );
    assert!(
        error.to_string().ends_with(": <html>sorry, ***</html>"),
        "{error}"
    );
    let error = ask(&plain(&server.url), &said()).await.unwrap_err();
    assert!(error.to_string().contains("no `choices[0].message`"), "{error}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let server = Server::start(vec![
        Response::with("429 Too Many Requests", &["retry-after: 0"], "slow down"),
        Response::with(
            "503 Service Unavailable",
            &["retry-after: Wed, 21 Oct 2015 07:28:00 GMT"],
            "",
        ),
        completion(&json!({"content": "at last"})),
    ])
    .await;
    let reply = ask(&plain(&server.url), &said()).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("at last", 3));
    let keys = server
        .requests()
        .iter()
        .filter(|request| request.contains("idempotency-key: key-3"))
        .count();
    assert_eq!(keys, 3, "every try carries the same key");
}

#[tokio::test]
async fn tries_end_and_the_last_error_is_told() {
    let limited = || Response::with("429 Too Many Requests", &["retry-after: 0"], "slow down");
    let server = Server::start(vec![limited(), limited(), limited(), limited()]).await;
    let error = ask(&plain(&server.url), &said()).await.unwrap_err();
    assert!(
        matches!(
            error,
            AgentError::RateLimited {
                retry_after_ms: Some(0),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error.retryable() && error.to_string().ends_with("too many requests (429): slow down"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn what_cannot_pass_is_told_at_once() {
    for (status, headers, shown) in [
        (
            "401 Unauthorized",
            vec![],
            "answered with status 401: wrong key ***",
        ),
        ("404 Not Found", vec![], "answered with status 404: wrong key ***"),
        (
            "307 Temporary Redirect",
            vec!["location: /elsewhere?key=hunter22"],
            "redirects to http://127.0.0.1:",
        ),
    ] {
        let server = Server::start(vec![Response::with(status, &headers, "wrong key hunter22")]).await;
        let error = ask(&plain(&server.url), &said()).await.unwrap_err();
        assert!(
            matches!(error, AgentError::Refused { .. }) && !error.retryable(),
            "{error:?}"
        );
        assert!(
            error.to_string().contains(shown) && !error.to_string().contains("hunter22"),
            "{error}"
        );
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_reply_without_end_stops_at_the_limit() {
    let long = Response::with("200 OK", &[], &"x".repeat(5_000_000));
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4c4b40\r\n{}",
        "x".repeat(5_000_000)
    );
    for response in [Response::Endless, long, Response::Raw(chunked.into_bytes())] {
        let server = Server::start(vec![response]).await;
        let error = ask(&plain(&server.url), &said()).await.unwrap_err();
        assert!(
            matches!(
                error,
                AgentError::TooLarge {
                    limit_bytes: 4096,
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn cut_connections_and_silence_are_tried_again() {
    let server = Server::start(vec![Response::Cut, completion(&json!({"content": "back"}))]).await;
    let reply = ask(&adjusted(plain(&server.url), 20_000, 2), &said())
        .await
        .unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("back", 2));
    let half = Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choices\":".to_vec());
    let server = Server::start(vec![half]).await;
    let error = ask(&adjusted(plain(&server.url), 20_000, 1), &said())
        .await
        .unwrap_err();
    assert!(matches!(error, AgentError::Unreachable { .. }), "{error:?}");
    let server = Server::start(vec![Response::Hang, Response::Hang]).await;
    let error = ask(&adjusted(plain(&server.url), 100, 2), &said())
        .await
        .unwrap_err();
    assert!(
        error.to_string().ends_with("no reply within 100 ms (try 2)"),
        "{error}"
    );
    let error = ask(&adjusted(plain("http://127.0.0.1:1"), 20_000, 1), &said())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cannot be reached: "), "{error}");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn an_agent_that_greets_needs_a_system_message() {
    let server = Server::start(vec![completion(&json!({"content": "Welcome"}))]).await;
    let error = ask(&plain(&server.url), &[]).await.unwrap_err();
    assert!(matches!(error, AgentError::Unsuitable { .. }), "{error:?}");
    let reply = ask(&briefing(&server.url), &[]).await.unwrap();
    assert_eq!(reply.text, "Welcome");
    assert_eq!(server.body(0)["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_missing_secret_is_named() {
    let agents = Agents::new(&AgentsOptions::default(), secrets(&[])).unwrap();
    let error = agents
        .open(&briefing("http://127.0.0.1:1"), &[], &crate::Cassette::off())
        .await
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "base_url names secret `KEY`, which this worker's environment does not have"
    );
    let error = agents
        .open(&test_support::briefing(), &[], &crate::Cassette::off())
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("add a `connection`"), "{error}");
}

#[tokio::test]
async fn an_agent_on_this_machine_is_refused_unless_allowed() {
    let server = Server::start(Vec::new()).await;
    let agents = Agents::new(&AgentsOptions::default(), secrets(&[("KEY", "hunter22")])).unwrap();
    for base in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
        let mut session = agents
            .open(&briefing(&base), &[], &crate::Cassette::off())
            .await
            .unwrap();
        let call = AgentCall {
            input: AgentInput::Greet,
            turn_index: 0,
            idempotency_key: "key-0".to_owned(),
            turns: &[],
        };
        let error = session.call(call).await.unwrap_err();
        assert!(matches!(error, AgentError::NotAllowed { .. }), "{error:?}");
        assert!(!error.retryable());
        assert!(error.to_string().contains("worker.allowed_networks"), "{error}");
    }
    assert!(server.requests().is_empty());
}
