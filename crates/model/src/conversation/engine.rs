//! The engine of one conversation.

use super::{BrokenAttempt, EndReason, Role, Turn, TurnRecord, Usage};
use crate::{InitialMessageType, Time};

/// What the engine needs to know about the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// The cap on interactions.
    pub max_interactions: u32,
    /// How the conversation opens.
    pub initial_message_type: InitialMessageType,
    /// The most bytes all turns together may have.
    pub max_transcript_bytes: usize,
    /// How often the conversation is begun again because the simulated user broke its part.
    pub max_reruns: u32,
}

/// One conversation, as far as it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    options: EngineOptions,
    turns: Vec<Turn>,
    end: Option<EndReason>,
    attempts: u32,
    claims: u32,
    started_at: Option<Time>,
    /// A worker was lost after it may have called the agent for the turn that comes next.
    call_may_repeat: bool,
    usage: Usage,
    simulator_usage: Usage,
    broken: Vec<BrokenAttempt>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask the simulated user for its next message, then feed [`TurnRecord::Said`] or [`TurnRecord::UserLeft`]. A message that
    /// follows when [`Engine::user_may_speak`] is false is not sent: [`Engine::end`] the conversation.
    AskUser {
        /// The role of what it says.
        role: Role,
    },
    /// Call the agent, then feed its reply.
    CallAgent {
        /// What the agent is given.
        input: AgentInput,
        /// The index of the turn that the reply will be.
        turn_index: u32,
        /// Whether the agent may have seen this call before.
        repeated: bool,
    },
    /// The simulated user broke its part: feed a [`TurnRecord::Claimed`] that restarts.
    StartAgain,
    /// Nothing more will be said: evaluate the metrics.
    Judge(EndReason),
}

/// What the agent is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentInput {
    /// Nothing: the agent speaks first.
    Greet,
    /// What the simulated user said.
    Message(String),
    /// What happened.
    Event(String),
}

impl Engine {
    /// A conversation that has not begun.
    pub const fn new(options: EngineOptions) -> Self {
        Self {
            options,
            turns: Vec::new(),
            end: None,
            attempts: 0,
            claims: 0,
            started_at: None,
            call_may_repeat: false,
            usage: Usage {
                input_tokens: 0,
                output_tokens: 0,
                cost_micros: 0,
                estimated: false,
            },
            simulator_usage: Usage {
                input_tokens: 0,
                output_tokens: 0,
                cost_micros: 0,
                estimated: false,
            },
            broken: Vec::new(),
        }
    }

    /// What to do next.
    pub fn next(&self) -> Step {
        if let Some(end) = &self.end {
            if self.is_to_start_again() {
                return Step::StartAgain;
            }
            return Step::Judge(end.clone());
        }
        let turn_index = self.next_index();
        let call = |input| Step::CallAgent {
            input,
            turn_index,
            repeated: self.call_may_repeat,
        };
        match self.turns.last() {
            None => match self.options.initial_message_type {
                InitialMessageType::UserMessage => Step::AskUser { role: Role::User },
                InitialMessageType::ExternalEvent => Step::AskUser { role: Role::Event },
                InitialMessageType::Skip => call(AgentInput::Greet),
            },
            Some(turn) => match turn.role {
                Role::User => call(AgentInput::Message(turn.text.clone())),
                Role::Event => call(AgentInput::Event(turn.text.clone())),
                Role::Agent => Step::AskUser { role: Role::User },
            },
        }
    }

