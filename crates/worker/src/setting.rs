//! What the plan of a run says about one conversation.

use model::{
    Continuation, ConversationKey, Engine, EngineOptions, InitialMessageType, MAX_RECORDING_BYTES, Manifest,
    PlannedTest, Recording, Step, pin,
};

use crate::failure::Failure;

/// One conversation as planned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    /// The conversation.
    pub(crate) key: &'a ConversationKey,
    /// The test.
    pub(crate) test: &'a PlannedTest,
    /// The test's position in the plan.
    pub(crate) test_idx: usize,
    /// Which repetition, from 0.
    pub(crate) run_index: u32,
    /// How it opens.
    pub(crate) initial_message_type: InitialMessageType,
    /// What happens to it when its worker is lost.
    pub(crate) continuation: Continuation,
    /// How often it is begun again because the simulated user broke its part.
    pub(crate) max_reruns: u32,
    /// What it is, if it was held elsewhere; none: it is to be held.
    pub(crate) recording: Option<&'a Recording>,
}

impl<'a> Setting<'a> {
    /// Looks a conversation up in the manifest of its run.
    pub(crate) fn find(manifest: &'a Manifest, key: &'a ConversationKey) -> Result<Self, Failure> {
        if manifest.org != key.org || manifest.run != key.run {
            return Err(Failure::lasting(format!(
                "the job of {key} names the manifest of {}/{}",
                manifest.org, manifest.run
            )));
        }
        let located = manifest.plan.locate(key.n).and_then(|(test_idx, run_index)| {
            Some((manifest.plan.tests.get(test_idx)?, test_idx, run_index))
        });
        let (test, test_idx, run_index) = located
            .ok_or_else(|| Failure::lasting(format!("the plan of the run has no conversation {}", key.n)))?;
        let missing = |what: &str, pin: &str| Failure::lasting(format!("the manifest lacks {what} {pin}"));
        let (scenario, agent) = (
            pin(test.scenario.0, test.scenario.1),
            pin(test.agent.0, test.agent.1),
        );
        let scenario = manifest
            .scenarios
            .get(&scenario)
            .ok_or_else(|| missing("scenario", &scenario))?;
        let agent = manifest
            .agents
            .get(&agent)
            .ok_or_else(|| missing("agent", &agent))?;
        let connection = agent.content.connection.as_ref();
        Ok(Self {
            key,
            test,
            test_idx,
            run_index,
            initial_message_type: scenario.content.initial_message_type,
            max_reruns: manifest.plan.options.cast.max_reruns,
            recording: None,
            continuation: connection.map_or(Continuation::Continue, |connection| {
                connection.protocol.continuation()
            }),
        })
    }

    /// A conversation that has not begun.
    pub(crate) fn engine(&self, max_transcript_bytes: usize) -> Engine {
        let planned = EngineOptions {
            max_interactions: self.test.max_interactions,
            initial_message_type: self.initial_message_type,
            max_transcript_bytes,
            max_reruns: self.max_reruns,
        };
        // What was held elsewhere is judged as it was: no opening and no cap of the plan changes it. Its size is bounded by itself.
        Engine::new(self.recording.map_or(planned, |recording| EngineOptions {
            max_interactions: u32::MAX,
            initial_message_type: recording.initial_message_type(),
            max_transcript_bytes: MAX_RECORDING_BYTES,
            max_reruns: 0,
        }))
    }

    /// The same conversation, which was held elsewhere.
    pub(crate) const fn recorded(self, recording: Option<&'a Recording>) -> Self {
        Self { recording, ..self }
    }

    /// Whether a conversation that lost its worker must start again: the agent cannot continue, has or may have been spoken to, and is
    /// to be spoken to again.
    pub(crate) fn must_restart(&self, engine: &Engine) -> bool {
        let is_over_or_untouched = match engine.next() {
            Step::Judge(_) | Step::StartAgain => true,
            Step::AskUser { .. } => engine.turns().is_empty() || !engine.user_may_speak(),
            Step::CallAgent { .. } => false,
        };
        self.recording.is_none()
            && self.continuation == Continuation::Restart
            && engine.attempts() > 0
            && !is_over_or_untouched
    }
}
