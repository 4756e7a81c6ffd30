use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use model::{Oid, Protocol, Role};

use super::*;
use crate::{
    Agents, AgentsOptions,
    agent::{AgentReply, AgentSession},
    test_support::{connected, secrets, turns},
};

/// What was asked of whom, and for how long.
type Asked = (String, AgentId, Value, Duration);

/// Answers as a test says, then that nobody is there.
#[derive(Debug, Default)]
struct Line {
    answers: Mutex<VecDeque<Result<Vec<u8>, PullError>>>,
    asked: Mutex<Vec<Asked>>,
}

#[async_trait]
impl PullPort for Line {
    async fn ask(
        &self,
        org: &OrgId,
        agent: AgentId,
        request: Vec<u8>,
        limit: Duration,
    ) -> Result<Vec<u8>, PullError> {
        let request = serde_json::from_slice(&request).unwrap();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push((org.to_string(), agent, request, limit));
        let nobody = || {
            Err(PullError::NobodyThere(
                "nobody subscribes to `agt.x.y`".to_owned(),
            ))
        };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.pop_front().unwrap_or_else(nobody)
    }
}

fn line(answers: Vec<Result<&str, PullError>>) -> Arc<Line> {
    let answers = answers
        .into_iter()
        .map(|answer| answer.map(|text| text.as_bytes().to_vec()));
    Arc::new(Line {
        answers: Mutex::new(answers.collect()),
        asked: Mutex::default(),
    })
}

async fn session(line: &Arc<Line>) -> Box<dyn AgentSession> {
    let secrets = secrets(&[("KEY", "hunter22")]);
    assert!(secrets.get("KEY").is_some());
    Agents::new(&AgentsOptions::default(), secrets)
        .unwrap()
        .with_pull(Arc::clone(line) as Arc<dyn PullPort>)
        .open(&connected(Protocol::Pull), &[], &crate::Cassette::off())
        .await
        .unwrap()
}

async fn call(
    session: &mut Box<dyn AgentSession>,
    input: AgentInput,
    said: &[(Role, &str)],
) -> Result<AgentReply, AgentError> {
    let turns = turns(said);
    session
        .call(AgentCall {
            input,
            turn_index: u32::try_from(said.len()).unwrap(),
            idempotency_key: "key".to_owned(),
            turns: &turns,
        })
        .await
}

async fn say(line: &Arc<Line>) -> Result<AgentReply, AgentError> {
    let input = AgentInput::Message("hi".to_owned());
    call(&mut session(line).await, input, &[(Role::User, "hi")]).await
}

#[tokio::test]
async fn a_request_tells_all_that_the_agent_needs() {
    let line = line(vec![
        Ok(r#"{"text": "Welcome"}"#),
        Ok(
            r#"{"text": "Fine", "turn": 2, "tool_calls": [{"name": "x", "arguments": {}}], "usage": {"input_tokens": 3}, "new": 1}"#,
        ),
        Ok(r#"{"completed": true}"#),
    ]);
    let mut session = session(&line).await;
    let welcome = call(&mut session, AgentInput::Greet, &[]).await.unwrap();
    assert_eq!(welcome.text, "Welcome");
    let said = [(Role::Agent, "Welcome"), (Role::User, "hi")];
    let fine = call(&mut session, AgentInput::Message("hi".to_owned()), &said)
        .await
        .unwrap();
    assert_eq!((fine.tool_calls.len(), fine.usage.unwrap().input_tokens), (1, 3));
    let rang = [(Role::Event, "rang")];
    let over = call(&mut session, AgentInput::Event("rang".to_owned()), &rang)
        .await
        .unwrap();
    assert!(over.completed);
    let asked = line.asked.lock().unwrap();
    let (org, agent, request, limit) = &asked[1];
    let briefing = connected(Protocol::Pull);
    assert_eq!(
        (org.as_str(), *agent, *limit),
        ("acme", AgentId(Oid::from_bytes([1; 12])), Duration::from_secs(20))
    );
    assert_eq!(request["session_id"], json!(briefing.session_id));
    assert_eq!(
        (&request["message"], &request["event"]),
        (&json!("hi"), &Value::Null)
    );
    assert_eq!(request["history"], json!([{"role": "agent", "text": "Welcome"}]));
    assert_eq!(
        (
            &request["turn_index"],
            &request["idempotency_key"],
            &request["protocol"]
        ),
        (&json!(2), &json!("key"), &json!(1))
    );
    assert_eq!(request["persona"]["name"], json!("Ada"));
    assert!(request["traceparent"].as_str().unwrap().starts_with("00-"));
    assert!(
        request.get("objective").is_none() && request["scenario"].get("objective").is_none(),
        "what the user wants is not told"
    );
    let (greet, event) = (&asked[0].2, &asked[2].2);
    assert_eq!((&greet["message"], &greet["event"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&event["message"], &event["event"]),
        (&Value::Null, &json!("rang"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_with_the_same_key() {
    let line = line(vec![
        Err(PullError::NobodyThere("nobody subscribes".to_owned())),
        Err(PullError::Late),
        Ok(r#"{"text": "here"}"#),
    ]);
    let reply = say(&line).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.calls), ("here", 3));
    let asked = line.asked.lock().unwrap();
    assert_eq!((&asked[0].2, &asked[1].2), (&asked[1].2, &asked[2].2));
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_is_told() {
    let place = format!("agent `bot` ({}) over NATS: ", AgentId(Oid::from_bytes([1; 12])));
    let large = format!(r#"{{"text": "{}"}}"#, "x".repeat(5000));
    let wrong = [
        (
            Ok("nonsense hunter22"),
            "its reply is not JSON (expected ident at line 1 column 2): nonsense ***",
        ),
        (
            Ok(r#"{"error": "closed"}"#),
            r#"it reports an error: {"error": "closed"}"#,
        ),
        (Ok(r#"{"text": "a", "turn": 9}"#), "its reply is to turn 9, not 1"),
        (Ok(r#"{"text": ""}"#), "the reply is empty"),
        (
            Ok(large.as_str()),
            "the reply is longer than max_reply_bytes (4096)",
        ),
        (
            Err(PullError::Refused("too large for NATS".to_owned())),
            "too large for NATS",
        ),
    ];
    for (answer, expected) in wrong {
        let line = line(vec![answer]);
        let error = say(&line).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&place) && text.contains(expected), "{text}");
        assert_eq!(line.asked.lock().unwrap().len(), 1, "{text}");
    }
    let nobody = say(&line(Vec::new())).await.unwrap_err();
    assert!(
        nobody.retryable() && nobody.to_string().contains("`agt.x.y`"),
        "{nobody}"
    );
}

#[tokio::test]
async fn without_a_line_there_is_no_agent() {
    let agents = Agents::new(&AgentsOptions::default(), secrets(&[])).unwrap();
    let opened = agents
        .open(&connected(Protocol::Pull), &[], &crate::Cassette::off())
        .await;
    let error = opened.err().unwrap();
    assert!(error.to_string().contains("carries none there"), "{error}");
}
