//! Webhook destinations.

use api::{
    bus::queries::WebhookDestinationList,
    error::Problem,
    read::read,
    webhook_destination::{Instance, List, ListQuery},
};
use projections::MAX_LIMIT;
use serde_json::Value;

use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, render};

/// Every live destination that matches. There are at most a few in an organization, so they all stand on one page.
pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let wanted = projections::ListQuery {
        ids: request.id.into_iter().map(Into::into).collect(),
        is_deleted: Some(false),
        visible_to: visible_to::<WebhookDestinationList>(caller),
        limit: MAX_LIMIT,
        ..projections::ListQuery::default()
    };
    gateway
        .look(&caller.org, move |view| {
            let page = view
                .webhook_destinations(&wanted)
                .map_err(|error| failure::of_query(&error))?;
            render(&List {
                webhook_destinations: page.items.iter().map(Instance::of).collect(),
            })
        })
        .await
}
