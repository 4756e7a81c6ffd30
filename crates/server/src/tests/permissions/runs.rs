//! What of a run is shown to whom.

use super::{
    world::{SECOND, World, text},
    *,
};

const RUN: &str = "Simulation:GetSimulationUnitTestSetRun";
const SET: &str = "Simulation:GetSimulationUnitTestSet";
const TEST: &str = "Simulation:GetSimulationUnitTest";
const GRAPH: &str = "Organization:GetServiceHierarchicalStateMachine";

/// The run as a caller sees it: read, listed twice, waited for, and as it was.
async fn seen(world: &World, caller: &Caller) -> Vec<Value> {
    let id = world.id("6618791275130b73714e8d90");
    let query = |what, body| world.bench.query_as(caller, what, body);
    let page = query("run.page", json!({})).await.unwrap();
    let list = query("run.list", json!({"id": [id]})).await.unwrap();
    vec![
        query("run.get", json!({"id": id})).await.unwrap(),
        list["simulation_unit_test_set_runs"][0].clone(),
        page["items"][0].clone(),
        query("run.wait", json!({"id": id, "wait_ms": 0})).await.unwrap(),
        query("run.get", json!({"id": id, "as_of": u64::from(u32::MAX)}))
            .await
            .unwrap(),
    ]
}

/// The finished conversations that a caller sees, page by page.
async fn conversations(world: &World, caller: &Caller, filter: Value) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut token = json!(0);
    while !token.is_null() {
        let mut body = filter.clone();
        body["id"] = json!(world.id("6618791275130b73714e8d90"));
        body["limit"] = json!(1);
        body["continuation_token"] = token;
        let page = world.bench.query_as(caller, "run.results", body).await.unwrap();
        let rows = page["conversations"].as_array().unwrap();
        found.extend(
            rows.iter()
                .map(|row| (text(&row["unit_test_name"]), row["n"].as_u64().unwrap())),
        );
        token = page["continuation_token"].clone();
    }
    found
}

async fn transcript(world: &World, caller: &Caller, n: u32) -> Result<Value, Problem> {
    let id = world.id("6618791275130b73714e8d90");
    world
        .bench
        .query_as(caller, "run.transcript", json!({"id": id, "n": n}))
        .await
}

#[tokio::test]
async fn whoever_may_not_see_the_set_sees_neither_specs_nor_results() {
    let world = World::new().await;
    let other_set = grant_if(SET, "name", differs("Nightly"));
    let others = vec![grant(RUN), grant(TEST), grant(GRAPH)];
    let with_another = [others.clone(), vec![other_set]].concat();
    for (index, grants) in [others, with_another].into_iter().enumerate() {
        let bob = world.bench.user(&format!("bob{index}"), grants).await;
        for run in seen(&world, &bob).await {
            assert_eq!(run["unit_test_run_specs"], json!([]));
            assert_eq!(run["unit_test_run_results"], json!([]));
            assert_eq!(run["rehearse"]["set_name"], run["simulation_unit_test_set_id"]);
            assert_eq!(run["is_completed"], json!(true));
            assert!(!run.to_string().contains("Nightly"), "{run}");
        }
        assert_eq!(conversations(&world, &bob, json!({})).await, []);
        let problem = transcript(&world, &bob, 0).await.unwrap_err();
        assert_eq!(problem.code, ErrorCode::Forbidden);
        assert!(problem.detail.contains(SET), "{problem}");
    }
}

