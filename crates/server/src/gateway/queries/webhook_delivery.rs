//! Webhook deliveries. They are read from the log, which keeps them for a while; few enough to be filtered and sorted here.

use std::cmp::Ordering;

use api::{
    SortKey,
    bus::queries::WebhookDeliveryList,
    error::Problem,
    read::{Word as _, read},
    webhook_delivery::{Instance, List, ListQuery},
};
use model::{Attributes, DirectoryExt as _, Kind, ObjectRef, WebhookDelivery};
use projections::Visibility;
use serde_json::Value;

use super::filter::size;
use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, internal, not_found, of_read, render};

/// A page of what a destination was told.
pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let visible_to = visible_to::<WebhookDeliveryList>(caller);
    let id = request.webhook_destination_id;
    gateway
        .look(&caller.org, move |view| {
            let found = view.webhook_destination(id).map_err(|error| of_read(&error))?;
            match found {
                Some(destination) if !destination.life.is_deleted() => Ok(()),
                Some(_) | None => Err(not_found(&ObjectRef::new(Kind::WebhookDestination, id))),
            }
        })
        .await?;
    let stored = gateway.journal().deliveries(&caller.org, id).await;
    let stored = stored.map_err(|error| failure::of_journal(&error))?;
    let mut found: Vec<WebhookDelivery> = stored
        .into_iter()
        .map(|stored| stored.value)
        .filter(|delivery| matches(&request, delivery) && is_visible(visible_to.as_ref(), delivery))
        .collect();
    found.sort_by(|a, b| order(&request.sort_by, a, b));
    let (limit, offset) = (size(request.limit), request.continuation_token);
    let begin = usize::try_from(offset).unwrap_or(usize::MAX);
    let has_more = begin.saturating_add(limit) < found.len();
    let shown = found.iter().skip(begin).take(limit).map(Instance::of);
    let shown = shown.collect::<Result<_, _>>();
    render(&List {
        webhook_deliveries: shown.map_err(|error| internal(&error))?,
        has_more,
        continuation_token: has_more.then(|| offset.saturating_add(limit as u64)),
    })
}

fn matches(request: &ListQuery, delivery: &WebhookDelivery) -> bool {
    let status = request.status.as_ref();
    let of = request.r#type.as_ref();
    let (after, before) = (request.created_after, request.created_before);
    status.is_none_or(|status| status.0 == delivery.status)
        && of.is_none_or(|of| of == delivery.of.word())
        && after.is_none_or(|after| after <= delivery.created_at)
        && before.is_none_or(|before| delivery.created_at <= before)
}

/// Whether the caller's permission reaches a delivery.
fn is_visible(visible_to: Option<&Visibility>, delivery: &WebhookDelivery) -> bool {
    visible_to.is_none_or(|to| to.access.permits(to.permission, &attributes(delivery)))
}

