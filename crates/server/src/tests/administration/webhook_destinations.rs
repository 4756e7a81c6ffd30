//! Webhook destinations are made, changed, given new secrets and deleted.

use model::{DirectoryExt as _, OrgId, WebhookDestination, WebhookDestinationId};

use super::*;
use crate::GatewayOptions;

fn destination(url: &str) -> Value {
    json!({"url": url, "accepted_types": ["rehearse-run-completed", "api-key-expiration-soon"]})
}

fn stored(bench: &Bench, id: &Value) -> WebhookDestination {
    let id: WebhookDestinationId = id.as_str().unwrap().parse().unwrap();
    let org: OrgId = "acme".parse().unwrap();
    let view = bench.server.database().view().unwrap();
    view.organization(org).webhook_destination(id).unwrap().unwrap()
}

/// The secret as whoever signs derives it.
fn derived(salt: &[u8; 32]) -> String {
    KeyHasher::new([7; 32]).derive_secret("webhook", &[salt])
}

#[tokio::test]
async fn a_destination_is_made_changed_and_deleted() {
    let bench = staffed(MemoryJournal::new()).await;
    let made = bench
        .command(
            "webhook_destination.create",
            destination("https://example.com/a?b=c"),
        )
        .await
        .unwrap();
    let id = &made["webhook_destination_id"];
    let read = async || {
        bench
            .query("webhook_destination.list", json!({"id": [id]}))
            .await
            .unwrap()["webhook_destinations"]
            .clone()
    };
    let first = stored(&bench, id);
    assert_eq!(made["secret"], derived(&first.secret.salt));
    let expected = |types: &[&str], retry_attempts: u32| {
        json!([{
            "id": id, "url": "https://example.com/a?b=c", "secret_generated_at": first.secret.generated_at,
            "retry_attempts": retry_attempts, "accepted_types": types,
        }])
    };
    assert_eq!(
        read().await,
        expected(&["api-key-expiration-soon", "rehearse-run-completed"], 3)
    );

    let nothing = json!({"id": id, "accepted_types": null, "retry_attempts": null});
    assert_eq!(
        bench
            .command("webhook_destination.update", nothing)
            .await
            .unwrap(),
        Value::Null
    );
    assert_eq!(
        read().await,
        expected(&["api-key-expiration-soon", "rehearse-run-completed"], 3)
    );
    let changed = json!({"id": id, "retry_attempts": 5});
    bench
        .command("webhook_destination.update", changed)
        .await
        .unwrap();
    let changed = json!({"id": id, "accepted_types": ["agent-framework-resource-updated"]});
    bench
        .command("webhook_destination.update", changed)
        .await
        .unwrap();
    assert_eq!(read().await, expected(&["agent-framework-resource-updated"], 5));

    let everything = bench.query("event.list", json!({})).await.unwrap().to_string();
    let history = json!({"kind": "webhook_destination", "id": id});
    let history = bench.query("event.history", history).await.unwrap().to_string();
    let list = bench
        .query("webhook_destination.list", json!({}))
        .await
        .unwrap()
        .to_string();
    for shown in [everything, history, list] {
        assert!(!shown.contains(made["secret"].as_str().unwrap()));
        assert!(!shown.contains("salt"));
    }

    assert_eq!(
        bench
            .command("webhook_destination.delete", json!({"id": id}))
            .await
            .unwrap(),
        Value::Null
    );
    assert_eq!(read().await, json!([]));
    for verb in ["delete", "update", "rotate_secret"] {
        for id in [id, &json!("0".repeat(24))] {
            let (status, code, _) = bench
                .refused(&format!("webhook_destination.{verb}"), json!({"id": id}))
                .await;
            assert_eq!((status, code), (404, ErrorCode::NotFound), "{verb}");
        }
    }
}

