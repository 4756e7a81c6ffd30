//! What a user may do follows from its role and its temporary grants; nobody hands on more than their role permits.

use model::{ADMINISTRATOR_ROLE, ApiKey, DirectoryExt as _, Name, Reach, Time, UserId};

use super::{
    world::{NOBODY, World, text},
    *,
};
use crate::gateway::{access_of, opens_for};

const GET: &str = "Simulation:GetSimulationPersona";
const METRIC: &str = "Metric:GetMetric";

async fn access(world: &World, user: &str, now: Time) -> Option<Access> {
    let user: UserId = user.parse().unwrap();
    let org = "acme".parse().unwrap();
    let looked = world
        .bench
        .gateway
        .look(&org, move |view| access_of(view, &user, now));
    looked.await.unwrap()
}

#[tokio::test]
async fn a_user_may_do_what_its_role_says() {
    let world = World::new().await;
    let now = world.bench.gateway.now();
    world
        .bench
        .user("bob", vec![grant_if(GET, "name", equals("Maria")), grant(METRIC)])
        .await;
    let bob = access(&world, "bob", now).await.unwrap();
    assert_eq!(
        (bob.reach(GET), bob.reach(METRIC)),
        (Reach::Some, Reach::Everything)
    );
    assert_eq!(bob.reach("Simulation:DeleteSimulationPersona"), Reach::Nothing);
    assert!(access(&world, "ann", now).await.unwrap().is_administrator());
    assert_eq!(access(&world, "nobody", now).await, None);
    world.command("user.delete", json!({"id": "ann"})).await;
    assert_eq!(access(&world, "ann", now).await, None);
}

#[tokio::test]
async fn a_role_of_a_builtin_sound_is_a_role_like_others() {
    let world = World::new().await;
    world.bench.role("admin", vec![grant(METRIC)]).await;
    world
        .command(
            "user.create",
            json!({"id": "bob", "name": "Bob", "role": "admin"}),
        )
        .await;
    let bob = access(&world, "bob", world.bench.gateway.now()).await.unwrap();
    assert!(!bob.is_administrator());
    assert_eq!(
        (bob.reach(METRIC), bob.reach(GET)),
        (Reach::Everything, Reach::Nothing)
    );
}

#[tokio::test]
async fn a_temporary_grant_ends() {
    let world = World::new().await;
    let now = world.bench.gateway.now();
    world.bench.user("bob", vec![grant(METRIC)]).await;
    world.bench.user("carol", vec![grant(METRIC)]).await;
    let made = json!({
        "user_id": "bob", "duration": "PT1H", "tags": {}, "justification": "for one hour only",
        "permission_grant": {"permission_name": GET, "conditions": {}},
    });
    let made = world.command("temporary_grant.create", made).await;
    let end: Time = text(&made["expires_at"]).parse().unwrap();
    for (at, expected) in [
        (now, Reach::Everything),
        (Time::from_micros(end.as_micros() - 1), Reach::Everything),
        // Times are shown in milliseconds.
        (end.plus_millis(1), Reach::Nothing),
    ] {
        let bob = access(&world, "bob", at).await.unwrap();
        assert_eq!(bob.reach(GET), expected, "{at}");
        assert_eq!(bob.reach(METRIC), Reach::Everything, "the role stays");
    }
    let carol = access(&world, "carol", now).await.unwrap();
    assert_eq!(carol.reach(GET), Reach::Nothing, "it is of one user");
}

