//! Runs of unit test sets: starting, cancelling, watching and reading them.

mod artifact;
mod cast;
mod conversations;
mod events;
mod progress;
mod specs;
mod spent;
mod start;

use std::collections::BTreeSet;

pub use artifact::{
    ARTIFACT_CONTENT_TYPE, ARTIFACT_PATH, ArtifactChunk, ArtifactQuery, ArtifactUrl, ArtifactUrlQuery,
    MAX_CHUNK_BYTES, MAX_EXPIRES, Signature, SignedArtifactQuery,
};
pub use cast::CastView;
pub use conversations::{ConversationRow, ConversationRows, CriterionRow, ResultsQuery, TranscriptQuery};
pub use events::{
    ConversationFinished, EVENTS_CONTENT_TYPE, EVENTS_PATH, EventId, EventName, FollowQuery,
    LAST_EVENT_ID_HEADER,
};
use model::{
    BudgetLimit, CancelReason, Command, Digest, OrgId, Run, RunId, RunVerdict, Tally, Time, UnitTestId,
    UnitTestSetId, Verdict,
};
pub use progress::{Criterion, MetricResults, Outcome, Progress, TestExtension, TestResult};
use serde::{Deserialize, Serialize};
pub use specs::{MetricToEvaluate, TestSpec, TestSpecExtension};
pub use spent::{AttemptsView, RunUsageView, Spent};
pub use start::{BudgetRequest, BudgetView, GuardWord, Rerun, Start, StartExtension, Started, Wrong};

use crate::{
    SortKey, UserFilter, UserInfo,
    read::words,
    request::{CommandRequest, list, request},
};

request! {
    /// Asks a run to stop.
    Cancel {
        /// The run.
        id: RunId = required(),
    }
}

request! {
    /// Lists runs.
    ListQuery {
        /// Only these.
        id: Vec<RunId> = values(),
        /// The page's size.
        limit: u32 = page_size(0..=50, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// Started by any of these.
        creator: Vec<UserFilter> = values(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["created_at"]),
        /// Of any of these sets.
        simulation_unit_test_set_id: Vec<UnitTestSetId> = values(),
        /// Only runs that are over, or only others; none: both.
        is_completed: Option<bool> = flag(),
        /// Only runs with failed criteria, or only others; none: both.
        failed_metrics: Option<bool> = flag(),
        /// Only runs with errors, or only others; none: both.
        errored: Option<bool> = flag(),
        /// Not started before.
        created_after: Option<Time> = single(),
        /// Not started after.
        created_before: Option<Time> = single(),
    }
}

request! {
    /// Waits until a run is over, or until more than `after_finished` of its conversations are finished.
    WaitQuery {
        /// The run.
        id: RunId = required(),
        /// How many finished conversations the caller knows of; none: wait for the end only.
        after_finished: Option<u32> = count(0..=u32::MAX),
        /// How long to wait at most, in milliseconds.
        wait_ms: u64 = count_or(0..=10_000, 10_000),
    }
}

impl CommandRequest for Cancel {
    fn into_command(self) -> Command {
        Command::CancelRun {
            id: self.id,
            reason: CancelReason::Asked,
        }
    }
}

words! {
    Verdict {
        Passed = "passed",
        Failed = "failed",
        Invalid = "invalid",
        Errored = "errored",
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunInstance)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the contract has four flags rather than a state"
)]
pub struct Instance {
    /// The tenant.
    pub org_id: OrgId,
    /// Its id.
    pub id: RunId,
    /// Whether it is over: every conversation is accounted for, or it was cancelled.
    pub is_completed: bool,
    /// The set.
    pub simulation_unit_test_set_id: UnitTestSetId,
    /// Whether some conversation failed; may turn true while the run is going on.
    pub failed_metrics: bool,
    /// Whether some conversation errored, or the run was cancelled.
    pub errored: bool,
    /// Whether the artifact exists.
    pub artifacts_generated: bool,
    /// What it executes.
    pub unit_test_run_specs: Vec<TestSpec>,
    /// What came out, in the same order; none for tests that are not finished.
    pub unit_test_run_results: Vec<Option<TestResult>>,
    /// When it was started.
    pub created_at: Time,
    /// Who started it.
    pub creator: UserInfo,
    /// What Rehearse adds.
    pub rehearse: Extension,
}

