//! An agent that waits for requests on a real nats-server, with a client that is not ours.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use harness::{
    bus::{connect, password},
    repository, tool,
};
use journal::Journal;
use model::{AgentId, Oid, Protocol};
use testkit::nats::NatsServer;
use worker::AgentLine;

use super::Talk;

/// The agent's process, gone when dropped.
struct Waiting(Child);

impl Waiting {
    /// Starts it and returns when it waits.
    fn start(nats: &NatsServer, agent: AgentId) -> Self {
        let mut child = Command::new(tool("venv/bin/python"))
            .arg(repository().join("tests/agents/waiting.py"))
            .args([
                &nats.url(),
                "acme",
                &agent.to_string(),
                "agent",
                &password("agent"),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python can be started");
        let output = child.stdout.take().expect("its output is a pipe");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("it speaks");
        assert_eq!(line.trim(), "ready");
        Self(child)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// A server on which the agent has the permissions of docs/connections.md, and nothing else.
fn server(agent: AgentId) -> NatsServer {
    let config = format!(
        r#"authorization {{ users: [
            {{ user: server, password: "{}" }}
            {{ user: agent, password: "{}", permissions: {{
                subscribe: ["agt.acme.{agent}"]
                publish: {{ deny: ">" }}
                allow_responses: true }} }}
        ] }}"#,
        password("server"),
        password("agent"),
    );
    NatsServer::builder().config(&config).start()
}

#[tokio::test]
async fn an_agent_that_waits_is_asked_by_any_worker() {
    let agent = AgentId(Oid::from_bytes([1; 12]));
    let nats = server(agent);
    let log: Arc<dyn Journal> = connect(&nats, "server", None).await;
    let line = Arc::new(AgentLine::new(log));
    let mut briefing = super::briefing(Protocol::Pull);
    briefing.agent_id = agent;
    let mut early = Talk::begin_asking(briefing.clone(), line.clone()).await;
    let error = early.say("anyone?").await.unwrap_err();
    let subject = format!("`agt.acme.{agent}`");
    assert!(
        error.retryable() && error.to_string().contains(&subject),
        "{error}"
    );

    let first = Waiting::start(&nats, agent);
    let second = Waiting::start(&nats, agent);
    let mut talk = Talk::begin_asking(briefing, line).await;
    let reply = talk.say("one").await.unwrap();
    assert_eq!(reply.text, "message 1: one");
    let key = format!(r#"{{"key":"{}-1"}}"#, talk.briefing.session_id);
    assert_eq!(reply.tool_calls[0].arguments.as_str(), key);
    drop(first);
    assert_eq!(
        talk.hear("two").await,
        "message 2: two",
        "another process answers"
    );
    let mut talk = talk.hand_over().await;
    let goodbye = talk.say("goodbye").await.unwrap();
    assert_eq!(
        (goodbye.text.as_str(), goodbye.completed),
        ("message 3: goodbye", true)
    );
    let error = talk.say("fail").await.unwrap_err().to_string();
    assert!(
        error.contains(r#"it reports an error: {"error": "The kitchen is closed."}"#),
        "{error}"
    );
    drop(second);
}

#[tokio::test]
async fn an_agent_waits_for_its_own_requests_only() {
    let agent = AgentId(Oid::from_bytes([1; 12]));
    let nats = server(agent);
    let other = AgentId(Oid::from_bytes([2; 12]));
    let log = connect(&nats, "server", None).await;
    // The server refuses the subscription to another agent's subject; the client goes on without it.
    let _refused = Waiting::start(&nats, other);
    let org = "acme".parse().unwrap();
    let asked = log
        .ask_agent(&org, other, "{}".into(), Duration::from_secs(5))
        .await;
    assert!(
        matches!(asked, Err(journal::AskError::NobodyThere { .. })),
        "{asked:?}"
    );
}
