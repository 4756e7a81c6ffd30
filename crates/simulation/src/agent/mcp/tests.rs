use model::{Continuation, ReplyExtract, Role};
use serde_json::json;

use super::*;
use crate::{
    Agents, AgentsOptions,
    agent::{AgentReply, AgentSession},
    test_support::{
        connected, loopback, secrets,
        server::{Response as HttpResponse, Server},
        text, turns,
    },
};

/// A server in a few lines of Python: it answers `initialize` and `tools/list`, and plays the mode that stands in `MODE` for each call.
const PROGRAM: &str = r#"
import json, os, sys, time
mode = os.environ["MODE"]
def send(value):
    print(json.dumps(value), flush=True)
def result(value):
    send({"jsonrpc": "2.0", "id": request["id"], "result": value})
def words(text, **more):
    result({"content": [{"type": "text", "text": text}], **more})
schema = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"], "additionalProperties": False}
for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method")
    if method == "initialize":
        if mode == "no start":
            sys.exit("cannot start without " + os.environ["KEY"])
        if mode == "stuck":
            time.sleep(60)
        result({"protocolVersion": request["params"]["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "test", "version": "1"}})
    elif method == "tools/list":
        if "cursor" not in (request.get("params") or {}):
            result({"tools": [{"name": "other", "inputSchema": {"type": "object"}}], "nextCursor": "2"})
        else:
            result({"tools": [{"name": "ask", "inputSchema": schema}]})
    elif method == "tools/call":
        params = request["params"]
        if mode == "echo":
            meta = params["_meta"]
            words(params["arguments"]["q"], structuredContent={"key": meta["rehearse/idempotencyKey"],
                  "session": meta["rehearse/sessionId"], "trace": meta["traceparent"], "done": True,
                  "calls": [{"name": "look", "arguments": {}}]})
        elif mode == "error":
            words("closed, " + os.environ["KEY"], isError=True)
        elif mode == "refuse":
            send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32602, "message": "no such thing"}})
        elif mode == "image":
            result({"content": [{"type": "image", "data": "", "mimeType": "image/png"}]})
        elif mode == "large":
            words("x" * 5000)
        elif mode == "huge":
            words("x" * 5_000_000)
        elif mode == "die":
            print("out of memory", file=sys.stderr, flush=True)
            sys.exit(3)
        elif mode == "hang":
            print("thinking", file=sys.stderr, flush=True)
            time.sleep(60)
"#;

fn definition(server: McpServer) -> Mcp {
    Mcp {
        server,
        tool: text("ask"),
        arguments: crate::test_support::json(&json!({"q": "{{ message }}"})),
        extract: ReplyExtract::default(),
        continuation: Continuation::Restart,
    }
}

fn process(mode: &str) -> Mcp {
    definition(McpServer::Process {
        command: ["python3", "-c", PROGRAM].map(text).to_vec(),
        env: [
            ("MODE".to_owned(), mode.to_owned()),
            ("KEY".to_owned(), "{{ secret.KEY }}".to_owned()),
        ]
        .into(),
        working_directory: None,
    })
}

fn briefing(definition: Mcp, timeout_ms: u32) -> Briefing {
    let mut briefing = connected(Protocol::Mcp(definition));
    if let Some(connection) = &mut briefing.agent.content.connection {
        connection.timeout_ms = timeout_ms;
        connection.max_attempts = 2;
    }
    briefing
}

async fn open(briefing: &Briefing) -> Result<Box<dyn AgentSession>, AgentError> {
    let options = AgentsOptions {
        reach: loopback(),
        ..AgentsOptions::default()
    };
    Agents::new(&options, secrets(&[("KEY", "hunter22")]))
        .unwrap()
        .open(briefing, &[], &crate::Cassette::off())
        .await
}

async fn say(session: &mut Box<dyn AgentSession>, message: &str) -> Result<AgentReply, AgentError> {
    let turns = turns(&[(Role::User, message)]);
    session
        .call(AgentCall {
            input: model::AgentInput::Message(message.to_owned()),
            turn_index: 1,
            idempotency_key: "key-1".to_owned(),
            turns: &turns,
        })
        .await
}

