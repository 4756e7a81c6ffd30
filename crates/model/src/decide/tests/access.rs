//! Rules about roles, grants, keys, webhook destinations and what a caller knew before.

use std::collections::BTreeMap;

use super::{
    Given,
    examples::{name, persona},
    no_tags, persona_content,
};
use crate::{
    ADMINISTRATOR_ROLE, ApiKeyId, Command, Directory as _, DirectoryExt as _, FrontendView, Grant,
    GrantCondition, Kind, Known, MAX_API_KEYS, MAX_GRANTS, MAX_WEBHOOK_DESTINATIONS, Object, ObjectRef, Oid,
    PersonaId, Precondition, Rejection, RoleDefinition, StateTag, Time, UserId, WebhookDestination,
    WebhookDestinationId, WebhookType, builtin_role_id, decide,
};

const HOUR_US: i64 = 60 * 60 * 1_000_000;

fn grant(permission: &str) -> Grant {
    Grant {
        permission: permission.to_owned(),
        conditions: BTreeMap::new(),
    }
}

fn role(text: &str, grants: Vec<Grant>) -> Command {
    Command::CreateRole {
        definition: RoleDefinition {
            name: name(text),
            description: "People who test".try_into().unwrap(),
            frontend_view: FrontendView::Client,
            grants,
        },
    }
}

fn user(id: &str, role: &str) -> Command {
    Command::CreateUser {
        id: id.parse().unwrap(),
        name: name("Bob"),
        role: name(role),
    }
}

fn bob() -> UserId {
    "bob".parse().unwrap()
}

#[test]
fn roles_have_names_of_their_own_and_change() {
    let mut given = Given::nothing();
    given.make(&role("Testers", vec![grant("Metric:GetMetric")]));
    let taken = |text: &str| Rejection::NameTaken {
        kind: Kind::Role,
        name: text.to_owned(),
    };
    assert_eq!(given.refuse(&role("Testers", Vec::new())), taken("Testers"));
    assert_eq!(
        given.refuse(&role(ADMINISTRATOR_ROLE, Vec::new())),
        taken(ADMINISTRATOR_ROLE)
    );
    let modify = |text: &str, grants: Option<Vec<Grant>>| Command::ModifyRole {
        name: name(text),
        description: None,
        grants,
        frontend_view: Some(FrontendView::Admin),
    };
    let (object, id) = given.make(&modify("Testers", Some(Vec::new())));
    let state = given.directory.role(crate::RoleId(id)).unwrap().unwrap();
    assert_eq!(state.definition.frontend_view, FrontendView::Admin);
    assert_eq!(state.definition.grants, []);
    assert_eq!(
        state.definition.description.as_str(),
        "People who test",
        "it was not named"
    );
    assert_eq!(
        given.try_do(&modify("Testers", None)).unwrap().commits,
        [],
        "{object} is so already"
    );
    assert!(matches!(
        given.refuse(&modify(ADMINISTRATOR_ROLE, None)),
        Rejection::BuiltInRole { .. }
    ));
    assert!(matches!(
        given.refuse(&modify("Others", None)),
        Rejection::NotFound { kind: Kind::Role, .. }
    ));
    assert_ne!(builtin_role_id().0, id);
}

#[test]
fn grants_have_bounds() {
    let mut given = Given::nothing();
    let value = |n: usize| crate::Json::try_from(format!("\"{}\"", "x".repeat(n))).unwrap();
    let conditions = |n: usize, condition: GrantCondition| Grant {
        conditions: (0..n).map(|n| (format!("a{n}"), condition.clone())).collect(),
        ..grant("Metric:GetMetric")
    };
    let one = GrantCondition::Equals(value(1));
    let cases = [
        (vec![grant("a"); MAX_GRANTS], true),
        (vec![grant("a"); MAX_GRANTS + 1], false),
        (vec![grant("")], false),
        (vec![grant("a\nb")], false),
        (vec![grant(&"a".repeat(257))], false),
        (vec![conditions(50, one.clone())], true),
        (vec![conditions(51, one)], false),
        (vec![conditions(1, GrantCondition::In(vec![value(1); 100]))], true),
        (
            vec![conditions(1, GrantCondition::In(vec![value(1); 101]))],
            false,
        ),
        (
            vec![conditions(1, GrantCondition::NotEquals(value(5_000)))],
            false,
        ),
    ];
    for (index, (grants, is_fine)) in cases.into_iter().enumerate() {
        match given.try_do(&role(&format!("Role {index}"), grants)) {
            Ok(_) => assert!(is_fine, "{index}"),
            Err(Rejection::Invalid { pointer, .. }) => {
                assert!(!is_fine && pointer.starts_with("/permission_grants"), "{pointer}");
            }
            Err(other) => panic!("{index}: {other}"),
        }
    }
}

