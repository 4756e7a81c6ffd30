use std::collections::BTreeMap;

use model::Role;
use serde_json::json;

use super::*;
use crate::{
    Agents, AgentsOptions, Cassette,
    agent::{AgentReply, AgentSession},
    test_support::{
        connected, loopback, secrets,
        server::{Response, Server},
        text, turns,
    },
};

struct Spoken {
    binding: Option<A2aBinding>,
    version: Option<A2aVersion>,
    streaming: bool,
    key: bool,
}

const V1_RPC: Spoken = Spoken {
    binding: None,
    version: None,
    streaming: false,
    key: true,
};
const STREAM: Spoken = Spoken {
    streaming: true,
    ..V1_RPC
};

/// Spoken to directly, without a card.
fn endpoint(url: &str, spoken: &Spoken) -> Briefing {
    protocol(None, Some(format!("{url}/rpc")), spoken)
}

fn card(url: &str, spoken: &Spoken) -> Briefing {
    protocol(Some(url.to_owned()), None, spoken)
}

fn protocol(card: Option<String>, endpoint: Option<String>, spoken: &Spoken) -> Briefing {
    connected(Protocol::A2a {
        card: card.as_deref().map(text),
        endpoint: endpoint.as_deref().map(text),
        binding: spoken.binding,
        version: spoken.version,
        streaming: spoken.streaming,
        api_key: spoken.key.then(|| text("{{ secret.KEY }}")),
        headers: BTreeMap::new(),
    })
}

