//! Roles, temporary grants, API keys and webhook destinations: requests as the SDK sends them, and the shapes that it expects.

use std::collections::BTreeMap;

use model::{
    AccessRole, ApiKey, Command, FrontendView, Grant, GrantCondition, Json, RoleDefinition, TemporaryGrant,
    WebhookDestination, WebhookSecret, WebhookType,
};
use serde_json::{Value, json};

use super::{assert_shape, fixture::*};
use crate::{
    CommandRequest as _, FieldErrors, api_key,
    read::{Read, read},
    role, temporary_grant, webhook_destination,
};

fn pointers<R: Read>(body: &Value) -> Vec<String> {
    let Err(errors) = read::<R>(body) else {
        panic!("{body} is accepted")
    };
    of(&errors)
}

fn of(errors: &FieldErrors) -> Vec<String> {
    errors
        .as_slice()
        .iter()
        .map(|error| error.pointer.clone())
        .collect()
}

fn grant() -> Grant {
    let value = Json::try_from("\"customer\"").unwrap();
    Grant {
        permission: "Simulation:GetSimulationPersona".to_owned(),
        conditions: BTreeMap::from([("role".to_owned(), GrantCondition::Equals(value))]),
    }
}

const GRANT: &str = r#"{"permission_name":"Simulation:GetSimulationPersona","conditions":{"role":{"type":"Equals","value":"customer"}}}"#;

#[test]
fn a_role() {
    let role = AccessRole {
        id: id("c1"),
        definition: RoleDefinition {
            name: name("Reviewer"),
            description: text("Reads."),
            frontend_view: FrontendView::Client,
            grants: vec![grant()],
        },
        life: life(),
    };
    let shown = |grants: &str| {
        format!(
            r#"{{"id":"6618791275130b73714e8dc1","name":"Reviewer","description":"Reads.","frontend_view":"client","permission_grants":[{grants}]}}"#
        )
    };
    assert_shape(&role::Instance::of(&role), &shown(GRANT));
    assert_shape(&role::Instance::of(&role).without_grants(), &shown(""));
}

#[test]
fn a_role_is_made_and_changed() {
    let made = json!({"role_name": " Reviewer ", "description": "Reads.", "permission_grants": [serde_json::from_str::<Value>(GRANT).unwrap()], "frontend_view": "admin"});
    let Command::CreateRole { definition } = read::<role::Create>(&made).unwrap().into_command() else {
        panic!("another command")
    };
    assert_eq!(definition.name, name("Reviewer"));
    assert_eq!(definition.grants, [grant()]);
    assert_eq!(definition.frontend_view, FrontendView::Admin);
    // The SDK leaves null out or sends it.
    for unchanged in [
        json!({"name": "x"}),
        json!({"name": "x", "description": null, "permission_grants": null, "frontend_view": null}),
    ] {
        let changed = read::<role::Update>(&unchanged).unwrap().into_command();
        let nothing = Command::ModifyRole {
            name: name("x"),
            description: None,
            grants: None,
            frontend_view: None,
        };
        assert_eq!(changed, nothing);
    }
    let emptied = read::<role::Update>(&json!({"name": "x", "permission_grants": []})).unwrap();
    assert_eq!(emptied.permission_grants, Some(Vec::new()));
}

#[test]
fn every_wrong_field_of_a_role_is_named() {
    let wrong = json!({
        "role_name": "x".repeat(257), "description": " ", "permission_grants": [{"permission_name": "a"}, 1], "frontend_view": "root",
        "inherits": [],
    });
    assert_eq!(
        pointers::<role::Create>(&wrong),
        [
            "/role_name",
            "/description",
            "/permission_grants/0/conditions",
            "/permission_grants/1",
            "/frontend_view",
            "/inherits",
        ]
    );
    assert_eq!(
        pointers::<role::Create>(&json!({})),
        [
            "/role_name",
            "/description",
            "/permission_grants",
            "/frontend_view"
        ]
    );
    let grants = vec![serde_json::from_str::<Value>(GRANT).unwrap(); 501];
    assert_eq!(
        pointers::<role::Update>(&json!({"name": "x", "permission_grants": grants})),
        ["/permission_grants"]
    );
    assert_eq!(
        pointers::<role::Assign>(&json!({"name": "x", "user_id": "a.b"})),
        ["/user_id"]
    );
}

