//! Grants with conditions: on lists, searches, reads, changes and creations.

use api::bus::Endpoint;
use model::Grant;

use super::{
    table::{n_listed, needed, request},
    world::{World, text},
    *,
};

const GET: &str = "Simulation:GetSimulationPersona";
const CREATE: &str = "Simulation:CreateSimulationPersona";
const MODIFY: &str = "Simulation:ModifySimulationPersona";

/// The endpoint's grants, each with a condition.
fn conditional(endpoint: &Endpoint, attribute: &str, condition: &GrantCondition) -> Vec<Grant> {
    let permissions = endpoint.permissions.iter().flat_map(|needed| needed.split('|'));
    permissions
        .map(|permission| grant_if(permission, attribute, condition.clone()))
        .collect()
}

fn names(answer: &Value) -> Vec<String> {
    let listed = answer["simulation_personas"].as_array().unwrap();
    let mut names: Vec<String> = listed.iter().map(|persona| text(&persona["name"])).collect();
    names.sort();
    names
}

fn status<T>(answer: &Result<T, Problem>) -> u16 {
    answer.as_ref().map_or_else(|problem| problem.status, |_| 200)
}

#[tokio::test]
async fn whoever_may_see_and_change_their_own_sees_and_changes_nothing_else() {
    let world = World::new().await;
    let own = |permission| grant_if(permission, "creator", equals("{self_user_id}"));
    let bob = world
        .bench
        .user("bob", vec![own(GET), own(CREATE), own(MODIFY)])
        .await;
    let command = |what, body| world.bench.command_as(&bob, None, what, body);
    let query = |what, body| world.bench.query_as(&bob, what, body);
    let made = command("persona.create", persona("Maria II")).await.unwrap();
    let (own, other) = (
        text(&made["simulation_persona_id"]),
        world.id("6618791275130b73714e8d2a"),
    );

    assert_eq!(
        names(&query("persona.list", json!({})).await.unwrap()),
        ["Maria II"]
    );
    assert_eq!(
        names(&query("persona.list", json!({"limit": 1})).await.unwrap()),
        ["Maria II"]
    );
    assert_eq!(
        names(&query("persona.list", json!({"id": [other]})).await.unwrap()),
        [""; 0]
    );
    assert_eq!(
        names(&query("persona.search", json!({"query": "maria"})).await.unwrap()),
        ["Maria II"]
    );
    let all = world.query("persona.search", json!({"query": "maria"})).await;
    assert_eq!(names(&all), ["Maria", "Maria II"]);

    for (id, expected) in [(own.clone(), 200), (other, 403), ("0".repeat(24), 404)] {
        let by_id = json!({"id": id});
        assert_eq!(
            status(&query("persona.get", by_id.clone()).await),
            expected,
            "{id}"
        );
        assert_eq!(status(&query("persona.versions", by_id).await), expected, "{id}");
        let change = json!({"id": id, "tags": {"a": "b"}});
        assert_eq!(status(&command("persona.update", change).await), expected, "{id}");
        let version = json!({
            "id": id, "background": "b", "user_models": [], "nonsensitive_user_variables": {}, "sensitive_user_variables": {},
        });
        assert_eq!(
            status(&command("persona.create_version", version).await),
            expected,
            "{id}"
        );
    }
    assert_eq!(status(&query("persona.get", json!({"name": "Maria"})).await), 403);
    assert_eq!(
        status(&query("persona.get", json!({"name": "Maria II"})).await),
        200
    );
    assert_eq!(
        status(&query("persona.get", json!({"name": "Maria III"})).await),
        404
    );
    assert_eq!(status(&query("persona.get", json!({"id": "a b"})).await), 422);
    let events = world
        .query("event.history", json!({"kind": "persona", "id": own}))
        .await;
    assert_eq!(
        events["history"].as_array().unwrap().len(),
        3,
        "created, updated, a version"
    );
}

