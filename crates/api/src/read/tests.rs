//! The reader itself.

use model::{Name, PersonaId};
use serde_json::{Value, json};

use super::*;
use crate::Patch;

#[derive(Debug, PartialEq)]
struct Sample {
    name: Name,
    note: Patch<Name>,
    count: u32,
    ids: Vec<PersonaId>,
}

impl Read for Sample {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let mut fields = Fields::of(value, at, errors)?;
        let name = fields.required("name");
        let note = fields.patch("note");
        let count = fields.number_or("count", 1..=9, 3);
        let ids = fields.list("ids", 0..=2);
        fields.finish();
        Some(Self {
            name: name?,
            note: note?,
            count: count?,
            ids: ids?,
        })
    }
}

fn faults(value: &Value) -> Vec<String> {
    let errors = read::<Sample>(value).unwrap_err();
    errors
        .as_slice()
        .iter()
        .map(|error| format!("{}: {}", error.pointer, error.detail))
        .collect()
}

#[test]
fn absent_null_and_empty_mean_what_the_contract_says() {
    let note = |value: Value| read::<Sample>(&value).unwrap().note;
    assert_eq!(note(json!({"name": "a"})), Patch::Keep);
    assert_eq!(note(json!({"name": "a", "note": {}})), Patch::Keep);
    assert_eq!(note(json!({"name": "a", "note": null})), Patch::Clear);
    assert_eq!(
        note(json!({"name": "a", "note": " b "})),
        Patch::Set("b".try_into().unwrap())
    );
}

#[test]
fn all_faults_are_reported_at_once() {
    let found = faults(&json!({
        "name": null, "note": 1, "count": 10, "ids": ["6618791275130b73714e8d2a", "X", "6618791275130b73714e8d2a"], "nam": 1,
    }));
    assert_eq!(
        found,
        [
            "/name: is required",
            "/note: must be text, this is a number (write it in quotes)",
            "/count: must be a whole number from 1 to 9, this is 10",
            "/ids: must have 0 to 2 items, this has 3",
            "/nam: unknown field; did you mean `name`?",
        ]
    );
    assert_eq!(
        faults(&json!({"name": "a", "ids": ["X", "Y"]})),
        [
            "/ids/0: an id is 24 lower-case hexadecimal digits",
            "/ids/1: an id is 24 lower-case hexadecimal digits",
        ]
    );
    assert_eq!(faults(&json!([])), [": must be an object, this is a list"]);
}

#[test]
fn numbers_are_not_rounded() {
    for count in [json!(1.5), json!(-1), json!("3"), json!(true)] {
        assert_eq!(faults(&json!({"name": "a", "count": count})).len(), 1, "{count}");
    }
}

#[test]
fn long_keys_do_not_come_back() {
    let mut body = json!({"name": "a"});
    body["x".repeat(100_000)] = json!(1);
    assert_eq!(
        faults(&body),
        [": has an unknown field with a name of 100000 bytes"]
    );
}
