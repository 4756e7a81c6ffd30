//! Decisions, by example and over random histories.

mod access;
mod agents;
mod evaluations;
mod examples;
mod random;
mod rules;
mod runs;
mod services;

use crate::{
    AgentContent, Capabilities, Command, Connection, Context, ContextGraphContent, Continuation,
    DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_REPLY_BYTES, DEFAULT_TIMEOUT_MS, DecideError, Decision, Digest,
    InitialMessageType, Json, Judge, MemoryDirectory, MetricContent, MetricDomain, Models, ObjectRef, Oid,
    OrgId, PersonaContent, Protocol, Rejection, ScenarioContent, Script, ScriptAction, ScriptStep,
    StdioFraming, Tags, Time, UserId, Variables, decide,
};

/// An organization that commands are carried out on.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) directory: MemoryDirectory,
    pub(super) log: Vec<crate::Commit>,
    n_commands: u32,
}

impl Given {
    pub(super) fn nothing() -> Self {
        let org: OrgId = "acme".parse().unwrap();
        Self {
            directory: MemoryDirectory::new(org),
            log: Vec::new(),
            n_commands: 0,
        }
    }

    pub(super) fn context(&self, actor: &str) -> Context {
        Context {
            now: Time::from_micros(1_700_000_000_000_000 + i64::from(self.n_commands) * 1_000_000),
            actor: actor.parse::<UserId>().unwrap(),
            command_id: format!("command-{}", self.n_commands).parse().unwrap(),
            traceparent: None,
            entropy: *Digest::of(&self.n_commands.to_be_bytes()).as_bytes(),
            capabilities: Capabilities {
                build: "test".to_owned(),
                models: Models::default(),
            },
            precondition: None,
        }
    }

    pub(super) fn try_as(&mut self, actor: &str, command: &Command) -> Result<Decision, Rejection> {
        self.n_commands += 1;
        let context = self.context(actor);
        match decide(&self.directory, command, &context) {
            Ok(decision) => {
                for commit in &decision.commits {
                    self.log.push(commit.clone());
                    self.directory.apply(self.log.len() as u64, commit).unwrap();
                }
                Ok(decision)
            }
            Err(DecideError::Rejected(rejection)) => Err(rejection),
            Err(DecideError::Read(error)) => panic!("{error}: {:?}", error.0),
        }
    }

    pub(super) fn try_do(&mut self, command: &Command) -> Result<Decision, Rejection> {
        self.try_as("ann", command)
    }

    /// Carries out a command that must be accepted; the first object it is about.
    pub(super) fn make(&mut self, command: &Command) -> (ObjectRef, Oid) {
        let decision = self.try_do(command).unwrap();
        let object = decision.outcome.changes[0].0.clone();
        let oid = object.key.as_str().parse().unwrap();
        (object, oid)
    }

    pub(super) fn refuse(&mut self, command: &Command) -> Rejection {
        let before = self.directory.clone();
        let rejection = self.try_do(command).unwrap_err();
        assert_eq!(self.directory, before, "a refused command changes nothing");
        rejection
    }
}

pub(super) fn persona_content(background: &str) -> PersonaContent {
    PersonaContent {
        background: background.try_into().unwrap(),
        preferred_language: Some("eng".to_owned().try_into().unwrap()),
        timezone: None,
        user_models: Vec::new(),
        nonsensitive_user_variables: Variables::default(),
        sensitive_user_variables: Variables::default(),
    }
}

pub(super) fn scenario_content(objective: &str) -> ScenarioContent {
    let say = ScriptStep {
        when: None,
        action: ScriptAction::Say("Hello".try_into().unwrap()),
    };
    ScenarioContent {
        objective: objective.try_into().unwrap(),
        instructions: "Be brief.".try_into().unwrap(),
        initial_message_type: InitialMessageType::UserMessage,
        conversation_starts_at: None,
        script: Some(Script { steps: vec![say] }),
        milestones: Vec::new(),
    }
}

pub(super) fn metric_content(value: MetricDomain) -> MetricContent {
    MetricContent {
        description: "Whether it went well".to_owned(),
        value,
        judge: Judge::Cel {
            expression: "true".try_into().unwrap(),
        },
    }
}

pub(super) fn agent_content() -> AgentContent {
    AgentContent {
        connection: Some(Connection {
            protocol: Protocol::Stdio {
                command: vec!["echo".try_into().unwrap()],
                framing: StdioFraming::JsonLines,
                env: std::collections::BTreeMap::new(),
                working_directory: None,
                continuation: Continuation::Restart,
            },
            timeout_ms: DEFAULT_TIMEOUT_MS,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            max_reply_bytes: DEFAULT_MAX_REPLY_BYTES,
        }),
        document: None,
    }
}

pub(super) fn graph_content() -> ContextGraphContent {
    ContextGraphContent {
        document: Json::empty_object(),
    }
}

pub(super) fn no_tags() -> Tags {
    Tags::default()
}
