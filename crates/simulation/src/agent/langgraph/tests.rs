use std::collections::BTreeMap;

use model::{Protocol, Usage};
use serde_json::json;

use super::*;
use crate::{
    agent::testing::{Talk, open, open_with, stored},
    test_support::{
        self, briefing,
        server::{Response, Server},
        text,
    },
};

fn graph(url: &str) -> Protocol {
    Protocol::LangGraph(LangGraph {
        base_url: text(url),
        assistant_id: text("agent"),
        api_key: Some(text("{{ secret.KEY }}")),
        headers: BTreeMap::new(),
        input: Some(test_support::json(&json!({"user": "ada"}))),
        config: Some(test_support::json(&json!({"configurable": {"model": "small"}}))),
        completed: Some(text("/done")),
    })
}

fn thread() -> String {
    uuid(&[b"thread", briefing().session_id.as_bytes()])
}

fn made() -> Response {
    Response::json(&json!({"thread_id": thread(), "values": null}))
}

/// The id of the message of the turn with this key.
fn id(key: &str) -> String {
    uuid(&[b"message", key.as_bytes()])
}

fn human(id: &str, text: &str) -> Value {
    json!({"type": "human", "id": id, "content": text})
}

fn ai(id: &str, text: &str) -> Value {
    json!({"type": "ai", "id": id, "content": text, "tool_calls": [], "usage_metadata": null})
}

fn run(messages: &[Value]) -> Response {
    Response::json(&json!({ "messages": messages }))
}

async fn begin(mut responses: Vec<Response>) -> (Server, Talk) {
    responses.insert(0, made());
    let server = Server::start(responses).await;
    let talk = open(graph(&server.url), &[]).await.unwrap();
    (server, talk)
}

#[test]
fn ids_are_uuids() {
    let id = uuid(&[b"thread", b"s"]);
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert_eq!((&id[14..15], uuid(&[b"thread", b"s"])), ("8", id.clone()));
    assert_ne!(uuid(&[b"message", b"s"]), id);
}

#[tokio::test]
async fn a_thread_per_conversation_and_a_run_per_turn() {
    let first = [
        human("m0", "?"),
        ai("a0", "!"),
        human(&id("key-2"), "hello"),
        ai("a1", "Hi."),
    ];
    let (server, mut talk) = begin(vec![run(&first)]).await;
    let reply = talk.say("hello").await.unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.completed, reply.calls),
        ("Hi.", false, 1)
    );
    assert_eq!(reply.session.unwrap(), r#"{"interrupts":[],"last":"a1"}"#);
    let requests = server.requests();
    assert!(
        requests[0].starts_with("POST /threads HTTP/1.1"),
        "{}",
        requests[0]
    );
    assert_eq!(
        server.body(0),
        json!({"thread_id": thread(), "if_exists": "do_nothing", "metadata": {"session_id": briefing().session_id}})
    );
    let path = format!("POST /threads/{}/runs/wait HTTP/1.1", thread());
    assert!(requests[1].starts_with(&path), "{}", requests[1]);
    let request = requests[1].to_lowercase();
    for line in [
        "x-api-key: hunter22\r\n",
        "idempotency-key: key-2\r\n",
        "traceparent: 00-",
    ] {
        assert!(request.contains(line), "{line} in {request}");
    }
    assert_eq!(
        server.body(1),
        json!({
            "assistant_id": "agent",
            "config": {"configurable": {"model": "small"}},
            "input": {"user": "ada", "messages": [{"type": "human", "id": id("key-2"), "content": "hello"}]},
            "multitask_strategy": "rollback",
            "on_disconnect": "cancel",
        })
    );
}

