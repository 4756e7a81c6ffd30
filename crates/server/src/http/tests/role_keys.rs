//! API keys of roles: they sign users in who may do no more, and what a user may do is asked for with every request.

use super::*;

/// Makes a role that permits these, and a user of the same name in it.
async fn user(served: &Served, name: &str, permissions: &[&str]) {
    let grants = permissions
        .iter()
        .map(|permission| json!({"permission_name": permission, "conditions": {}}));
    let grants: Vec<Value> = grants.collect();
    let role = json!({
        "role_name": name, "description": "for tests", "permission_grants": grants, "frontend_view": "client",
    });
    served.bench.command("role.create", role).await.unwrap();
    let user = json!({"id": name, "name": name, "role": name});
    served.bench.command("user.create", user).await.unwrap();
}

async fn statuses(served: &Served, token: &str) -> [u16; 3] {
    let personas = served.url("/v1/acme/simulation/persona/");
    let list = served
        .client
        .get(&personas)
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    let persona = crate::tests::persona("Maria");
    let create = served
        .client
        .post(&personas)
        .bearer_auth(token)
        .json(&persona)
        .send()
        .await
        .unwrap();
    let status = served
        .client
        .get(served.url("/v1/acme/rehearse/status"))
        .bearer_auth(token);
    let status = status.send().await.unwrap();
    [list, create, status].map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_role_key_opens_for_whom_its_role_covers_for_as_long_as_it_does() {
    let served = serve().await;
    user(
        &served,
        "wide",
        &["Simulation:GetSimulationPersona", "Rehearse:GetStatus"],
    )
    .await;
    user(&served, "narrow", &["Rehearse:GetStatus"]).await;
    user(&served, "other", &["Metric:GetMetric"]).await;
    let key = json!({"name": "CI", "duration": "P1D", "role_name": "wide"});
    let key = served.bench.command("api_key.create", key).await.unwrap();
    let (id, secret) = (
        key["api_key_id"].as_str().unwrap(),
        key["api_key"].as_str().unwrap(),
    );
    let sign_in = |user| served.sign_in("acme", id, secret, user).send();

    assert_eq!(sign_in("wide").await.unwrap().status(), StatusCode::OK);
    let unknown = problem(sign_in("who").await.unwrap()).await;
    for beyond in ["other", "ann"] {
        let refused = problem(sign_in(beyond).await.unwrap()).await;
        assert_eq!(
            (refused.status, &refused.detail),
            (401, &unknown.detail),
            "{beyond}"
        );
    }
    let signed_in: Value = sign_in("narrow").await.unwrap().json().await.unwrap();
    let token = signed_in["id_token"].as_str().unwrap();
    // A list is never refused; it is empty.
    assert_eq!(statuses(&served, token).await, [200, 403, 200]);

    let more = json!({"name": "narrow", "permission_grants": [
        {"permission_name": "Metric:GetMetric", "conditions": {}},
    ]});
    served.bench.command("role.update", more).await.unwrap();
    assert_eq!(
        statuses(&served, token).await,
        [401; 3],
        "the key's role no longer covers the user's"
    );
    assert_eq!(
        sign_in("narrow").await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn what_a_user_may_do_changes_with_its_role_at_once() {
    let served = serve().await;
    user(&served, "bob", &["Rehearse:GetStatus"]).await;
    let key = json!({"name": "CI", "duration": "P1D", "rehearse": {"user_id": "bob"}});
    let key = served.bench.command("api_key.create", key).await.unwrap();
    let (id, secret) = (
        key["api_key_id"].as_str().unwrap(),
        key["api_key"].as_str().unwrap(),
    );
    let signed_in = served.sign_in("acme", id, secret, "bob").send().await.unwrap();
    let signed_in: Value = signed_in.json().await.unwrap();
    let token = signed_in["id_token"].as_str().unwrap();
    assert_eq!(statuses(&served, token).await, [200, 403, 200]);
    let assign = json!({"name": ADMINISTRATOR_ROLE, "user_id": "bob"});
    served.bench.command("role.assign", assign).await.unwrap();
    assert_eq!(statuses(&served, token).await, [200, 201, 200]);
    served
        .bench
        .command("user.delete", json!({"id": "bob"}))
        .await
        .unwrap();
    assert_eq!(statuses(&served, token).await, [401; 3]);
}