async fn once(briefing: &Briefing) -> Result<AgentReply, AgentError> {
    let mut session = open(briefing).await?;
    let reply = say(&mut session, "hi").await;
    session.close().await;
    reply
}

#[tokio::test]
async fn a_process_is_begun_once_and_its_tool_called_each_turn() {
    let mut definition = process("echo");
    let mut session = open(&briefing(definition.clone(), 20_000)).await.unwrap();
    let first = say(&mut session, "first {{ secret.KEY }}").await.unwrap();
    assert_eq!((first.text.as_str(), first.calls), ("first {{ secret.KEY }}", 1));
    assert_eq!(say(&mut session, "second").await.unwrap().text, "second");
    session.close().await;
    definition.extract = ReplyExtract {
        text: Some(text(
            "{{ response.structuredContent.key }} {{ response.structuredContent.session }} \
             {{ response.structuredContent.trace[:3] }}",
        )),
        tool_calls: Some(text("/structuredContent/calls")),
        completed: Some(text("/structuredContent/done")),
    };
    let briefing = briefing(definition, 20_000);
    let reply = once(&briefing).await.unwrap();
    assert_eq!(reply.text, format!("key-1 {} 00-", briefing.session_id));
    assert_eq!((reply.tool_calls.len(), reply.completed), (1, true));
}

