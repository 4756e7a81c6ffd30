//! Every endpoint of the table: with no permission, with exactly its own, and with one of them missing.

use api::bus::Endpoint;
use model::Grant;

use super::{
    world::{NOBODY, World},
    *,
};

/// The endpoints that refuse the administrator too, because of what the world is like: it holds one of each, and each is in use.
const NOT_POSSIBLE: [(&str, &str, ErrorCode); 11] = [
    ("persona", "delete", ErrorCode::InUse),
    ("scenario", "delete", ErrorCode::InUse),
    ("metric", "delete", ErrorCode::InUse),
    ("agent", "delete", ErrorCode::InUse),
    ("context_graph", "delete", ErrorCode::InUse),
    ("service", "update", ErrorCode::InUse),
    ("service", "delete_version_set", ErrorCode::NotFound),
    ("unit_test", "delete", ErrorCode::InUse),
    ("run", "cancel", ErrorCode::RunNotInProgress),
    // Everything passed.
    ("run", "rerun", ErrorCode::NothingToRerun),
    ("webhook_destination", "rotate_secret", ErrorCode::TooSoon),
];

/// The example, so that it can be carried out in the world, and by somebody who may do nothing else.
pub(super) fn request(world: &World, endpoint: &Endpoint) -> Value {
    let mut request = world.request(endpoint);
    match (endpoint.kind, endpoint.verb) {
        ("user", "create") => {
            request["id"] = json!("u2");
            request["role"] = json!(NOBODY);
        }
        ("api_key", "create") => request["role_name"] = json!(NOBODY),
        ("role", "create") => {
            request["role_name"] = json!("New");
            request["permission_grants"] = json!([]);
        }
        ("role", "update") => request = json!({"name": NOBODY, "description": "Nothing at all."}),
        ("role", "assign") => request["name"] = json!(NOBODY),
        ("agent", "create") => request["agent_name"] = json!("New"),
        ("context_graph", "create") => request["state_machine_name"] = json!("New"),
        (_, "create") if request.get("name").is_some() => request["name"] = json!("New"),
        (_, "create_version") => request["version"] = json!(2),
        _ => {}
    }
    request
}

/// What the endpoint asks for, and what the request hands on; of two permissions that stand for each other, the first.
pub(super) fn needed(endpoint: &Endpoint) -> Vec<Grant> {
    let needed = endpoint.permissions.iter();
    let mut grants: Vec<Grant> = needed
        .map(|needed| grant(needed.split('|').next().unwrap()))
        .collect();
    if (endpoint.kind, endpoint.verb) == ("temporary_grant", "create") {
        grants.push(grant("Simulation:GetSimulationPersona"));
    }
    grants
}

/// How many things an answer lists.
pub(super) fn n_listed(answer: &Value) -> usize {
    let fields = answer.as_object().unwrap().values();
    fields.filter_map(Value::as_array).map(Vec::len).sum()
}

fn assert_forbidden(problem: &Problem, permission: &str, endpoint: &Endpoint) {
    assert_eq!(
        (problem.status, problem.code),
        (403, ErrorCode::Forbidden),
        "{}.{}: {problem}",
        endpoint.kind,
        endpoint.verb
    );
    for name in permission.split('|') {
        assert!(problem.detail.contains(name), "{problem} names {name}");
    }
}