#[tokio::test]
async fn nobody_hands_on_what_their_role_does_not_permit() {
    let world = World::new().await;
    let narrow = grant_if(GET, "role", equals("customer"));
    let deeds = [
        "User:CreateUser",
        "Role:AssignRole",
        "Role:CreateRole",
        "Role:ModifyRole",
        "Role:CreateTemporaryPermissionGrant",
        "Organization:CreateAPIKey",
    ];
    let mut grants: Vec<Grant> = deeds.map(grant).into();
    grants.extend([narrow.clone(), grant(METRIC)]);
    world.bench.user("bob", grants).await;
    world
        .bench
        .role("lesser", vec![narrow.clone(), grant(METRIC)])
        .await;
    world.bench.role("greater", vec![grant(GET)]).await;
    // It lets bob do it, but not hand it on.
    let temporary = json!({
        "user_id": "bob", "duration": "PT1H", "tags": {}, "justification": "for one hour only",
        "permission_grant": {"permission_name": GET, "conditions": {}},
    });
    world.command("temporary_grant.create", temporary.clone()).await;
    let bob = world.bench.caller("bob").await;
    assert_eq!(bob.access.reach(GET), Reach::Everything);

    let shown = |grant: &Grant| {
        let conditions = if grant.conditions.is_empty() {
            json!({})
        } else {
            json!({"role": {"type": "Equals", "value": "customer"}})
        };
        json!({"permission_name": grant.permission, "conditions": conditions})
    };
    let granting = |grant: &Grant| {
        let mut body = temporary.clone();
        body["user_id"] = json!("u1");
        body["permission_grant"] = shown(grant);
        body
    };
    let role = |name: &str, grant: &Grant| json!({"role_name": name, "description": "d", "permission_grants": [shown(grant)], "frontend_view": "client"});
    let user = |id: &str, role: &str| json!({"id": id, "name": id, "role": role});
    let key = |role: &str| json!({"name": "CI", "duration": "P1D", "role_name": role});
    let wide = grant(GET);
    for (what, more, no_more) in [
        ("user.create", user("a", "greater"), user("b", "lesser")),
        ("user.create", user("c", ADMINISTRATOR_ROLE), user("d", NOBODY)),
        (
            "role.assign",
            json!({"name": "greater", "user_id": "u1"}),
            json!({"name": "lesser", "user_id": "u1"}),
        ),
        (
            "role.assign",
            json!({"name": ADMINISTRATOR_ROLE, "user_id": "b"}),
            json!({"name": NOBODY, "user_id": "b"}),
        ),
        ("api_key.create", key("greater"), key("lesser")),
        ("api_key.create", key(ADMINISTRATOR_ROLE), key(NOBODY)),
        (
            "api_key.create",
            json!({"name": "CI", "duration": "P1D", "rehearse": {"user_id": "ann"}}),
            json!({"name": "CI", "duration": "P1D", "rehearse": {"user_id": "bob"}}),
        ),
        (
            "role.update",
            json!({"name": "lesser", "permission_grants": [shown(&wide)]}),
            json!({"name": "lesser", "permission_grants": [shown(&narrow)]}),
        ),
        ("role.create", role("wide", &wide), role("narrow", &narrow)),
        ("temporary_grant.create", granting(&wide), granting(&narrow)),
    ] {
        let refused = world.bench.command_as(&bob, None, what, more.clone()).await;
        let problem = refused.expect_err(&format!("{what} {more}"));
        assert_eq!(problem.code, ErrorCode::Forbidden, "{what} {more}: {problem}");
        let done = world.bench.command_as(&bob, None, what, no_more.clone()).await;
        done.unwrap_or_else(|problem| panic!("{what} {no_more}: {problem}: {:?}", problem.errors));
        world
            .bench
            .command(what, more.clone())
            .await
            .expect("the administrator may");
    }
}

#[tokio::test]
async fn a_key_opens_for_its_user_or_for_users_whose_roles_its_role_covers() {
    let world = World::new().await;
    let narrow = grant_if(METRIC, "name", equals("Refunded"));
    world.bench.user("wide", vec![grant(METRIC)]).await;
    world.bench.user("narrow", vec![narrow]).await;
    world.bench.user("other", vec![grant(GET)]).await;
    let name = |text: &str| Name::try_from(text).unwrap();
    let users = ["wide", "narrow", "other", "u1", "ann"];
    for (role, expected) in [
        (None, vec!["other"]),
        (Some("role of wide"), vec!["wide", "narrow", "u1"]),
        (Some("role of narrow"), vec!["narrow", "u1"]),
        (Some("role of other"), vec!["other", "u1"]),
        (Some(NOBODY), vec!["u1"]),
        (Some("a role that there is not"), vec!["u1"]),
        (Some(ADMINISTRATOR_ROLE), users.to_vec()),
    ] {
        let role = role.map(name);
        let view = world.bench.server.database().view().unwrap();
        let view = view.organization("acme".parse().unwrap());
        let id = world.id("6618791275130b73714e8db1").parse().unwrap();
        let key = view.api_key(id).unwrap().unwrap();
        let key = ApiKey {
            user_id: "other".parse().unwrap(),
            role: role.clone(),
            ..key
        };
        let opens = users.into_iter().filter(|user| {
            let user = view.user(user.parse().unwrap()).unwrap().unwrap();
            opens_for(&view, &key, &user).unwrap()
        });
        assert_eq!(opens.collect::<Vec<_>>(), expected, "{role:?}");
    }
}
