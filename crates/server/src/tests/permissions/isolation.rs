//! Organizations see nothing of each other: what belongs to another one is answered as what does not exist.

use std::collections::BTreeSet;

use api::bus::Endpoint;

use super::{world::World, *};

/// Names that the examples of the table have for objects of the world.
const NAMES: [&str; 7] = [
    "Maria gets a refund",
    "Maria",
    "Refunded",
    "Nightly",
    "Shopkeeper",
    "Reviewer",
    "u1",
];

/// What the two requests say differently, and what is read for it in both answers.
type Said = Vec<(String, String)>;

/// The answer as text, without what the caller itself said.
fn answered(answer: Result<Value, Problem>, org: &str, names: &Said) -> String {
    let mut text = match answer {
        Ok(answer) => answer.to_string(),
        Err(problem) => serde_json::to_string(&problem).unwrap(),
    };
    text = text.replace(org, "<org>");
    for (here, placeholder) in names {
        text = text.replace(here, placeholder);
    }
    text
}

/// The endpoint's example twice: about the world's objects, and about objects that are nowhere. None if it is about no object.
fn requests(world: &World, endpoint: &Endpoint) -> Option<(Value, Value, Said)> {
    let foreign = world.request(endpoint).to_string();
    let mut nowhere = foreign.clone();
    let mut names = Vec::new();
    let example: Value = serde_json::from_str(endpoint.example_request).unwrap();
    for (index, id) in ids(&example).into_iter().enumerate() {
        let here = world.id(&id);
        let unknown = format!("{index:024x}");
        nowhere = nowhere.replace(&here, &unknown);
        names.push((here, format!("<id {index}>")));
        names.push((unknown, format!("<id {index}>")));
    }
    // Creating something under a name is no question about it.
    if !matches!(endpoint.verb, "create" | "apply" | "diff") {
        for name in NAMES {
            let quoted = format!("\"{name}\"");
            if foreign.contains(&quoted) {
                let unknown = format!("unknown-{}", name.len());
                nowhere = nowhere.replace(&quoted, &format!("\"{unknown}\""));
                names.push((name.to_owned(), "<name>".to_owned()));
                names.push((unknown, "<name>".to_owned()));
            }
        }
    }
    let differ = nowhere != foreign;
    let parse = |text: &str| serde_json::from_str(text).unwrap();
    differ.then(|| (parse(&foreign), parse(&nowhere), names))
}

/// Every id in a value.
fn ids(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) => {
            let is_hex = |part: &&str| part.len() == 24 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            text.split('-').filter(is_hex).map(str::to_owned).collect()
        }
        Value::Array(items) => items.iter().flat_map(ids).collect(),
        Value::Object(fields) => fields.values().flat_map(ids).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => BTreeSet::new(),
    }
}

#[tokio::test]
async fn what_belongs_to_others_is_answered_as_what_does_not_exist() {
    let world = World::new().await;
    let mut n_asked = 0;
    for (index, endpoint) in COMMANDS.iter().chain(QUERIES).enumerate() {
        let Some((foreign, nowhere, names)) = requests(&world, endpoint) else {
            continue;
        };
        n_asked += 1;
        // Each question comes from an organization that has nothing yet; the second time from somebody whose permissions depend on
        // the object, so that the object is looked up for them.
        for conditional in [false, true] {
            let mut answers = Vec::new();
            for (side, body) in [("one", &foreign), ("two", &nowhere)] {
                let org = format!("org{index}{conditional}{side}");
                let caller = if conditional {
                    let permissions = endpoint.permissions.iter().flat_map(|needed| needed.split('|'));
                    let some = permissions.map(|permission| grant_if(permission, "kind", differs("nothing")));
                    granted(&org, "eve", some.collect())
                } else {
                    caller(&org, "eve")
                };
                let answer = world.ask(&caller, endpoint, body).await;
                answers.push(answered(answer, &org, &names));
            }
            assert_eq!(answers[0], answers[1], "{}.{}", endpoint.kind, endpoint.verb);
        }
    }
    assert!(n_asked > 50, "{n_asked} endpoints name something");
    let unchanged = world.query("persona.get", json!({"name": "Maria"})).await;
    assert_eq!(unchanged["is_deleted"], json!(false));
    assert_eq!(unchanged["tags"], json!({"team": "support"}));
}
