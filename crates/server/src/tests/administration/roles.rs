//! Roles are made, changed, assigned and listed.

use api::role::every_permission;

use super::*;

/// The names of the roles that a query finds: the built-in one first, the others in the order of the alphabet.
async fn names(bench: &Bench, query: Value) -> Vec<String> {
    let mut names = texts(&bench.query("role.list", query).await.unwrap()["roles"], "name");
    let n_built_in = usize::from(names.first().is_some_and(|name| name == ADMINISTRATOR));
    names[n_built_in..].sort();
    names
}

#[tokio::test]
async fn the_built_in_role_is_always_there() {
    let bench = staffed(MemoryJournal::new()).await;
    let list = bench.query("role.list", json!({})).await.unwrap();
    assert_eq!(
        list["roles"],
        json!([{
            "id": model::builtin_role_id(), "name": ADMINISTRATOR, "description": "May do everything.",
            "frontend_view": "admin", "permission_grants": [],
        }])
    );
    let query = json!({"return_permission_grants": true});
    let list = bench.query("role.list", query).await.unwrap();
    let granted = texts(&list["roles"][0]["permission_grants"], "permission_name");
    let every: Vec<String> = every_permission().into_iter().map(str::to_owned).collect();
    assert_eq!(granted, every);
    for changed in ["role.update", "role.create"] {
        let mut body = role(ADMINISTRATOR, &[]);
        if changed == "role.update" {
            body = json!({"name": ADMINISTRATOR, "description": "x"});
        }
        let (status, code, _) = bench.refused(changed, body).await;
        let expected = match changed {
            "role.update" => (400, ErrorCode::BuiltInRole),
            _ => (409, ErrorCode::NameTaken),
        };
        assert_eq!((status, code), expected);
    }
}

#[tokio::test]
async fn a_role_is_made_and_changed() {
    let bench = staffed(MemoryJournal::new()).await;
    let grants = [json!({
        "permission_name": "Simulation:GetSimulationPersona",
        "conditions": {"role": {"type": "In", "values": ["customer", null]}, "creator": {"type": "Equals", "value": "{self_user_id}"}},
    })];
    let made = bench
        .command("role.create", role("Reviewer", &grants))
        .await
        .unwrap();
    let id = &made["role_id"];
    let read = async || {
        let query = json!({"id": [id], "return_permission_grants": true});
        bench.query("role.list", query).await.unwrap()["roles"].clone()
    };
    let expected = |description: &str, view: &str, grants: &[Value]| json!([{"id": id, "name": "Reviewer", "description": description, "frontend_view": view, "permission_grants": grants}]);
    assert_eq!(read().await, expected("For a test.", "client", &grants));

    let nothing =
        json!({"name": "Reviewer", "description": null, "permission_grants": null, "frontend_view": null});
    assert_eq!(bench.command("role.update", nothing).await.unwrap(), made);
    assert_eq!(read().await, expected("For a test.", "client", &grants));
    let changed = json!({"name": "Reviewer", "description": "Other.", "frontend_view": "admin"});
    assert_eq!(bench.command("role.update", changed).await.unwrap(), made);
    assert_eq!(read().await, expected("Other.", "admin", &grants));
    let emptied = json!({"name": "Reviewer", "permission_grants": []});
    bench.command("role.update", emptied).await.unwrap();
    assert_eq!(read().await, expected("Other.", "admin", &[]));

    let (status, code, _) = bench.refused("role.create", role("Reviewer", &[])).await;
    assert_eq!((status, code), (409, ErrorCode::NameTaken));
    let (status, code, _) = bench.refused("role.update", json!({"name": "No such"})).await;
    assert_eq!((status, code), (404, ErrorCode::NotFound));
}

#[tokio::test]
async fn roles_are_found_by_id_and_name() {
    let bench = staffed(MemoryJournal::new()).await;
    let one = bench.command("role.create", role("One", &[])).await.unwrap()["role_id"].clone();
    bench.command("role.create", role("Two", &[])).await.unwrap();
    let built_in = model::builtin_role_id();
    let nobody = "0".repeat(24);
    assert_eq!(names(&bench, json!({})).await, [ADMINISTRATOR, "One", "Two"]);
    assert_eq!(names(&bench, json!({"name": ["One", "Three"]})).await, ["One"]);
    assert_eq!(
        names(&bench, json!({"name": [ADMINISTRATOR, "Two"]})).await,
        [ADMINISTRATOR, "Two"]
    );
    assert_eq!(
        names(&bench, json!({"id": [one, built_in, nobody]})).await,
        [ADMINISTRATOR, "One"]
    );
    assert_eq!(names(&bench, json!({"id": one, "name": "One"})).await, ["One"]);
    for nothing in [
        json!({"id": one, "name": "Two"}),
        json!({"id": built_in, "name": "One"}),
        json!({"id": nobody}),
        json!({"name": "one"}),
    ] {
        assert_eq!(names(&bench, nothing.clone()).await, [""; 0], "{nothing}");
    }
    let (status, _, pointers) = bench
        .refused("role.list", json!({"id": ["x"], "return_permission_grants": 1}))
        .await;
    assert_eq!((status, pointers.len()), (422, 2));
    let foreign = caller("other", "ann");
    let list = bench
        .query_as(&foreign, "role.list", json!({"id": [one]}))
        .await
        .unwrap();
    assert_eq!(list["roles"], json!([]));
    let list = bench
        .query_as(&foreign, "role.list", json!({"name": ["One"]}))
        .await
        .unwrap();
    assert_eq!(list["roles"], json!([]));
}

