use std::collections::BTreeMap;

use model::{Continuation, Role, Text};
use serde_json::json;

use super::*;
use crate::{
    Agents, AgentsOptions,
    agent::{AgentReply, AgentSession},
    test_support::{
        connected, secrets,
        server::{Response, Server},
        text, turns,
    },
};

const BODY: &str = r#"{"text": {{ message | tojson }}, "kind": "{{ kind }}", "turn": {{ turn }}, "history": {{ history | tojson }},
    "who": {{ persona.variables.plan | tojson }}, "token": "{{ session.token }}"}"#;

fn request(url: &str, body: Option<&str>) -> HttpRequest {
    HttpRequest {
        method: HttpMethod::Post,
        url: text(url),
        headers: BTreeMap::from([(
            "x-key".to_owned(),
            "{{ secret.KEY }}/{{ idempotency_key }}".to_owned(),
        )]),
        body: body.map(text),
    }
}

fn extract(source: &str) -> HttpExtract {
    HttpExtract {
        text: text(source),
        tool_calls: Some(text("/calls")),
        completed: Some(text("/done")),
    }
}

fn protocol(url: &str, body: &str, extract: HttpExtract, open: Option<HttpOpen>) -> Briefing {
    connected(Protocol::HttpTemplate {
        request: request(&format!("{url}/say/{{{{ session_id }}}}"), Some(body)),
        extract,
        open,
        continuation: Continuation::Restart,
    })
}

fn here() -> AgentsOptions {
    AgentsOptions {
        reach: crate::test_support::loopback(),
        ..AgentsOptions::default()
    }
}

async fn open(briefing: &Briefing, history: &[Turn]) -> Result<Box<dyn AgentSession>, AgentError> {
    Agents::new(&here(), secrets(&[("KEY", "hunter22")]))
        .unwrap()
        .open(briefing, history, &crate::Cassette::off())
        .await
}

async fn say(session: &mut Box<dyn AgentSession>, message: &str) -> Result<AgentReply, AgentError> {
    let turns = turns(&[(Role::User, message)]);
    let input = AgentInput::Message(message.to_owned());
    session
        .call(AgentCall {
            input,
            turn_index: 1,
            idempotency_key: "key-1".to_owned(),
            turns: &turns,
        })
        .await
}

async fn once(briefing: &Briefing) -> Result<AgentReply, AgentError> {
    say(&mut open(briefing, &[]).await?, "hi").await
}

fn opening(url: &str) -> HttpOpen {
    HttpOpen {
        request: request(
            &format!("{url}/open"),
            Some(r#"{"graph": {{ context_graph | tojson }}}"#),
        ),
        extract: BTreeMap::from([("token".to_owned(), text("/session/id"))]),
    }
}

#[tokio::test]
async fn a_session_is_opened_once_and_its_values_are_used() {
    let server = Server::start(vec![
        Response::json(&json!({"session": {"id": "s-1"}})),
        Response::json(
            &json!({"reply": {"text": "Hello"}, "calls": [{"name": "x", "arguments": {}}], "done": false}),
        ),
        Response::json(&json!({"reply": {"text": "Bye"}, "done": true})),
    ])
    .await;
    let briefing = protocol(
        &server.url,
        BODY,
        extract("/reply/text"),
        Some(opening(&server.url)),
    );
    let mut session = open(&briefing, &[]).await.unwrap();
    // Hostile text stays one text.
    let reply = say(&mut session, r#"", "token": "x"} {{ secret.KEY }}"#)
        .await
        .unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.tool_calls.len(), reply.completed),
        ("Hello", 1, false)
    );
    let reply = say(&mut session, "bye").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("Bye", true));
    session.close().await;
    assert_eq!(server.body(0), json!({"graph": {"state": "start"}}));
    let said = r#"", "token": "x"} {{ secret.KEY }}"#;
    let expected = json!({"text": said, "kind": "message", "turn": 1, "history": [{"role": "user", "text": said}],
        "who": "gold", "token": "s-1"});
    assert_eq!(server.body(1), expected);
    let request = &server.requests()[1];
    assert!(
        request.starts_with(&format!("POST /say/{} HTTP/1.1\r\n", briefing.session_id)),
        "{request}"
    );
    assert!(request.contains("x-key: hunter22/key-1\r\n"), "{request}");
}