#[tokio::test]
async fn what_a_process_does_wrong_is_told() {
    let wrong = [
        ("error", "tool `ask` reports an error: closed, ***"),
        ("refuse", "it answers with error -32602: no such thing"),
        ("image", "the result has no text content; say in `extract.text`"),
        ("large", "longer than max_reply_bytes (4096)"),
        ("huge", "longer than max_reply_bytes (4194304)"),
        (
            "die",
            "the process ended (exit status: 3); standard error: out of memory",
        ),
        (
            "no start",
            "the process ended (exit status: 1); standard error: cannot start without ***",
        ),
    ];
    for (mode, expected) in wrong {
        let error = once(&briefing(process(mode), 20_000))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`python3 -c ") && error.contains(expected),
            "{mode}: {error}"
        );
    }
}

#[tokio::test]
async fn a_process_that_does_not_answer_is_late() {
    for (mode, expected) in [
        ("hang", "; standard error: thinking"),
        ("stuck", "the session did not begin"),
    ] {
        let error = once(&briefing(process(mode), 1_500)).await.unwrap_err();
        assert!(
            matches!(&error, AgentError::Timeout { timeout_ms: 1_500, detail, .. } if detail.contains(expected)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_the_server_cannot_take_is_told_before_it_is_called() {
    let mut no_tool = process("echo");
    no_tool.tool = text("sing");
    let error = once(&briefing(no_tool, 20_000)).await.unwrap_err().to_string();
    assert!(
        error.ends_with("the server has no tool `sing`; it has `other`, `ask`"),
        "{error}"
    );
    let mut no_argument = process("echo");
    no_argument.arguments = crate::test_support::json(&json!({"question": "{{ message }}"}));
    let error = once(&briefing(no_argument, 20_000))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("arguments: tool `ask` does not accept them: "),
        "{error}"
    );
    let missing = definition(McpServer::Process {
        command: vec![text("/no/such/program")],
        env: BTreeMap::new(),
        working_directory: None,
    });
    let error = once(&briefing(missing, 20_000)).await.unwrap_err().to_string();
    assert!(error.contains("could not be started"), "{error}");
}

/// What a server over HTTP answers: to `initialize`, to its confirmation, to `tools/list`, and then.
fn http_server(then: Vec<HttpResponse>) -> Vec<HttpResponse> {
    let result = |id: u32, result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
    let schema = json!({"type": "object"});
    let begun = result(
        0,
        json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "t", "version": "1"}}),
    );
    let listed = result(1, json!({"tools": [{"name": "ask", "inputSchema": schema}]}));
    let mut responses = vec![
        HttpResponse::json(&begun),
        HttpResponse::with("202 Accepted", &[], ""),
        HttpResponse::json(&listed),
    ];
    responses.extend(then);
    responses
}

fn http(server: &Server) -> Mcp {
    definition(McpServer::Http {
        url: text(&format!("{}/mcp", server.url)),
        headers: [("authorization".to_owned(), "Bearer {{ secret.KEY }}".to_owned())].into(),
    })
}

fn called(id: u32, text: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": text}]}})
}

#[tokio::test]
async fn calls_over_http_are_answered_as_json_or_events() {
    let events = format!(
        "event: message\ndata: {}\n\nevent: message\ndata: {}\n\n",
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 1}}),
        called(3, "by event")
    );
    let server = Server::start(http_server(vec![
        HttpResponse::json(&called(2, "at once")),
        HttpResponse::with("200 OK", &["content-type: text/event-stream"], &events),
    ]))
    .await;
    let mut session = open(&briefing(http(&server), 20_000)).await.unwrap();
    assert_eq!(say(&mut session, "hi").await.unwrap().text, "at once");
    assert_eq!(say(&mut session, "hi").await.unwrap().text, "by event");
    session.close().await;
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.contains("authorization: Bearer hunter22")),
        "{requests:?}"
    );
    let call = server.body(3);
    assert_eq!(call["params"]["arguments"], json!({"q": "hi"}));
    assert_eq!(call["params"]["_meta"]["rehearse/idempotencyKey"], json!("key-1"));
}

#[tokio::test]
async fn calls_over_http_that_may_pass_are_tried_again() {
    let server = Server::start(http_server(vec![
        HttpResponse::with("503 Service Unavailable", &["retry-after: 0"], ""),
        HttpResponse::json(&called(3, "now")),
    ]))
    .await;
    let reply = once(&briefing(http(&server), 20_000)).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("now", 2));
}

#[tokio::test]
async fn what_a_server_over_http_does_wrong_is_told() {
    let wrong = [
        (
            HttpResponse::with("400 Bad Request", &[], "no hunter22"),
            "answered with status 400: no ***",
        ),
        (
            HttpResponse::with("404 Not Found", &["content-type: text/plain"], "lost"),
            "answered with status 404",
        ),
        (
            HttpResponse::with("401 Unauthorized", &["www-authenticate: Bearer"], ""),
            "answered with status 401",
        ),
        (
            HttpResponse::with("302 Found", &["location: http://elsewhere.example/"], ""),
            "redirects are not followed",
        ),
        (
            HttpResponse::with("200 OK", &["content-type: text/html"], "<html>"),
            "content of type text/html",
        ),
        (
            HttpResponse::with("200 OK", &["content-type: application/json"], "{oops"),
            "oops",
        ),
    ];
    for (response, expected) in wrong {
        let server = Server::start(http_server(vec![response])).await;
        let error = once(&briefing(http(&server), 20_000))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("POST http://127.0.0.1:") && error.contains(expected),
            "{error}"
        );
    }
    let server = Server::start(http_server(vec![HttpResponse::Hang; 4])).await;
    let error = once(&briefing(http(&server), 300)).await.unwrap_err();
    assert!(matches!(error, AgentError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn a_session_over_http_that_cannot_begin_is_told() {
    for (responses, expected) in [
        (
            vec![HttpResponse::with("403 Forbidden", &[], "not hunter22")],
            "answered with status 403: not ***",
        ),
        (
            vec![HttpResponse::with(
                "200 OK",
                &["content-type: application/json"],
                "{}",
            )],
            "",
        ),
        (vec![HttpResponse::Cut, HttpResponse::Cut], "cannot be reached"),
    ] {
        let server = Server::start(responses).await;
        let error = open(&briefing(http(&server), 20_000))
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.starts_with("POST http://127.0.0.1:") && error.contains(expected),
            "{error}"
        );
    }
    let agents = Agents::new(&AgentsOptions::default(), secrets(&[("KEY", "hunter22")])).unwrap();
    let there = definition(McpServer::Http {
        url: text("http://127.0.0.1:9/mcp"),
        headers: BTreeMap::new(),
    });
    let opened = agents
        .open(&briefing(there, 20_000), &[], &crate::Cassette::off())
        .await;
    let error = opened.err().unwrap();
    assert!(matches!(error, AgentError::NotAllowed { .. }), "{error}");
}
