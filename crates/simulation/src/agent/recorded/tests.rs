use std::{collections::BTreeMap, path::Path};

use model::{HttpExtract, HttpMethod, HttpOpen, HttpRequest, Name, Role, ToolCall, Usage};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{
    AgentsOptions, CassetteMode, CassetteOptions, Cassettes,
    test_support::{
        connected, loopback, secrets,
        server::{Response, Server},
        text, turns,
    },
};

/// Turns of a conversation so far: the user says something new, the agent said what the replies say.
struct Talk {
    session: Box<dyn AgentSession>,
    said: Vec<Turn>,
}

impl Talk {
    async fn begin(mode: CassetteMode, directory: &Path, briefing: &Briefing) -> Self {
        let secrets = secrets(&[("KEY", "hunter22")]);
        let cassettes = Cassettes::new(CassetteOptions::new(mode, directory), secrets.clone()).unwrap();
        let unit_test = Name::try_from("Book a visit").unwrap();
        let cassette = cassettes.conversation(&unit_test, 0, 1);
        let options = AgentsOptions {
            reach: loopback(),
            ..AgentsOptions::default()
        };
        let agents = Agents::new(&options, secrets).unwrap();
        // With a cassette, opening reaches nobody and so cannot fail.
        let session = agents.open(briefing, &[], &cassette).await.unwrap();
        Self {
            session,
            said: Vec::new(),
        }
    }

    async fn say(&mut self, words: &str) -> Result<AgentReply, AgentError> {
        self.said.extend(turns(&[(Role::User, words)]));
        let call = AgentCall {
            input: AgentInput::Message(words.to_owned()),
            turn_index: u32::try_from(self.said.len()).unwrap(),
            idempotency_key: format!("key-{}", self.said.len()),
            turns: &self.said,
        };
        let reply = self.session.call(call).await?;
        let mut turn = turns(&[(Role::Agent, &reply.text)]).remove(0);
        turn.tool_calls = reply.tool_calls.clone();
        self.said.push(turn);
        Ok(reply)
    }
}

fn chat(url: &str) -> Briefing {
    connected(Protocol::OpenAiChat {
        base_url: text(url),
        model: text("small"),
        api_key: Some(text("{{ secret.KEY }}")),
        system: None,
        headers: BTreeMap::new(),
        parameters: None,
    })
}

fn completion(words: &str) -> Response {
    Response::json(&json!({
        "choices": [{"message": {
            "content": words,
            "tool_calls": [{"function": {"name": "look_up", "arguments": "{\"day\": 3, \"key\": \"hunter22\"}"}}],
        }}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4},
    }))
}

fn program(script: &str, mode: &str, continuation: Continuation) -> Briefing {
    let script = format!("{}/testdata/{script}", env!("CARGO_MANIFEST_DIR"));
    connected(Protocol::Stdio {
        command: ["python3", script.as_str(), mode].map(text).to_vec(),
        framing: StdioFraming::JsonLines,
        env: BTreeMap::new(),
        working_directory: None,
        continuation,
    })
}

/// The same conversation in a run of another id and seed.
fn another_run(briefing: &Briefing) -> Briefing {
    Briefing {
        session_id: "another-run".to_owned(),
        seed: briefing.seed + 1,
        ..briefing.clone()
    }
}

