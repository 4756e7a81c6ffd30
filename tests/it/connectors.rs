//! Connectors against servers that nobody here wrote. `scripts/setup-peers` installs them; without them these tests fail.

mod a2a;
mod directline;
mod langgraph;
mod mcp;
mod openai_responses;
mod pull;
mod rasa;
mod stdio;
mod websocket;

use std::{collections::BTreeMap, sync::Arc};

use model::{
    AgentContent, AgentId, AgentInput, Cast, Connection, ConversationKey, InitialMessageType, Json, Name,
    Named, Oid, PersonaContent, Protocol, Role, RunId, ScenarioContent, Text, Time, Timezone, Turn,
    Variables,
};
use simulation::{
    AgentCall, AgentError, AgentReply, AgentSession, Agents, AgentsOptions, Briefing, Cassette, PullPort,
    Reach, Secrets,
};

fn name(text: &str) -> Name {
    Name::try_from(text).unwrap()
}

fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

/// A conversation with an agent that is reached so, of a run of its own.
fn briefing(protocol: Protocol) -> Briefing {
    let run = Oid::from_bytes([7; 12]);
    Briefing {
        key: ConversationKey {
            org: "acme".parse().unwrap(),
            run: RunId(run),
            n: 0,
        },
        test_idx: 0,
        run_index: 0,
        repetition: 0,
        attempt: 1,
        unit_test: name("connects"),
        persona: Named {
            name: name("Ada"),
            role: None,
            content: PersonaContent {
                background: text("Lives by the sea."),
                preferred_language: None,
                timezone: None,
                user_models: Vec::new(),
                nonsensitive_user_variables: Variables::default(),
                sensitive_user_variables: Variables::default(),
            },
        },
        scenario: Named {
            name: name("small talk"),
            role: None,
            content: ScenarioContent {
                objective: text("Be known by name."),
                instructions: text("Be brief."),
                initial_message_type: InitialMessageType::UserMessage,
                conversation_starts_at: None,
                script: None,
                milestones: Vec::new(),
            },
        },
        agent_id: AgentId(run),
        agent: Named {
            name: name("concierge"),
            role: None,
            content: AgentContent {
                connection: Some(Connection {
                    protocol,
                    timeout_ms: 60_000,
                    max_attempts: 1,
                    max_reply_bytes: 256 * 1024,
                }),
                document: None,
            },
        },
        context_graph: Json::empty_object(),
        llm_model_preferences: BTreeMap::new(),
        language: None,
        timezone: Timezone::try_from("UTC").unwrap(),
        starts_at: Time::from_micros(0),
        seed: 1,
        session_id: run.to_string(),
        max_interactions: 20,
        cast: Cast::default(),
        models: BTreeMap::new(),
        agent_prices: BTreeMap::new(),
        metrics: Vec::new(),
        criteria: Vec::new(),
    }
}

/// Agents on this machine.
fn agents() -> Agents {
    let options = AgentsOptions {
        reach: Reach::allowing(&["127.0.0.0/8"]).unwrap(),
        ..AgentsOptions::default()
    };
    Agents::new(&options, Secrets::new(BTreeMap::new())).unwrap()
}

/// A conversation as a worker holds it: what was said, and the agent's session.
struct Talk {
    agents: Agents,
    briefing: Briefing,
    turns: Vec<Turn>,
    session: Box<dyn AgentSession>,
}

impl Talk {
    /// Opens the agent's session.
    async fn begin(protocol: Protocol) -> Self {
        Self::open(agents(), briefing(protocol)).await.unwrap()
    }

    /// Opens the session of an agent that waits for requests.
    async fn begin_asking(briefing: Briefing, port: Arc<dyn PullPort>) -> Self {
        Self::open(agents().with_pull(port), briefing).await.unwrap()
    }

    /// Why the agent's session cannot be opened.
    async fn refused(protocol: Protocol) -> AgentError {
        let opened = Self::open(agents(), briefing(protocol)).await;
        opened.err().unwrap()
    }

    async fn open(agents: Agents, briefing: Briefing) -> Result<Self, AgentError> {
        let session = agents.open(&briefing, &[], &Cassette::off()).await?;
        Ok(Self {
            agents,
            briefing,
            turns: Vec::new(),
            session,
        })
    }

    /// Says something and waits for the reply; both become turns.
    async fn say(&mut self, message: &str) -> Result<AgentReply, AgentError> {
        self.turn(Role::User, message, None);
        let turn_index = u32::try_from(self.turns.len()).unwrap();
        let reply = self
            .session
            .call(AgentCall {
                input: AgentInput::Message(message.to_owned()),
                turn_index,
                idempotency_key: format!("{}-{turn_index}", self.briefing.session_id),
                turns: &self.turns,
            })
            .await?;
        self.turn(Role::Agent, &reply.text, Some(&reply));
        Ok(reply)
    }

    /// Says something and gives the words of the reply.
    async fn hear(&mut self, message: &str) -> String {
        self.say(message).await.unwrap().text
    }

    /// Another worker goes on: all that is left is the history.
    async fn hand_over(self) -> Self {
        self.session.close().await;
        let cassette = Cassette::off();
        let opened = self.agents.open(&self.briefing, &self.turns, &cassette).await;
        let session = opened.unwrap();
        Self { session, ..self }
    }

    /// What was said last, and the reply, did not get into the history.
    fn forget_last_exchange(&mut self) {
        self.turns.truncate(self.turns.len() - 2);
    }

    fn turn(&mut self, role: Role, said: &str, reply: Option<&AgentReply>) {
        let index = u32::try_from(self.turns.len()).unwrap();
        self.turns.push(Turn {
            index,
            role,
            text: said.to_owned(),
            at: Time::from_micros(i64::from(index)),
            latency_ms: reply.map(|reply| reply.latency_ms),
            tool_calls: reply.map(|reply| reply.tool_calls.clone()).unwrap_or_default(),
            usage: reply.and_then(|reply| reply.usage),
            completed: reply.is_some_and(|reply| reply.completed),
            calls: reply.map_or(1, |reply| reply.calls),
            repeated: false,
            note: None,
            violations: Vec::new(),
            session: reply.and_then(|reply| reply.session.clone()),
        });
    }
}
