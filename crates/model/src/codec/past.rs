//! Earlier versions of stored bodies, as they were for ever, and what each is today.
//!
//! Nothing here is ever changed: postcard is positional, so these structs are what old bytes mean.

mod conversation;
mod metric;
mod run;
mod scenario;

pub(super) use conversation::{ConversationResultV1, TurnRecordV1};
pub(super) use metric::{MetricContentV1, MetricCreatedV1};
pub(super) use run::{RunStartedV1, RunStartedV2};
pub(super) use scenario::{ScenarioContentV1, ScenarioCreatedV1};
use serde::Deserialize;

use crate::{ApiKeyCreated, ApiKeyId, FirstVersion, Name, NextVersion, Time, UserId};

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

/// A first version whose content is of today.
fn first<Old, New: From<Old>>(first: FirstVersion<Old>) -> FirstVersion<New> {
    FirstVersion {
        version_id: first.version_id,
        content: first.content.into(),
    }
}

/// A further version whose content is of today.
pub(super) fn next<Old, New: From<Old>>(next: NextVersion<Old>) -> NextVersion<New> {
    NextVersion {
        version: next.version,
        version_id: next.version_id,
        content: next.content.into(),
    }
}