/// What Rehearse adds to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunExtension)]
pub struct Extension {
    /// The set's name when the run started.
    pub set_name: String,
    /// How far the run is.
    pub state: State,
    /// What everything random follows from.
    pub seed: u64,
    /// The most conversations in flight at once; none: as many as the server allows.
    #[schema(required)]
    pub max_concurrency: Option<u32>,
    /// What it may use at most; none: as much as it takes.
    #[schema(required)]
    pub budget: Option<BudgetView>,
    /// The run of which it repeats what went wrong.
    #[schema(required)]
    pub rerun_of: Option<RunId>,
    /// Who takes part beside the agents.
    pub cast: CastView,
    /// How many conversations ended how, so far.
    pub tally: TallyView,
    /// The share of conversations that passed of those that passed or failed; none if there are none of those.
    #[schema(required)]
    pub pass_rate: Option<f64>,
    /// The same, with the invalid conversations counted as failed.
    #[schema(required)]
    pub pass_rate_invalid_as_failed: Option<f64>,
    /// What the finished conversations consumed; none where a run is shown as it was.
    #[schema(required)]
    pub usage: Option<RunUsageView>,
    /// How often the finished conversations were begun; none where a run is shown as it was.
    #[schema(required)]
    pub attempts: Option<AttemptsView>,
    /// `passed`, `failed`, `inconclusive`, `errored` or `cancelled`; none while the run is going on.
    #[schema(required)]
    pub verdict: Option<VerdictWord>,
    /// Names the sealed manifest: everything that determined the run.
    pub manifest: Digest,
    /// When the run was asked to stop.
    #[schema(required)]
    pub cancelled_at: Option<Time>,
    /// Who asked.
    #[schema(required)]
    pub cancelled_by: Option<UserInfo>,
    /// Why it was cancelled.
    #[schema(required)]
    pub cancel_reason: Option<CancelReasonWord>,
    /// When everything was accounted for.
    #[schema(required)]
    pub completed_at: Option<Time>,
    /// The artifact.
    #[schema(required)]
    pub artifact: Option<ArtifactView>,
    /// Conversations that were admitted and have no result yet; only where a run is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub in_flight: Option<u32>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunState)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Conversations are outstanding.
    Running,
    /// The run was cancelled; its artifact is not there yet.
    Cancelling,
    /// Everything is accounted for, and the artifact exists.
    Completed,
}

/// Why a run was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunCancelReason)]
#[serde(rename_all = "snake_case")]
pub enum CancelReasonWord {
    /// Somebody asked for it.
    Asked,
    /// It took all the time that its budget gave it.
    BudgetDuration,
    /// It had as many conversations as its budget gave it.
    BudgetConversations,
    /// It used all the tokens that its budget gave it.
    BudgetTokens,
    /// It cost all that its budget gave it.
    BudgetCost,
}

impl From<CancelReason> for CancelReasonWord {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::Asked => Self::Asked,
            CancelReason::Budget(BudgetLimit::Duration) => Self::BudgetDuration,
            CancelReason::Budget(BudgetLimit::Conversations) => Self::BudgetConversations,
            CancelReason::Budget(BudgetLimit::Tokens) => Self::BudgetTokens,
            CancelReason::Budget(BudgetLimit::Cost) => Self::BudgetCost,
        }
    }
}

/// A run's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunVerdictWord)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// Every conversation passed.
    Passed,
    /// Nothing errored, and some conversation failed.
    Failed,
    /// Nothing errored or failed, but some conversation was invalid.
    Inconclusive,
    /// Some conversation errored.
    Errored,
    /// The run was cancelled.
    Cancelled,
}

impl From<RunVerdict> for VerdictWord {
    fn from(verdict: RunVerdict) -> Self {
        match verdict {
            RunVerdict::Passed => Self::Passed,
            RunVerdict::Failed => Self::Failed,
            RunVerdict::Inconclusive => Self::Inconclusive,
            RunVerdict::Errored => Self::Errored,
            RunVerdict::Cancelled => Self::Cancelled,
        }
    }
}

impl From<VerdictWord> for RunVerdict {
    fn from(word: VerdictWord) -> Self {
        match word {
            VerdictWord::Passed => Self::Passed,
            VerdictWord::Failed => Self::Failed,
            VerdictWord::Inconclusive => Self::Inconclusive,
            VerdictWord::Errored => Self::Errored,
            VerdictWord::Cancelled => Self::Cancelled,
        }
    }
}

/// How many conversations ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunTallyView)]
pub struct TallyView {
    /// All there are to be.
    pub planned: u32,
    /// Met every criterion.
    pub passed: u32,
    /// Missed a criterion.
    pub failed: u32,
    /// The simulated user broke, not the agent.
    pub invalid: u32,
    /// Something broke that is neither.
    pub errored: u32,
    /// Had not finished when the run was cancelled.
    pub cancelled: u32,
}

impl From<&Tally> for TallyView {
    fn from(tally: &Tally) -> Self {
        Self {
            planned: tally.planned,
            passed: tally.passed,
            failed: tally.failed,
            invalid: tally.invalid,
            errored: tally.errored,
            cancelled: tally.cancelled,
        }
    }
}