#[tokio::test]
async fn a_secret_is_rotated_at_most_once_an_hour() {
    let journal = MemoryJournal::new();
    let bench = staffed(journal.clone()).await;
    let ann = caller("acme", "ann");
    let body = destination("https://example.com");
    let made = bench
        .command_as(&ann, Some("c1"), "webhook_destination.create", body.clone())
        .await
        .unwrap();
    let id = &made["webhook_destination_id"];
    let (status, code, _) = bench
        .refused("webhook_destination.rotate_secret", json!({"id": id}))
        .await;
    assert_eq!((status, code), (400, ErrorCode::TooSoon));

    let later = later(journal.clone()).await;
    let rotate = json!({"id": id});
    let rotated = later
        .command_as(
            &ann,
            Some("c2"),
            "webhook_destination.rotate_secret",
            rotate.clone(),
        )
        .await
        .unwrap();
    let state = stored(&later, id);
    let previous = state.previous.clone().unwrap();
    assert_eq!(rotated["secret"], derived(&state.secret.salt));
    assert_eq!(made["secret"], derived(&previous.salt));
    assert_eq!(rotated["dual_signing_stops_at"], json!(previous.until));
    assert_eq!(
        previous.until.millis_since(state.secret.generated_at),
        30 * 60 * 1000
    );
    assert_eq!(
        later
            .refused("webhook_destination.rotate_secret", rotate.clone())
            .await
            .0,
        400
    );

    // Each command shows what it made, whatever has been made since; also on a server that was not there.
    let much_later = bench_ahead(
        "much later",
        journal.clone(),
        Database::in_memory().unwrap(),
        3 * TWO_HOURS_MS,
    )
    .await;
    let newest = much_later
        .command_as(
            &ann,
            Some("c3"),
            "webhook_destination.rotate_secret",
            rotate.clone(),
        )
        .await
        .unwrap();
    let another = bench_as("another", journal, Database::in_memory().unwrap()).await;
    for bench in [&much_later, &another] {
        let again = bench
            .command_as(&ann, Some("c1"), "webhook_destination.create", body.clone())
            .await
            .unwrap();
        assert_eq!(again, made);
        let again = bench
            .command_as(
                &ann,
                Some("c2"),
                "webhook_destination.rotate_secret",
                rotate.clone(),
            )
            .await
            .unwrap();
        assert_eq!(again, rotated);
        let again = bench
            .command_as(
                &ann,
                Some("c3"),
                "webhook_destination.rotate_secret",
                rotate.clone(),
            )
            .await
            .unwrap();
        assert_eq!(again, newest);
    }
    let secrets = [&made["secret"], &rotated["secret"], &newest["secret"]];
    let different: std::collections::BTreeSet<String> = secrets.iter().map(ToString::to_string).collect();
    assert_eq!(different.len(), 3);
}

#[tokio::test]
async fn there_are_only_so_many_destinations() {
    let bench = staffed(MemoryJournal::new()).await;
    let mut last = Value::Null;
    for n in 0..10 {
        let made = bench
            .command(
                "webhook_destination.create",
                destination(&format!("https://example.com/{n}")),
            )
            .await;
        last = made.unwrap()["webhook_destination_id"].clone();
    }
    let (status, code, _) = bench
        .refused("webhook_destination.create", destination("https://example.com"))
        .await;
    assert_eq!((status, code), (400, ErrorCode::LimitReached));
    bench
        .command("webhook_destination.delete", json!({"id": last}))
        .await
        .unwrap();
    bench
        .command("webhook_destination.create", destination("https://example.com"))
        .await
        .unwrap();
    let list = bench.query("webhook_destination.list", json!({})).await.unwrap();
    assert_eq!(list["webhook_destinations"].as_array().unwrap().len(), 10);
    let foreign = caller("other", "ann");
    let list = bench
        .query_as(&foreign, "webhook_destination.list", json!({}))
        .await
        .unwrap();
    assert_eq!(list["webhook_destinations"], json!([]));
}

#[tokio::test]
async fn webhooks_go_over_https_only() {
    let bench = staffed(MemoryJournal::new()).await;
    let wrong = [
        "ftp://example.com",
        "file:///etc/passwd",
        "javascript://example.com/%0aalert(1)",
        "gopher://example.com:70/_x",
        "example.com",
        "//example.com",
        "https://",
        "https://exa mple.com",
        "https://example.com/\r\nX-Header: y",
        "",
    ];
    for url in wrong
        .iter()
        .copied()
        .chain(["http://example.com", "HTTP://127.0.0.1"])
    {
        let (status, code, pointers) = bench
            .refused("webhook_destination.create", destination(url))
            .await;
        assert_eq!((status, code), (422, ErrorCode::ValidationFailed), "{url}");
        assert_eq!(pointers, ["/url"], "{url}");
    }
    bench
        .command("webhook_destination.create", destination("HTTPS://example.com"))
        .await
        .unwrap();
    let options = GatewayOptions {
        allow_http_webhooks: true,
    };
    let gateway = Gateway::with_options(&bench.server, options);
    let bench = Bench { gateway, ..bench };
    for url in wrong {
        assert_eq!(
            bench
                .refused("webhook_destination.create", destination(url))
                .await
                .0,
            422,
            "{url}"
        );
    }
    for url in ["http://example.com", "HTTP://127.0.0.1", "https://example.com"] {
        bench
            .command("webhook_destination.create", destination(url))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn every_wrong_field_of_a_destination_is_named() {
    let bench = staffed(MemoryJournal::new()).await;
    let wrong = json!({"accepted_types": ["run-completed"], "retry_attempts": 6, "secret": "mine"});
    let (status, _, pointers) = bench.refused("webhook_destination.create", wrong).await;
    assert_eq!(status, 422);
    assert_eq!(
        pointers,
        ["/url", "/accepted_types/0", "/retry_attempts", "/secret"]
    );
    for text in HOSTILE {
        let body = json!({"url": "https://example.com", "accepted_types": [text]});
        let (status, _, pointers) = bench.refused("webhook_destination.create", body).await;
        assert_eq!((status, pointers), (422, vec!["/accepted_types/0".to_owned()]));
        assert_eq!(
            bench
                .refused("webhook_destination.list", json!({"id": [text]}))
                .await
                .0,
            422
        );
    }
}
