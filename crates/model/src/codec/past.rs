//! Earlier versions of stored bodies, as they were for ever, and what each is today.
//!
//! Nothing here is ever changed: postcard is positional, so these structs are what old bytes mean.

use serde::Deserialize;

use crate::{
    ApiKeyCreated, ApiKeyId, Budget, Digest, Name, Plan, PlannedTest, RunOptions, RunStarted, Time,
    UnitTestSetId, UserId,
};

/// Version 1 of `api_key.created`: a key opened for its user only.
#[derive(Deserialize)]
pub(super) struct ApiKeyCreatedV1 {
    id: ApiKeyId,
    user_id: UserId,
    name: Name,
    secret_hash: [u8; 32],
    expires_at: Option<Time>,
}

impl From<ApiKeyCreatedV1> for ApiKeyCreated {
    fn from(body: ApiKeyCreatedV1) -> Self {
        Self {
            id: body.id,
            user_id: body.user_id,
            role: None,
            name: body.name,
            secret_hash: body.secret_hash,
            expires_at: body.expires_at,
        }
    }
}

/// Version 1 of `run.started`: a run had no budget and repeated no other.
#[derive(Deserialize)]
pub(super) struct RunStartedV1 {
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

impl From<RunStartedV1> for RunStarted {
    fn from(body: RunStartedV1) -> Self {
        Self {
            set_id: body.set_id,
            set_name: body.set_name,
            plan: Plan {
                tests: body.plan.tests,
                options: RunOptions {
                    seed: body.plan.options.seed,
                    max_concurrency: body.plan.options.max_concurrency,
                    budget: Budget::default(),
                    rerun_of: None,
                },
            },
            manifest: body.manifest,
        }
    }
}