#[tokio::test]
async fn a_role_is_assigned() {
    let bench = staffed(MemoryJournal::new()).await;
    let made = bench.command("role.create", role("Reviewer", &[])).await.unwrap();
    let assign = |name: &str, user: &str| json!({"name": name, "user_id": user});
    for _ in 0..2 {
        // The second time nothing is to be done, and the answer is the same.
        assert_eq!(
            bench
                .command("role.assign", assign("Reviewer", "bob"))
                .await
                .unwrap(),
            made
        );
        let bob = bench.query("user.get", json!({"id": "bob"})).await.unwrap();
        assert_eq!(bob["role"], "Reviewer");
    }
    let back = bench
        .command("role.assign", assign(ADMINISTRATOR, "bob"))
        .await
        .unwrap();
    assert_eq!(back, json!({"role_id": model::builtin_role_id()}));
    for unknown in [assign("No such", "bob"), assign("Reviewer", "nobody")] {
        let (status, code, _) = bench.refused("role.assign", unknown).await;
        assert_eq!((status, code), (404, ErrorCode::NotFound));
    }
    let user = json!({"id": "eve", "name": "Eve", "role": "No such"});
    assert_eq!(bench.refused("user.create", user).await.0, 404);
    bench.command("user.delete", json!({"id": "bob"})).await.unwrap();
    assert_eq!(
        bench.refused("role.assign", assign("Reviewer", "bob")).await.0,
        404
    );
}

#[tokio::test]
async fn a_repeated_command_is_answered_alike() {
    let bench = staffed(MemoryJournal::new()).await;
    let ann = caller("acme", "ann");
    let body = role("Reviewer", &[]);
    let first = bench
        .command_as(&ann, Some("c1"), "role.create", body.clone())
        .await
        .unwrap();
    let again = bench
        .command_as(&ann, Some("c1"), "role.create", body)
        .await
        .unwrap();
    assert_eq!(first, again);
    let assign = json!({"name": "Reviewer", "user_id": "bob"});
    let first = bench
        .command_as(&ann, Some("c2"), "role.assign", assign.clone())
        .await
        .unwrap();
    bench
        .command("role.assign", json!({"name": ADMINISTRATOR, "user_id": "bob"}))
        .await
        .unwrap();
    let again = bench
        .command_as(&ann, Some("c2"), "role.assign", assign)
        .await
        .unwrap();
    assert_eq!(first, again);
    let bob = bench.query("user.get", json!({"id": "bob"})).await.unwrap();
    assert_eq!(bob["role"], ADMINISTRATOR, "it took effect once");
}

#[tokio::test]
async fn hostile_names_of_roles_are_just_names() {
    let bench = staffed(MemoryJournal::new()).await;
    for name in HOSTILE {
        let grants =
            [json!({"permission_name": name, "conditions": {name: {"type": "Equals", "value": name}}})];
        let made = bench.command("role.create", role(name, &grants)).await.unwrap();
        assert_eq!(names(&bench, json!({"name": [name]})).await, [name]);
        let query = json!({"name": [name], "return_permission_grants": true});
        let list = bench.query("role.list", query).await.unwrap();
        assert_eq!(list["roles"][0]["permission_grants"], json!(grants));
        let assigned = bench
            .command("role.assign", json!({"name": name, "user_id": "bob"}))
            .await
            .unwrap();
        assert_eq!(assigned, made);
    }
    let (status, _, pointers) = bench.refused("role.create", role(&"x".repeat(257), &[])).await;
    assert_eq!((status, pointers), (422, vec!["/role_name".to_owned()]));
    let (status, _, pointers) = bench.refused("role.create", role("a\u{0}b", &[])).await;
    assert_eq!((status, pointers), (422, vec!["/role_name".to_owned()]));
}
