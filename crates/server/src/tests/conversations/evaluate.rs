//! Measuring conversations on demand.

use super::*;

/// The manual results, newest first.
pub(super) async fn manual(world: &World, mut query: Value) -> Vec<Value> {
    query["source_type"] = json!(["manual"]);
    let answer = world.bench.query("metric_result.list", query).await.unwrap();
    answer["metric_evaluation_results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_conversation_is_measured_on_demand_and_again() {
    let world = World::new().await;
    let counted = json!({"name": "replies", "applied_to_services": [], "tags": {}, "initial_version_metric_value": {
        "description": "how many replies", "metric_value": {"type": "numerical", "lower_bound": 0, "upper_bound": 9},
        "rehearse": {"judge": "interactions"},
    }});
    let replies = world.bench.command("metric.create", counted).await.unwrap()["id"].clone();
    let body = json!({"metric_ids": [replies, world.metric()]});
    let measured = world.evaluate(1, body).await.unwrap();
    let reply = |index| message_id(world.run.id, 1, index).to_string();
    assert_eq!(
        measured["metrics"][0]["metric_id"], replies,
        "in the order of the request"
    );
    assert_eq!(measured["metrics"][0]["value"], json!(2));
    assert_eq!(measured["metrics"][0]["references"], json!([reply(1), reply(3)]));
    assert_eq!(measured["metrics"][1]["value"], json!(true));
    let stored = manual(&world, json!({"conversation_id": [world.id(1)]})).await;
    assert_eq!(stored.len(), 2);
    let polite = stored
        .iter()
        .find(|result| result["metric_id"] == json!(world.metric()))
        .unwrap();
    assert_eq!(polite["result"], json!(true));
    assert_eq!(
        polite["source"],
        json!({
            "type": "manual", "conversation_id": world.id(1), "evaluate_to_interaction_id": null,
            "invoked_by": {"org_id": "acme", "user_id": "ann"}, "references": measured["metrics"][1]["references"],
        })
    );

    let cut = json!({"evaluate_to_interaction_id": world.interaction(1, 0)});
    let measured = world.evaluate(1, cut).await.unwrap();
    assert_eq!(
        measured["metrics"][0]["value"],
        json!(false),
        "the agent says please only later"
    );
    let again = manual(
        &world,
        json!({"metric_id_and_version": [format!("{}-1", world.metric())]}),
    )
    .await;
    assert_eq!(again.len(), 1, "the second value replaces the first");
    assert_eq!(again[0]["result"], json!(false));
    assert_eq!(again[0]["id"], polite["id"]);
    assert_eq!(
        again[0]["source"]["evaluate_to_interaction_id"],
        json!(world.interaction(1, 0))
    );
    for (query, n_expected) in [
        (
            json!({"metric_id_and_version": [format!("{}-2", world.metric())]}),
            0,
        ),
        (json!({"conversation_id": [world.id(0)]}), 0),
        (
            json!({"timestamp_after": again[0]["updated_at"], "metric_id": [world.metric()]}),
            1,
        ),
        (
            json!({"simulation_unit_test_set_run_id": [world.run.id.to_string()]}),
            0,
        ),
    ] {
        assert_eq!(manual(&world, query.clone()).await.len(), n_expected, "{query}");
    }
    let simulated =
        json!({"source_type": ["simulation"], "simulation_unit_test_set_run_id": [world.run.id.to_string()]});
    let simulated = world.bench.query("metric_result.list", simulated).await.unwrap();
    let simulated = simulated["metric_evaluation_results"].as_array().unwrap().clone();
    assert_eq!(simulated.len(), 1);
    assert_eq!(
        simulated[0]["justification"],
        json!("the judge broke"),
        "a judge that failed says so"
    );
    let never = json!({"source_type": ["post-session"]});
    let never = world.bench.query("metric_result.list", never).await.unwrap();
    assert_eq!(never["metric_evaluation_results"], json!([]));
}

#[tokio::test]
async fn how_a_conversation_ended_is_not_known_before() {
    let world = World::new().await;
    let body = json!({"name": "left", "applied_to_services": [], "tags": {}, "initial_version_metric_value": {
        "description": "whether the user got it", "metric_value": {"type": "boolean"}, "rehearse": {"judge": "scriptOutcome"},
    }});
    let left = world.bench.command("metric.create", body).await.unwrap()["id"].clone();
    let whole = world.evaluate(1, json!({"metric_ids": [left]})).await.unwrap();
    assert_eq!(whole["metrics"][0]["value"], json!(true));
    let last = json!({"metric_ids": [left], "evaluate_to_interaction_id": world.interaction(1, 1)});
    assert_eq!(
        world.evaluate(1, last).await.unwrap()["metrics"][0]["value"],
        json!(true)
    );
    let cut = json!({"metric_ids": [left], "evaluate_to_interaction_id": world.interaction(1, 0)});
    assert_eq!(
        world.evaluate(1, cut).await.unwrap()["metrics"][0]["value"],
        json!(false)
    );
}

#[tokio::test]
async fn a_judge_that_fails_says_so() {
    let world = World::new().await;
    let body = json!({"name": "few", "applied_to_services": [], "tags": {}, "initial_version_metric_value": {
        "description": "at most one reply", "metric_value": {"type": "numerical", "lower_bound": 0, "upper_bound": 1},
        "rehearse": {"judge": "interactions"},
    }});
    let few = world.bench.command("metric.create", body).await.unwrap()["id"].clone();
    let failed = world.evaluate(1, json!({"metric_ids": [few]})).await.unwrap();
    assert_eq!(failed["metrics"][0]["value"], Value::Null);
    let why = failed["metrics"][0]["justification"].as_str().unwrap();
    assert!(why.contains("the value 2 is not within 0 to 1"), "{why}");
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused() {
    let world = World::new().await;
    let metric = |name: &str, extension: Value| {
        let mut version = json!({"description": "d", "metric_value": {"type": "boolean"}});
        version
            .as_object_mut()
            .unwrap()
            .extend(extension.as_object().unwrap().clone());
        json!({"name": name, "applied_to_services": [], "tags": {}, "initial_version_metric_value": version})
    };
    let by_model = world
        .bench
        .command("metric.create", metric("model", json!({})))
        .await
        .unwrap();
    let deleted = metric(
        "gone",
        json!({"rehearse": {"judge": {"contains": {"text": "x"}}}}),
    );
    let deleted = world.bench.command("metric.create", deleted).await.unwrap();
    world
        .bench
        .command("metric.delete", json!({"id": deleted["id"]}))
        .await
        .unwrap();
    let unknown = "0".repeat(24);
    let many: Vec<String> = (0..11).map(|n| format!("{n:024}")).collect();
    for (n, body, status, code) in [
        (
            1,
            json!({"metric_ids": [by_model["id"]]}),
            422,
            ErrorCode::NotRunnable,
        ),
        (
            1,
            json!({"metric_ids": [deleted["id"]]}),
            404,
            ErrorCode::NotFound,
        ),
        (1, json!({"metric_ids": [unknown]}), 404, ErrorCode::NotFound),
        (1, json!({"conversation_id": unknown}), 404, ErrorCode::NotFound),
        (5, json!({}), 404, ErrorCode::NotFound),
        (
            1,
            json!({"evaluate_to_interaction_id": unknown}),
            404,
            ErrorCode::NotFound,
        ),
        (
            1,
            json!({"evaluate_to_interaction_id": world.interaction(2, 0)}),
            404,
            ErrorCode::NotFound,
        ),
        (4, json!({}), 400, ErrorCode::NoInteractions),
        (3, json!({}), 400, ErrorCode::NoInteractions),
        (
            3,
            json!({"evaluate_to_interaction_id": world.interaction(3, 0)}),
            400,
            ErrorCode::NoInteractions,
        ),
        (1, json!({"metric_ids": []}), 422, ErrorCode::ValidationFailed),
        (1, json!({"metric_ids": many}), 422, ErrorCode::ValidationFailed),
        (
            1,
            json!({"metric_ids": [world.metric(), world.metric()]}),
            422,
            ErrorCode::ValidationFailed,
        ),
    ] {
        let problem = world.evaluate(n, body.clone()).await.unwrap_err();
        assert_eq!(
            (problem.status, problem.code),
            (status, code),
            "{n} {body}: {problem}"
        );
    }
    let other = caller("other", "ann");
    let body = json!({"metric_ids": [world.metric()], "conversation_id": world.id(1)});
    let foreign = world
        .bench
        .command_as(&other, None, "metric.evaluate", body)
        .await
        .unwrap_err();
    assert_eq!(foreign.code, ErrorCode::NotFound);
    assert_eq!(
        manual(&world, json!({})).await,
        Vec::<Value>::new(),
        "nothing was recorded"
    );
}
