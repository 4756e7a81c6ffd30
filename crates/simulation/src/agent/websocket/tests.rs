use std::sync::{Arc, Mutex};

use futures::{SinkExt as _, StreamExt as _};
use model::{Continuation, ReplyExtract, Role, Text, ToolCall};
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpListener, sync::Notify, task::JoinHandle};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response as Accepted},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::*;
use crate::{
    Agents,
    agent::{AgentReply, AgentSession},
    test_support::{
        connected, loopback, secrets,
        server::{Response as HttpResponse, Server},
        text, tool_call, turns,
    },
};

/// What the peer does, in order; then it waits.
#[derive(Clone, Debug)]
enum Act {
    /// Takes a frame.
    Hear,
    Say(String),
    SayBytes(Vec<u8>),
    /// Wants an answer to a ping.
    Ping,
    Close(&'static str),
    /// Closes the connection without a word.
    Cut,
}

fn says(value: &Value) -> Act {
    Act::Say(value.to_string())
}

/// A peer that plays one list of acts per connection.
struct Peer {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
    frames: Arc<Mutex<Vec<String>>>,
    /// Told when a ping was answered.
    ponged: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Peer {
    async fn start(plays: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/chat", listener.local_addr().unwrap());
        let (heads, frames) = (
            Arc::<Mutex<Vec<String>>>::default(),
            Arc::<Mutex<Vec<String>>>::default(),
        );
        let (seen, heard) = (Arc::clone(&heads), Arc::clone(&frames));
        let ponged = Arc::new(Notify::new());
        let told = Arc::clone(&ponged);
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            for acts in plays {
                let (tcp, _address) = listener.accept().await.unwrap();
                let seen = Arc::clone(&seen);
                let note = move |request: &Request, response: Accepted| -> Result<Accepted, ErrorResponse> {
                    let headers = request.headers().iter();
                    let headers =
                        headers.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or("?")));
                    let head = format!("{}\n{}", request.uri(), headers.collect::<String>());
                    seen.lock().unwrap().push(head);
                    Ok(response)
                };
                let mut socket = accept_hdr_async(tcp, note).await.unwrap();
                let mut is_open = true;
                for act in acts {
                    match act {
                        Act::Hear => {
                            while let Some(Ok(message)) = socket.next().await {
                                if let Message::Text(text) = message {
                                    heard.lock().unwrap().push(text.to_string());
                                    break;
                                }
                            }
                        }
                        Act::Say(text) => socket.send(Message::text(text)).await.unwrap(),
                        Act::SayBytes(bytes) => socket.send(Message::binary(bytes)).await.unwrap(),
                        Act::Ping => {
                            socket
                                .send(Message::Ping(b"there?".to_vec().into()))
                                .await
                                .unwrap();
                            let answer = socket.next().await.unwrap().unwrap();
                            assert_eq!(answer, Message::Pong(b"there?".to_vec().into()));
                            told.notify_one();
                        }
                        Act::Close(reason) => {
                            let frame = CloseFrame {
                                code: CloseCode::Policy,
                                reason: reason.into(),
                            };
                            socket.close(Some(frame)).await.unwrap();
                        }
                        Act::Cut => {
                            let _gone = socket.get_mut().shutdown().await;
                            is_open = false;
                        }
                    }
                }
                if is_open {
                    open.push(socket);
                }
            }
            std::future::pending::<()>().await;
        });
        Self {
            url,
            heads,
            frames,
            ponged,
            task,
        }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// What was heard, as JSON.
    fn frames(&self) -> Vec<Value> {
        let frames = self.frames.lock().unwrap();
        frames
            .iter()
            .map(|frame| serde_json::from_str(frame).unwrap())
            .collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn pointer(source: &str) -> Option<Text> {
    Some(text(source))
}

fn definition(url: &str) -> WebSocket {
    WebSocket {
        url: text(url),
        headers: [("x-key".to_owned(), "{{ secret.KEY }}".to_owned())].into(),
        frames: FrameFormat::Json,
        open: None,
        greeting: false,
        message: text(
            r#"{"say": {{ message | tojson }}, "id": "{{ idempotency_key }}", "turn": {{ turn }}}"#,
        ),
        extract: ReplyExtract {
            text: pointer("/text"),
            tool_calls: pointer("/calls"),
            completed: pointer("/end"),
        },
        error: pointer("/error"),
        last: None,
        ignore: None,
        continuation: Continuation::Continue,
    }
}

fn briefing(definition: WebSocket) -> Briefing {
    connected(Protocol::WebSocket(definition))
}

async fn open(briefing: &Briefing, history: &[Turn]) -> Result<Box<dyn AgentSession>, AgentError> {
    let options = AgentsOptions {
        reach: loopback(),
        ..AgentsOptions::default()
    };
    Agents::new(&options, secrets(&[("KEY", "hunter22")]))
        .unwrap()
        .open(briefing, history, &crate::Cassette::off())
        .await
}

async fn call(session: &mut Box<dyn AgentSession>, input: AgentInput) -> Result<AgentReply, AgentError> {
    let said = match &input {
        AgentInput::Greet => Vec::new(),
        AgentInput::Message(message) => turns(&[(Role::User, message)]),
        AgentInput::Event(event) => turns(&[(Role::Event, event)]),
    };
    session
        .call(AgentCall {
            input,
            turn_index: 1,
            idempotency_key: "key-1".to_owned(),
            turns: &said,
        })
        .await
}

async fn say(session: &mut Box<dyn AgentSession>, message: &str) -> Result<AgentReply, AgentError> {
    call(session, AgentInput::Message(message.to_owned())).await
}

async fn once(definition: WebSocket) -> Result<AgentReply, AgentError> {
    say(&mut open(&briefing(definition), &[]).await?, "hi").await
}

#[tokio::test]
async fn each_turn_is_a_frame_and_each_frame_a_reply() {
    let peer = Peer::start(vec![vec![
        Act::Hear,
        Act::Hear,
        says(&json!({"text": "Hello", "calls": [{"name": "look", "arguments": {"at": 1}}]})),
        Act::Ping,
        Act::Hear,
        says(&json!({"text": "Bye", "end": true})),
    ]])
    .await;
    let mut definition = definition(&format!("{}?s={{{{ session_id }}}}", peer.url));
    definition.open = pointer(
        r#"{"hello": "{{ session_id }}", "again": {{ resumed | tojson }}, "key": "{{ secret.KEY }}"}"#,
    );
    let briefing = briefing(definition);
    let mut session = open(&briefing, &[]).await.unwrap();
    let first = say(&mut session, r#"a "quote", {"say": 1}"#).await.unwrap();
    assert_eq!(
        (first.text.as_str(), first.completed, first.calls),
        ("Hello", false, 1)
    );
    let calls: Vec<ToolCall> = vec![tool_call("look", &json!({"at": 1}))];
    assert_eq!(first.tool_calls, calls);
    // Nobody waits for a reply, and yet.
    peer.ponged.notified().await;
    let second = say(&mut session, "bye").await.unwrap();
    assert_eq!((second.text.as_str(), second.completed), ("Bye", true));
    session.close().await;
    let id = briefing.session_id.as_str();
    assert_eq!(
        peer.frames(),
        [
            json!({"hello": id, "again": false, "key": "hunter22"}),
            json!({"say": r#"a "quote", {"say": 1}"#, "id": "key-1", "turn": 1}),
            json!({"say": "bye", "id": "key-1", "turn": 1}),
        ]
    );
    let head = &peer.heads()[0];
    assert!(head.starts_with(&format!("/chat?s={id}\n")), "{head}");
    assert!(
        head.contains("x-key: hunter22\n") && head.contains("traceparent: 00-"),
        "{head}"
    );
}

#[tokio::test]
async fn frames_are_joined_until_one_ends_the_reply() {
    let peer = Peer::start(vec![vec![
        says(&json!({"type": "status"})),
        Act::Hear,
        says(&json!({"type": "delta", "text": "One "})),
        says(&json!({"type": "typing"})),
        says(&json!({"type": "delta", "text": "two", "calls": [{"name": "x", "arguments": {}}]})),
        says(&json!({"type": "done", "end": true, "id": "key-1"})),
    ]])
    .await;
    let mut definition = definition(&peer.url);
    definition.ignore = pointer("{{ response.type in ['typing', 'status'] }}");
    definition.last = pointer("{{ response.type == 'done' and response.id == idempotency_key }}");
    let reply = once(definition).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("One two", true));
    assert_eq!(reply.tool_calls.len(), 1);
}

#[tokio::test]
async fn a_greeting_is_the_first_reply_or_dropped() {
    let play = || {
        vec![
            says(&json!({"text": "Welcome"})),
            Act::Hear,
            says(&json!({"text": "Fine"})),
        ]
    };
    let peer = Peer::start(vec![play(), play()]).await;
    let mut definition = definition(&peer.url);
    definition.greeting = true;
    let briefing = briefing(definition);
    let mut greeted = open(&briefing, &[]).await.unwrap();
    assert_eq!(
        call(&mut greeted, AgentInput::Greet).await.unwrap().text,
        "Welcome"
    );
    assert_eq!(say(&mut greeted, "hi").await.unwrap().text, "Fine");
    let mut dropped = open(&briefing, &turns(&[(Role::User, "a"), (Role::Agent, "b")]))
        .await
        .unwrap();
    assert_eq!(say(&mut dropped, "hi").await.unwrap().text, "Fine");
}

#[tokio::test]
async fn frames_may_be_plain_text() {
    let peer = Peer::start(vec![vec![
        Act::Hear,
        Act::Say("Hello\n".to_owned()),
        Act::Say("there".to_owned()),
        Act::Say("END".to_owned()),
    ]])
    .await;
    let mut definition = definition(&peer.url);
    definition.frames = FrameFormat::Text;
    definition.message = text("{{ message }}");
    definition.extract = ReplyExtract {
        text: pointer("{{ '' if response == 'END' else response }}"),
        ..ReplyExtract::default()
    };
    definition.error = None;
    definition.last = pointer("{{ response == 'END' }}");
    assert_eq!(once(definition).await.unwrap().text, "Hello\nthere");
    assert_eq!(*peer.frames.lock().unwrap(), ["hi"]);
}

async fn fails(acts: Vec<Act>, change: impl FnOnce(&mut WebSocket)) -> (AgentError, String) {
    let peer = Peer::start(vec![acts]).await;
    let mut definition = definition(&peer.url);
    change(&mut definition);
    let mut briefing = briefing(definition);
    if let Some(connection) = &mut briefing.agent.content.connection {
        connection.timeout_ms = 5_000;
        connection.max_reply_bytes = 100;
    }
    let mut session = open(&briefing, &[]).await.unwrap();
    let error = say(&mut session, "hi").await.unwrap_err();
    // Nothing is sent over a connection that something went wrong with.
    assert_eq!(say(&mut session, "again").await.unwrap_err(), error);
    session.close().await;
    let text = error.to_string();
    assert!(
        text.starts_with("WebSocket ws://127.0.0.1:") && !text.contains("hunter22"),
        "{text}"
    );
    (error, text)
}

#[tokio::test]
async fn what_a_peer_does_wrong_is_told() {
    let as_is = |_: &mut WebSocket| {};
    let streaming = |definition: &mut WebSocket| definition.last = pointer("/last");
    let heard = |act: Act| vec![Act::Hear, act];
    let wrong = [
        (
            heard(says(&json!({"error": "hunter22 is closed"}))),
            "it reports an error: *** is closed",
        ),
        (heard(Act::Say("oops {".to_owned())), "a frame that is not JSON"),
        (heard(says(&json!({"text": 7}))), "(extract.text) is not a text"),
        (
            heard(says(&json!({"text": "a", "end": "perhaps"}))),
            "is not true or false",
        ),
        (heard(Act::SayBytes(vec![0, 1, 2])), "a binary frame of 3 bytes"),
        (
            heard(Act::Close("too many hunter22")),
            "it closed the connection (code 1008: too many ***)",
        ),
        (heard(Act::Cut), "cannot be reached: "),
    ];
    for (acts, expected) in wrong {
        let (_error, text) = fails(acts, as_is).await;
        assert!(text.contains(expected), "{text}");
    }
    let (error, _text) = fails(heard(says(&json!({"text": "x".repeat(200)}))), as_is).await;
    assert!(
        matches!(error, AgentError::TooLarge { limit_bytes: 100, .. }),
        "{error}"
    );
    let parts = std::iter::repeat_n(says(&json!({"text": "x".repeat(40)})), 3);
    let (error, _text) = fails([Act::Hear].into_iter().chain(parts).collect(), streaming).await;
    assert!(
        matches!(error, AgentError::TooLarge { limit_bytes: 100, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_reply_that_does_not_end_is_late() {
    let peer = Peer::start(vec![vec![Act::Hear, says(&json!({"text": "and then"}))]]).await;
    let mut definition = definition(&peer.url);
    definition.last = pointer("/last");
    let mut briefing = briefing(definition);
    if let Some(connection) = &mut briefing.agent.content.connection {
        connection.timeout_ms = 300;
    }
    let mut session = open(&briefing, &[]).await.unwrap();
    let error = say(&mut session, "hi").await.unwrap_err();
    assert!(
        matches!(error, AgentError::Timeout { timeout_ms: 300, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn frames_that_nobody_asked_for_are_refused() {
    let peer = Peer::start(vec![vec![
        Act::Hear,
        says(&json!({"text": "one"})),
        says(&json!({"text": "two"})),
        Act::Ping,
        Act::Hear,
    ]])
    .await;
    let mut session = open(&briefing(definition(&peer.url)), &[]).await.unwrap();
    assert_eq!(say(&mut session, "hi").await.unwrap().text, "one");
    // The ping is answered after the second frame was read.
    peer.ponged.notified().await;
    let error = say(&mut session, "hi").await.unwrap_err().to_string();
    assert!(
        error.contains("no reply was due") && error.ends_with(r#": {"text":"two"}"#),
        "{error}"
    );
    assert_eq!(peer.frames().len(), 1, "nothing more is said");
}

#[tokio::test]
async fn opening_is_tried_again_and_its_failures_are_told() {
    let busy = HttpResponse::with("429 Too Many Requests", &["retry-after: 0"], "busy");
    let server = Server::start(vec![
        busy,
        HttpResponse::with("503 Service Unavailable", &["retry-after: 0"], ""),
        HttpResponse::with("404 Not Found", &[], "no hunter22 here"),
        HttpResponse::with("302 Found", &["location: http://elsewhere.example/?k=1"], ""),
        HttpResponse::with("200 OK", &[], "a page"),
        HttpResponse::Raw(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()),
    ])
    .await;
    let briefing = briefing(definition(&server.url.replace("http", "ws")));
    let failure = async || open(&briefing, &[]).await.err().unwrap().to_string();
    let told = failure().await;
    assert!(told.ends_with("answered with status 404: no *** here"), "{told}");
    assert_eq!(server.requests().len(), 3, "429 and 503 may pass");
    let told = failure().await;
    assert!(
        told.contains("it redirects to http://elsewhere.example/; use that URL"),
        "{told}"
    );
    let told = failure().await;
    assert!(
        told.ends_with("status 200 instead of opening a WebSocket: a page"),
        "{told}"
    );
    let told = failure().await;
    assert!(told.contains("does not speak WebSocket there"), "{told}");
}

#[tokio::test]
async fn what_cannot_be_connected_to_is_told() {
    let try_to_open = async |change: &dyn Fn(&mut WebSocket), options: &AgentsOptions| {
        let mut definition = definition("ws://127.0.0.1:9/chat");
        change(&mut definition);
        let mut briefing = briefing(definition);
        if let Some(connection) = &mut briefing.agent.content.connection {
            connection.max_attempts = 1;
        }
        let agents = Agents::new(options, secrets(&[("KEY", "a\nb")])).unwrap();
        let opened = agents.open(&briefing, &[], &crate::Cassette::off()).await;
        opened.err().unwrap()
    };
    let nowhere = AgentsOptions::default();
    let here = AgentsOptions {
        reach: loopback(),
        ..AgentsOptions::default()
    };
    let clear = |definition: &mut WebSocket| definition.headers.clear();
    let refused = try_to_open(&clear, &nowhere).await;
    assert!(matches!(refused, AgentError::NotAllowed { .. }), "{refused}");
    let unreachable = try_to_open(&clear, &here).await;
    assert!(
        matches!(unreachable, AgentError::Unreachable { .. }),
        "{unreachable}"
    );
    let header = try_to_open(&|_| {}, &here).await.to_string();
    assert_eq!(header, "headers.x-key: came out as something no header can hold");
    for (url, expected) in [
        ("http://127.0.0.1/", "must begin with `ws://`"),
        ("ws://me:you@127.0.0.1/", "must not hold a user or password"),
        ("{{ session_id }}", "is not a URL"),
    ] {
        let error = try_to_open(&|definition| definition.url = text(url), &here).await;
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}/chat", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut tcp, _address) = listener.accept().await.unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        tcp
    });
    let mut briefing = briefing(definition(&url));
    if let Some(connection) = &mut briefing.agent.content.connection {
        connection.max_attempts = 1;
    }
    let error = open(&briefing, &[]).await.err().unwrap();
    assert!(
        matches!(&error, AgentError::Unreachable { reason, .. } if reason.starts_with("TLS: ")),
        "{error}"
    );
    server.abort();
}
