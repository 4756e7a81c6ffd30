use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

#[test]
fn every_operation_is_an_endpoint_and_is_named_once() {
    let mut ids = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for operation in operations() {
        assert!(operation.endpoint().is_some(), "{} is no endpoint", operation.id);
        assert!(ids.insert(operation.id), "{} is named twice", operation.id);
        for path in operation.spellings() {
            assert!(
                addresses.insert((operation.method, path)),
                "{} has a twin",
                operation.id
            );
        }
    }
}

#[test]
fn a_second_operation_of_an_endpoint_is_of_our_own() {
    for operation in operations() {
        let first = operation_of(operation.family, operation.kind, operation.verb).unwrap();
        if first.id == operation.id {
            continue;
        }
        assert!(operation.path.starts_with("rehearse/"), "{}", operation.id);
        assert!(
            !first.path.starts_with("rehearse/"),
            "{} is one too many",
            operation.id
        );
        assert_eq!(first.status, operation.status, "{}", operation.id);
    }
}

#[test]
fn what_changes_an_object_names_it() {
    for operation in operations() {
        let names_it = !operation.path_fields.is_empty() || operation.kind == "organization";
        assert!(!operation.changes_object() || names_it, "{}", operation.id);
        assert!(
            !operation.shows_object() || operation.method == Method::Get,
            "{}",
            operation.id
        );
    }
    assert!(of("update-simulation-persona").changes_object());
    assert!(!of("create-simulation-persona").changes_object());
    assert!(!of("start-run").changes_object());
    assert!(of("get-persona").shows_object() && !of("list-personas").shows_object());
}

#[test]
fn every_placeholder_is_a_field() {
    for operation in operations() {
        let placeholders: Vec<&str> = operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let fields: Vec<&str> = operation.path_fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(placeholders, fields, "{}", operation.id);
    }
}

fn of(id: &str) -> &'static Operation {
    operation(id).unwrap()
}

#[test]
fn a_request_comes_together_from_path_query_and_body() {
    let operation = of("create-simulation-persona-version");
    let path = [(
        "simulation_persona_id".to_owned(),
        "6618791275130b73714e8d2a".to_owned(),
    )];
    let query = [("version".to_owned(), "2".to_owned())];
    let request = gather(operation, &path, &query, Some(json!({"background": "b"}))).unwrap();
    assert_eq!(
        request,
        json!({"background": "b", "version": "2", "id": "6618791275130b73714e8d2a"})
    );
    for body in [json!([]), json!({"id": "x"}), json!({"version": 2})] {
        assert!(gather(operation, &path, &query, Some(body)).is_err());
    }
    let unknown = [("limit".to_owned(), "1".to_owned())];
    let errors = gather(operation, &path, &unknown, Some(json!({}))).unwrap_err();
    assert_eq!(errors.as_slice()[0].pointer, "/limit");
}

#[test]
fn repeated_parameters_are_a_list() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let query = [
        pair("tag", "a:1"),
        pair("limit", "5"),
        pair("tag", "b:"),
        pair("tag", "c:*"),
    ];
    let request = gather(of("get-simulation-personas"), &[], &query, None).unwrap();
    assert_eq!(request, json!({"tag": ["a:1", "b:", "c:*"], "limit": "5"}));
}

#[test]
fn a_request_survives_being_spread() {
    for operation in operations() {
        let example: Value = serde_json::from_str(operation.endpoint().unwrap().example_request).unwrap();
        let mut example = example;
        let object = example.as_object_mut().unwrap();
        for (_, field) in operation.path_fields {
            // Objects are addressed by id.
            object
                .remove("name")
                .filter(|_| *field == "name")
                .map(|name| object.insert("name".to_owned(), name));
            object
                .entry(*field)
                .or_insert_with(|| json!("6618791275130b73714e8d2a"));
        }
        let spread = spread(operation, example.clone()).unwrap();
        let names = operation.path_fields.iter().map(|(name, _)| (*name).to_owned());
        let path: Vec<_> = names.zip(spread.path).collect();
        let gathered = gather(operation, &path, &spread.query, spread.body).unwrap();
        // Numbers, flags and single values come back as text, which the readers take as well.
        assert_eq!(keys(&gathered), keys(&example), "{}", operation.id);
    }
}

#[test]
fn an_object_is_asked_for_by_name_in_the_query() {
    let operation = of("get-persona");
    for request in [
        json!({"name": "a/b"}),
        json!({"name": "~", "as_of": "12"}),
        json!({"id": "x"}),
    ] {
        let spread = spread(operation, request.clone()).unwrap();
        let path = [("persona_id".to_owned(), spread.path[0].clone())];
        assert_eq!(
            gather(operation, &path, &spread.query, spread.body).unwrap(),
            request
        );
    }
    let named = spread(operation, json!({"name": "Maria"})).unwrap();
    assert_eq!(named.path, [BY_NAME]);
    // Where nothing can be asked for by name it is an id like any other.
    let path = [("run_id".to_owned(), BY_NAME.to_owned())];
    assert_eq!(
        gather(of("wait-for-run"), &path, &[], None).unwrap(),
        json!({"id": "~"})
    );
    assert!(spread(of("wait-for-run"), json!({"name": "x"})).is_err());
}

fn keys(value: &Value) -> BTreeSet<&String> {
    value.as_object().unwrap().keys().collect()
}