fn attributes(delivery: &WebhookDelivery) -> Attributes {
    [
        ("kind", "webhook_delivery".to_owned()),
        ("id", delivery.id.to_string()),
        ("webhook_destination_id", delivery.destination.to_string()),
        ("type", delivery.of.word().to_owned()),
        ("status", delivery.status.word().to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .collect()
}

/// By the keys in turn; what is equal in all of them stays as it is.
fn order(keys: &[SortKey], a: &WebhookDelivery, b: &WebhookDelivery) -> Ordering {
    let by = |key: &SortKey| {
        let ordering = match key.field.as_str() {
            "type" => a.of.word().cmp(b.of.word()),
            "status" => a.status.word().cmp(b.status.word()),
            // The only other field that the request was read with.
            _ => a.created_at.cmp(&b.created_at),
        };
        if key.descending {
            ordering.reverse()
        } else {
            ordering
        }
    };
    keys.iter().map(by).fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use api::error::ErrorCode;
    use journal::{Journal as _, MemoryJournal};
    use model::{DeliveryAttempt, DeliveryStatus, Oid, Time, WebhookDestinationId, WebhookType, delivery_id};
    use projections::Database;
    use serde_json::{Value, json};

    use super::*;
    use crate::tests::bench_on;

    fn delivery(destination: WebhookDestinationId, sequence: u64, status: DeliveryStatus) -> WebhookDelivery {
        let at = Time::from_micros(1_750_000_000_000_000).plus_millis(sequence * 1000);
        let status_code = match status {
            DeliveryStatus::Success => 204,
            DeliveryStatus::Failed => 0,
        };
        WebhookDelivery {
            id: delivery_id(destination, sequence),
            destination,
            event_sequence: sequence,
            of: WebhookType::RunCompleted,
            body: json!({"type": "rehearse-run-completed", "n": sequence}).to_string(),
            status,
            attempts: vec![DeliveryAttempt {
                at,
                status_code,
                failure: (status_code == 0).then(|| "connection refused".to_owned()),
            }],
            dual_signed: false,
            created_at: at,
        }
    }

    #[tokio::test]
    async fn deliveries_are_filtered_sorted_and_paged() {
        let journal = MemoryJournal::new();
        let bench = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
        let made = json!({"url": "https://example.com/", "accepted_types": ["rehearse-run-completed"]});
        let made = bench.command("webhook_destination.create", made).await.unwrap();
        let id = made["webhook_destination_id"].clone();
        let destination = WebhookDestinationId(id.as_str().unwrap().parse::<Oid>().unwrap());
        let org = "acme".parse().unwrap();
        for sequence in 1..=5 {
            let status = if sequence % 2 == 0 {
                DeliveryStatus::Failed
            } else {
                DeliveryStatus::Success
            };
            let kept = delivery(destination, sequence, status);
            journal.record_delivery(&org, &kept).await.unwrap();
        }
        let list = async |changes: Value| {
            let mut query = json!({"webhook_destination_id": id});
            let fields = changes.as_object().unwrap().clone();
            query.as_object_mut().unwrap().extend(fields);
            bench.query("webhook_delivery.list", query).await
        };
        let numbers = async |changes: Value| {
            let page = list(changes).await.unwrap();
            let found = page["webhook_deliveries"].as_array().unwrap().clone();
            let number = |delivery: &Value| delivery["webhook_content"]["n"].as_u64().unwrap();
            found.iter().map(number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(json!({})).await, [5, 4, 3, 2, 1], "newest first");
        assert_eq!(numbers(json!({"status": "failed"})).await, [4, 2]);
        assert_eq!(
            numbers(json!({"type": "rehearse-run-completed", "limit": 1})).await,
            [5]
        );
        assert_eq!(numbers(json!({"type": "*"})).await, [] as [u64; 0]);
        assert_eq!(numbers(json!({"limit": 0})).await, [] as [u64; 0]);
        let time = |sequence| {
            delivery(destination, sequence, DeliveryStatus::Success)
                .created_at
                .to_string()
        };
        let between = json!({"created_after": time(2), "created_before": time(4)});
        assert_eq!(numbers(between).await, [4, 3, 2]);
        let sorted = json!({"sort_by": ["+status", "+created_at"]});
        assert_eq!(numbers(sorted).await, [2, 4, 1, 3, 5]);

        let page = list(json!({"limit": 2, "continuation_token": 2})).await.unwrap();
        assert_eq!(
            (&page["has_more"], &page["continuation_token"]),
            (&json!(true), &json!(4))
        );
        let page = list(json!({"limit": 2, "continuation_token": 4})).await.unwrap();
        assert_eq!(
            (&page["has_more"], &page["continuation_token"]),
            (&json!(false), &Value::Null)
        );
        assert_eq!(
            page["webhook_deliveries"][0]["delivery_attempts"][0]["status_code"],
            204
        );
        let failed = list(json!({"status": "failed"})).await.unwrap();
        let attempt = &failed["webhook_deliveries"][0]["delivery_attempts"][0];
        assert_eq!(
            (&attempt["status_code"], &attempt["rehearse"]["failure"]),
            (&json!(0), &json!("connection refused"))
        );

        for wrong in [
            json!({"limit": 51}),
            json!({"limit": -1}),
            json!({"status": "other"}),
            json!({"sort_by": ["+id"]}),
            json!({"created_after": "yesterday"}),
            json!({"webhook_destination_id": "*"}),
        ] {
            let refused = list(wrong.clone()).await.unwrap_err();
            assert_eq!(refused.code, ErrorCode::ValidationFailed, "{wrong}");
        }
        bench
            .command("webhook_destination.delete", json!({"id": id}))
            .await
            .unwrap();
        assert_eq!(list(json!({})).await.unwrap_err().code, ErrorCode::NotFound);
    }
}
