//! Holding a conversation that was claimed: does what the engine says next, and writes down what happened before the engine learns of
//! it, so that what the worker knows is what the log has acknowledged.

use journal::{JournalError, Published};
use model::{AgentInput, EndReason, Engine, Role, Step, Turn, TurnRecord, Verdict};
use simulation::{AgentCall, Judged, Material, UserMove};

use super::{Halt, Outcome, Shared};
use crate::{
    Cast, UserFailure,
    failure::{Failure, chain},
    narrator::Narrator,
    result::{Ended, is_judged},
    scribe::{Scribe, Written},
    setting::Setting,
};

/// How far holding a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It is over, or not this worker's to hold any more.
    Over(Outcome),
    /// The simulated user broke its part: it is to be held again from the start, by others.
    StartAgain,
}

/// A conversation that this worker has claimed.
pub(super) struct Conversation<'a> {
    pub(super) shared: &'a Shared,
    pub(super) setting: Setting<'a>,
    pub(super) scribe: Scribe<'a>,
    pub(super) narrator: Narrator<'a>,
    pub(super) engine: Engine,
    pub(super) halt: Halt<'a>,
}

impl Conversation<'_> {
    /// Holds the conversation until it has its result or is not this worker's to hold any more.
    pub(super) async fn hold(&mut self, cast: &mut dyn Cast) -> Result<Held, Failure> {
        loop {
            if let Some(outcome) = self.halt.is_reached() {
                return Ok(Held::Over(outcome));
            }
            let written = match self.engine.next() {
                Step::AskUser { role } => self.ask_user(cast, role).await?,
                Step::CallAgent {
                    input,
                    turn_index,
                    repeated,
                } => self.call_agent(cast, input, turn_index, repeated).await?,
                Step::StartAgain => return Ok(Held::StartAgain),
                Step::Judge(end) => return self.conclude(cast, end).await.map(Held::Over),
            };
            if written == Written::Fenced {
                return Ok(Held::Over(Outcome::Fenced));
            }
        }
    }

    /// Begins the conversation again.
    pub(super) async fn start_again(&mut self) -> Result<Written, Failure> {
        let claim = TurnRecord::Claimed {
            worker: self.shared.options.name.to_string(),
            at: self.shared.options.clock.now(),
            restart: true,
        };
        tracing::info!("the simulated user broke its part; the conversation begins again");
        self.write(claim, |cause| EndReason::Infrastructure { cause })
            .await
    }

    async fn ask_user(&mut self, cast: &mut dyn Cast, role: Role) -> Result<Written, Failure> {
        let step = match cast.user(self.engine.turns()).await {
            Ok(step) => step,
            Err(failure) => return self.user_failed(failure).await,
        };
        match step.action {
            UserMove::Say(_) if !self.engine.user_may_speak() => {
                self.engine.conclude(EndReason::MaxInteractions);
                Ok(Written::Stored)
            }
            UserMove::Say(text) => {
                let turn = Turn {
                    index: self.engine.next_index(),
                    role,
                    text,
                    at: self.shared.options.clock.now(),
                    latency_ms: None,
                    tool_calls: Vec::new(),
                    usage: step.usage,
                    completed: false,
                    calls: 0,
                    repeated: false,
                    note: step.note,
                    violations: step.violations,
                    session: None,
                };
                let too_large = |cause| EndReason::SimulatorError { cause };
                self.write(TurnRecord::Said(turn), too_large).await
            }
            UserMove::Leave {
                outcome,
                reason,
                farewell,
            } => {
                let left = TurnRecord::UserLeft {
                    outcome,
                    reason: reason.or(step.note),
                    farewell,
                    usage: step.usage,
                    violations: step.violations,
                    at: self.shared.options.clock.now(),
                };
                self.write(left, |cause| EndReason::SimulatorError { cause })
                    .await
            }
        }
    }

    async fn user_failed(&mut self, failure: UserFailure) -> Result<Written, Failure> {
        match failure {
            UserFailure::Broke {
                cause,
                violations,
                usage,
            } => {
                let broke = TurnRecord::UserBroke {
                    cause,
                    violations,
                    usage: Some(usage),
                    at: self.shared.options.clock.now(),
                };
                self.write(broke, |cause| EndReason::SimulatorError { cause })
                    .await
            }
            UserFailure::Unplayable(cause) => {
                self.engine.conclude(EndReason::SimulatorError { cause });
                Ok(Written::Stored)
            }
            UserFailure::Infrastructure(cause) => {
                self.engine.conclude(EndReason::Infrastructure { cause });
                Ok(Written::Stored)
            }
        }
    }

    async fn call_agent(
        &mut self,
        cast: &mut dyn Cast,
        input: AgentInput,
        turn_index: u32,
        repeated: bool,
    ) -> Result<Written, Failure> {
        let key = self.setting.key;
        let idempotency_key = format!("{}-{}-{}-{turn_index}", key.run, key.n, self.engine.attempts());
        let call = AgentCall {
            input,
            turn_index,
            idempotency_key,
            turns: self.engine.turns(),
        };
        match cast.agent(call).await {
            Ok(reply) => {
                let turn = Turn {
                    index: turn_index,
                    role: Role::Agent,
                    text: reply.text,
                    at: self.shared.options.clock.now(),
                    // A recorded turn was no call: it took no time, and cannot have reached the agent before.
                    latency_ms: (reply.calls > 0).then_some(reply.latency_ms),
                    tool_calls: reply.tool_calls,
                    usage: reply.usage,
                    completed: reply.completed,
                    calls: reply.calls,
                    repeated: repeated && reply.calls > 0,
                    note: None,
                    violations: Vec::new(),
                    session: reply.session,
                };
                let too_large = |cause| EndReason::AgentError { cause };
                self.write(TurnRecord::Said(turn), too_large).await
            }
            Err(cause) => {
                self.engine.conclude(EndReason::AgentError { cause });
                Ok(Written::Stored)
            }
        }
    }

    /// Writes an entry, then lets the engine know. An entry that the log has no room for ends the conversation with `too_large`: what
    /// was to be said cannot be made smaller by trying again.
    async fn write(
        &mut self,
        record: TurnRecord,
        too_large: impl FnOnce(String) -> EndReason,
    ) -> Result<Written, Failure> {
        match self.scribe.write(&record).await {
            Ok(Written::Stored) => {}
            Ok(Written::Fenced) => return Ok(Written::Fenced),
            Err(error @ JournalError::TooLarge { .. }) => {
                self.engine.conclude(too_large(chain(&error)));
                return Ok(Written::Stored);
            }
            Err(error) => return Err(error.into()),
        }
        let told = match &record {
            TurnRecord::Said(turn) => Some((turn.index, turn.role)),
            TurnRecord::Claimed { .. } | TurnRecord::UserLeft { .. } | TurnRecord::UserBroke { .. } => None,
        };
        self.engine.apply(record);
        if let Some((index, role)) = told {
            self.narrator.turn(index, role).await;
        }
        Ok(Written::Stored)
    }

    async fn conclude(&mut self, cast: &mut dyn Cast, end: EndReason) -> Result<Outcome, Failure> {
        let found = if is_judged(&end) {
            let material = Material {
                turns: self.engine.turns(),
                end: &end,
                recorded: None,
            };
            cast.judge(material).await
        } else {
            Judged::default()
        };
        if let Some(outcome) = self.halt.is_reached() {
            return Ok(outcome);
        }
        let ended = Ended {
            key: self.setting.key,
            test: self.setting.test,
            test_idx: self.setting.test_idx,
            run_index: self.setting.run_index,
            worker: self.shared.options.name.as_str(),
            end,
            found,
            finished_at: self.shared.options.clock.now(),
        };
        let result = ended.into_result(self.engine.clone());
        let link = &*self.shared.link;
        let published = link
            .ride_out(|| link.journal().publish_result(&self.setting.key.org, &result))
            .await?;
        match published {
            Published::Stored(_sequence) => self.concluded(result.verdict).await,
            Published::AlreadyThere => tracing::debug!("the conversation had a result already"),
        }
        Ok(Outcome::Concluded)
    }

    async fn concluded(&self, verdict: Verdict) {
        tracing::debug!(verdict = verdict.as_str(), "the conversation has its result");
        self.narrator.finished(verdict).await;
    }
}
