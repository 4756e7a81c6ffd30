//! The real simulation behind the seam: a scripted user, and an agent that is a child process.

use std::collections::BTreeMap;

use model::{Manifest, Protocol, Script, ScriptAction, ScriptStep, StdioFraming, Text, Verdict};
use simulation::{
    AgentsOptions, CassetteMode, CassetteOptions, LanguageModels, LanguageModelsOptions, Secrets,
};
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
    let agents = Agents::new(&AgentsOptions::default(), secrets.clone()).unwrap();
    let models = LanguageModels::new(&LanguageModelsOptions::default(), secrets).unwrap();
    Shared {
        simulation: Arc::new(LiveSimulation::new(agents, models)),
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

#[tokio::test]
async fn a_conversation_replays_without_its_agent() {
    let directory = tempfile::TempDir::new().unwrap();
    let heard = directory.path().join("heard");
    let recording = directory.path().join("cassettes");
    let mut held = Vec::new();
    for mode in [CassetteMode::Record, CassetteMode::Replay] {
        let world = World::begin(2, |manifest| {
            echo(manifest);
            for agent in manifest.agents.values_mut() {
                let connection = agent.content.connection.as_mut().unwrap();
                if let Protocol::Stdio { command, .. } = &mut connection.protocol {
                    // Leaves a trace, and otherwise says what it heard.
                    *command = vec![text("tee"), text(heard.to_str().unwrap())];
                }
            }
        })
        .await;
        let secrets = Secrets::new(BTreeMap::new());
        let cassettes = Cassettes::new(CassetteOptions::new(mode, &recording), secrets.clone()).unwrap();
        let agents = Agents::new(&AgentsOptions::default(), secrets.clone()).unwrap();
        let models = LanguageModels::new(&LanguageModelsOptions::default(), secrets).unwrap();
        let shared = Shared {
            simulation: Arc::new(LiveSimulation::new(agents, models).with_cassettes(cassettes)),
            ..world.shared("w1", &Arc::new(Stage::polite(0)))
        };
        for n in 0..2 {
            let outcome = drive(&shared, &world.job(n), &CancellationToken::new()).await;
            assert_eq!(outcome, Ok(Outcome::Concluded));
            let result = world.result(n).await;
            assert_eq!((result.verdict, &result.error), (Verdict::Passed, &None));
            held.push(
                result
                    .turns
                    .into_iter()
                    .map(|turn| (turn.role, turn.text, turn.latency_ms, turn.usage, turn.calls))
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(heard.exists(), mode == CassetteMode::Record);
        if heard.exists() {
            std::fs::remove_file(&heard).unwrap();
        }
    }
    assert_eq!(held[..2], held[2..]);
    assert_eq!(held[0].len(), 4);
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