#[test]
fn a_temporary_grant() {
    let made = TemporaryGrant {
        id: id("c2"),
        user_id: "u2".parse().unwrap(),
        grant: grant(),
        expires_at: "2026-01-01T08:00:00Z".parse().unwrap(),
        justification: text("Ann is on holiday."),
        tags: tags(&[("ticket", Some("T1")), ("draft", None)]),
        life: life(),
    };
    assert_shape(
        &temporary_grant::Instance::of(&org(), &made),
        &format!(
            r#"{{"_id":"6618791275130b73714e8dc2","org_id":"acme","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","user_id":"u2","expires_at":"2026-01-01T08:00:00Z","permission_grant":{GRANT},"justification":"Ann is on holiday.","creator":{{"org_id":"acme","user_id":"u1"}},"tags":{{"ticket":"T1","draft":null}}}}"#
        ),
    );
}

#[test]
fn a_temporary_grant_has_bounds() {
    let body = |duration: &str, justification: &str| json!({"user_id": "u1", "duration": duration, "permission_grant": serde_json::from_str::<Value>(GRANT).unwrap(), "tags": {}, "justification": justification});
    for (duration, lifetime) in [("PT1S", 1000), ("P90D", 7_776_000_000), ("PT1H", 3_600_000)] {
        let made = read::<temporary_grant::Create>(&body(duration, "0123456789"))
            .unwrap()
            .into_command();
        let Command::CreateTemporaryGrant { lifetime_ms, .. } = made else {
            panic!("another command")
        };
        assert_eq!(lifetime_ms, lifetime);
    }
    for duration in ["PT0S", "P90DT1S", "P1M", "-PT1H", "1h", ""] {
        assert_eq!(
            pointers::<temporary_grant::Create>(&body(duration, "0123456789")),
            ["/duration"]
        );
    }
    // Blanks at the ends do not count, and neither does the length in bytes.
    for justification in ["123456789", " 123456789 ", "ééééééééé", ""] {
        assert_eq!(
            pointers::<temporary_grant::Create>(&body("PT1H", justification)),
            ["/justification"]
        );
    }
    let mut wrong = body("PT1H", "0123456789");
    wrong["tags"] = json!({"a:b": "c"});
    wrong["permission_grant"]["conditions"]["role"]["type"] = json!("Like");
    assert_eq!(
        pointers::<temporary_grant::Create>(&wrong),
        ["/permission_grant/conditions/role/type", "/tags"]
    );
    for (query, pointer) in [
        (json!({"limit": 11}), "/limit"),
        (json!({"limit": -1}), "/limit"),
        (json!({"continuation_token": -1}), "/continuation_token"),
        (json!({"sort_by": "+tags"}), "/sort_by"),
        (json!({"tag": "a"}), "/tag"),
        (json!({"creator": ["a,b,c"]}), "/creator/0"),
        (json!({"user_id": ["*"]}), "/user_id/0"),
    ] {
        assert_eq!(pointers::<temporary_grant::ListQuery>(&query), [pointer]);
    }
}

#[test]
fn an_api_key() {
    let mut key = ApiKey {
        id: id("b1"),
        user_id: "u1".parse().unwrap(),
        role: Some(name("DefaultAdministratorRole")),
        name: name("CI"),
        secret_hash: [0; 32],
        expires_at: Some("2026-01-31T00:00:00Z".parse().unwrap()),
        life: life(),
    };
    let shown = |expires_at: &str, role_id: &str| {
        format!(
            r#"{{"_id":"6618791275130b73714e8db1","name":"CI","org_id":"acme","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","key_id":"6618791275130b73714e8db1","expires_at":"{expires_at}","creator":{{"org_id":"acme","user_id":"u1"}},"role_id":"{role_id}"}}"#
        )
    };
    let instance = api_key::Instance::of(&org(), &key, Some(model::builtin_role_id()));
    assert_shape(
        &instance,
        &shown("2026-01-31T00:00:00Z", "8b1e7922eb130a50b1560490"),
    );
    assert_eq!(
        instance.rehearse.role_name,
        Some(name("DefaultAdministratorRole"))
    );
    // The key of the first start.
    (key.role, key.expires_at) = (None, None);
    let instance = api_key::Instance::of(&org(), &key, None);
    assert_shape(&instance, &shown("9999-01-01T00:00:00Z", ""));
}