#[tokio::test]
async fn what_is_created_must_meet_the_conditions() {
    let world = World::new().await;
    let roles = grant_if(CREATE, "role", among(&["customer", "patient"]));
    let secret = grant_if(MODIFY, "name", differs("Secret"));
    let bob = world.bench.user("bob", vec![roles, secret]).await;
    for (name, role, expected) in [
        ("One", "customer", 200),
        ("Two", " patient ", 200),
        ("Three", "nurse", 403),
        ("Secret", "customer", 403),
        (" Secret ", "customer", 403),
        ("Secrets", "customer", 200),
        ("", "customer", 422),
    ] {
        let mut body = persona(name);
        body["role"] = json!(role);
        let answer = world.bench.command_as(&bob, None, "persona.create", body).await;
        assert_eq!(status(&answer), expected, "{name:?} {role:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_service_may_be_made_inactive_only() {
    let world = World::new().await;
    let active = |value| GrantCondition::Equals(Json::from_value(&json!(value)).unwrap());
    let create = grant_if("Service:CreateService", "is_active", active(false));
    let bob = world
        .bench
        .user("bob", vec![create, grant("Service:CreateVersionSet")])
        .await;
    let endpoint = api::bus::endpoint(Family::Command, "service", "create").unwrap();
    for (is_active, expected) in [(json!(true), 403), (json!(false), 200)] {
        let mut body = request(&world, endpoint);
        body["is_active"] = is_active;
        assert_eq!(status(&world.ask(&bob, endpoint, &body).await), expected);
    }
}

/// The table again: who may do something to some objects only is refused the others, and those who meet the condition are not.
#[tokio::test]
async fn every_endpoint_keeps_to_conditions() {
    for endpoint in COMMANDS.iter().chain(QUERIES) {
        let world = World::new().await;
        let what = format!("{}.{}", endpoint.kind, endpoint.verb);
        let body = request(&world, endpoint);
        let expected = if endpoint.family == Family::Query {
            Some(world.ask(&caller("acme", "ann"), endpoint, &body).await.unwrap())
        } else {
            None
        };
        // Nothing is known of the log, of the server and of suites but whose they are.
        let is_object = !matches!(endpoint.kind, "suite" | "event" | "deadletter" | "server");
        for (index, (attribute, condition, permits)) in [
            ("kind", equals("nothing"), false),
            ("kind", differs("nothing"), is_object),
            ("org_id", equals("other"), false),
            ("org_id", equals("{self_org_id}"), true),
            ("whatever", differs("nothing"), false),
        ]
        .into_iter()
        .enumerate()
        {
            let mut grants = conditional(endpoint, attribute, &condition);
            let handed_on = needed(endpoint).split_off(endpoint.permissions.len());
            grants.extend(handed_on);
            let somebody = world.bench.user(&format!("u1{index}"), grants).await;
            let answer = world.ask(&somebody, endpoint, &body).await;
            if endpoint.filters_rows() {
                // Values, conversations and messages have no kind.
                let has_kind = endpoint.kind.parse::<model::Kind>().is_ok();
                if has_kind || attribute != "kind" || !permits {
                    let n_expected = if permits {
                        n_listed(expected.as_ref().unwrap())
                    } else {
                        0
                    };
                    assert_eq!(
                        n_listed(&answer.unwrap()),
                        n_expected,
                        "{what} {attribute} {condition:?}"
                    );
                }
                continue;
            }
            let is_forbidden = answer
                .as_ref()
                .is_err_and(|problem| problem.code == ErrorCode::Forbidden);
            assert_eq!(
                is_forbidden, !permits,
                "{what} {attribute} {condition:?}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn putting_a_version_set_is_creating_or_updating_it() {
    let world = World::new().await;
    let id = world.id("6618791275130b73714e8d1c");
    let put = |name: &str| json!({"id": id, "name": name, "version_set": {"llm_model_preferences": {}}});
    let create = world
        .bench
        .user("creator", vec![grant("Service:CreateVersionSet")])
        .await;
    let update = world
        .bench
        .user("updater", vec![grant("Service:UpdateVersionSet")])
        .await;
    let shop = grant_if("Service:UpdateVersionSet", "name", equals("Shop"));
    let shop = world
        .bench
        .user("keeper", vec![shop, grant("Service:CreateVersionSet")])
        .await;
    let bench = &world.bench;
    let ask = |caller, name: &str| {
        let body = put(name);
        async move {
            status(
                &bench
                    .command_as(caller, None, "service.put_version_set", body)
                    .await,
            )
        }
    };
    assert_eq!(ask(&update, "new").await, 403);
    assert_eq!(ask(&create, "new").await, 200);
    assert_eq!(ask(&create, "new").await, 403, "now it is there");
    assert_eq!(ask(&update, "new").await, 200);
    assert_eq!(ask(&shop, "new").await, 200);
    assert_eq!(ask(&shop, "newer").await, 200);
    let refused = world
        .bench
        .command_as(&create, None, "service.put_version_set", put("release"))
        .await;
    assert!(refused.unwrap_err().detail.contains("Service:UpdateVersionSet"));
}

#[tokio::test]
async fn a_command_is_refused_by_what_has_happened_on_other_servers() {
    let journal = MemoryJournal::new();
    let one = bench_on(journal.clone(), Database::in_memory().unwrap()).await;
    let two = bench_on(journal, Database::in_memory().unwrap()).await;
    for n in 0..20 {
        let made = one
            .command("persona.create", persona(&format!("Maria {n}")))
            .await
            .unwrap();
        let own = grant_if(MODIFY, "creator", equals("{self_user_id}"));
        let bob = granted("acme", "bob", vec![own]);
        let change = json!({"id": made["simulation_persona_id"], "tags": {}});
        let answer = two.command_as(&bob, None, "persona.update", change).await;
        assert_eq!(status(&answer), 403, "{answer:?}");
    }
}
