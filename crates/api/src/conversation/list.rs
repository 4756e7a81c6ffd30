//! Finished conversations of runs, over all runs.

use std::collections::BTreeMap;

use model::{AgentId, ContextGraphId, Oid, RunId, ServiceId, Time, UnitTestId, UserId, VersionSetName};
use serde::{Deserialize, Serialize};

use crate::{
    SortKey, TagFilter,
    request::{request, versions},
    shape::{ModelPreferenceShape, ModelPreferenceView, VerdictShape},
};

/// The tag that names a conversation's run.
pub const RUN_TAG: &str = "run";
/// The tag that names a conversation's unit test.
pub const UNIT_TEST_TAG: &str = "unit_test";
/// The tag that says which repetition of its test a conversation is.
pub const RUN_INDEX_TAG: &str = "run_index";

request! {
    /// Lists finished conversations of runs.
    ListQuery {
        /// Of runs that any of these users started.
        user_id: Vec<String> = values(),
        /// With any of these services.
        service_id: Vec<ServiceId> = values(),
        /// Whether they are finished, which all are.
        is_finished: Option<bool> = flag(),
        /// Only these.
        id: Vec<Oid> = values(),
        /// With all of these labels.
        tag: Vec<TagFilter> = values(),
        /// The page's size.
        limit: u32 = page_size(1..=150, 150),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["created_at"]),
    }
}

/// A finished conversation of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationInstance)]
pub struct Instance {
    /// Its id.
    pub id: Oid,
    /// Who started the run.
    pub user_id: UserId,
    /// When it began.
    pub created_at: Time,
    /// Whether it is finished.
    pub is_finished: bool,
    /// Whether it was judged.
    pub is_analyzed: bool,
    /// What was done once it was finished.
    pub completed_post_processings: Vec<PostProcessing>,
    /// What was said last, its first 2,000 characters; empty for callers who may not see messages. Hostile text: never to be
    /// interpreted.
    pub final_message: String,
    /// The service under test.
    pub service_id: ServiceId,
    /// The version set under test; hidden from callers who may not see version sets.
    #[schema(required)]
    pub version_set_info: Option<VersionSetInfo>,
    /// How many messages there are.
    pub num_messages: u32,
    /// Labels: its run, its unit test and which repetition it is.
    pub tags: BTreeMap<String, Option<String>>,
    /// What Rehearse adds.
    pub rehearse: Extension,
}

/// What is done with a finished conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationPostProcessing)]
#[serde(rename_all = "kebab-case")]
pub enum PostProcessing {
    /// Metrics were measured.
    ComputeMetrics,
}

/// The version set that a conversation was held with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationVersionSetInfo)]
pub struct VersionSetInfo {
    /// Its name.
    pub name: VersionSetName,
    /// The agent and its version.
    pub agent_version_info: (AgentId, u32),
    /// The context graph and its version.
    pub service_hierarchical_state_machine_version_info: (ContextGraphId, u32),
    /// Preferred models by interaction.
    #[schema(value_type = BTreeMap<String, ModelPreferenceView>)]
    pub llm_model_preferences: BTreeMap<String, ModelPreferenceShape>,
}

/// What Rehearse adds to a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationExtension)]
pub struct Extension {
    /// The run.
    pub run_id: RunId,
    /// The conversation's index in the run.
    pub n: u32,
    /// The test.
    pub unit_test_id: UnitTestId,
    /// Which repetition, from 0.
    pub run_index: u32,
    /// The verdict; hidden from callers who may not see the run's set and the unit test.
    #[schema(required)]
    pub verdict: Option<VerdictShape>,
    /// Why it is over, in one word.
    pub end_reason: String,
}

/// The labels of a conversation.
pub fn labels(run: RunId, unit_test: UnitTestId, run_index: u32) -> BTreeMap<String, Option<String>> {
    BTreeMap::from([
        (RUN_TAG.to_owned(), Some(run.to_string())),
        (UNIT_TEST_TAG.to_owned(), Some(unit_test.to_string())),
        (RUN_INDEX_TAG.to_owned(), Some(run_index.to_string())),
    ])
}

versions! {
    /// A page of conversations.
    List { conversations: Instance }
}