#[tokio::test]
async fn a_resumed_conversation_does_not_open_its_session_again() {
    let server = Server::start(vec![Response::json(&json!({"reply": {"text": "Hello"}}))]).await;
    let body = r#"{"text": {{ message | tojson }}}"#;
    let briefing = protocol(
        &server.url,
        body,
        extract("/reply/text"),
        Some(opening(&server.url)),
    );
    let history = turns(&[(Role::User, "hi"), (Role::Agent, "hello")]);
    let mut session = open(&briefing, &history).await.unwrap();
    assert_eq!(say(&mut session, "again").await.unwrap().text, "Hello");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn templates_take_replies_out_of_any_response() {
    let body = json!({"parts": ["a", "b"], "state": "closed", "tools": [{"name": "t"}]});
    let server = Server::start(vec![Response::json(&body)]).await;
    let extract = HttpExtract {
        text: text("{{ response.parts | join(' ') }}"),
        tool_calls: Some(text("{{ response.tools | tojson }}")),
        completed: Some(text("{{ response.state == 'closed' }}")),
    };
    let reply = once(&protocol(&server.url, "{}", extract, None)).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("a b", true));
    assert_eq!(reply.tool_calls[0].name, "t");
}

#[tokio::test]
async fn responses_that_do_not_fit_are_errors() {
    let cases: [(&str, Value, &str); 5] = [
        (
            "/reply",
            json!({"reply": {"text": "x"}}),
            "what stands at `/reply` (extract.text) is not a text",
        ),
        ("/reply", json!({"other": 1}), "the reply is empty"),
        (
            "/reply",
            json!({"reply": "x", "done": "maybe"}),
            "(extract.completed) is not true or false",
        ),
        (
            "/reply",
            json!({"reply": "x", "calls": 3}),
            "`tool_calls` is not an array",
        ),
        (
            "{{ response.a.b }}",
            json!({"reply": "x"}),
            "extract.text does not fit: undefined",
        ),
    ];
    for (source, body, shown) in cases {
        let server = Server::start(vec![Response::json(&body)]).await;
        let error = once(&protocol(&server.url, "{}", extract(source), None))
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains(shown) && !error.retryable(),
            "{source}: {error}"
        );
    }
    let server = Server::start(vec![Response::json(&json!({"session": {}}))]).await;
    let briefing = protocol(&server.url, BODY, extract("/reply"), Some(opening(&server.url)));
    let error = open(&briefing, &[]).await.err().unwrap();
    assert!(
        error
            .to_string()
            .contains("nothing at `/session/id` (open.extract.token)"),
        "{error}"
    );
}

#[tokio::test]
async fn requests_that_cannot_be_made_are_errors() {
    let server = Server::start(vec![]).await;
    let error = once(&protocol(
        &server.url,
        "{ {{ message }} }",
        extract("/reply"),
        None,
    ))
    .await
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("request.body: came out as something that is not JSON"),
        "{error}"
    );
    let error = once(&protocol(&server.url, BODY, extract("/reply"), None))
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("request.body: undefined"),
        "{error}"
    );
    let mut briefing = protocol(&server.url, "{}", extract("/reply"), None);
    if let Some(Protocol::HttpTemplate { request, .. }) = briefing
        .agent
        .content
        .connection
        .as_mut()
        .map(|connection| &mut connection.protocol)
    {
        request
            .headers
            .insert("x-message".to_owned(), "{{ message }}\r\nx-evil: 1".to_owned());
        request.url = Text::try_from("{{ message }}").unwrap();
    }
    let error = once(&briefing).await.unwrap_err();
    assert!(
        error.to_string().starts_with("request.url: is not a URL"),
        "{error}"
    );
    if let Some(Protocol::HttpTemplate { request: filled, .. }) = briefing
        .agent
        .content
        .connection
        .as_mut()
        .map(|connection| &mut connection.protocol)
    {
        filled.url = text(&server.url);
    }
    let error = once(&briefing).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "request.headers.x-message: came out as something no header can hold"
    );
    assert!(server.requests().is_empty());
}
