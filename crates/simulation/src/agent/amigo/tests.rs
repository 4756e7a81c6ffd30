use std::collections::BTreeMap;

use model::{Json, Protocol};
use serde_json::json;

use super::*;
use crate::{
    agent::testing::{Talk, agents, open, open_with},
    test_support::{
        server::{Response, Server},
        text,
    },
};

fn amigo(url: &str) -> Protocol {
    Protocol::Amigo(Amigo {
        base_url: text(url),
        organization: text("acme"),
        service_id: text("6618791275130b73714e8d1c"),
        version_set: Some(text("edge")),
        api_key: text("{{ secret.KEY }}"),
        api_key_id: text("key-id"),
        user_id: text("u1"),
        headers: BTreeMap::new(),
    })
}

fn signed_in(token: &str, expires_at: &str) -> Response {
    Response::json(&json!({"id_token": token, "expires_at": expires_at}))
}

/// A token that is good.
fn signed() -> Response {
    signed_in("token-1", "2999-01-01T00:00:00Z")
}

fn stream(status: &str, events: &[Value]) -> Response {
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    Response::with(status, &["content-type: application/x-ndjson"], &lines)
}

fn created() -> Value {
    json!({"type": "conversation-created", "conversation_id": "c1"})
}

fn piece(text: &str) -> Value {
    json!({"type": "new-message", "message": text, "stop": false, "sequence_number": 1, "message_id": "m1"})
}

fn complete(text: &str, interaction: &str, completed: bool) -> Value {
    json!({
        "type": "interaction-complete", "message_id": "m1", "interaction_id": interaction, "full_message": text,
        "conversation_completed": completed,
    })
}

async fn begin(mut responses: Vec<Response>) -> (Server, Talk) {
    responses.insert(0, signed());
    let server = Server::start(responses).await;
    let talk = open(amigo(&server.url), &[]).await.unwrap();
    (server, talk)
}

fn starts(server: &Server) -> Vec<String> {
    let start = |request: &String| {
        request
            .lines()
            .next()
            .unwrap()
            .trim_end_matches(" HTTP/1.1")
            .to_owned()
    };
    server.requests().iter().map(start).collect()
}

const SIGN_IN: &str = "POST /v1/acme/user/signin_with_api_key";
const CREATE: &str = "POST /v1/acme/conversation/?response_format=text&current_agent_action_type=%5Etool-call-%28started%7Cended%29%24";
const INTERACT: &str = "POST /v1/acme/conversation/c1/interact?request_format=text&response_format=text&current_agent_action_type=%5Etool-call-%28started%7Cended%29%24";
const FINISH: &str = "POST /v1/acme/conversation/c1/finish/";

