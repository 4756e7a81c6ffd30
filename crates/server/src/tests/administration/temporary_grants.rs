//! Temporary grants are made and listed.

use super::*;

fn grant(user: &str, duration: &str, permission: &str, tags: &Value) -> Value {
    json!({
        "user_id": user, "duration": duration, "permission_grant": grant_of(permission), "tags": tags,
        "justification": "Ann is on holiday.",
    })
}

/// Five grants, each a letter of the permission: two of bob's and one of ann's that last, one of bob's that does not; and one that
/// bob made.
async fn granted(journal: MemoryJournal) -> Bench {
    let bench = staffed(journal).await;
    for (user, duration, permission, tags) in [
        ("bob", "PT1H", "a", json!({"ticket": "T1"})),
        ("bob", "P90D", "b", json!({"ticket": null})),
        ("ann", "P3D", "c", json!({"ticket": "T2", "team": "x"})),
        ("bob", "P2D", "b", json!({})),
    ] {
        bench
            .command("temporary_grant.create", grant(user, duration, permission, &tags))
            .await
            .unwrap();
    }
    let by_bob = grant("ann", "P1D", "e", &json!({}));
    bench
        .command_as(&caller("acme", "bob"), None, "temporary_grant.create", by_bob)
        .await
        .unwrap();
    bench
}

