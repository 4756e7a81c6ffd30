//! What callers see and may have measured.

use super::{evaluate::manual, *};

/// What may be done with some of these grants.
fn granted(grants: &[(&str, Option<(&str, &str)>)]) -> Caller {
    let grant = |(permission, condition): &(&str, Option<(&str, &str)>)| model::Grant {
        permission: (*permission).to_owned(),
        conditions: condition
            .iter()
            .map(|(name, value)| {
                let value = model::Json::from_value(&json!(value)).unwrap();
                ((*name).to_owned(), model::GrantCondition::Equals(value))
            })
            .collect(),
    };
    let (org, user): (model::OrgId, model::UserId) = ("acme".parse().unwrap(), "bob".parse().unwrap());
    let access = model::Access::granted(org.clone(), user.clone(), grants.iter().map(grant).collect());
    Caller {
        org,
        user,
        access: Arc::new(access),
    }
}

async fn list_as(world: &World, caller: &Caller) -> Vec<Value> {
    let answer = world
        .bench
        .query_as(caller, "conversation.list", json!({}))
        .await
        .unwrap();
    answer["conversations"].as_array().unwrap().clone()
}

#[tokio::test]
async fn callers_see_what_their_role_permits() {
    let world = World::new().await;
    assert!(list_as(&world, &granted(&[])).await.is_empty());
    let only_lists = granted(&[("Conversation:GetConversation", None)]);
    let listed = list_as(&world, &only_lists).await;
    assert_eq!(listed.len(), 5);
    assert_eq!(listed[4]["final_message"], json!(""));
    assert_eq!(listed[4]["version_set_info"], Value::Null);
    let of_bob = granted(&[("Conversation:GetConversation", Some(("user_id", "bob")))]);
    assert!(list_as(&world, &of_bob).await.is_empty());
    let everything = granted(&[
        ("Conversation:GetConversation", Some(("user_id", "ann"))),
        ("Conversation:GetMessage", Some(("user_id", "ann"))),
        ("Service:GetVersionSet", Some(("name", "shop"))),
    ]);
    let listed = list_as(&world, &everything).await;
    assert_eq!(
        listed[4]["final_message"],
        json!("here you are, come again please")
    );
    assert_eq!(listed[4]["version_set_info"]["name"], json!("release"));
    let query = json!({"conversation_id": world.id(1)});
    let messages = world
        .bench
        .query_as(&everything, "conversation.messages", query.clone())
        .await
        .unwrap();
    assert_eq!(messages["messages"].as_array().unwrap().len(), 4);
    let refused = world.bench.query_as(&only_lists, "conversation.messages", query);
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::Forbidden);
}

#[tokio::test]
async fn measuring_needs_three_permissions_on_every_metric() {
    let world = World::new().await;
    let body = json!({"metric_ids": [world.metric()], "conversation_id": world.id(1)});
    let conversation = world.id(1);
    let all = [
        ("Metric:GetMetric", Some(("name", "polite"))),
        ("Metric:EvaluateMetric", None),
        (
            "Metric:GetMetricEvaluationResult",
            Some(("conversation_id", conversation.as_str())),
        ),
    ];
    for missing in 0..all.len() {
        let mut some = all.to_vec();
        some.remove(missing);
        let problem = world
            .bench
            .command_as(&granted(&some), None, "metric.evaluate", body.clone())
            .await
            .unwrap_err();
        assert_eq!(problem.code, ErrorCode::Forbidden, "without {}", all[missing].0);
    }
    let mut of_another = all.to_vec();
    of_another[0].1 = Some(("name", "rude"));
    let problem = world
        .bench
        .command_as(&granted(&of_another), None, "metric.evaluate", body.clone())
        .await
        .unwrap_err();
    assert_eq!(problem.code, ErrorCode::Forbidden);
    world
        .bench
        .command_as(&granted(&all), None, "metric.evaluate", body)
        .await
        .unwrap();
    let stored = manual(&world, json!({})).await;
    assert_eq!(stored[0]["source"]["invoked_by"]["user_id"], json!("bob"));
}