#[tokio::test]
async fn tool_calls_have_their_results() {
    let call = |id: &str, name: &str, args: Value| json!({"name": name, "args": args, "id": id, "type": "tool_call"});
    let messages = [
        human(&id("key-2"), "weather?"),
        json!({
            "type": "ai", "id": "a", "content": [{"type": "text", "text": "Let me see."}, {"type": "image_url"}],
            "tool_calls": [call("c1", "weather", json!({"city": "Oslo"})), call("c2", "map", json!({}))],
            "invalid_tool_calls": [{"name": "bad", "args": "{", "id": "c3", "error": "x"}],
            "usage_metadata": {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12},
        }),
        json!({"type": "tool", "id": "t", "content": "{\"degrees\": 21}", "tool_call_id": "c1", "status": "success"}),
        json!({
            "type": "ai", "id": "b", "content": "21 degrees.", "tool_calls": [],
            "usage_metadata": {"input_tokens": 10, "output_tokens": 1},
        }),
    ];
    let done = json!({"messages": messages, "done": true});
    let (_server, mut talk) = begin(vec![Response::json(&done)]).await;
    let reply = talk.say("weather?").await.unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.completed),
        ("Let me see.\n\n21 degrees.", true)
    );
    assert_eq!(reply.usage, Some(Usage::of_tokens(15, 8)));
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
    assert_eq!(
        calls,
        [
            ("weather", r#"{"city":"Oslo"}"#, Some(r#"{"degrees":21}"#)),
            ("map", "{}", None),
            ("bad", r#""{""#, None),
        ]
    );
}

#[tokio::test]
async fn an_interrupt_is_answered_with_the_next_message() {
    let asked = json!({
        "messages": [human(&id("key-2"), "book")],
        "__interrupt__": [{"value": "Are you sure?", "id": "i1", "resumable": true}],
    });
    let two = json!({
        "messages": [human(&id("key-2"), "book"), ai("a1", "Two questions.")],
        "__interrupt__": [{"value": {"q": 1}, "id": "i2"}, {"value": "And?", "id": "i3"}],
    });
    let end = [
        human(&id("key-2"), "book"),
        ai("a1", "Two questions."),
        ai("a2", "Booked."),
    ];
    let (server, mut talk) = begin(vec![Response::json(&asked), Response::json(&two), run(&end)]).await;
    let reply = talk.say("book").await.unwrap();
    assert_eq!(reply.text, "Are you sure?");
    let session = reply.session.unwrap();
    assert_eq!(talk.hear("yes").await, "Two questions.\n\n{\"q\":1}\n\nAnd?");
    assert_eq!(server.body(2)["command"], json!({"resume": "yes"}));
    assert_eq!(server.body(2).get("input"), None);
    assert_eq!(talk.hear("both").await, "Booked.");
    assert_eq!(
        server.body(3)["command"],
        json!({"resume": {"i2": "both", "i3": "both"}})
    );
    // Another worker knows that the graph waits.
    let state = json!({"values": {"messages": []}, "next": ["ask"], "tasks": [{"interrupts": [{"value": "Are you sure?", "id": "i1"}]}]});
    let server = Server::start(vec![Response::json(&state), Response::json(&two)]).await;
    let mut talk = open(graph(&server.url), &stored(&session)).await.unwrap();
    assert_eq!(talk.hear("yes").await, "Two questions.\n\n{\"q\":1}\n\nAnd?");
    assert_eq!(server.body(1)["command"], json!({"resume": "yes"}));
}

#[tokio::test]
async fn a_run_that_came_to_its_end_is_not_repeated() {
    let done = |messages: &[Value]| json!({"values": {"messages": messages}, "next": [], "tasks": []});
    let finished = done(&[human(&id("key-2"), "hello"), ai("a1", "Hi.")]);
    let (server, mut talk) = begin(vec![Response::Cut, Response::json(&finished)]).await;
    let reply = talk.say("hello").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("Hi.", 2));
    let path = format!("GET /threads/{}/state HTTP/1.1", thread());
    assert!(
        server.requests()[2].starts_with(&path),
        "{}",
        server.requests()[2]
    );
    // One that did not: the message has the same id, so it does not stand there twice.
    let unfinished = done(&[human(&id("key-2"), "hello")]);
    let fine = run(&[human(&id("key-2"), "hello"), ai("a1", "Hi.")]);
    let (server, mut talk) = begin(vec![Response::Cut, Response::json(&unfinished), fine]).await;
    assert_eq!(talk.hear("hello").await, "Hi.");
    assert_eq!(server.body(1), server.body(3));
}

#[tokio::test]
async fn another_worker_goes_on_in_the_same_thread() {
    let other = json!({"values": {"messages": [human("m", "x"), ai("a1", "y")]}, "next": [], "tasks": []});
    // The graph renames messages: what is new is what follows the last one that was seen.
    let after = run(&[
        human("m", "x"),
        ai("a1", "y"),
        human("renamed", "hello"),
        ai("a2", "Hi again."),
    ]);
    let server = Server::start(vec![
        Response::json(&other),
        after,
        Response::with("404 Not Found", &[], "no thread"),
    ])
    .await;
    let mut talk = open(graph(&server.url), &stored(r#"{"last":"a1","interrupts":[]}"#))
        .await
        .unwrap();
    assert_eq!(talk.hear("hello").await, "Hi again.");
    assert_eq!(server.requests().len(), 2, "no thread is made");
    let error = talk.say("hello").await.unwrap_err().to_string();
    assert!(error.contains("answered with status 404: no thread"), "{error}");
    let error = open(graph(&server.url), &stored("nonsense"))
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[tokio::test]
async fn the_graph_may_speak_first() {
    let (server, mut talk) = begin(vec![run(&[ai("a1", "Welcome.")])]).await;
    assert_eq!(talk.give(AgentInput::Greet).await.unwrap().text, "Welcome.");
    assert_eq!(server.body(1)["input"], json!({"user": "ada", "messages": []}));
}

#[tokio::test]
async fn what_is_no_answer_is_refused() {
    let wrong = [
        (
            json!({"__error__": {"error": "RuntimeError", "message": "The kitchen is closed."}}),
            "the run failed: RuntimeError: The kitchen is closed.",
        ),
        (json!({"answer": 42}), "the run's output has no `messages`"),
        (
            json!({"messages": [], "done": "yes"}),
            "what stands at `/done` (completed) is not true or false",
        ),
        (json!({"messages": [ai("a", "")]}), "the reply is empty"),
    ];
    for (output, reason) in wrong {
        let (server, mut talk) = begin(vec![Response::json(&output)]).await;
        let error = talk.say("hello").await.unwrap_err().to_string();
        assert!(
            error.contains(reason) && error.contains("/runs/wait: "),
            "{error}"
        );
        assert_eq!(server.requests().len(), 2, "it is not tried again");
    }
    let server = Server::start(vec![Response::json(&json!({"ok": true}))]).await;
    let error = open(graph(&server.url), &[]).await.err().unwrap().to_string();
    assert!(
        error.contains("does not name the thread") && error.contains("/threads: "),
        "{error}"
    );
    let server = Server::start(vec![
        made(),
        Response::Stall(b"HTTP/1.1 200 OK\r\n\r\n  \n".to_vec()),
    ])
    .await;
    let talk = open_with(graph(&server.url), &[], |connection| {
        connection.timeout_ms = 300;
        connection.max_attempts = 1;
    });
    let error = talk.await.unwrap().say("hello").await.unwrap_err().to_string();
    assert!(error.ends_with("no reply within 300 ms"), "{error}");
}
