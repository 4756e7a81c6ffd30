//! Ids, times, and the forms of parameters.

use super::*;

#[test]
fn times_have_an_offset() {
    let at = "/initial_version/conversation_starts_at";
    for good in [
        json!("2026-01-31T09:30:00Z"),
        json!("2026-01-31T09:30:00.25+02:00"),
        Value::Null,
    ] {
        scenario().accepts::<scenario::Create>(at, good);
    }
    for bad in [
        "2026-01-31T09:30:00",
        "2026-01-31",
        "2026-02-31T09:30:00Z",
        "now",
        "",
    ] {
        scenario().refuses::<scenario::Create>(at, json!(bad));
        assert_eq!(
            pointers::<run::ListQuery>(&json!({"created_before": bad})),
            ["/created_before"]
        );
        assert_eq!(
            pointers::<metric_result::ListQuery>(&json!({"timestamp_after": bad})),
            ["/timestamp_after"]
        );
    }
    let late: scenario::Create = read(&scenario().with(at, json!("2026-01-31T11:30:00+02:00"))).unwrap();
    let same: scenario::Create = read(&scenario().with(at, json!("2026-01-31T09:30:00Z"))).unwrap();
    assert_eq!(late, same);
    let dropped: scenario::Create = read(&scenario().without(at)).unwrap();
    assert_eq!(
        dropped.initial_version.conversation_starts_at, None,
        "the SDK drops nulls"
    );
}

#[test]
fn ids_are_24_digits_in_lower_case() {
    for bad in [
        "",
        "6618791275130B73714E8D2A",
        "6618791275130b73714e8d2",
        "6618791275130b73714e8d2ag",
        "*",
    ] {
        unit_test().refuses::<unit_test::Create>("/persona_id", json!(bad));
        assert_eq!(pointers::<unit_test::ListQuery>(&json!({"id": [bad]})), ["/id/0"]);
        assert_eq!(
            pointers::<conversation::ListQuery>(&json!({"id": [bad]})),
            ["/id/0"]
        );
    }
}

#[test]
fn filters_of_metric_versions_and_labels_have_their_forms() {
    let filter = |key: &str, value: &str| json!({key: [value]});
    for good in [format!("{ID}-"), format!("{ID}-3")] {
        assert!(
            read::<metric_result::ListQuery>(&filter("metric_id_and_version", &good)).is_ok(),
            "{good}"
        );
    }
    for bad in [ID.to_owned(), format!("{ID}-latest"), "-1".to_owned()] {
        let body = filter("metric_id_and_version", &bad);
        assert_eq!(
            pointers::<metric_result::ListQuery>(&body),
            ["/metric_id_and_version/0"],
            "{bad}"
        );
    }
    for good in ["a:b", "a:*", "a:", "a:b:c"] {
        assert!(read::<persona::ListQuery>(&filter("tag", good)).is_ok(), "{good}");
        assert!(
            read::<service::ListQuery>(&filter("tags", good)).is_ok(),
            "{good}"
        );
    }
    for bad in ["a", "", ":b"] {
        assert_eq!(
            pointers::<persona::ListQuery>(&filter("tag", bad)),
            ["/tag/0"],
            "{bad}"
        );
    }
    assert_eq!(pointers::<service::ListQuery>(&filter("tag", "a:b")), ["/tag"]);
    let search = json!({"query": "x", "is_deleted": false});
    assert_eq!(pointers::<metric::SearchQuery>(&search), ["/is_deleted"]);
    for good in ["latest", "3", "1-latest", "2-5"] {
        assert!(
            read::<persona::VersionsQuery>(&json!({"id": ID, "version": good})).is_ok(),
            "{good}"
        );
    }
    for bad in ["0", "5-2", "latest-3", "-", "1-", "v1"] {
        let body = json!({"id": ID, "version": bad});
        assert_eq!(pointers::<persona::VersionsQuery>(&body), ["/version"], "{bad}");
    }
}

#[test]
fn conversations_have_the_bounds_and_defaults_of_the_contract() {
    let all: conversation::ListQuery = read(&json!({})).unwrap();
    assert_eq!(
        (all.limit, all.continuation_token, all.is_finished),
        (150, 0, None)
    );
    for bad in [0, 151] {
        assert_eq!(
            pointers::<conversation::ListQuery>(&json!({"limit": bad})),
            ["/limit"]
        );
    }
    assert_eq!(
        pointers::<conversation::ListQuery>(&json!({"sort_by": ["+updated_at"]})),
        ["/sort_by"]
    );
    let messages: conversation::MessagesQuery = read(&json!({"conversation_id": ID})).unwrap();
    let types = serde_json::to_value(&messages.message_type).unwrap();
    assert_eq!(
        (messages.limit, types),
        (500, json!(["agent-message", "external-event", "user-message"]))
    );
    let thoughts = json!({"conversation_id": ID, "message_type": "agent-inner-thought", "sort_by": ["+interaction_id", "-created_at"]});
    assert_eq!(
        read::<conversation::MessagesQuery>(&thoughts)
            .unwrap()
            .message_type
            .len(),
        1
    );
    for bad in [0, 501] {
        let body = json!({"conversation_id": ID, "limit": bad});
        assert_eq!(pointers::<conversation::MessagesQuery>(&body), ["/limit"]);
    }
}
