use std::collections::BTreeMap;

use model::Usage;
use serde_json::json;

use super::*;
use crate::{
    Agents, AgentsOptions, Cassette,
    agent::{AgentReply, AgentSession},
    test_support::{
        self, connected, loopback, secrets,
        server::{Response, Server},
        text, turns,
    },
};

fn briefing(url: &str, history: ResponsesHistory) -> Briefing {
    connected(Protocol::OpenAiResponses {
        base_url: text(&format!("{url}/v1/")),
        model: text("small"),
        api_key: Some(text("{{ secret.KEY }}")),
        instructions: Some(text("Talk to {{ persona.name }}.")),
        history,
        headers: BTreeMap::from([("x-session".to_owned(), "{{ session_id }}".to_owned())]),
        parameters: Some(test_support::json(&json!({"temperature": 0}))),
    })
}

async fn open(briefing: &Briefing, history: &[Turn]) -> Result<Box<dyn AgentSession>, AgentError> {
    let options = AgentsOptions {
        reach: loopback(),
        ..AgentsOptions::default()
    };
    Agents::new(&options, secrets(&[("KEY", "hunter22")]))
        .unwrap()
        .open(briefing, history, &Cassette::off())
        .await
}

async fn say(session: &mut Box<dyn AgentSession>, turns: &[Turn]) -> Result<AgentReply, AgentError> {
    let input = turns
        .last()
        .map_or(AgentInput::Greet, |turn| AgentInput::Message(turn.text.clone()));
    session
        .call(AgentCall {
            input,
            turn_index: 3,
            idempotency_key: "key-3".to_owned(),
            turns,
        })
        .await
}

fn words(id: &str, text: &str) -> Response {
    Response::json(&json!({
        "id": id, "status": "completed", "error": null,
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}],
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }))
}

/// What was said, ending with an agent's turn of this session and a user's.
fn after(session: Option<String>) -> Vec<Turn> {
    let mut said = turns(&[
        (Role::Event, "it rains"),
        (Role::Agent, "I see"),
        (Role::User, "and now?"),
    ]);
    said[1].session = session;
    said
}

#[tokio::test]
async fn the_server_keeps_the_history_and_another_worker_goes_on() {
    let server = Server::start(vec![words("resp_1", "I see"), words("resp_2", "Still.")]).await;
    let briefing = briefing(&server.url, ResponsesHistory::Server);
    let event = turns(&[(Role::Event, "it rains")]);
    let mut session = open(&briefing, &[]).await.unwrap();
    let reply = say(&mut session, &event).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("I see", 1));
    assert_eq!(reply.usage, Some(Usage::of_tokens(3, 2)));
    assert_eq!(reply.session.as_deref(), Some(r#"{"response_id":"resp_1"}"#));
    let said = after(reply.session);
    let mut elsewhere = open(&briefing, &said[..2]).await.unwrap();
    assert_eq!(say(&mut elsewhere, &said).await.unwrap().text, "Still.");
    let request = server.requests().remove(0).to_lowercase();
    assert!(
        request.starts_with("post /v1/responses http/1.1\r\n"),
        "{request}"
    );
    for header in [
        "authorization: bearer hunter22\r\n".to_owned(),
        "idempotency-key: key-3\r\n".to_owned(),
        "traceparent: 00-".to_owned(),
        format!("x-session: {}\r\n", briefing.session_id),
    ] {
        assert!(request.contains(&header), "{request}");
    }
    let mut expected = json!({
        "temperature": 0, "model": "small", "stream": false, "store": true, "instructions": "Talk to Ada.",
        "input": [{"role": "user", "content": "[event] it rains"}],
    });
    // The event was known; what it said then may not change what is sent now.
    let first = server.body(0);
    assert_eq!(first, expected);
    expected["input"] = json!([{"role": "user", "content": "and now?"}]);
    expected["previous_response_id"] = "resp_1".into();
    assert_eq!(server.body(1), expected);
}

#[tokio::test]
async fn calls_that_nobody_answered_are_closed_before_going_on() {
    let call = json!({
        "id": "resp_1", "status": "completed",
        "output": [{"type": "function_call", "call_id": "c1", "name": "book", "arguments": "{\"day\":3}"}],
    });
    let server = Server::start(vec![Response::json(&call), words("resp_2", "Booked.")]).await;
    let briefing = briefing(&server.url, ResponsesHistory::Server);
    let mut session = open(&briefing, &[]).await.unwrap();
    let reply = say(&mut session, &turns(&[(Role::User, "book")])).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.tool_calls.len()), ("", 1));
    assert_eq!(reply.tool_calls[0].arguments.as_str(), r#"{"day":3}"#);
    let said = after(reply.session);
    let mut elsewhere = open(&briefing, &said[..2]).await.unwrap();
    say(&mut elsewhere, &said).await.unwrap();
    let input = server.body(1)["input"].clone();
    assert_eq!(
        (&input[0]["type"], &input[0]["call_id"], &input[1]["content"]),
        (&json!("function_call_output"), &json!("c1"), &json!("and now?"))
    );
}

