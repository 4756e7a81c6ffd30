//! One turn with an agent, to find out whether a connection works. Outside of any run: nothing is stored, recorded or judged.

use std::collections::BTreeMap;

use model::{
    AgentContent, AgentId, AgentInput, Cast, ConversationKey, InitialMessageType, Json, Named, Oid,
    PersonaContent, Role, RunId, ScenarioContent, Text, Time, Timezone, Turn, Variables,
};

use crate::{AgentCall, AgentError, AgentReply, Agents, Briefing, Cassette, briefing::seed_of};

/// Says `message` to the agent, or lets it greet if there is none, and waits for the reply.
///
/// The session is closed before this returns. `session` makes the session's id, so that each probe meets the agent afresh.
pub async fn probe(
    agents: &Agents,
    agent: &Named<AgentContent>,
    message: Option<&str>,
    session: &[u8],
) -> Result<AgentReply, AgentError> {
    let briefing = briefing(agent, session);
    let (input, turns) = match message {
        Some(message) => (AgentInput::Message(message.to_owned()), vec![said(message)]),
        None => (AgentInput::Greet, Vec::new()),
    };
    let mut opened = agents.open(&briefing, &[], &Cassette::off()).await?;
    let call = AgentCall {
        input,
        turn_index: u32::from(message.is_some()),
        idempotency_key: format!("{}-0", briefing.session_id),
        turns: &turns,
    };
    let reply = opened.call(call).await;
    opened.close().await;
    reply
}

/// A conversation that no run has.
fn briefing(agent: &Named<AgentContent>, session: &[u8]) -> Briefing {
    let text = |text: &str| Text::try_from(text).expect("the text is short and not empty");
    let named = |name: &str| name.try_into().expect("the name is short and of letters");
    let id = Oid::derived(&[b"probe", session]);
    Briefing {
        key: ConversationKey {
            org: "probe".parse().expect("the id is of letters"),
            run: RunId(id),
            n: 0,
        },
        test_idx: 0,
        run_index: 0,
        repetition: 0,
        attempt: 1,
        unit_test: named("Probe"),
        persona: Named {
            name: named("Probe"),
            role: Some(named("tester")),
            content: PersonaContent {
                background: text("Somebody who finds out whether the agent answers."),
                preferred_language: None,
                timezone: None,
                user_models: Vec::new(),
                nonsensitive_user_variables: Variables::default(),
                sensitive_user_variables: Variables::default(),
            },
        },
        scenario: Named {
            name: named("Probe"),
            role: None,
            content: ScenarioContent {
                objective: text("Find out whether the agent answers."),
                instructions: text("Say one thing."),
                initial_message_type: InitialMessageType::UserMessage,
                conversation_starts_at: None,
                script: None,
                milestones: Vec::new(),
            },
        },
        agent_id: AgentId(id),
        agent: agent.clone(),
        context_graph: Json::empty_object(),
        llm_model_preferences: BTreeMap::new(),
        language: None,
        timezone: Timezone::try_from("UTC").expect("UTC is in every time zone database"),
        starts_at: Time::default(),
        seed: seed_of(&[b"probe", session]),
        session_id: id.to_string(),
        max_interactions: 1,
        cast: Cast::default(),
        models: BTreeMap::new(),
        agent_prices: BTreeMap::new(),
        metrics: Vec::new(),
        criteria: Vec::new(),
    }
}

fn said(message: &str) -> Turn {
    Turn {
        index: 0,
        role: Role::User,
        text: message.to_owned(),
        at: Time::default(),
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: false,
        calls: 0,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    }
}
