use std::collections::BTreeMap;

use model::{AgentInput, Continuation, Protocol, Role, StdioFraming};
use tokio::{io::AsyncReadExt as _, net::TcpListener, time::timeout};

use super::*;
use crate::{
    Agents, AgentsOptions,
    agent::{AgentReply, AgentSession},
    test_support::{connected, secrets, text, turns},
};

fn protocol(script: &str, arguments: &[&str], framing: StdioFraming) -> Protocol {
    let script = format!("{}/testdata/{script}", env!("CARGO_MANIFEST_DIR"));
    let words = ["python3", script.as_str()]
        .into_iter()
        .chain(arguments.iter().copied());
    Protocol::Stdio {
        command: words.map(text).collect(),
        framing,
        env: BTreeMap::from([("API_KEY".to_owned(), "{{ secret.KEY }}".to_owned())]),
        working_directory: Some(text("/")),
        continuation: Continuation::Continue,
    }
}

fn json_lines(mode: &str) -> Briefing {
    connected(protocol("json_lines.py", &[mode], StdioFraming::JsonLines))
}

fn prompting(prompt: Option<&str>) -> Briefing {
    let arguments: Vec<&str> = prompt.into_iter().collect();
    let framing = StdioFraming::Prompt {
        prompt: prompt.map(ToOwned::to_owned),
    };
    connected(protocol("prompt.py", &arguments, framing))
}

async fn open(briefing: &Briefing) -> Result<Box<dyn AgentSession>, AgentError> {
    let agents = Agents::new(&AgentsOptions::default(), secrets(&[("KEY", "hunter22")])).unwrap();
    agents
        .open(
            briefing,
            &turns(&[(Role::User, "earlier"), (Role::Agent, "indeed")]),
            &crate::Cassette::off(),
        )
        .await
}

fn call(input: AgentInput, turn_index: u32) -> AgentCall<'static> {
    AgentCall {
        input,
        turn_index,
        idempotency_key: format!("key-{turn_index}"),
        turns: &[],
    }
}

async fn send(session: &mut Box<dyn AgentSession>, line: &str) -> Result<AgentReply, AgentError> {
    session.call(call(AgentInput::Message(line.to_owned()), 1)).await
}

/// One message to a fresh child.
async fn once(briefing: &Briefing) -> Result<AgentReply, AgentError> {
    send(&mut open(briefing).await?, "hi").await
}

fn limited(mode: &str, timeout_ms: u32) -> Briefing {
    let mut briefing = json_lines(mode);
    if let Some(connection) = &mut briefing.agent.content.connection {
        connection.timeout_ms = timeout_ms;
    }
    briefing
}

#[tokio::test]
async fn a_conversation_goes_back_and_forth() {
    let mut session = open(&json_lines("echo")).await.unwrap();
    let greeting = session.call(call(AgentInput::Greet, 0)).await.unwrap();
    assert_eq!(greeting.text, "greet 0 key-0: ");
    assert_eq!(
        (greeting.calls, greeting.completed, greeting.usage),
        (1, false, None)
    );
    let reply = session
        .call(call(AgentInput::Message("two\nlines".to_owned()), 2))
        .await
        .unwrap();
    assert_eq!(reply.text, "message 2 key-2: two\nlines");
    let reply = session
        .call(call(AgentInput::Event("it rains".to_owned()), 4))
        .await
        .unwrap();
    assert_eq!(reply.text, "event 4 key-4: it rains");
    session.close().await;
}

#[tokio::test]
async fn the_child_is_told_who_speaks_but_not_what_for() {
    let start: serde_json::Value =
        serde_json::from_str(&once(&json_lines("start")).await.unwrap().text).unwrap();
    assert_eq!(start["type"], "start");
    assert_eq!(start["protocol"], 1);
    assert_eq!(start["persona"]["name"], "Ada");
    assert_eq!(start["persona"]["variables"]["plan"], "gold");
    assert_eq!(start["context_graph"]["state"], "start");
    assert_eq!(
        start["history"][1],
        serde_json::json!({"role": "agent", "text": "indeed"})
    );
    assert_eq!(start["timezone"], "UTC");
    assert!(!start.to_string().contains("Book a visit"), "{start}");
}