#[tokio::test]
async fn of_tests_that_a_caller_may_not_see_neither_content_nor_values_are_shown() {
    let world = World::new().await;
    let set = grant_if(SET, "name", equals("Nightly"));
    let bob = world
        .bench
        .user("bob", vec![grant(RUN), set.clone(), grant(GRAPH)])
        .await;
    for run in seen(&world, &bob).await {
        for spec in run["unit_test_run_specs"].as_array().unwrap() {
            assert_eq!(spec["scenario_version_info"], Value::Null);
            assert_eq!(spec["persona_version_info"], Value::Null);
            assert_eq!(spec["metrics_to_evaluate"], json!([]));
            assert_eq!(spec["rehearse"]["name"], Value::Null);
        }
        assert_eq!(run["rehearse"]["set_name"], json!("Nightly"));
    }
    let run = &seen(&world, &bob).await[0];
    assert_eq!(run["unit_test_run_specs"].as_array().unwrap().len(), 2);
    let results = run["unit_test_run_results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        assert_eq!(result["metric_evaluation_results"], json!([]));
        assert_eq!(result["rehearse"]["tally"], Value::Null);
        assert!(!result["run_errors"].as_array().unwrap().is_empty());
    }
    assert_eq!(conversations(&world, &bob, json!({})).await, []);
    let problem = transcript(&world, &bob, 0).await.unwrap_err();
    assert!(problem.detail.contains(TEST), "{problem}");

    let second = grant_if(TEST, "name", equals(SECOND));
    let carol = world
        .bench
        .user("carol", vec![grant(RUN), set, second, grant(GRAPH)])
        .await;
    let run = &seen(&world, &carol).await[0];
    let full = &seen(&world, &caller("acme", "ann")).await[0];
    for part in ["unit_test_run_specs", "unit_test_run_results"] {
        assert_eq!(run[part][1], full[part][1], "{part} of the second test");
        assert_ne!(run[part][0], full[part][0], "{part} of the first test");
    }
    assert_eq!(run["unit_test_run_specs"][0]["persona_version_info"], Value::Null);
    let of_second = [(SECOND.to_owned(), 2)];
    assert_eq!(conversations(&world, &carol, json!({})).await, of_second);
    assert_eq!(
        conversations(&world, &carol, json!({"verdict": ["passed"]})).await,
        of_second
    );
    let first = json!({"unit_test_id": [world.id("6618791275130b73714e8d5d")]});
    assert_eq!(conversations(&world, &carol, first).await, []);
    assert!(transcript(&world, &carol, 2).await.is_ok());
    let problem = transcript(&world, &carol, 1).await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::Forbidden);
    assert!(problem.detail.contains(TEST), "{problem}");
}

#[tokio::test]
async fn whoever_may_see_all_of_it_sees_all_of_it() {
    let world = World::new().await;
    let bob = world
        .bench
        .user("bob", vec![grant(RUN), grant(SET), grant(TEST)])
        .await;
    let ann = caller("acme", "ann");
    assert_eq!(seen(&world, &bob).await, seen(&world, &ann).await);
    assert_eq!(conversations(&world, &bob, json!({})).await.len(), 3);
}

#[tokio::test]
async fn artifacts_and_transcripts_show_what_is_in_context_graphs() {
    let world = World::new().await;
    let id = world.id("6618791275130b73714e8d90");
    for (index, (graph, expected)) in [(equals("Flow"), true), (differs("Flow"), false)]
        .into_iter()
        .enumerate()
    {
        let graph = grant_if(GRAPH, "name", graph);
        let grants = vec![grant(RUN), grant(SET), grant(TEST), graph];
        let bob = world.bench.user(&format!("bob{index}"), grants).await;
        let artifact = world
            .bench
            .query_as(&bob, "run.artifact", json!({"id": id}))
            .await;
        assert_eq!(artifact.is_ok(), expected);
        assert_eq!(transcript(&world, &bob, 0).await.is_ok(), expected);
    }
}

#[tokio::test]
async fn how_a_conversation_came_out_is_for_those_who_may_see_its_test_and_set() {
    let world = World::new().await;
    let list = grant("Conversation:GetConversation");
    let second = grant_if(TEST, "name", equals(SECOND));
    let nightly = grant_if(SET, "name", equals("Nightly"));
    let other = grant_if(SET, "name", differs("Nightly"));
    let test_ids = json!({"tag": [format!("unit_test:{}", world.id("6618791275130b73714e8d5d"))]});
    for (index, (grants, n_first, n_all)) in [
        (vec![], 0, 0),
        (vec![grant(TEST)], 0, 0),
        (vec![grant(SET)], 0, 0),
        (vec![grant(TEST), other], 0, 0),
        (vec![second, nightly], 0, 1),
        (vec![grant(TEST), grant(SET)], 2, 3),
    ]
    .into_iter()
    .enumerate()
    {
        let grants = [vec![list.clone()], grants].concat();
        let bob = world.bench.user(&format!("bob{index}"), grants).await;
        for (filter, n_conversations, n_shown) in [(test_ids.clone(), 2, n_first), (json!({}), 3, n_all)] {
            let answer = world
                .bench
                .query_as(&bob, "conversation.list", filter)
                .await
                .unwrap();
            let listed = answer["conversations"].as_array().unwrap();
            let verdicts = listed
                .iter()
                .map(|conversation| &conversation["rehearse"]["verdict"]);
            let n_verdicts = verdicts.filter(|verdict| !verdict.is_null()).count();
            assert_eq!((listed.len(), n_verdicts), (n_conversations, n_shown), "{index}");
        }
    }
}