fn adjusted(mut briefing: Briefing, timeout_ms: u32, max_attempts: u32) -> Briefing {
    if let Some(connection) = &mut briefing.agent.content.connection {
        connection.timeout_ms = timeout_ms;
        connection.max_attempts = max_attempts;
    }
    briefing
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

async fn call(session: &mut Box<dyn AgentSession>, input: AgentInput) -> Result<AgentReply, AgentError> {
    session
        .call(AgentCall {
            input,
            turn_index: 1,
            idempotency_key: "key-1".to_owned(),
            turns: &[],
        })
        .await
}

async fn say(session: &mut Box<dyn AgentSession>, message: &str) -> Result<AgentReply, AgentError> {
    call(session, AgentInput::Message(message.to_owned())).await
}

async fn once(briefing: &Briefing) -> Result<AgentReply, AgentError> {
    say(&mut open(briefing, &[]).await?, "hi").await
}

fn result(result: &Value) -> Response {
    Response::json(&json!({"jsonrpc": "2.0", "id": 1, "result": result}))
}

fn message(text: &str) -> Value {
    json!({"message": {"messageId": "m", "contextId": "c", "role": "ROLE_AGENT", "parts": [{"text": text}]}})
}

fn task(state: &str, said: Option<&str>) -> Value {
    let mut status = json!({ "state": state });
    if let Some(said) = said {
        status["message"] = json!({"messageId": "m", "parts": [{"text": said}]});
    }
    json!({"id": "t", "contextId": "c", "status": status})
}

/// A stream of these, then its end.
fn stream(events: &[Value]) -> Response {
    let body: String = events
        .iter()
        .map(|event| {
            let envelope = json!({"jsonrpc": "2.0", "id": 1, "result": event});
            format!("data: {envelope}\n\n")
        })
        .collect();
    Response::with(
        "200 OK",
        &["content-type: text/event-stream; charset=utf-8"],
        &body,
    )
}

fn chunk(text: &str, append: bool) -> Value {
    json!({"artifactUpdate": {
        "taskId": "t", "contextId": "c", "append": append,
        "artifact": {"artifactId": "a", "parts": [{"text": text}]},
    }})
}

fn update(state: &str) -> Value {
    json!({"statusUpdate": {"taskId": "t", "contextId": "c", "status": {"state": state}}})
}

#[tokio::test]
async fn a_conversation_is_a_context_that_another_worker_goes_on_with() {
    let server = Server::start(vec![
        result(&message("Hello.")),
        result(&json!({"task": task("TASK_STATE_INPUT_REQUIRED", Some("Which size?"))})),
        result(&json!({"task": task("TASK_STATE_COMPLETED", Some("Here you are."))})),
        result(&message("Bye.")),
    ])
    .await;
    let briefing = endpoint(&server.url, &V1_RPC);
    let mut session = open(&briefing, &[]).await.unwrap();
    assert_eq!(say(&mut session, "hi").await.unwrap().text, "Hello.");
    let asked = say(&mut session, "coffee").await.unwrap();
    assert_eq!(asked.text, "Which size?");
    let mut said = turns(&[(Role::User, "coffee"), (Role::Agent, "Which size?")]);
    said[1].session = asked.session;
    let mut elsewhere = open(&briefing, &said).await.unwrap();
    let served = call(&mut elsewhere, AgentInput::Event("it rains".to_owned()))
        .await
        .unwrap();
    assert_eq!((served.text.as_str(), served.completed), ("Here you are.", false));
    assert_eq!(say(&mut elsewhere, "bye").await.unwrap().text, "Bye.");

    let request = server.requests().remove(0).to_lowercase();
    assert!(request.starts_with("post /rpc http/1.1\r\n"), "{request}");
    for header in [
        "a2a-version: 1.0\r\n",
        "authorization: bearer hunter22\r\n",
        "idempotency-key: key-1\r\n",
        "traceparent: 00-",
    ] {
        assert!(request.contains(header), "{request}");
    }
    let body = server.body(0);
    assert_eq!(body["method"], "SendMessage");
    assert_eq!(
        body["params"]["message"],
        json!({
            "messageId": "key-1", "role": "ROLE_USER", "parts": [{"text": "hi"}],
            "metadata": {"sessionId": briefing.session_id},
        })
    );
    assert_eq!(body["params"]["configuration"]["returnImmediately"], json!(false));
    let ids = |index: usize| {
        let body = server.body(index);
        let message = &body["params"]["message"];
        (message["contextId"].clone(), message["taskId"].clone())
    };
    assert_eq!(ids(1), (json!("c"), Value::Null));
    assert_eq!(ids(2), (json!("c"), json!("t")), "the task waits for this");
    assert_eq!(ids(3), (json!("c"), Value::Null), "the task has ended");
    assert_eq!(
        server.body(2)["params"]["message"]["parts"][0]["text"],
        "[event] it rains"
    );
}

#[tokio::test]
async fn each_version_and_binding_has_its_form() {
    let rest = |version| Spoken {
        binding: Some(A2aBinding::HttpJson),
        version: Some(version),
        ..V1_RPC
    };
    let old_rpc = Spoken {
        version: Some(A2aVersion::V0_3),
        ..V1_RPC
    };
    let old_message =
        json!({"kind": "message", "contextId": "c", "parts": [{"kind": "text", "text": "Hello."}]});
    let old_rest = json!({"message": {"contextId": "c", "content": [{"text": "Hello."}]}});
    for (spoken, response, line, version) in [
        (
            rest(A2aVersion::V1),
            Response::json(&message("Hello.")),
            "POST /rpc/message:send ",
            "1.0",
        ),
        (
            rest(A2aVersion::V0_3),
            Response::json(&old_rest),
            "POST /rpc/v1/message:send ",
            "0.3",
        ),
        (old_rpc, result(&old_message), "POST /rpc ", "0.3"),
    ] {
        let server = Server::start(vec![response]).await;
        assert_eq!(
            once(&endpoint(&server.url, &spoken)).await.unwrap().text,
            "Hello."
        );
        let request = server.requests().remove(0);
        assert!(request.starts_with(line), "{request}");
        assert!(
            request.contains(&format!("a2a-version: {version}\r\n")),
            "{request}"
        );
        let body = server.body(0);
        match (spoken.binding, spoken.version) {
            (Some(A2aBinding::HttpJson), Some(A2aVersion::V1)) => {
                assert_eq!(body["message"]["parts"], json!([{"text": "hi"}]));
            }
            (Some(A2aBinding::HttpJson), _) => {
                assert_eq!(body["message"]["content"], json!([{"text": "hi"}]));
                assert_eq!(body["configuration"]["blocking"], json!(true));
            }
            (_, _) => {
                assert_eq!(body["method"], "message/send");
                let message = &body["params"]["message"];
                assert_eq!(
                    (&message["kind"], &message["role"]),
                    (&json!("message"), &json!("user"))
                );
                assert_eq!(message["parts"], json!([{"kind": "text", "text": "hi"}]));
                assert_eq!(body["params"]["configuration"]["blocking"], json!(true));
            }
        }
    }
}

#[tokio::test]
async fn the_card_says_where_and_how() {
    let there = Server::start(vec![Response::json(&message("Hello."))]).await;
    let interface = json!({"url": format!("{}/rest", there.url), "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"});
    let found = Response::json(&json!({ "supportedInterfaces": [interface] }));
    let here = Server::start(vec![
        Response::with("503 Service Unavailable", &["retry-after: 0"], ""),
        found.clone(),
        found.clone(),
        found.clone(),
        found,
        Response::with("404 Not Found", &[], "no such page"),
    ])
    .await;
    let open_card = Spoken { key: false, ..V1_RPC };
    assert_eq!(once(&card(&here.url, &open_card)).await.unwrap().text, "Hello.");
    assert!(here.requests()[1].starts_with("GET /.well-known/agent-card.json "));
    assert!(there.requests()[0].starts_with("POST /rest/message:send "));

    let error = once(&card(&here.url, &V1_RPC)).await.unwrap_err();
    assert!(
        error.to_string().contains("not sent to another origin"),
        "{error}"
    );
    let old = Spoken {
        version: Some(A2aVersion::V0_3),
        ..open_card
    };
    let error = once(&card(&here.url, &old)).await.unwrap_err();
    assert!(error.to_string().contains("of version 0.3"), "{error}");
    let streaming = Spoken {
        streaming: true,
        ..open_card
    };
    let error = once(&card(&here.url, &streaming)).await.unwrap_err();
    assert!(error.to_string().contains("does not stream"), "{error}");
    let error = once(&card(&here.url, &open_card)).await.unwrap_err();
    assert!(error.to_string().ends_with("status 404: no such page"), "{error}");
    assert_eq!(there.requests().len(), 1);
}

#[tokio::test]
async fn a_task_that_the_agent_is_still_at_is_asked_for() {
    let server = Server::start(vec![
        result(&json!({"task": task("TASK_STATE_SUBMITTED", None)})),
        result(&task("TASK_STATE_WORKING", Some("One moment."))),
        result(&task("TASK_STATE_COMPLETED", Some("Done."))),
    ])
    .await;
    assert_eq!(once(&endpoint(&server.url, &V1_RPC)).await.unwrap().text, "Done.");
    let look = server.body(2);
    assert_eq!(
        (&look["method"], &look["params"]["id"]),
        (&json!("GetTask"), &json!("t"))
    );

    let rest = Spoken {
        binding: Some(A2aBinding::HttpJson),
        version: Some(A2aVersion::V0_3),
        ..V1_RPC
    };
    let server = Server::start(vec![
        Response::json(&json!({"task": task("TASK_STATE_WORKING", None)})),
        Response::json(&task("TASK_STATE_COMPLETED", Some("Done."))),
    ])
    .await;
    assert_eq!(once(&endpoint(&server.url, &rest)).await.unwrap().text, "Done.");
    assert!(server.requests()[1].starts_with("GET /rpc/v1/tasks/t?historyLength=0 "));
}

#[tokio::test]
async fn a_message_is_not_sent_twice_once_its_task_is_known() {
    let server = Server::start(vec![
        result(&json!({"task": task("TASK_STATE_WORKING", None)})),
        Response::Cut,
        result(&task("TASK_STATE_COMPLETED", Some("Done."))),
    ])
    .await;
    let reply = once(&endpoint(&server.url, &V1_RPC)).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("Done.", 2));
    let methods: Vec<Value> = (0..3).map(|index| server.body(index)["method"].clone()).collect();
    assert_eq!(methods, ["SendMessage", "GetTask", "GetTask"]);

    let server = Server::start(vec![
        result(&json!({"task": task("TASK_STATE_WORKING", None)})),
        Response::Hang,
    ])
    .await;
    let error = once(&adjusted(endpoint(&server.url, &V1_RPC), 400, 1))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("within 400 ms; the agent is still at task t"),
        "{error}"
    );
}

