//! The real simulation behind the seam: a scripted user, and an agent that is a child process.

use std::collections::BTreeMap;

use model::{Manifest, Protocol, Script, ScriptAction, ScriptStep, StdioFraming, Text, Verdict};
use simulation::{AgentsOptions, Secrets};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    drive::{Outcome, Shared, drive},
    testing::{Stage, World},
};

fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

/// The user says two things; the agent is `cat`, which says them again.
fn echo(manifest: &mut Manifest) {
    let say = |words| ScriptStep {
        when: None,
        action: ScriptAction::Say(text(words)),
    };
    for scenario in manifest.scenarios.values_mut() {
        scenario.content.script = Some(Script {
            steps: vec![say("one"), say("two")],
        });
    }
    for agent in manifest.agents.values_mut() {
        let connection = agent.content.connection.as_mut().unwrap();
        connection.timeout_ms = 30_000;
        if let Protocol::Stdio { command, framing, .. } = &mut connection.protocol {
            *command = vec![text("cat")];
            *framing = StdioFraming::Prompt { prompt: None };
        }
    }
}

fn shared(world: &World) -> Shared {
    let secrets = Secrets::new(BTreeMap::new());
    let agents = Agents::new(&AgentsOptions::default(), secrets).unwrap();
    Shared {
        simulation: Arc::new(LiveSimulation::new(agents)),
        ..world.shared("w1", &Arc::new(Stage::polite(0)))
    }
}

#[tokio::test]
async fn a_script_talks_to_a_child_process() {
    let world = World::begin(1, echo).await;
    let outcome = drive(&shared(&world), &world.job(0), &CancellationToken::new()).await;
    assert_eq!(outcome, Ok(Outcome::Concluded));
    let result = world.result(0).await;
    let said: Vec<&str> = result.turns.iter().map(|turn| turn.text.as_str()).collect();
    assert_eq!(said, ["one", "one", "two", "two"]);
    assert_eq!((result.verdict, result.error), (Verdict::Passed, None));
}

#[tokio::test]
async fn a_user_that_nobody_plays_makes_the_conversation_invalid() {
    let world = World::begin(1, |_| {}).await;
    let outcome = drive(&shared(&world), &world.job(0), &CancellationToken::new()).await;
    assert_eq!(outcome, Ok(Outcome::Concluded));
    let result = world.result(0).await;
    assert_eq!(result.verdict, Verdict::Invalid);
    assert!(result.error.unwrap().contains("add a `script`"));
}

#[test]
fn what_the_agent_is_given_is_not_part_of_what_went_before() {
    let turn = |index| Turn {
        index,
        role: model::Role::User,
        text: format!("turn {index}"),
        at: model::Time::default(),
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 0,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    };
    let turns = [turn(0), turn(1), turn(2)];
    let call = |input| AgentCall {
        input,
        turn_index: 3,
        idempotency_key: String::new(),
        turns: &turns,
    };
    assert_eq!(
        before(&call(AgentInput::Message("turn 2".to_owned()))),
        &turns[..2]
    );
    assert_eq!(before(&call(AgentInput::Greet)), &turns);
}
