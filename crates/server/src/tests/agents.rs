//! Versions of agents and context graphs.

use super::*;

const CONNECTION: &str = r#"{"connection": {"stdio": {"command": ["cat"]}}}"#;

fn connection() -> Value {
    serde_json::from_str(CONNECTION).unwrap()
}

async fn agent(bench: &Bench) -> Value {
    bench
        .command("agent.create", json!({"agent_name": "bot"}))
        .await
        .unwrap()["id"]
        .clone()
}

async fn graph(bench: &Bench) -> Value {
    let body = json!({"state_machine_name": "flow"});
    bench.command("context_graph.create", body).await.unwrap()["id"].clone()
}

async fn latest_agent(bench: &Bench, id: &Value) -> Value {
    let query = json!({"id": id, "version": "latest"});
    bench.query("agent.versions", query).await.unwrap()["agent_versions"][0].clone()
}

#[tokio::test]
async fn a_version_of_an_agent_says_only_what_changes() {
    let bench = bench().await;
    let id = agent(&bench).await;
    let listed = bench.query("agent.list", json!({"id": [id]})).await.unwrap();
    assert_eq!(listed["agents"][0]["latest_version"], Value::Null);
    for empty in [
        json!({"id": id}),
        json!({"id": id, "rehearse": null, "initials": null}),
    ] {
        let problem = bench.command("agent.create_version", empty).await.unwrap_err();
        assert_eq!((problem.status, problem.code), (400, ErrorCode::EmptyVersion));
    }
    let first = json!({"id": id, "version": 1, "rehearse": connection()});
    let made = bench.command("agent.create_version", first).await.unwrap();
    assert_eq!(made["version"], json!(1));
    let second = json!({"id": id, "background": "Sells bread.", "behaviors": ["greets"], "initials": null, "rehearse": {"connection": null}});
    let made = bench.command("agent.create_version", second).await.unwrap();
    let latest = latest_agent(&bench, &id).await;
    assert_eq!(
        (&latest["version"], &latest["created_at"]),
        (&json!(2), &made["created_at"])
    );
    assert_eq!(latest["rehearse"], connection(), "what is left out stays");
    assert_eq!(latest["background"], json!("Sells bread."));
    let third = json!({"id": id, "background": "Sells cake."});
    bench.command("agent.create_version", third).await.unwrap();
    let latest = latest_agent(&bench, &id).await;
    assert_eq!(
        (&latest["background"], &latest["behaviors"]),
        (&json!("Sells cake."), &json!(["greets"]))
    );
    let late = json!({"id": id, "version": 2, "background": "x"});
    let problem = bench.command("agent.create_version", late).await.unwrap_err();
    assert_eq!((problem.status, problem.code), (409, ErrorCode::VersionConflict));
}

#[tokio::test]
async fn a_repeated_command_tells_when_the_version_was_made() {
    let bench = bench().await;
    let id = agent(&bench).await;
    let ann = caller("acme", "ann");
    let body = json!({"id": id, "rehearse": connection()});
    let first = bench
        .command_as(&ann, Some("c1"), "agent.create_version", body.clone())
        .await
        .unwrap();
    let other = json!({"id": id, "background": "later"});
    bench.command("agent.create_version", other).await.unwrap();
    let again = bench
        .command_as(&ann, Some("c1"), "agent.create_version", body)
        .await
        .unwrap();
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_dry_run_makes_nothing() {
    let bench = bench().await;
    let id = graph(&bench).await;
    let body = |dry_run: Value, version: Value| json!({"id": id, "description": "d", "states": [], "dry_run": dry_run, "version": version});
    let nothing = bench
        .command("context_graph.create_version", body(json!("true"), json!("1")))
        .await
        .unwrap();
    assert_eq!(nothing, Value::Null);
    let versions = bench
        .query("context_graph.versions", json!({"id": id}))
        .await
        .unwrap();
    assert_eq!(versions["state_machine_versions"], json!([]));
    let problem = bench
        .command("context_graph.create_version", body(json!(true), json!(2)))
        .await
        .unwrap_err();
    assert_eq!((problem.status, problem.code), (409, ErrorCode::VersionConflict));
    let unknown = json!({"id": "0".repeat(24), "dry_run": true});
    let problem = bench
        .command("context_graph.create_version", unknown)
        .await
        .unwrap_err();
    assert_eq!(problem.code, ErrorCode::NotFound);

    let made = bench
        .command("context_graph.create_version", body(json!(false), json!(1)))
        .await
        .unwrap();
    let versions = bench
        .query("context_graph.versions", json!({"id": id}))
        .await
        .unwrap();
    let version = &versions["state_machine_versions"][0];
    assert_eq!(
        (&version["version"], &version["created_at"]),
        (&made["version"], &made["created_at"])
    );
}

#[tokio::test]
async fn what_was_deleted_is_deprecated() {
    let bench = bench().await;
    for (kind, list, id) in [
        ("agent", "agents", agent(&bench).await),
        (
            "context_graph",
            "service_hierarchical_state_machines",
            graph(&bench).await,
        ),
    ] {
        let answer = bench
            .command(&format!("{kind}.delete"), json!({"id": id}))
            .await
            .unwrap();
        assert_eq!(answer, Value::Null);
        let again = bench
            .command(&format!("{kind}.delete"), json!({"id": id}))
            .await
            .unwrap_err();
        assert_eq!((again.status, again.code), (409, ErrorCode::AlreadyDeleted));
        let body = json!({"id": id, "background": "x"});
        let problem = bench
            .command(&format!("{kind}.create_version"), body)
            .await
            .unwrap_err();
        assert_eq!(problem.code, ErrorCode::NotFound);
        for (query, n_expected) in [
            (json!({}), 1),
            (json!({"deprecated": true}), 1),
            (json!({"deprecated": "false"}), 0),
        ] {
            let listed = bench.query(&format!("{kind}.list"), query.clone()).await.unwrap();
            assert_eq!(
                listed[list].as_array().unwrap().len(),
                n_expected,
                "{kind} {query}"
            );
        }
    }
}

#[tokio::test]
async fn what_an_active_service_uses_stays() {
    let bench = bench().await;
    bench.command("suite.apply", suite()).await.unwrap();
    for (kind, name) in [("agent", "bot"), ("context_graph", "none")] {
        let object = bench
            .query(&format!("{kind}.get"), json!({"name": name}))
            .await
            .unwrap();
        let problem = bench
            .command(&format!("{kind}.delete"), json!({"id": object["id"]}))
            .await
            .unwrap_err();
        assert_eq!((problem.status, problem.code), (400, ErrorCode::InUse), "{kind}");
    }
}