/// The permissions of the grants that a query finds, in order.
async fn listed(bench: &Bench, query: Value) -> Vec<String> {
    let list = bench.query("temporary_grant.list", query).await.unwrap();
    let grants = list["temporary_permission_grants"].as_array().unwrap().iter();
    let permissions = grants.map(|grant| {
        grant["permission_grant"]["permission_name"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    permissions.collect()
}

/// The same in the order of the alphabet: what was made within one millisecond has no other.
async fn found(bench: &Bench, query: Value) -> String {
    let mut permissions = listed(bench, query).await;
    permissions.sort();
    permissions.concat()
}

#[tokio::test]
async fn a_grant_is_shown_as_it_was_made() {
    let bench = staffed(MemoryJournal::new()).await;
    let body = grant(
        "bob",
        "PT1H",
        "Metric:GetMetric",
        &json!({"ticket": "T1", "draft": null}),
    );
    let made = bench
        .command("temporary_grant.create", body.clone())
        .await
        .unwrap();
    let list = bench.query("temporary_grant.list", json!({})).await.unwrap();
    let shown = &list["temporary_permission_grants"][0];
    let (created_at, expires_at) = (&shown["created_at"], &shown["expires_at"]);
    assert_eq!(
        *shown,
        json!({
            "_id": made["temporary_permission_grant_id"], "org_id": "acme", "created_at": created_at, "updated_at": created_at,
            "user_id": "bob", "expires_at": expires_at, "permission_grant": body["permission_grant"],
            "justification": body["justification"], "creator": {"org_id": "acme", "user_id": "ann"}, "tags": body["tags"],
        })
    );
    assert_eq!(*expires_at, made["expires_at"]);
    let time = |value: &Value| value.as_str().unwrap().parse::<model::Time>().unwrap();
    assert_eq!(time(expires_at).millis_since(time(created_at)), 3_600_000);

    let unknown = grant("nobody", "PT1H", "a", &json!({}));
    assert_eq!(bench.refused("temporary_grant.create", unknown).await.0, 404);
    let mut wrong = grant("bob", "P91D", "", &json!({"a!": "b"}));
    wrong["justification"] = json!("too short");
    let (status, _, mut pointers) = bench.refused("temporary_grant.create", wrong).await;
    pointers.sort();
    assert_eq!(status, 422);
    assert_eq!(
        pointers,
        ["/duration", "/justification", "/permission_grant", "/tags"]
    );
}

#[tokio::test]
async fn a_repeated_grant_is_answered_alike() {
    let journal = MemoryJournal::new();
    let bench = staffed(journal.clone()).await;
    let ann = caller("acme", "ann");
    let body = grant("bob", "PT1H", "a", &json!({}));
    let first = bench
        .command_as(&ann, Some("c1"), "temporary_grant.create", body.clone())
        .await
        .unwrap();
    for bench in [&bench, &later(journal).await] {
        let again = bench
            .command_as(&ann, Some("c1"), "temporary_grant.create", body.clone())
            .await
            .unwrap();
        assert_eq!(first, again);
    }
    assert_eq!(found(&bench, json!({})).await, "a");
}

#[tokio::test]
async fn grants_are_filtered() {
    let journal = MemoryJournal::new();
    let bench = granted(journal.clone()).await;
    let by_end = json!({"sort_by": "+expires_at"});
    let list = bench.query("temporary_grant.list", by_end).await.unwrap();
    let ids = texts(&list["temporary_permission_grants"], "_id");
    for (query, expected) in [
        (json!({"id": [ids[0], ids[1]]}), "ae"),
        (json!({"id": "0".repeat(24)}), ""),
        (json!({"user_id": ["ann"]}), "ce"),
        (json!({"user_id": ["ann", "bob", "eve"]}), "abbce"),
        (json!({"user_id": "eve"}), ""),
        (json!({"permission_grant_name": "b"}), "bb"),
        (json!({"permission_grant_name": "B"}), ""),
        (json!({"is_expired": false}), "abbce"),
        (json!({"is_expired": true}), ""),
        (json!({"creator": ["bob"]}), "e"),
        (json!({"creator": ["acme,ann"]}), "abbc"),
        (json!({"creator": ["other,ann"]}), ""),
        (json!({"creator": ["other,ann", "bob"]}), "e"),
        (json!({"tag": ["ticket:*"]}), "abc"),
        (json!({"tag": ["ticket:"]}), "b"),
        (json!({"tag": ["ticket:T1"]}), "a"),
        (json!({"tag": ["ticket:*", "team:x"]}), "c"),
        (json!({"tag": ["other:*"]}), ""),
        (
            json!({"user_id": "bob", "tag": "ticket:*", "permission_grant_name": "b"}),
            "b",
        ),
    ] {
        assert_eq!(found(&bench, query.clone()).await, expected, "{query}");
    }
    let later = later(journal).await;
    assert_eq!(found(&later, json!({"is_expired": true})).await, "a");
    assert_eq!(found(&later, json!({"is_expired": false})).await, "bbce");
    let foreign = caller("other", "ann");
    let list = bench
        .query_as(&foreign, "temporary_grant.list", json!({"id": [ids[0]]}))
        .await
        .unwrap();
    assert_eq!(list["temporary_permission_grants"], json!([]));
}

#[tokio::test]
async fn grants_are_sorted_and_paged() {
    let bench = granted(MemoryJournal::new()).await;
    for (sort_by, expected) in [
        (json!(["+expires_at"]), "aebcb"),
        (json!(["-expires_at"]), "bcbea"),
        (json!(["+user_id", "-expires_at"]), "cebba"),
        (json!(["+user_id", "+expires_at"]), "ecabb"),
        (json!(["-user_id", "+permission_grant.permission_name"]), "abbce"),
        (json!("-permission_grant.permission_name"), "ecbba"),
    ] {
        assert_eq!(
            listed(&bench, json!({"sort_by": sort_by})).await.concat(),
            expected,
            "{sort_by}"
        );
    }
    let mut pages = Vec::new();
    let mut token = json!(0);
    while !token.is_null() {
        let query = json!({"sort_by": "+expires_at", "limit": 2, "continuation_token": token});
        let page = bench.query("temporary_grant.list", query.clone()).await.unwrap();
        assert_eq!(page["has_more"], json!(!page["continuation_token"].is_null()));
        token = page["continuation_token"].clone();
        pages.push(listed(&bench, query).await.concat());
    }
    assert_eq!(pages, ["ae", "bc", "b"]);
    assert_eq!(
        found(&bench, json!({"continuation_token": 4_000_000_000_u32})).await,
        ""
    );
    let none = bench
        .query("temporary_grant.list", json!({"limit": 0}))
        .await
        .unwrap();
    assert_eq!(
        (&none["has_more"], &none["continuation_token"]),
        (&json!(true), &json!(0))
    );
}

#[tokio::test]
async fn hostile_filters_find_nothing() {
    let bench = granted(MemoryJournal::new()).await;
    for text in HOSTILE {
        assert_eq!(found(&bench, json!({"permission_grant_name": text})).await, "");
        assert_eq!(
            found(&bench, json!({"tag": [format!("ticket:{text}")]})).await,
            ""
        );
        let (status, ..) = bench
            .refused("temporary_grant.list", json!({"user_id": [text]}))
            .await;
        assert_eq!(status, 422);
        let mut body = grant("bob", "PT1H", text, &json!({}));
        body["justification"] = json!(format!("{text} and so on"));
        bench.command("temporary_grant.create", body).await.unwrap();
        assert_eq!(found(&bench, json!({"permission_grant_name": text})).await, text);
    }
}