#[test]
fn users_have_roles_that_exist() {
    let mut given = Given::nothing();
    let no_role = |text: &str| Rejection::NotFound {
        kind: Kind::Role,
        what: text.to_owned(),
    };
    assert_eq!(given.refuse(&user("bob", "Testers")), no_role("Testers"));
    given.try_do(&user("bob", ADMINISTRATOR_ROLE)).unwrap();
    let assign = |role: &str, id: &str| Command::AssignRole {
        role: name(role),
        user_id: id.parse().unwrap(),
    };
    assert_eq!(given.refuse(&assign("Testers", "bob")), no_role("Testers"));
    given.make(&role("Testers", Vec::new()));
    let decision = given.try_do(&assign("Testers", "bob")).unwrap();
    assert_eq!(decision.outcome.changes, [(ObjectRef::new(Kind::User, bob()), 0)]);
    assert_eq!(
        given.directory.user(bob()).unwrap().unwrap().role.as_str(),
        "Testers"
    );
    assert_eq!(given.try_do(&assign("Testers", "bob")).unwrap().commits, []);
    given.try_do(&assign(ADMINISTRATOR_ROLE, "bob")).unwrap();
    given.try_do(&Command::DeleteUser { id: bob() }).unwrap();
    for unknown in ["bob", "cem"] {
        assert!(matches!(
            given.refuse(&assign("Testers", unknown)),
            Rejection::NotFound { kind: Kind::User, .. }
        ));
    }
}

#[test]
fn a_temporary_grant_ends() {
    let mut given = Given::nothing();
    let create = |lifetime_ms, permission: &str| Command::CreateTemporaryGrant {
        user_id: bob(),
        lifetime_ms,
        grant: grant(permission),
        justification: "On call".try_into().unwrap(),
        tags: no_tags(),
    };
    assert!(matches!(
        given.refuse(&create(5_000, "Metric:GetMetric")),
        Rejection::NotFound { kind: Kind::User, .. }
    ));
    given.try_do(&user("bob", ADMINISTRATOR_ROLE)).unwrap();
    assert!(matches!(
        given.refuse(&create(0, "Metric:GetMetric")),
        Rejection::Invalid { .. }
    ));
    assert!(matches!(
        given.refuse(&create(5_000, "")),
        Rejection::Invalid { .. }
    ));
    let (_, id) = given.make(&create(5_000, "Metric:GetMetric"));
    let state = given
        .directory
        .temporary_grant(crate::TemporaryGrantId(id))
        .unwrap()
        .unwrap();
    let made = state.life.created.at;
    assert_eq!(state.expires_at, made.plus_millis(5_000));
    assert!(state.is_in_force(made) && !state.is_in_force(state.expires_at));
}

#[test]
fn keys_end_have_roles_and_are_few() {
    let mut given = Given::nothing();
    given.try_do(&user("bob", ADMINISTRATOR_ROLE)).unwrap();
    let key = |role: Option<&str>| Command::CreateApiKey {
        id: None,
        user_id: bob(),
        name: name("Key"),
        secret_hash: [1; 32],
        lifetime_ms: Some(60_000),
        role: role.map(name),
    };
    assert!(matches!(
        given.refuse(&key(Some("Testers"))),
        Rejection::NotFound { kind: Kind::Role, .. }
    ));
    let ids: Vec<Oid> = (0..MAX_API_KEYS)
        .map(|_| given.make(&key(Some(ADMINISTRATOR_ROLE))).1)
        .collect();
    let state = given.directory.api_key(ApiKeyId(ids[0])).unwrap().unwrap();
    assert_eq!(state.expires_at, Some(state.life.created.at.plus_millis(60_000)));
    assert_eq!(state.role, Some(name(ADMINISTRATOR_ROLE)));
    let too_many = Rejection::TooMany {
        kind: Kind::ApiKey,
        limit: MAX_API_KEYS,
    };
    assert_eq!(given.refuse(&key(None)), too_many);
    given
        .try_do(&Command::DeleteApiKey { id: ApiKeyId(ids[7]) })
        .unwrap();
    given.make(&key(None));
}

fn destination(given: &Given, id: Oid) -> WebhookDestination {
    let found = given.directory.webhook_destination(WebhookDestinationId(id));
    found.unwrap().unwrap()
}

fn create_destination() -> Command {
    Command::CreateWebhookDestination {
        url: "https://hooks.example/run".try_into().unwrap(),
        accepted_types: [WebhookType::RunCompleted].into(),
        retry_attempts: 3,
    }
}