#[tokio::test]
async fn a_replay_reaches_nobody() {
    let directory = TempDir::new().unwrap();
    let server = Server::start(vec![completion("Hello, hunter22."), completion("Bye.")]).await;
    let briefing = chat(&server.url);
    let mut recording = Talk::begin(CassetteMode::Record, directory.path(), &briefing).await;
    let recorded = [
        recording.say("Hi").await.unwrap(),
        recording.say("Bye").await.unwrap(),
    ];
    recording.session.close().await;
    assert_eq!(server.requests().len(), 2);
    let reply = &recorded[0];
    assert_eq!(reply.text, "Hello, ***.");
    let call = ToolCall {
        name: "look_up".to_owned(),
        arguments: model::Json::try_from(r#"{"day":3,"key":"***"}"#).unwrap(),
        result: None,
    };
    assert_eq!(reply.tool_calls, [call]);
    let usage = Usage::of_tokens(9, 4);
    assert_eq!((reply.usage, reply.calls), (Some(usage), 1));

    let again = another_run(&briefing);
    let mut replay = Talk::begin(CassetteMode::Replay, directory.path(), &again).await;
    assert_eq!(replay.say("Hi").await.as_ref(), Ok(&recorded[0]));
    assert_eq!(replay.say("Bye").await.as_ref(), Ok(&recorded[1]));
    let error = replay.say("Once more").await.unwrap_err();
    assert!(matches!(error, AgentError::NotRecorded { .. }) && !error.retryable());
    let error = error.to_string();
    assert!(error.starts_with("agent `bot`: recording "), "{error}");
    assert!(error.contains("\n+  message: Once more\n"), "{error}");
    replay.session.close().await;
    assert_eq!(server.requests().len(), 2);

    let file = std::fs::read_dir(directory.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let written = std::fs::read_to_string(file.path()).unwrap();
    assert!(
        !written.contains("hunter22") && !written.contains("key-1"),
        "{written}"
    );
    assert!(!written.contains(&briefing.session_id), "{written}");
}

#[tokio::test]
async fn a_replay_starts_no_program() {
    let directory = TempDir::new().unwrap();
    let missing = connected(Protocol::Stdio {
        command: vec![text("/no/such/program")],
        framing: StdioFraming::JsonLines,
        env: BTreeMap::new(),
        working_directory: None,
        continuation: Continuation::Restart,
    });
    let mut recording = Talk::begin(CassetteMode::Record, directory.path(), &missing).await;
    let failed = recording.say("Hi").await.unwrap_err();
    assert!(failed.to_string().contains("/no/such/program"), "{failed}");
    let mut replay = Talk::begin(CassetteMode::Replay, directory.path(), &missing).await;
    assert_eq!(replay.say("Hi").await.unwrap_err(), failed);
    let error = replay.say("Bye").await.unwrap_err();
    assert!(matches!(error, AgentError::NotRecorded { .. }), "{error}");
}

#[tokio::test]
async fn auto_goes_on_where_the_recording_ends_and_then_stays_with_the_agent() {
    let directory = TempDir::new().unwrap();
    let server = Server::start(vec![completion("one"), completion("two"), completion("three")]).await;
    let briefing = chat(&server.url);
    let mut recording = Talk::begin(CassetteMode::Record, directory.path(), &briefing).await;
    let first = recording.say("Hi").await.unwrap();
    let mut auto = Talk::begin(CassetteMode::Auto, directory.path(), &briefing).await;
    assert_eq!(auto.say("Hi").await.as_ref(), Ok(&first));
    assert_eq!(server.requests().len(), 1);
    assert_eq!(auto.say("Go on").await.unwrap().text, "two");
    assert_eq!(auto.say("And?").await.unwrap().text, "three");
    // The agent was told what it had never said.
    let contents: Vec<String> = server.body(1)["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(contents, ["Hi", "one", "Go on"]);
    let mut replay = Talk::begin(CassetteMode::Replay, directory.path(), &briefing).await;
    for (words, expected) in [("Hi", "one"), ("Go on", "two"), ("And?", "three")] {
        assert_eq!(replay.say(words).await.unwrap().text, expected);
    }
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_agent_that_was_called_is_called_for_all_that_follows() {
    let directory = TempDir::new().unwrap();
    let refusal = || Response::with("400 Bad Request", &[], "no");
    let server = Server::start(vec![
        refusal(),
        completion("two"),
        completion("one"),
        completion("two again"),
    ])
    .await;
    let briefing = chat(&server.url);
    let mut recording = Talk::begin(CassetteMode::Record, directory.path(), &briefing).await;
    recording.say("Hi").await.unwrap_err();
    // What follows was recorded, what came before was not: the second turn of another history.
    recording.said.clear();
    recording
        .said
        .extend(turns(&[(Role::User, "Hi"), (Role::Agent, "one")]));
    recording.said[1].tool_calls = vec![ToolCall {
        name: "look_up".to_owned(),
        arguments: model::Json::try_from(r#"{"day":3,"key":"***"}"#).unwrap(),
        result: None,
    }];
    assert_eq!(recording.say("Go on").await.unwrap().text, "two");
    let mut auto = Talk::begin(CassetteMode::Auto, directory.path(), &briefing).await;
    assert_eq!(auto.say("Hi").await.unwrap().text, "one");
    assert_eq!(auto.say("Go on").await.unwrap().text, "two again");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn an_agent_that_cannot_be_told_what_was_said_does_not_go_on() {
    let directory = TempDir::new().unwrap();
    let briefing = program("json_lines.py", "echo", Continuation::Restart);
    let mut recording = Talk::begin(CassetteMode::Record, directory.path(), &briefing).await;
    let first = recording.say("Hi").await.unwrap();
    recording.session.close().await;
    let mut auto = Talk::begin(CassetteMode::Auto, directory.path(), &briefing).await;
    assert_eq!(auto.say("Hi").await, Ok(first));
    let error = auto.say("Go on").await.unwrap_err();
    let expected = "agent `bot`: the recording holds only the beginning of this conversation, and the agent cannot be told of it, so that \
                    it cannot go on from there; record the whole conversation again";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_program_that_can_continue_is_told_what_was_replayed() {
    let directory = TempDir::new().unwrap();
    let briefing = program("json_lines.py", "start", Continuation::Continue);
    let mut recording = Talk::begin(CassetteMode::Record, directory.path(), &briefing).await;
    let first = recording.say("Hi").await.unwrap();
    recording.session.close().await;
    let mut auto = Talk::begin(CassetteMode::Auto, directory.path(), &briefing).await;
    assert_eq!(auto.say("Hi").await, Ok(first));
    let second = auto.say("Go on").await.unwrap();
    auto.session.close().await;
    let start: serde_json::Value = serde_json::from_str(&second.text).unwrap();
    let said: Vec<_> = start["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|turn| &turn["role"])
        .collect();
    assert_eq!(said, ["user", "agent"]);
    assert_eq!(start["history"][0]["text"], "Hi");
    let mut replay = Talk::begin(CassetteMode::Replay, directory.path(), &briefing).await;
    replay.say("Hi").await.unwrap();
    assert_eq!(replay.say("Go on").await, Ok(second));
}

fn template(url: &str, body: &str) -> Briefing {
    let request = |path: &str, body: &str| HttpRequest {
        method: HttpMethod::Post,
        url: text(&format!("{url}/{path}")),
        headers: BTreeMap::new(),
        body: Some(text(body)),
    };
    connected(Protocol::HttpTemplate {
        request: request("say/{{ session_id }}", body),
        extract: HttpExtract {
            text: text("/text"),
            tool_calls: None,
            completed: None,
        },
        open: Some(HttpOpen {
            request: request("open", r#"{"id": "{{ session_id }}"}"#),
            extract: BTreeMap::new(),
        }),
        continuation: Continuation::Continue,
    })
}

#[tokio::test]
async fn a_session_behind_templates_is_opened_late_if_every_request_tells_the_history() {
    let reply = |words: &str| Response::json(&json!({ "text": words }));
    for (body, tells) in [
        (
            r#"{"say": {{ message | tojson }}, "before": {{ history | tojson }}}"#,
            true,
        ),
        (r#"{"say": {{ message | tojson }}}"#, false),
    ] {
        let directory = TempDir::new().unwrap();
        let opened = || Response::json(&json!({}));
        let server = Server::start(vec![opened(), reply("one"), opened(), reply("two")]).await;
        let briefing = template(&server.url, body);
        let mut recording = Talk::begin(CassetteMode::Record, directory.path(), &briefing).await;
        assert_eq!(recording.say("Hi").await.unwrap().text, "one");
        let mut auto = Talk::begin(CassetteMode::Auto, directory.path(), &briefing).await;
        assert_eq!(auto.say("Hi").await.unwrap().text, "one");
        assert_eq!(server.requests().len(), 2);
        let second = auto.say("Go on").await;
        if tells {
            assert_eq!(second.unwrap().text, "two");
            assert!(server.requests()[2].starts_with("POST /open "));
            let before = &server.body(3)["before"];
            assert_eq!(before[1], json!({"role": "agent", "text": "one"}));
        } else {
            assert!(
                matches!(second, Err(AgentError::NotRecorded { .. })),
                "{second:?}"
            );
            assert_eq!(server.requests().len(), 2);
        }
    }
}
