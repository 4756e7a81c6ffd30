//! Webhooks: what destinations are told, and the list of what they were told.

use model::{
    DeliveryAttempt, DeliveryStatus, Oid, OrgId, Run, RunCompleted, RunId, Time, UnitTestSetId,
    WebhookDelivery, WebhookDestinationId, WebhookType,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    SortKey,
    read::{Word as _, words},
    request::{request, versions},
    run::{ArtifactView, TallyView},
    shape::DeliveryStatusWord,
};

words! {
    DeliveryStatus {
        Success = "success",
        Failed = "failed",
    }
}

request! {
    /// Lists what a webhook destination was told in the last 30 days.
    ListQuery {
        /// The destination.
        webhook_destination_id: WebhookDestinationId = required(),
        /// Only what ended like this.
        status: Option<DeliveryStatusWord> = single(),
        /// Only of this type.
        r#type: Option<String> = single(),
        /// Begun then or later.
        created_after: Option<Time> = single(),
        /// Begun then or earlier.
        created_before: Option<Time> = single(),
        /// The page's size.
        limit: u32 = page_size(0..=50, 50),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["type", "status", "created_at"]),
    }
}

/// What a destination was told of one event, and how that went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookDeliveryInstance)]
pub struct Instance {
    /// Its id, which every attempt had as its idempotency key.
    pub id: Oid,
    /// The type of the event, such as `rehearse-run-completed`.
    pub r#type: String,
    /// What was sent.
    #[schema(value_type = Object)]
    pub webhook_content: Map<String, Value>,
    /// How it ended.
    pub status: DeliveryStatusWord,
    /// Every attempt, in order.
    pub delivery_attempts: Vec<Attempt>,
    /// Whether an attempt was signed with two secrets.
    pub dual_signed: bool,
    /// When the delivery was begun.
    pub created_at: Time,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookDeliveryAttempt)]
pub struct Attempt {
    /// When it was made.
    pub delivery_time: Time,
    /// The HTTP status of the answer; 0 if there was no answer.
    pub status_code: u16,
    /// More about it.
    pub rehearse: AttemptExtension,
}

/// More about an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookDeliveryAttemptExtension)]
pub struct AttemptExtension {
    /// Why there was no answer; none if there was one.
    #[schema(required)]
    pub failure: Option<String>,
}

impl Instance {
    /// The delivery.
    ///
    /// # Errors
    /// What was sent is no JSON object.
    pub fn of(delivery: &WebhookDelivery) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: delivery.id,
            r#type: delivery.of.word().to_owned(),
            webhook_content: serde_json::from_str(&delivery.body)?,
            status: delivery.status.into(),
            delivery_attempts: delivery.attempts.iter().map(Attempt::of).collect(),
            dual_signed: delivery.dual_signed,
            created_at: delivery.created_at,
        })
    }
}

impl Attempt {
    fn of(attempt: &DeliveryAttempt) -> Self {
        Self {
            delivery_time: attempt.at,
            status_code: attempt.status_code,
            rehearse: AttemptExtension {
                failure: attempt.failure.clone(),
            },
        }
    }
}

versions! {
    /// A page of deliveries.
    List { webhook_deliveries: Instance }
}

/// What destinations are told when a run is complete: everything planned is accounted for and the artifact exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunCompletedBody {
    /// `rehearse-run-completed`.
    pub r#type: String,
    /// The tenant.
    pub org_id: OrgId,
    /// The run.
    pub simulation_unit_test_set_run_id: RunId,
    /// The set that it executed.
    pub simulation_unit_test_set_id: UnitTestSetId,
    /// The set's name when the run started.
    pub simulation_unit_test_set_name: String,
    /// `passed`, `failed`, `inconclusive`, `errored` or `cancelled`.
    pub verdict: String,
    /// How many conversations ended how.
    pub tally: TallyView,
    /// The artifact.
    pub artifact: ArtifactView,
    /// When the run was started.
    pub created_at: Time,
    /// When it was complete.
    pub completed_at: Time,
}

impl RunCompletedBody {
    /// What is told of a run that was completed at `at`.
    pub fn of(org: &OrgId, run: &Run, completed: &RunCompleted, at: Time) -> Self {
        Self {
            r#type: WebhookType::RunCompleted.word().to_owned(),
            org_id: org.clone(),
            simulation_unit_test_set_run_id: run.id,
            simulation_unit_test_set_id: run.set_id,
            simulation_unit_test_set_name: run.set_name.as_str().to_owned(),
            verdict: completed.verdict.as_str().to_owned(),
            tally: TallyView::from(&completed.tally),
            artifact: ArtifactView::from(completed.artifact),
            created_at: run.life.created.at,
            completed_at: at,
        }
    }
}