#[test]
fn a_secret_is_replaced_at_most_hourly_and_lingers() {
    let mut given = Given::nothing();
    let (object, id) = given.make(&create_destination());
    let rotate = Command::RotateWebhookSecret {
        id: WebhookDestinationId(id),
    };
    let first = destination(&given, id);
    let again_at = Time::from_micros(first.life.created.at.as_micros() + HOUR_US);
    let too_soon = Rejection::TooSoon {
        kind: Kind::WebhookDestination,
        again_at,
    };
    assert_eq!(given.refuse(&rotate), too_soon);
    let mut context = given.context("ann");
    context.now = Time::from_micros(again_at.as_micros() - 1);
    assert!(decide(&given.directory, &rotate, &context).is_err());
    context.now = again_at;
    let decision = decide(&given.directory, &rotate, &context).unwrap();
    given.directory.apply(9, &decision.commits[0]).unwrap();
    let second = destination(&given, id);
    assert_ne!(second.secret.salt, first.secret.salt);
    let previous = second.previous.clone().unwrap();
    assert_eq!(previous.salt, first.secret.salt);
    assert_eq!(
        previous.until.as_micros(),
        again_at.as_micros() + HOUR_US / 2,
        "{object}"
    );
    assert_eq!(second.secret.generated_at, again_at);
}

#[test]
fn destinations_are_few_and_have_bounds() {
    let mut given = Given::nothing();
    let ids: Vec<Oid> = (0..MAX_WEBHOOK_DESTINATIONS)
        .map(|_| given.make(&create_destination()).1)
        .collect();
    let too_many = Rejection::TooMany {
        kind: Kind::WebhookDestination,
        limit: MAX_WEBHOOK_DESTINATIONS,
    };
    assert_eq!(given.refuse(&create_destination()), too_many);
    let id = WebhookDestinationId(ids[0]);
    let update = |retry_attempts| Command::UpdateWebhookDestination {
        id,
        accepted_types: None,
        retry_attempts,
    };
    for wrong in [0, 6] {
        assert!(matches!(
            given.refuse(&update(Some(wrong))),
            Rejection::Invalid { .. }
        ));
    }
    given.make(&update(Some(5)));
    let state = destination(&given, ids[0]);
    assert_eq!(
        (state.retry_attempts, state.accepted_types.len()),
        (5, 1),
        "what is not named stays"
    );
    assert_eq!(given.try_do(&update(None)).unwrap().commits, []);
    given.make(&Command::DeleteWebhookDestination { id });
    assert!(matches!(
        given.refuse(&update(Some(1))),
        Rejection::NotFound { .. }
    ));
    given.make(&create_destination());
}

fn knows(object: &ObjectRef, known: Known) -> Precondition {
    Precondition {
        object: object.clone(),
        known,
    }
}

#[test]
fn a_caller_that_knows_an_older_state_is_refused() {
    let mut given = Given::nothing();
    let (object, id) = given.make(&persona("Maria"));
    let known = StateTag::of(&given.directory.object(&object).unwrap().unwrap());
    let command = Command::CreatePersonaVersion {
        id: PersonaId(id),
        content: persona_content("other"),
        expected: None,
    };
    let mut context = given.context("ann");
    context.precondition = Some(knows(&object, Known::OneOf(vec![known])));
    let decision = decide(&given.directory, &command, &context).unwrap();
    assert_ne!(decision.state, Some(known), "it is another state by then");
    given.directory.apply(2, &decision.commits[0]).unwrap();
    let found = given.directory.object(&object).unwrap().unwrap();
    assert_eq!(
        decision.state,
        Some(StateTag::of(&found)),
        "what the caller is told is what is kept"
    );
    let changed = |error: crate::DecideError, object: &ObjectRef| matches!(error, crate::DecideError::Rejected(Rejection::Changed { object: of }) if of == *object);
    let refused = decide(&given.directory, &command, &context).unwrap_err();
    assert!(changed(refused, &object));
    let unknown = ObjectRef::new(Kind::Persona, PersonaId(Oid::from_bytes([1; 12])));
    for known in [Known::OneOf(vec![known]), Known::Exists] {
        context.precondition = Some(knows(&unknown, known));
        let refused = decide(&given.directory, &command, &context).unwrap_err();
        assert!(changed(refused, &unknown), "what is not there is in no state");
    }
    context.precondition = Some(knows(&object, Known::Exists));
    assert!(decide(&given.directory, &command, &context).is_ok());
}

#[test]
fn what_grants_can_be_about_is_offered() {
    let mut given = Given::nothing();
    let (hook, _) = given.make(&create_destination());
    let (role, _) = given.make(&role("Testers", Vec::new()));
    let attribute = |object: &ObjectRef, name: &str| {
        let state: Object = given.directory.object(object).unwrap().unwrap();
        state.attributes().get(name).cloned()
    };
    assert_eq!(attribute(&hook, "url"), Some("https://hooks.example/run".into()));
    assert_eq!(attribute(&role, "name"), Some("Testers".into()));
    assert_eq!(attribute(&role, "kind"), Some("role".into()));
}