impl TallyView {
    /// Conversations with a result.
    pub const fn finished(&self) -> u32 {
        self.passed + self.failed + self.invalid + self.errored
    }
}

/// An artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunArtifactView)]
pub struct ArtifactView {
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes.
    pub size_bytes: u64,
}

impl From<model::ArtifactRef> for ArtifactView {
    fn from(artifact: model::ArtifactRef) -> Self {
        Self {
            digest: artifact.digest,
            size_bytes: artifact.size_bytes,
        }
    }
}

impl Instance {
    /// A run as far as it has come.
    pub fn of(org: &OrgId, run: &Run, progress: &Progress) -> Self {
        let completed = run.completed.as_ref();
        let tally = completed.map_or(progress.tally, |completion| completion.tally);
        let shown = TallyView::from(&tally);
        let state = match (&run.completed, &run.cancelled) {
            (Some(_), _) => State::Completed,
            (None, Some(_)) => State::Cancelling,
            (None, None) => State::Running,
        };
        // Whoever cancelled knows the verdict before the artifact exists.
        let verdict = match state {
            State::Completed => completed.map(|completion| completion.verdict.into()),
            State::Cancelling => Some(VerdictWord::Cancelled),
            State::Running => None,
        };
        Self {
            org_id: org.clone(),
            id: run.id,
            is_completed: run.is_over(),
            simulation_unit_test_set_id: run.set_id,
            failed_metrics: tally.failed > 0,
            errored: run.cancelled.is_some() || tally.errored > 0 || tally.invalid > 0 || tally.cancelled > 0,
            artifacts_generated: completed.is_some(),
            unit_test_run_specs: run.plan.tests.iter().map(TestSpec::of).collect(),
            unit_test_run_results: progress.results(run),
            created_at: run.life.created.at,
            creator: UserInfo::of(org, &run.life.created),
            rehearse: Extension {
                set_name: run.set_name.to_string(),
                state,
                seed: run.plan.options.seed,
                max_concurrency: run.plan.options.max_concurrency,
                budget: BudgetView::of(&run.plan.options.budget),
                rerun_of: run.plan.options.rerun_of,
                cast: CastView::of(&run.plan.options.cast),
                tally: shown,
                pass_rate: shown.pass_rate(),
                pass_rate_invalid_as_failed: shown.pass_rate_invalid_as_failed(),
                usage: progress.spent.as_ref().map(Into::into),
                attempts: progress.spent.as_ref().map(Into::into),
                verdict,
                manifest: run.manifest,
                cancelled_at: run.cancelled.as_ref().map(|change| change.at),
                cancelled_by: run.cancelled.as_ref().map(|change| UserInfo::of(org, change)),
                cancel_reason: run.cancel_reason.map(Into::into),
                completed_at: completed.map(|_| run.life.updated.at),
                artifact: completed.map(|completion| completion.artifact.into()),
                in_flight: None,
            },
        }
    }

    /// Without what it executes and what came out, which may be much: as it stands on a page.
    #[must_use]
    pub fn in_brief(mut self) -> Self {
        self.unit_test_run_specs.clear();
        self.unit_test_run_results.clear();
        self
    }

    /// For callers who may not see the run's set: neither specs nor results, and the set's id for its name.
    #[must_use]
    pub fn without_specs(mut self) -> Self {
        self.unit_test_run_specs.clear();
        self.unit_test_run_results.clear();
        self.rehearse.set_name = self.simulation_unit_test_set_id.to_string();
        self
    }

    /// For callers who may not see these unit tests: of them no name, persona, scenario and metrics, and not how often which verdict
    /// was reached.
    #[must_use]
    pub fn without_tests(mut self, hidden: &BTreeSet<UnitTestId>) -> Self {
        let specs = self.unit_test_run_specs.iter_mut();
        for spec in specs.filter(|spec| hidden.contains(&spec.unit_test_id)) {
            spec.scenario_version_info = None;
            spec.persona_version_info = None;
            spec.metrics_to_evaluate.clear();
            spec.rehearse.name = None;
        }
        let results = self.unit_test_run_results.iter_mut().flatten();
        for result in results.filter(|result| hidden.contains(&result.unit_test_id)) {
            result.metric_evaluation_results.clear();
            result.rehearse.tally = None;
            result.rehearse.pass_rate = None;
            result.rehearse.pass_rate_invalid_as_failed = None;
        }
        self
    }
}

/// What filters of runs can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunFilterValues)]
pub struct FilterValues {
    /// Who started some.
    pub creators: Vec<UserInfo>,
    /// Sets.
    pub simulation_unit_test_set_ids: Vec<UnitTestSetId>,
    /// Keys of labels; runs have none of their own.
    pub tags: Vec<String>,
}

list! {
    /// A page of runs.
    List { simulation_unit_test_set_runs: Instance, FilterValues }
}