#[tokio::test]
async fn the_client_keeps_the_history() {
    let server = Server::start(vec![words("resp_1", "Still.")]).await;
    let briefing = briefing(&server.url, ResponsesHistory::Client);
    let said = after(None);
    let mut session = open(&briefing, &said[..2]).await.unwrap();
    let reply = say(&mut session, &said).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.session), ("Still.", None));
    let body = server.body(0);
    assert_eq!(body["store"], json!(false));
    assert_eq!(
        body["input"],
        json!([
            {"role": "user", "content": "[event] it rains"},
            {"role": "assistant", "content": "I see"},
            {"role": "user", "content": "and now?"},
        ])
    );
    assert_eq!(body.get("previous_response_id"), None);
}

#[tokio::test]
async fn an_agent_that_greets_needs_instructions() {
    let server = Server::start(vec![words("resp_1", "Welcome")]).await;
    let mut briefing = briefing(&server.url, ResponsesHistory::Server);
    let mut session = open(&briefing, &[]).await.unwrap();
    assert_eq!(say(&mut session, &[]).await.unwrap().text, "Welcome");
    let body = server.body(0);
    assert_eq!(
        body["input"],
        json!([{"role": "system", "content": "Talk to Ada."}])
    );
    assert_eq!(body.get("instructions"), None);
    if let Some(connection) = &mut briefing.agent.content.connection
        && let Protocol::OpenAiResponses { instructions, .. } = &mut connection.protocol
    {
        *instructions = None;
    }
    let mut session = open(&briefing, &[]).await.unwrap();
    let error = say(&mut session, &[]).await.unwrap_err();
    assert!(matches!(error, AgentError::Unsuitable { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_no_reply_is_told() {
    let lost = after(None);
    let server = Server::start(vec![
        Response::with("200 OK", &[], "<html>hunter22</html>"),
        Response::json(
            &json!({"status": "failed", "error": {"code": "server_error", "message": "Closed, hunter22."}}),
        ),
        Response::json(&json!({"id": "r", "output": []})),
        Response::json(&json!({"output": [{"type": "message", "content": "no id"}]})),
        Response::Endless,
    ])
    .await;
    let briefing = briefing(&server.url, ResponsesHistory::Server);
    for why in [
        "the response is not JSON",
        "the response failed (server_error): Closed, ***.",
        "the reply is empty",
        "set `history: client`",
        "longer than max_reply_bytes",
    ] {
        let mut session = open(&briefing, &[]).await.unwrap();
        let error = say(&mut session, &lost[2..]).await.unwrap_err();
        assert!(error.to_string().contains(why) && !error.retryable(), "{error}");
        assert!(!error.to_string().contains("hunter22"), "{error}");
    }
    let error = open(&briefing, &lost[..2]).await.err().unwrap();
    assert!(
        error.to_string().contains("turn 1 does not say which response"),
        "{error}"
    );
}

#[tokio::test]
async fn what_may_pass_is_tried_again_with_the_same_key() {
    let server = Server::start(vec![
        Response::with("429 Too Many Requests", &["retry-after: 0"], "slow down"),
        Response::Cut,
        words("resp_1", "at last"),
    ])
    .await;
    let briefing = briefing(&server.url, ResponsesHistory::Server);
    let mut session = open(&briefing, &[]).await.unwrap();
    let reply = say(&mut session, &turns(&[(Role::User, "hi")])).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("at last", 3));
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.contains("idempotency-key: key-3"))
    );
}