    /// Takes in what happened. Also how a conversation is resumed: feed what its journal holds, in order.
    pub fn apply(&mut self, record: TurnRecord) {
        match record {
            TurnRecord::Claimed {
                worker: _,
                at,
                restart,
            } => {
                // Starting again is no change of hands.
                if !(restart && self.is_to_start_again()) {
                    self.claims += 1;
                }
                self.started_at.get_or_insert(at);
                if restart || self.attempts == 0 {
                    self.attempts += 1;
                    self.turns.clear();
                    self.end = None;
                    self.call_may_repeat = false;
                } else {
                    self.call_may_repeat = matches!(self.next(), Step::CallAgent { .. });
                }
            }
            TurnRecord::Said(turn) => {
                self.call_may_repeat = false;
                let side = match turn.role {
                    Role::Agent => &mut self.usage,
                    Role::User | Role::Event => &mut self.simulator_usage,
                };
                side.add(turn.usage.unwrap_or_default());
                if turn.completed {
                    self.end = Some(EndReason::AgentCompleted);
                }
                self.turns.push(turn);
                if self.transcript_bytes() > self.options.max_transcript_bytes && self.end.is_none() {
                    self.end = Some(EndReason::AgentError {
                        cause: format!(
                            "the transcript grew past {} bytes",
                            self.options.max_transcript_bytes
                        ),
                    });
                }
            }
            TurnRecord::UserLeft {
                outcome,
                reason,
                farewell: _,
                usage,
                violations: _,
                at: _,
            } => {
                self.simulator_usage.add(usage.unwrap_or_default());
                self.end = Some(EndReason::UserLeft { outcome, reason });
            }
            TurnRecord::UserBroke {
                cause,
                violations,
                usage,
                at: _,
            } => {
                self.simulator_usage.add(usage.unwrap_or_default());
                self.broken.push(BrokenAttempt {
                    attempt: self.attempts,
                    cause: cause.clone(),
                    violations,
                    n_turns: self.next_index(),
                });
                self.end = Some(EndReason::SimulatorError { cause });
            }
        }
    }

    /// Ends the conversation for a reason that no record of the journal carries: a cap, or something that broke.
    pub fn conclude(&mut self, reason: EndReason) {
        self.end.get_or_insert(reason);
    }

    /// Whether another interaction fits under the cap. The simulated user is asked even when none does, because it may be done.
    pub fn user_may_speak(&self) -> bool {
        self.interactions() < self.options.max_interactions
    }

    /// How many interactions there were: replies of the agent, its greeting included.
    pub fn interactions(&self) -> u32 {
        let replies = self.turns.iter().filter(|turn| turn.role == Role::Agent).count();
        u32::try_from(replies).unwrap_or(u32::MAX)
    }

    /// The index that the next turn will have.
    pub fn next_index(&self) -> u32 {
        u32::try_from(self.turns.len()).unwrap_or(u32::MAX)
    }

    /// What was said so far.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// Takes the turns out of a conversation that is over.
    pub fn into_turns(self) -> Vec<Turn> {
        self.turns
    }

    /// How often the conversation was begun.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How often a worker took it over.
    pub const fn claims(&self) -> u32 {
        self.claims
    }

    /// When the first worker took it.
    pub const fn started_at(&self) -> Option<Time> {
        self.started_at
    }

    /// What the agent consumed, over all attempts.
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// What the language model consumed that plays the user, over all attempts.
    pub const fn simulator_usage(&self) -> Usage {
        self.simulator_usage
    }

    /// The attempts in which the simulated user broke its part.
    pub fn broken(&self) -> &[BrokenAttempt] {
        &self.broken
    }

    /// Whether this attempt is one that the simulated user broke, and another may follow.
    fn is_to_start_again(&self) -> bool {
        let broke_now = self
            .broken
            .last()
            .is_some_and(|last| last.attempt == self.attempts);
        broke_now && self.broken.len() <= usize::try_from(self.options.max_reruns).unwrap_or(usize::MAX)
    }

    fn transcript_bytes(&self) -> usize {
        let tool_bytes = |turn: &Turn| -> usize {
            turn.tool_calls
                .iter()
                .map(|call| {
                    call.name.len()
                        + call.arguments.as_str().len()
                        + call.result.as_ref().map_or(0, |result| result.as_str().len())
                })
                .sum()
        };
        self.turns
            .iter()
            .map(|turn| turn.text.len() + tool_bytes(turn))
            .sum()
    }
}
