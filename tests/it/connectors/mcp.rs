//! The protocol's own reference server, over both of its transports.

use std::collections::BTreeMap;

use harness::{Peer, peer_file};
use model::{Continuation, Json, Mcp, McpServer, Protocol, ReplyExtract};

use super::{Talk, text};

const SERVER: &str = "node/node_modules/@modelcontextprotocol/server-everything/dist/index.js";

fn process() -> McpServer {
    let server = peer_file(SERVER);
    let server = server.to_str().expect("the path is text");
    McpServer::Process {
        command: ["node", server, "stdio"].map(text).to_vec(),
        env: BTreeMap::new(),
        working_directory: None,
    }
}

fn http(peer: &Peer) -> McpServer {
    McpServer::Http {
        url: text(&format!("{}/mcp", peer.url)),
        headers: BTreeMap::new(),
    }
}

fn tool(server: McpServer, tool: &str, arguments: &str, extract: ReplyExtract) -> Protocol {
    Protocol::Mcp(Mcp {
        server,
        tool: text(tool),
        arguments: Json::try_from(arguments.to_owned()).unwrap(),
        extract,
        continuation: Continuation::Continue,
    })
}

async fn converses(server: impl Fn() -> McpServer) {
    let plain = ReplyExtract::default;
    let echo = tool(server(), "echo", r#"{"message": "{{ message }}"}"#, plain());
    let mut talk = Talk::begin(echo).await;
    assert_eq!(talk.hear("hello").await, "Echo: hello");
    let hostile = "a \"quote\" and {{ more }}";
    assert_eq!(talk.hear(hostile).await, format!("Echo: {hostile}"));
    let mut talk = talk.hand_over().await;
    assert_eq!(talk.hear("still there?").await, "Echo: still there?");
    talk.session.close().await;

    let each_turn =
        r#"{"message": "{% for turn in history %}{{ turn.role }}: {{ turn.text }};{% endfor %}"}"#;
    let mut talk = Talk::begin(tool(server(), "echo", each_turn, plain())).await;
    assert_eq!(talk.hear("one").await, "Echo: user: one;");
    assert_eq!(
        talk.hear("two").await,
        "Echo: user: one;agent: Echo: user: one;;user: two;"
    );
    talk.session.close().await;

    let sum = tool(server(), "get-sum", r#"{"a": "{{ turn }}", "b": 2}"#, plain());
    let mut talk = Talk::begin(sum).await;
    assert_eq!(
        talk.hear("add").await,
        "The sum of 1 and 2 is 3.",
        "a bare name is a value"
    );
    talk.session.close().await;

    let structured = ReplyExtract {
        text: Some(text("/structuredContent/conditions")),
        completed: Some(text("{{ response.structuredContent.temperature == 33 }}")),
        tool_calls: None,
    };
    let weather = "get-structured-content";
    let weather = tool(server(), weather, r#"{"location": "{{ message }}"}"#, structured);
    let mut talk = Talk::begin(weather).await;
    let reply = talk.say("New York").await.unwrap();
    assert_eq!((reply.text.as_str(), reply.completed), ("Cloudy", true));
    let error = talk.say("Lisbon").await.unwrap_err().to_string();
    assert!(
        error.starts_with("arguments: tool `get-structured-content` does not accept them"),
        "{error}"
    );
    talk.session.close().await;

    let error = Talk::refused(tool(server(), "sing", "{}", plain()))
        .await
        .to_string();
    assert!(
        error.contains("the server has no tool `sing`; it has `echo`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_tool_of_a_process_converses() {
    Box::pin(converses(process)).await;
}

#[tokio::test]
async fn a_tool_over_http_converses() {
    let peer = Peer::start("mcp");
    Box::pin(converses(|| http(&peer))).await;
}