#[tokio::test]
async fn a_conversation_is_created_held_and_finished() {
    let (server, mut talk) = begin(vec![
        stream(
            "201 Created",
            &[
                created(),
                piece("Hel"),
                piece("lo."),
                complete("Hello.", "i1", false),
            ],
        ),
        stream(
            "200 OK",
            &[
                json!({"type": "user-message-available"}),
                complete("It rains.", "i2", false),
            ],
        ),
        Response::with("204 No Content", &[], ""),
    ])
    .await;
    let first = talk.say("hi").await.unwrap();
    assert_eq!(
        (first.text.as_str(), first.completed, first.calls),
        ("Hello.", false, 1)
    );
    assert_eq!(first.session.unwrap(), r#"{"conversation":"c1"}"#);
    assert_eq!(talk.hear("And \"now\"?\r\n--x").await, "It rains.");
    talk.close().await;
    assert_eq!(starts(&server), [SIGN_IN, CREATE, INTERACT, FINISH]);
    let requests = server.requests();
    let sign_in = requests[0].to_lowercase();
    for line in [
        "x-api-key: hunter22\r\n",
        "x-api-key-id: key-id\r\n",
        "x-user-id: u1\r\n",
    ] {
        assert!(sign_in.contains(line), "{line} in {sign_in}");
    }
    for request in &requests[1..] {
        assert!(
            request
                .to_lowercase()
                .contains("authorization: bearer token-1\r\n"),
            "{request}"
        );
        assert!(!request.contains("hunter22"), "{request}");
    }
    let body = server.body(1);
    let tag = body["tags"]["rehearse"].as_str().unwrap();
    assert_eq!(tag.len(), 32);
    assert_eq!(
        body,
        json!({
            "service_id": "6618791275130b73714e8d1c", "service_version_set_name": "edge", "tags": {"rehearse": tag},
            "initial_message": "hi", "initial_message_type": "user-message",
        })
    );
    let interact = &requests[2];
    for line in [
        "accept: application/x-ndjson\r\n",
        "traceparent: 00-",
        "idempotency-key: key-4\r\n",
    ] {
        assert!(interact.to_lowercase().contains(line), "{line} in {interact}");
    }
    assert!(
        interact.contains("name=\"initial_message_type\"\r\n\r\nuser-message\r\n"),
        "{interact}"
    );
    let part = "name=\"recorded_message\"; filename=\"message.txt\"\r\ncontent-type: text/plain; charset=utf-8\r\n\r\nAnd \"now\"?\r\n--x\r\n";
    assert!(interact.contains(part), "{interact}");
}

#[tokio::test]
async fn the_agent_and_events_may_speak_first() {
    let hello = || stream("201 Created", &[created(), complete("Hello.", "i1", true)]);
    let (server, mut talk) = begin(vec![hello()]).await;
    let reply = talk.give(AgentInput::Greet).await.unwrap();
    assert!(reply.completed);
    talk.close().await;
    assert_eq!(
        server.requests().len(),
        2,
        "what is complete is not finished again"
    );
    assert_eq!(server.body(1).get("initial_message"), None);
    let (server, mut talk) = begin(vec![hello()]).await;
    talk.give(AgentInput::Event("it rains".to_owned())).await.unwrap();
    assert_eq!(server.body(1)["initial_message_type"], "external-event");
    assert_eq!(server.body(1)["initial_message"], "it rains");
}

#[tokio::test]
async fn tool_calls_have_their_results() {
    let action = |action: Value| json!({"type": "current-agent-action", "action": action});
    let (_server, mut talk) = begin(vec![stream(
        "201 Created",
        &[
            created(),
            action(json!({"type": "tool-call-started", "tool_round_index": 0, "tool_id": "weather", "tool_version": "1", "input_params": {"city": "Oslo"}})),
            action(json!({"type": "tool-call-started", "tool_round_index": 0, "tool_id": "map", "input_params": {}})),
            action(json!({"type": "tool-call-ended", "tool_round_index": 0, "tool_id": "weather", "input_parameters": {"city": "Oslo"}, "result": "{\"degrees\": 21}", "duration": 0.1})),
            action(json!({"type": "tool-call-ended", "tool_round_index": 1, "tool_id": "log", "input_parameters": {"a": 1}, "result": "done", "duration": 0.1})),
            action(json!({"type": "something-new"})),
            complete("21 degrees.", "i1", false),
        ],
    )])
    .await;
    let reply = talk.say("weather?").await.unwrap();
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
            ("log", r#"{"a":1}"#, Some(r#""done""#)),
        ]
    );
}

#[tokio::test]
async fn conversations_share_a_token_until_it_ends_or_is_refused() {
    let hello = || stream("201 Created", &[created(), complete("Hello.", "i1", true)]);
    let server = Server::start(vec![
        // Good for less than it takes to use it.
        signed_in("token-1", "2001-01-01T00:00:00Z"),
        hello(),
        signed_in("token-2", "2999-01-01T00:00:00+02:00"),
        hello(),
        hello(),
        Response::with("401 Unauthorized", &[], "revoked"),
        signed_in("token-3", "2999-01-01T00:00:00Z"),
        hello(),
        Response::with("401 Unauthorized", &[], "revoked"),
        signed_in("token-4", "2999-01-01T00:00:00Z"),
        Response::with("401 Unauthorized", &[], "revoked"),
    ])
    .await;
    let agents = agents();
    let briefing = crate::test_support::connected(amigo(&server.url));
    let mut outcomes = Vec::new();
    for _conversation in 0..5 {
        let mut session = agents
            .open(&briefing, &[], &crate::Cassette::off())
            .await
            .unwrap();
        let call = AgentCall {
            input: AgentInput::Greet,
            turn_index: 0,
            idempotency_key: "key".to_owned(),
            turns: &[],
        };
        outcomes.push(session.call(call).await.map(|reply| reply.text));
    }
    assert!(outcomes[..4].iter().all(Result::is_ok), "{outcomes:?}");
    let error = outcomes[4].clone().unwrap_err().to_string();
    assert!(error.contains("answered with status 401: revoked"), "{error}");
    let bearer = |request: &String| {
        let request = request.to_lowercase();
        request
            .lines()
            .find_map(|line| line.strip_prefix("authorization: bearer ").map(ToOwned::to_owned))
    };
    let used: Vec<String> = server.requests().iter().filter_map(bearer).collect();
    assert_eq!(
        used,
        [
            "token-1", "token-2", "token-2", "token-2", "token-3", "token-3", "token-4"
        ]
    );
}

