//! API keys: made again with the same secret, bounded, and never without an end on the wire.

use model::{ApiKeyId, Command, DirectoryExt as _, OrgId};

use super::*;

fn key_hash(bench: &Bench, id: &Value) -> [u8; 32] {
    let (org, id): (OrgId, ApiKeyId) = ("acme".parse().unwrap(), id.as_str().unwrap().parse().unwrap());
    let view = bench.server.database().view().unwrap();
    view.organization(org).api_key(id).unwrap().unwrap().secret_hash
}

#[tokio::test]
async fn a_repeated_command_shows_the_same_secret_again() {
    let journal = MemoryJournal::new();
    let bench = staffed(journal.clone()).await;
    let ann = caller("acme", "ann");
    let body = json!({"name": "CI", "duration": "P30D"});
    let first = bench
        .command_as(&ann, Some("c1"), "api_key.create", body.clone())
        .await
        .unwrap();
    let secret = first["api_key"].as_str().unwrap();
    assert_eq!(secret.len(), 43, "256 bits");
    assert_eq!(
        KeyHasher::new([7; 32]).hash(secret),
        key_hash(&bench, &first["api_key_id"])
    );
    // Also by a server that was not there, and after the key was revoked.
    let other = later(journal).await;
    for bench in [&bench, &other] {
        let again = bench
            .command_as(&ann, Some("c1"), "api_key.create", body.clone())
            .await
            .unwrap();
        assert_eq!(again, first);
    }
    bench
        .command("api_key.delete", json!({"id": first["api_key_id"]}))
        .await
        .unwrap();
    let again = bench
        .command_as(&ann, Some("c1"), "api_key.create", body.clone())
        .await
        .unwrap();
    assert_eq!(again, first);
    let keys = bench.query("api_key.list", json!({})).await.unwrap();
    assert_eq!(keys["api_keys"], json!([]), "nothing was made again");

    let changed = json!({"name": "Other", "duration": "P30D"});
    let problem = bench
        .command_as(&ann, Some("c1"), "api_key.create", changed)
        .await
        .unwrap_err();
    assert_eq!(problem.code, ErrorCode::CommandReused);
}

#[tokio::test]
async fn every_other_command_makes_another_secret() {
    let bench = staffed(MemoryJournal::new()).await;
    let user = json!({"id": "ann", "name": "Ann", "role": ADMINISTRATOR});
    bench
        .command_as(&caller("other", "ann"), None, "user.create", user)
        .await
        .unwrap();
    let body = json!({"name": "CI", "duration": "P30D"});
    let mut secrets = std::collections::BTreeSet::new();
    for (org, user, id) in [
        ("acme", "ann", Some("c1")),
        ("acme", "ann", Some("c2")),
        ("acme", "bob", Some("c1")),
        ("other", "ann", Some("c1")),
        ("acme", "ann", None),
        ("acme", "ann", None),
    ] {
        let made = bench
            .command_as(&caller(org, user), id, "api_key.create", body.clone())
            .await
            .unwrap();
        secrets.insert(made["api_key"].as_str().unwrap().to_owned());
    }
    assert_eq!(secrets.len(), 6);
    let events = bench.query("event.list", json!({})).await.unwrap().to_string();
    assert!(secrets.iter().all(|secret| !events.contains(secret)));
}

#[tokio::test]
async fn a_list_shows_the_role_of_each_key() {
    let bench = staffed(MemoryJournal::new()).await;
    let reviewer = bench.command("role.create", role("Reviewer", &[])).await.unwrap()["role_id"].clone();
    let user = json!({"id": "eve", "name": "Eve", "role": "Reviewer"});
    bench.command("user.create", user).await.unwrap();
    let built_in = json!(model::builtin_role_id());
    for (body, role_id, user_id, role_name) in [
        (
            json!({"name": "a", "duration": "P1D"}),
            &built_in,
            "ann",
            json!(ADMINISTRATOR),
        ),
        (
            json!({"name": null, "duration": "P1D", "role_name": "Reviewer"}),
            &reviewer,
            "ann",
            json!("Reviewer"),
        ),
        (
            json!({"duration": "P90D", "rehearse": {"user_id": "eve"}}),
            &reviewer,
            "eve",
            json!(null),
        ),
        (
            json!({"duration": "P90D", "rehearse": {"user_id": "bob"}}),
            &built_in,
            "bob",
            json!(null),
        ),
    ] {
        let made = bench.command("api_key.create", body).await.unwrap();
        let list = bench.query("api_key.list", json!({})).await.unwrap();
        let keys = list["api_keys"].as_array().unwrap();
        let shown = keys
            .iter()
            .find(|key| key["key_id"] == made["api_key_id"])
            .unwrap();
        assert_eq!(shown["role_id"], *role_id);
        assert_eq!(shown["expires_at"], made["expires_at"]);
        assert_eq!(shown["creator"]["user_id"], "ann");
        assert_eq!(
            shown["rehearse"],
            json!({"user_id": user_id, "role_name": role_name, "is_deleted": false})
        );
    }
}

#[tokio::test]
async fn a_key_without_an_end_has_one_far_away() {
    let bench = staffed(MemoryJournal::new()).await;
    let command = Command::CreateApiKey {
        id: None,
        user_id: "ann".parse().unwrap(),
        name: "first start".try_into().unwrap(),
        secret_hash: [1; 32],
        lifetime_ms: None,
        role: None,
    };
    let request = commands::Request {
        org: "acme".parse().unwrap(),
        actor: "system".parse().unwrap(),
        command_id: None,
        traceparent: None,
        precondition: None,
        command,
    };
    bench.server.executor().execute(request).await.unwrap();
    let list = bench.query("api_key.list", json!({})).await.unwrap();
    assert_eq!(list["api_keys"][0]["expires_at"], "9999-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn keys_are_bounded() {
    let bench = staffed(MemoryJournal::new()).await;
    for (body, pointer) in [
        (json!({}), "/duration"),
        (json!({"duration": "P91D"}), "/duration"),
        (json!({"duration": "PT1H"}), "/duration"),
        (
            json!({"duration": "P1D", "role_name": "Reviewer", "rehearse": {"user_id": "ann"}}),
            "/role_name",
        ),
    ] {
        let (status, code, pointers) = bench.refused("api_key.create", body).await;
        assert_eq!((status, code), (422, ErrorCode::ValidationFailed));
        assert_eq!(pointers, [pointer]);
    }
    for unknown in HOSTILE {
        let (status, code, _) = bench
            .refused("api_key.create", json!({"duration": "P1D", "role_name": unknown}))
            .await;
        assert_eq!((status, code), (404, ErrorCode::NotFound), "{unknown}");
    }
    let nobody = json!({"duration": "P1D", "rehearse": {"user_id": "nobody"}});
    assert_eq!(bench.refused("api_key.create", nobody).await.0, 404);
    let body = json!({"duration": "P1D"});
    let mut last = Value::Null;
    for _ in 0..20 {
        last = bench.command("api_key.create", body.clone()).await.unwrap();
    }
    let (status, code, _) = bench.refused("api_key.create", body.clone()).await;
    assert_eq!((status, code), (400, ErrorCode::LimitReached));
    let id = json!({"id": last["api_key_id"]});
    let deleted = bench.command("api_key.delete", id.clone()).await.unwrap();
    assert_eq!(deleted, json!({"deleted_key_id": last["api_key_id"]}));
    assert_eq!(bench.refused("api_key.delete", id).await.0, 404);
    bench.command("api_key.create", body).await.unwrap();
}