#[tokio::test]
async fn streams_are_read_as_they_come() {
    let server = Server::start(vec![
        stream(&[
            json!({"task": task("TASK_STATE_SUBMITTED", None)}),
            chunk("one ", false),
            chunk("two", true),
            update("TASK_STATE_COMPLETED"),
            update("TASK_STATE_FAILED"),
        ]),
        stream(&[message("Hello.")]),
        // One that does not stream after all.
        result(&message("At once.")),
        // One that ends too early, and goes on elsewhere.
        stream(&[update("TASK_STATE_WORKING")]),
        result(&task("TASK_STATE_COMPLETED", Some("Done."))),
    ])
    .await;
    let briefing = endpoint(&server.url, &STREAM);
    for expected in ["one two", "Hello.", "At once.", "Done."] {
        assert_eq!(once(&briefing).await.unwrap().text, expected);
    }
    assert_eq!(server.body(0)["method"], "SendStreamingMessage");
    assert!(server.requests()[0].contains("accept: text/event-stream, application/json\r\n"));
}

#[tokio::test]
async fn streams_that_break_stall_or_never_end_are_errors() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
    let endless =
        Response::Raw(format!("{head}connection: close\r\n\r\n{}", ": keep\n\n".repeat(2000)).into_bytes());
    let server = Server::start(vec![
        endless,
        stream(&[]),
        Response::with("200 OK", &["content-type: text/event-stream"], "data: {half\n\n"),
    ])
    .await;
    let briefing = endpoint(&server.url, &STREAM);
    let error = once(&briefing).await.unwrap_err();
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
    let error = once(&briefing).await.unwrap_err();
    assert!(
        error.to_string().contains("the stream ended before the reply"),
        "{error}"
    );
    let error = once(&briefing).await.unwrap_err();
    assert!(
        error.to_string().contains("not JSON") && error.to_string().ends_with(": {half"),
        "{error}"
    );

    // It breaks, or says no more, in the middle of a task; that is asked for.
    let event = json!({"result": update("TASK_STATE_WORKING")});
    let half = format!("{head}content-length: 4000\r\n\r\ndata: {event}\n\n").into_bytes();
    for broken in [Response::Raw(half.clone()), Response::Stall(half)] {
        let done = result(&task("TASK_STATE_COMPLETED", Some("Done.")));
        let server = Server::start(vec![broken, done]).await;
        let briefing = adjusted(endpoint(&server.url, &STREAM), 1000, 2);
        let reply = once(&briefing).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.calls), ("Done.", 2));
        assert_eq!(server.body(1)["method"], "GetTask");
    }
}

