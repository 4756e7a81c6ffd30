//! Earlier versions of `run.started`.

use serde::Deserialize;

use crate::{Budget, Cast, Digest, Name, Plan, PlannedTest, RunId, RunOptions, RunStarted, UnitTestSetId};

/// Version 1: a run had no budget and repeated no other.
#[derive(Deserialize)]
pub(in super::super) struct RunStartedV1 {
    set_id: UnitTestSetId,
    set_name: Name,
    plan: PlanV1,
    manifest: Digest,
}

#[derive(Deserialize)]
struct PlanV1 {
    tests: Vec<PlannedTest>,
    options: RunOptionsV1,
}

#[derive(Deserialize)]
struct RunOptionsV1 {
    seed: u64,
    max_concurrency: Option<u32>,
}

/// Version 2: no language models took part, and nothing was known to cost anything.
#[derive(Deserialize)]
pub(in super::super) struct RunStartedV2 {
    set_id: UnitTestSetId,
    set_name: Name,
    plan: PlanV2,
    manifest: Digest,
}

#[derive(Deserialize)]
struct PlanV2 {
    tests: Vec<PlannedTest>,
    options: RunOptionsV2,
}

#[derive(Deserialize)]
struct RunOptionsV2 {
    seed: u64,
    max_concurrency: Option<u32>,
    budget: BudgetV1,
    rerun_of: Option<RunId>,
}

#[derive(Default, Deserialize)]
struct BudgetV1 {
    max_duration_ms: Option<u64>,
    max_conversations: Option<u32>,
    max_tokens: Option<u64>,
}

impl From<RunStartedV1> for RunStartedV2 {
    fn from(body: RunStartedV1) -> Self {
        Self {
            set_id: body.set_id,
            set_name: body.set_name,
            plan: PlanV2 {
                tests: body.plan.tests,
                options: RunOptionsV2 {
                    seed: body.plan.options.seed,
                    max_concurrency: body.plan.options.max_concurrency,
                    budget: BudgetV1::default(),
                    rerun_of: None,
                },
            },
            manifest: body.manifest,
        }
    }
}

impl From<RunStartedV2> for RunStarted {
    fn from(body: RunStartedV2) -> Self {
        let options = body.plan.options;
        Self {
            set_id: body.set_id,
            set_name: body.set_name,
            plan: Plan {
                tests: body.plan.tests,
                options: RunOptions {
                    seed: options.seed,
                    max_concurrency: options.max_concurrency,
                    budget: Budget {
                        max_duration_ms: options.budget.max_duration_ms,
                        max_conversations: options.budget.max_conversations,
                        max_tokens: options.budget.max_tokens,
                        max_cost_micros: None,
                    },
                    rerun_of: options.rerun_of,
                    cast: Cast::default(),
                },
            },
            manifest: body.manifest,
        }
    }
}