#[test]
fn a_key_opens_for_a_role_or_for_a_user() {
    let actor = "u1".parse().unwrap();
    let of_body = |body: Value| {
        read::<api_key::Create>(&body)
            .unwrap()
            .into_command([7; 32], &actor)
    };
    let made = |body: Value| {
        let Command::CreateApiKey {
            id,
            user_id,
            name,
            lifetime_ms,
            role,
            ..
        } = of_body(body).unwrap()
        else {
            panic!("another command")
        };
        assert_eq!((id, lifetime_ms), (None, Some(2_592_000_000)));
        (
            user_id.to_string(),
            name.to_string(),
            role.map(|role| role.to_string()),
        )
    };
    let role = |name: &str| Some(name.to_owned());
    let (own, unnamed) = (|| "u1".to_owned(), || "API key".to_owned());
    assert_eq!(
        made(json!({"name": null, "duration": "P30D"})),
        (own(), unnamed(), role("DefaultAdministratorRole"))
    );
    assert_eq!(
        made(json!({"name": "CI", "duration": "P30D", "role_name": "Reviewer"})),
        (own(), "CI".to_owned(), role("Reviewer"))
    );
    assert_eq!(
        made(json!({"duration": "P30D", "rehearse": {"user_id": "eve"}})),
        ("eve".to_owned(), unnamed(), None)
    );
    let both = json!({"duration": "P30D", "role_name": "Reviewer", "rehearse": {"user_id": "eve"}});
    assert_eq!(of(&of_body(both).unwrap_err()), ["/role_name"]);
    for (body, pointer) in [
        (json!({}), "/duration"),
        (json!({"duration": null}), "/duration"),
        (json!({"duration": "PT23H"}), "/duration"),
        (json!({"duration": "P91D"}), "/duration"),
        (json!({"duration": "P1D", "name": ""}), "/name"),
        (
            json!({"duration": "P1D", "rehearse": {"user_id": "a b"}}),
            "/rehearse/user_id",
        ),
    ] {
        assert_eq!(pointers::<api_key::Create>(&body), [pointer]);
    }
}

#[test]
fn a_webhook_destination() {
    let generated_at = "2026-01-01T00:00:00Z".parse().unwrap();
    let destination = WebhookDestination {
        id: id("c3"),
        url: "https://example.com/hooks".try_into().unwrap(),
        accepted_types: WebhookType::ALL.iter().copied().collect(),
        retry_attempts: 3,
        secret: WebhookSecret {
            salt: [171; 32],
            generated_at,
        },
        previous: None,
        life: life(),
    };
    let instance = webhook_destination::Instance::of(&destination);
    assert_shape(
        &instance,
        r#"{"id":"6618791275130b73714e8dc3","url":"https://example.com/hooks","secret_generated_at":"2026-01-01T00:00:00Z","retry_attempts":3,"accepted_types":["conversation-post-processing-complete","api-key-expiration-soon","agent-framework-resource-updated","rehearse-run-completed"]}"#,
    );
    let all = serde_json::to_string(&instance).unwrap();
    assert!(
        !all.contains("171") && !all.contains("abab"),
        "the salt is not shown"
    );
}

#[test]
fn a_webhook_destination_is_made_and_changed() {
    let body = json!({"url": "https://example.com/a?b=c", "accepted_types": ["rehearse-run-completed", "rehearse-run-completed"]});
    let Command::CreateWebhookDestination {
        accepted_types,
        retry_attempts,
        ..
    } = read::<webhook_destination::Create>(&body).unwrap().into_command()
    else {
        panic!("another command")
    };
    assert_eq!((accepted_types.len(), retry_attempts), (1, 3));
    let unchanged = read::<webhook_destination::Update>(&json!({"id": "6618791275130b73714e8dc3"})).unwrap();
    assert_eq!((unchanged.accepted_types, unchanged.retry_attempts), (None, None));
    let wrong = json!({"url": "example.com", "accepted_types": ["run-completed"], "retry_attempts": 0, "secret": "x"});
    assert_eq!(
        pointers::<webhook_destination::Create>(&wrong),
        ["/url", "/accepted_types/0", "/retry_attempts", "/secret"]
    );
    assert_eq!(
        pointers::<webhook_destination::Create>(&json!({"retry_attempts": 6})),
        ["/url", "/accepted_types", "/retry_attempts"]
    );
}