#[tokio::test]
async fn what_is_no_reply_is_told() {
    let error = |code: i64, message: &str| {
        Response::json(&json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}))
    };
    let failed = |state: &str, said| result(&json!({"task": task(state, said)}));
    let server = Server::start(vec![
        Response::with("200 OK", &[], "<html>hunter22</html>"),
        error(-32001, "Task t not found, hunter22"),
        error(-32009, "version"),
        result(&Value::Null),
        result(&message("")),
        failed("TASK_STATE_FAILED", Some("The kitchen is closed.")),
        failed("TASK_STATE_AUTH_REQUIRED", Some("Sign in first.")),
        failed("TASK_STATE_ASLEEP", None),
        Response::Endless,
        Response::with("307 Temporary Redirect", &["location: http://10.0.0.1/"], ""),
    ])
    .await;
    let briefing = endpoint(&server.url, &V1_RPC);
    for why in [
        "the response is not JSON",
        "the agent reports error -32001: Task t not found, ***",
        "spoken to as A2A 1.0; if it speaks another, set `version`",
        "neither `result` nor `error`",
        "the reply is empty",
        "the task failed: The kitchen is closed.",
        "give them in `api_key` or `headers`: Sign in first.",
        "unknown state `TASK_STATE_ASLEEP`",
        "longer than max_reply_bytes (4096)",
        "it redirects to http://10.0.0.1/",
    ] {
        let error = once(&briefing).await.unwrap_err();
        assert!(error.to_string().contains(why) && !error.retryable(), "{error}");
        assert!(!error.to_string().contains("hunter22"), "{error}");
    }
    assert_eq!(server.requests().len(), 10, "none is tried again");
}

#[tokio::test]
async fn refusals_are_replies_and_a_task_may_end_in_silence() {
    let server = Server::start(vec![
        result(&json!({"task": task("TASK_STATE_REJECTED", Some("Not on the menu."))})),
        result(&json!({"task": task("TASK_STATE_COMPLETED", None)})),
    ])
    .await;
    let briefing = endpoint(&server.url, &V1_RPC);
    assert_eq!(once(&briefing).await.unwrap().text, "Not on the menu.");
    assert_eq!(once(&briefing).await.unwrap().text, "");
}

#[tokio::test]
async fn an_agent_that_only_answers_cannot_greet() {
    let briefing = endpoint("http://127.0.0.1:1", &V1_RPC);
    let mut session = open(&briefing, &[]).await.unwrap();
    let error = call(&mut session, AgentInput::Greet).await.unwrap_err();
    assert!(error.to_string().contains("only answers"), "{error}");
    let lost = turns(&[(Role::User, "hi"), (Role::Agent, "hello")]);
    let error = open(&briefing, &lost).await.err().unwrap();
    assert!(
        error.to_string().contains("how to go on with the session"),
        "{error}"
    );
}
