//! Finished conversations of runs, as lists of them show them.
//!
//! What was said stands in the log of results only; here is what a list needs, so that neither it nor the run is read.

use std::collections::BTreeMap;

use model::{
    AgentId, ContextGraphId, ConversationResult, ModelPreference, Oid, Run, RunId, ServiceId, Time,
    UnitTestId, UserId, Verdict, VersionSetName, conversation_id,
};
use serde::{Deserialize, Serialize};

use super::ResultRow;

/// The most characters of a conversation's last message that lists show.
pub const MAX_LAST_MESSAGE_CHARS: usize = 2_000;

/// A finished conversation of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationItem {
    /// The conversation's id.
    pub id: Oid,
    /// The run.
    pub run: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Which repetition, from 0.
    pub run_index: u32,
    /// The service under test.
    pub service_id: ServiceId,
    /// Its version set.
    pub version_set: VersionSetName,
    /// The agent and its pinned version.
    pub agent: (AgentId, u32),
    /// The context graph and its pinned version.
    pub context_graph: (ContextGraphId, u32),
    /// From the version set.
    pub llm_model_preferences: BTreeMap<String, ModelPreference>,
    /// Who started the run.
    pub creator: UserId,
    /// When the conversation began.
    pub started_at: Time,
    /// When it was judged.
    pub finished_at: Time,
    /// How many turns there were.
    pub n_turns: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// What was said last, its first 2,000 characters; none if nothing was said. Hostile text: never interpreted.
    pub last_message: Option<String>,
}

/// A conversation that has a result. Its run may arrive later than the result; until then the conversation is in no list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConversationRow {
    pub(crate) run: RunId,
    pub(crate) n: u32,
    pub(crate) unit_test_id: UnitTestId,
    pub(crate) run_index: u32,
    pub(crate) started_at: Time,
    pub(crate) finished_at: Time,
    pub(crate) n_turns: u32,
    pub(crate) verdict: Verdict,
    pub(crate) last_message: Option<String>,
    /// What the run says about it; none until the run has arrived, or if the run has no such conversation.
    pub(crate) planned: Option<PlannedConversation>,
}

/// What a run says about one of its conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlannedConversation {
    pub(crate) creator: UserId,
    pub(crate) service_id: ServiceId,
    pub(crate) version_set: VersionSetName,
    pub(crate) agent: (AgentId, u32),
    pub(crate) context_graph: (ContextGraphId, u32),
    pub(crate) llm_model_preferences: BTreeMap<String, ModelPreference>,
}

impl PlannedConversation {
    /// Conversation `n` of `run`; none if the run has no such conversation.
    pub(crate) fn of(run: &Run, n: u32) -> Option<Self> {
        let (test_idx, _run_index) = run.plan.locate(n)?;
        let test = run.plan.tests.get(test_idx)?;
        Some(Self {
            creator: run.life.created.by.clone(),
            service_id: test.service_id,
            version_set: test.version_set.clone(),
            agent: test.agent,
            context_graph: test.context_graph,
            llm_model_preferences: test.llm_model_preferences.clone(),
        })
    }
}

impl ConversationRow {
    pub(crate) fn of(
        row: &ResultRow,
        last_message: Option<String>,
        planned: Option<PlannedConversation>,
    ) -> Self {
        Self {
            run: row.run,
            n: row.n,
            unit_test_id: row.unit_test_id,
            run_index: row.run_index,
            started_at: row.started_at,
            finished_at: row.finished_at,
            n_turns: row.n_turns,
            verdict: row.verdict,
            last_message,
            planned,
        }
    }

    pub(crate) fn id(&self) -> Oid {
        conversation_id(self.run, self.n)
    }

    /// What lists show; none if the conversation is in no list.
    pub(crate) fn item(self) -> Option<ConversationItem> {
        let id = self.id();
        let PlannedConversation {
            creator,
            service_id,
            version_set,
            agent,
            context_graph,
            llm_model_preferences,
        } = self.planned?;
        Some(ConversationItem {
            id,
            run: self.run,
            n: self.n,
            unit_test_id: self.unit_test_id,
            run_index: self.run_index,
            service_id,
            version_set,
            agent,
            context_graph,
            llm_model_preferences,
            creator,
            started_at: self.started_at,
            finished_at: self.finished_at,
            n_turns: self.n_turns,
            verdict: self.verdict,
            last_message: self.last_message,
        })
    }
}

/// What was said last, as much of it as lists show.
pub(crate) fn last_message(result: &ConversationResult) -> Option<String> {
    let text = &result.turns.last()?.text;
    Some(text.chars().take(MAX_LAST_MESSAGE_CHARS).collect())
}