#[tokio::test]
async fn the_environment_is_empty_but_for_what_is_configured() {
    let reply = once(&json_lines("env")).await.unwrap();
    let seen: serde_json::Value = serde_json::from_str(&reply.text).unwrap();
    assert_eq!(
        seen["key"], "***",
        "the child had the secret, and what it says of it is masked"
    );
    assert_eq!(seen["cwd"], "/");
    let names: Vec<&str> = seen["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert!(names.contains(&"API_KEY") && names.contains(&"PATH"), "{names:?}");
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(
        !names
            .iter()
            .any(|name| name.starts_with("CARGO") || name.starts_with("NEXTEST")),
        "{names:?}"
    );
}

#[tokio::test]
async fn tools_completion_and_usage_are_recorded() {
    let reply = once(&json_lines("tools")).await.unwrap();
    assert!(reply.completed);
    assert_eq!(reply.tool_calls[0].arguments.as_str(), r#"{"day":3}"#);
    assert_eq!(
        reply.tool_calls[0].result.as_ref().unwrap().as_str(),
        r#"{"ok":true}"#
    );
    assert_eq!(reply.usage.unwrap().output_tokens, 2);
    let silent = once(&json_lines("silent_tools")).await.unwrap();
    assert_eq!((silent.text.as_str(), silent.tool_calls.len()), ("", 1));
}

#[tokio::test]
async fn bad_replies_are_errors_that_quote_them() {
    for (mode, reason, quoted) in [
        ("garbage", "not one line of JSON", "Traceback: not JSON"),
        ("error", "it reports an error", "the database is down"),
        ("wrong_turn", "its reply is to turn 3, not 1", "late"),
        ("invalid_utf8", "not one line of JSON", "\u{fffd}"),
    ] {
        let error = once(&json_lines(mode)).await.unwrap_err();
        assert!(matches!(error, AgentError::Malformed { .. }), "{mode}: {error:?}");
        let shown = error.to_string();
        assert!(
            shown.contains(reason) && shown.contains(quoted) && shown.contains("json_lines.py"),
            "{mode}: {shown}"
        );
        assert!(!error.retryable());
    }
    let empty = once(&json_lines("empty")).await.unwrap_err();
    assert!(matches!(empty, AgentError::Empty { .. }), "{empty:?}");
}

#[tokio::test]
async fn a_reply_without_end_stops_at_the_limit() {
    for mode in ["flood", "long"] {
        let error = once(&json_lines(mode)).await.unwrap_err();
        assert!(
            matches!(
                error,
                AgentError::TooLarge {
                    limit_bytes: 4096,
                    ..
                }
            ),
            "{mode}: {error:?}"
        );
    }
}

#[tokio::test]
async fn more_than_one_reply_is_refused_before_the_next_message() {
    for mode in ["chatty", "flood_lines"] {
        let mut session = open(&json_lines(mode)).await.unwrap();
        assert!(send(&mut session, "hi").await.is_ok(), "{mode}");
        let error = send(&mut session, "hi").await.unwrap_err();
        assert!(
            error.to_string().contains("more than one reply to one message"),
            "{mode}: {error}"
        );
        assert_eq!(
            send(&mut session, "hi").await.unwrap_err(),
            error,
            "the session stays ended"
        );
    }
}

#[tokio::test]
async fn an_early_end_shows_status_and_standard_error() {
    let error = once(&json_lines("exit")).await.unwrap_err();
    let AgentError::Exited { status, output, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(status.contains("exit status: 3"), "{status}");
    assert!(output.ends_with("fatal: cannot use ***"), "{output}");
    assert!(output.len() < 4096, "{}", output.len());
    let error = once(&json_lines("no such")).await.unwrap_err();
    assert!(error.to_string().contains("no such mode: no such"), "{error}");
    let closed = once(&json_lines("close")).await.unwrap_err();
    assert!(
        closed.to_string().contains("closed its output, but goes on"),
        "{closed}"
    );
}

#[tokio::test]
async fn silence_ends_at_the_timeout() {
    let mut session = open(&limited("hang", 200)).await.unwrap();
    let error = send(&mut session, "hi").await.unwrap_err();
    assert!(
        matches!(error, AgentError::Timeout { timeout_ms: 200, .. }),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains("json_lines.py hang`: no reply within 200 ms"),
        "{error}"
    );
    assert_eq!(
        send(&mut session, "hi").await.unwrap_err(),
        error,
        "the session stays ended"
    );
}

#[tokio::test]
async fn what_cannot_be_started_says_so() {
    let mut briefing = json_lines("echo");
    let set = |briefing: &mut Briefing, words: &[&str], key: &str| {
        if let Some(Protocol::Stdio { command, env, .. }) = briefing
            .agent
            .content
            .connection
            .as_mut()
            .map(|connection| &mut connection.protocol)
        {
            *command = words.iter().copied().map(text).collect();
            env.insert("API_KEY".to_owned(), key.to_owned());
        }
    };
    set(&mut briefing, &["/no/such/program"], "x");
    let error = open(&briefing).await.err().unwrap();
    assert!(
        error
            .to_string()
            .contains("`/no/such/program`: could not be started: No such file"),
        "{error}"
    );
    set(&mut briefing, &["true"], "{{ secret.OTHER }}");
    let error = open(&briefing).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "env.API_KEY names secret `OTHER`, which this worker's environment does not have"
    );
    set(&mut briefing, &["true"], "x");
    let error = match open(&briefing).await {
        Ok(mut session) => send(&mut session, "hi").await.unwrap_err(),
        Err(error) => error,
    };
    assert!(
        error.to_string().contains("the process ended (exit status: 0)"),
        "{error}"
    );
}

/// Starts an agent that starts a process of its own, which holds a connection open for as long as it lives.
async fn family(end: impl AsyncFnOnce(Box<dyn AgentSession>)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut session = open(&json_lines("family")).await.unwrap();
    send(&mut session, &port.to_string()).await.unwrap();
    let (mut connection, _address) = listener.accept().await.unwrap();
    end(session).await;
    let closed = timeout(Duration::from_secs(20), connection.read(&mut [0])).await;
    // A killed process closes with an end or a reset.
    assert!(
        matches!(closed, Ok(Ok(0) | Err(_))),
        "the process goes on: {closed:?}"
    );
}

#[tokio::test]
async fn the_whole_family_ends_with_the_session() {
    family(async |session| session.close().await).await;
    family(async |session| drop(session)).await;
}

#[tokio::test]
async fn plain_text_with_a_prompt() {
    let mut session = open(&prompting(Some("you> "))).await.unwrap();
    let greeting = session.call(call(AgentInput::Greet, 0)).await.unwrap();
    assert_eq!(greeting.text, "Welcome!\nHow can I help?");
    assert_eq!(
        send(&mut session, "one\ntwo").await.unwrap().text,
        "You said:\none two"
    );
    assert_eq!(send(&mut session, "bytes").await.unwrap().text, "caf\u{fffd}");
    let event = session
        .call(call(AgentInput::Event("it rains".to_owned()), 3))
        .await
        .unwrap();
    assert_eq!(event.text, "You said:\n[event] it rains");
    let last = send(&mut session, "bye").await.unwrap();
    assert_eq!((last.text.as_str(), last.completed), ("Good bye.", true));
    let error = send(&mut session, "more").await.unwrap_err();
    assert!(matches!(error, AgentError::Exited { .. }), "{error:?}");
}

#[tokio::test]
async fn a_greeting_is_skipped_if_the_user_speaks_first() {
    let mut session = open(&prompting(Some("you> "))).await.unwrap();
    assert_eq!(send(&mut session, "hi").await.unwrap().text, "You said:\nhi");
    let error = send(&mut session, "crash").await.unwrap_err();
    assert!(error.to_string().contains("exit status: 4"), "{error}");
}

#[tokio::test]
async fn plain_text_line_by_line() {
    let mut session = open(&prompting(None)).await.unwrap();
    assert_eq!(send(&mut session, "hi").await.unwrap().text, "You said: hi");
    assert_eq!(send(&mut session, "again").await.unwrap().text, "You said: again");
    session.close().await;
}