#[tokio::test]
async fn signing_in_may_fail() {
    let cases = [
        (
            Response::with("401 Unauthorized", &[], "unknown key hunter22"),
            "status 401: unknown key ***",
        ),
        (
            Response::json(&json!({"token": "hidden"})),
            "the response has no `id_token`",
        ),
        (signed_in("hidden", "tomorrow"), "`expires_at` is not a time"),
    ];
    for (response, reason) in cases {
        let server = Server::start(vec![response]).await;
        let error = open(amigo(&server.url), &[])
            .await
            .unwrap()
            .say("hi")
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with(reason) && error.contains("/signin_with_api_key: "),
            "{error}"
        );
        assert!(!error.contains("hidden"), "{error}");
    }
}

#[tokio::test]
async fn an_error_in_the_stream_voids_the_interaction() {
    let error =
        |status: u16| json!({"type": "error", "http_error_code": status, "error_description": "overloaded"});
    let list = json!({"conversations": [
        {"id": "c1", "tags": {"rehearse": "another's"}},
        {"id": "c9", "tags": null},
    ]});
    // What may pass is tried again; of what was left behind only our own is finished.
    let (server, mut talk) = begin(vec![
        stream("201 Created", &[created(), piece("Hel"), error(503)]),
        Response::json(&list),
        stream("201 Created", &[created(), complete("Hello.", "i1", false)]),
        stream("200 OK", &[error(503)]),
        Response::json(&json!({"messages": [], "has_more": false})),
        stream("200 OK", &[complete("Yes.", "i2", false)]),
    ])
    .await;
    let reply = talk.say("hi").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("Hello.", 2));
    assert_eq!(talk.hear("really?").await, "Yes.");
    let tag = server.body(1)["tags"]["rehearse"].as_str().unwrap().to_owned();
    let starts = starts(&server);
    assert_eq!(
        starts[2],
        format!(
            "GET /v1/acme/conversation/?service_id=6618791275130b73714e8d1c&is_finished=false&tag=rehearse%3A{tag}"
        )
    );
    assert_eq!((starts[3].as_str(), starts[4].as_str()), (CREATE, INTERACT));
    assert_eq!(
        starts[5],
        "GET /v1/acme/conversation/c1/messages/?sort_by=-created_at&limit=20"
    );
    assert_eq!((starts[6].as_str(), starts.len()), (INTERACT, 7));
    // What cannot pass is told.
    for (event, reason) in [
        (error(404), "answered with status 404: overloaded"),
        (json!({"type": "error"}), "the stream has an error"),
    ] {
        let (_server, mut talk) = begin(vec![stream("201 Created", &[created(), event])]).await;
        let error = talk.say("hi").await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn an_interaction_that_was_kept_is_not_repeated() {
    let message = |kind: &str, interaction: &str, text: &str| json!({"id": "m", "interaction_id": interaction, "message": text, "message_type": kind});
    let messages = json!({"messages": [
        message("agent-message", "i2", "It rains."),
        message("user-message", "i2", "and now?"),
        message("agent-message", "i1", "Hello."),
    ]});
    let (server, mut talk) = begin(vec![
        stream("201 Created", &[created(), complete("Hello.", "i1", false)]),
        // The stream ends too early.
        stream("200 OK", &[piece("It ra")]),
        Response::json(&messages),
        stream("200 OK", &[complete("Still.", "i3", false)]),
    ])
    .await;
    assert_eq!(talk.hear("hi").await, "Hello.");
    let reply = talk.say("and now?").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("It rains.", 2));
    assert_eq!(talk.hear("and now?").await, "Still.");
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn what_a_lost_worker_left_behind_is_finished_first() {
    let refusal = || Response::with("400 Bad Request", &[], "unfinished conversations exist");
    // The tag of this conversation, which follows from the conversation alone.
    let (server, mut talk) = begin(vec![stream(
        "201 Created",
        &[created(), complete("Hello.", "i1", true)],
    )])
    .await;
    talk.say("hi").await.unwrap();
    let tag = server.body(1)["tags"]["rehearse"].clone();
    let ours = json!({"conversations": [{"id": "c1", "tags": {"rehearse": tag}}]});
    let (server, mut talk) = begin(vec![
        refusal(),
        Response::json(&ours),
        Response::with("204 No Content", &[], ""),
        stream("201 Created", &[created(), complete("Hello.", "i1", true)]),
    ])
    .await;
    assert_eq!(talk.hear("hi").await, "Hello.");
    assert_eq!(starts(&server)[3], FINISH);
    let (_server, mut talk) = begin(vec![refusal(), Response::json(&json!({"conversations": []}))]).await;
    let error = talk.say("hi").await.unwrap_err().to_string();
    assert!(
        error.contains("answered with status 400: unfinished conversations exist"),
        "{error}"
    );
    // One that was begun and failed is not left behind either.
    let (server, mut talk) = begin(vec![
        stream(
            "201 Created",
            &[
                created(),
                json!({"type": "error", "http_error_code": 422, "error_description": "x"}),
            ],
        ),
        Response::json(&ours),
        Response::with("204 No Content", &[], ""),
    ])
    .await;
    talk.say("hi").await.unwrap_err();
    talk.close().await;
    let starts = starts(&server);
    assert_eq!(starts.last().unwrap(), FINISH);
}

#[tokio::test]
async fn a_stream_that_is_none_is_refused() {
    let whole = complete("Hello.", "i1", false).to_string();
    let cases = [
        ("<html>\n".to_owned(), "a line of the stream is not JSON"),
        (
            "{\"message\": \"x\"}\n".to_owned(),
            "an event of the stream has no `type`",
        ),
        (
            format!("{whole}\n"),
            "the stream does not name the conversation that was created",
        ),
        (
            "{\"type\": \"interaction-complete\", \"full_message\": 3}".to_owned(),
            "`full_message` is not a text",
        ),
        (
            "{\"type\": \"interaction-complete\", \"full_message\": \"\"}".to_owned(),
            "`conversation_completed` is not true or false",
        ),
        ("x".repeat(5000), "longer than max_reply_bytes (4096)"),
    ];
    for (body, reason) in cases {
        let (_server, mut talk) = begin(vec![Response::with("201 Created", &[], &body)]).await;
        let error = talk.say("hi").await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let (_server, mut talk) = begin(vec![Response::Endless]).await;
    let error = talk.say("hi").await.unwrap_err().to_string();
    assert!(error.contains("longer than max_reply_bytes (4096)"), "{error}");
}

#[tokio::test]
async fn a_stream_is_read_as_it_comes() {
    let head = "HTTP/1.1 201 Created\r\n\r\n";
    // Complete, though the server does not close; blank lines are no events.
    let lines = format!("{head}\n{}\n\n{}\n", created(), complete("Hello.", "i1", false));
    let (_server, mut talk) = begin(vec![Response::Stall(lines.into_bytes())]).await;
    assert_eq!(talk.hear("hi").await, "Hello.");
    // Without a last line end it is complete when it is closed.
    let lines = format!("{head}{}\n{}", created(), complete("Hello.", "i1", false));
    let (_server, mut talk) = begin(vec![Response::Raw(lines.into_bytes())]).await;
    assert_eq!(talk.hear("hi").await, "Hello.");
    // Not complete, and silent: the time of a reply ends it.
    let lines = format!("{head}{}\n{}\n", created(), piece("Hel"));
    let server = Server::start(vec![signed(), Response::Stall(lines.into_bytes())]).await;
    let talk = open_with(amigo(&server.url), &[], |connection| {
        connection.timeout_ms = 400;
        connection.max_attempts = 1;
    });
    let error = talk.await.unwrap().say("hi").await.unwrap_err().to_string();
    assert!(error.ends_with("no reply within 400 ms"), "{error}");
}