#[tokio::test]
async fn every_query_asks_for_its_permissions() {
    let world = World::new().await;
    let nobody = world.bench.caller("u1").await;
    let none = granted("acme", "nobody", Vec::new());
    assert_eq!(nobody.access.reach("Metric:GetMetric"), model::Reach::Nothing);
    let ann = caller("acme", "ann");
    for (index, endpoint) in QUERIES.iter().enumerate() {
        let what = format!("{}.{}", endpoint.kind, endpoint.verb);
        let body = request(&world, endpoint);
        let full = world.bench.user(&format!("q{index}"), needed(endpoint)).await;
        let expected = world
            .ask(&ann, endpoint, &body)
            .await
            .unwrap_or_else(|problem| panic!("{what}: {problem}"));
        let answer = world
            .ask(&full, endpoint, &body)
            .await
            .unwrap_or_else(|problem| panic!("{what}: {problem}"));
        if endpoint.filters_rows() {
            assert_eq!(
                endpoint.permissions.len(),
                1,
                "{what}: rows are shown by one permission"
            );
            assert!(
                !endpoint.permissions[0].contains('|'),
                "{what}: rows are shown by one permission"
            );
            assert!(n_listed(&expected) > 0, "{what}: there is something to be hidden");
            assert_eq!(n_listed(&answer), n_listed(&expected), "{what}");
            let nothing = world.ask(&none, endpoint, &body).await;
            if endpoint.is_about_one() {
                assert_forbidden(&nothing.unwrap_err(), endpoint.permissions[0], endpoint);
            } else {
                let nothing = nothing.unwrap();
                assert_eq!(n_listed(&nothing), 0, "{what}: {nothing}");
            }
            continue;
        }
        // Of a run less is shown to those who may see no more; addresses and the server know what time it is.
        if !matches!(
            what.as_str(),
            "run.get" | "run.wait" | "run.results" | "run.artifact_url" | "server.status"
        ) {
            assert_eq!(answer, expected, "{what}");
        }
        let problem = world.ask(&none, endpoint, &body).await.unwrap_err();
        assert_forbidden(&problem, endpoint.permissions[0], endpoint);
        for missing in endpoint.permissions {
            let rest = endpoint.permissions.iter().filter(|other| *other != missing);
            let caller = granted("acme", "somebody", rest.map(|name| grant(name)).collect());
            let problem = world.ask(&caller, endpoint, &body).await.unwrap_err();
            assert_forbidden(&problem, missing, endpoint);
        }
    }
}

#[tokio::test]
async fn every_command_asks_for_its_permissions() {
    for endpoint in COMMANDS {
        let what = format!("{}.{}", endpoint.kind, endpoint.verb);
        let world = World::new().await;
        let body = request(&world, endpoint);
        let before = world.bench.server.database().sequences().events;
        let none = granted("acme", "nobody", Vec::new());
        let problem = world.ask(&none, endpoint, &body).await.unwrap_err();
        assert_forbidden(&problem, endpoint.permissions[0], endpoint);
        for missing in endpoint.permissions {
            let rest = endpoint.permissions.iter().filter(|other| *other != missing);
            let rest = rest.map(|name| grant(name.split('|').next().unwrap()));
            let caller = granted("acme", "somebody", rest.collect());
            let problem = world.ask(&caller, endpoint, &body).await.unwrap_err();
            assert_forbidden(&problem, missing, endpoint);
        }
        assert_eq!(
            world.bench.server.database().sequences().events,
            before,
            "{what}: what is refused changes nothing"
        );
        let full = world.bench.user("u3", needed(endpoint)).await;
        let done = world.ask(&full, endpoint, &body).await;
        let expected = NOT_POSSIBLE
            .iter()
            .find(|(kind, verb, _)| (*kind, *verb) == (endpoint.kind, endpoint.verb));
        match (done, expected) {
            (Ok(_), None) => {}
            (Err(problem), Some((_, _, code))) => assert_eq!(problem.code, *code, "{what}: {problem}"),
            (Err(problem), None) => panic!("{what}: {problem}: {:?}", problem.errors),
            (Ok(_), Some(_)) => panic!("{what} is possible"),
        }
    }
}

/// An id that does not exist is not looked up for somebody who may not do it anyway.
#[tokio::test]
async fn a_refusal_tells_nothing_about_what_there_is() {
    let world = World::new().await;
    let none = granted("acme", "nobody", Vec::new());
    for endpoint in COMMANDS
        .iter()
        .chain(QUERIES)
        .filter(|endpoint| !endpoint.filters_rows() || endpoint.is_about_one())
    {
        let there = world
            .ask(&none, endpoint, &world.request(endpoint))
            .await
            .unwrap_err();
        let missing: Value = serde_json::from_str(endpoint.example_request).unwrap();
        let missing = world.ask(&none, endpoint, &missing).await.unwrap_err();
        let malformed = world
            .ask(&none, endpoint, &json!({"id": 7, "name": []}))
            .await
            .unwrap_err();
        assert_eq!(there, missing, "{}.{}", endpoint.kind, endpoint.verb);
        assert_eq!(there, malformed, "{}.{}", endpoint.kind, endpoint.verb);
    }
}
