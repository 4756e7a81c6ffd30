//! The comparison itself.

use super::*;

fn found(narrow: &Value, wide: &Value) -> Vec<(String, String)> {
    let document = Document::new(json!({}));
    let side = |schema| Side {
        document: &document,
        schema,
    };
    differences(side(narrow), side(wide), "")
        .into_iter()
        .map(|one| (one.at, one.why))
        .collect()
}

#[test]
fn what_is_wider_contains_what_is_narrower() {
    for (narrow, wide) in [
        (
            json!({"type": "integer", "minimum": 1}),
            json!({"type": ["number", "null"], "minimum": 0}),
        ),
        (json!({"enum": ["a"]}), json!({"type": "string", "maxLength": 1})),
        (
            json!({"type": "integer", "exclusiveMinimum": 0}),
            json!({"type": "integer", "minimum": 1}),
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}}),
        ),
        (
            json!({"type": "array", "items": {"type": "null"}}),
            json!({"type": "array"}),
        ),
        (
            json!({"anyOf": [{"type": "null"}, {"type": "boolean"}]}),
            json!({}),
        ),
    ] {
        assert_eq!(found(&narrow, &wide), [], "{narrow} in {wide}");
    }
}

#[test]
fn what_is_narrower_does_not_contain_what_is_wider() {
    for (narrow, wide, at, why) in [
        (
            json!({"type": "integer"}),
            json!({"type": "integer", "minimum": 0}),
            "",
            "minimum: 0",
        ),
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string"}),
            "",
            "type: null is not string",
        ),
        (
            json!({"type": "string"}),
            json!({"enum": ["a", "b"]}),
            "",
            "enum: only 2 values",
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "pattern": "^a$"}),
            "",
            "pattern: ^a$",
        ),
        (
            json!({"type": "object"}),
            json!({"type": "object", "required": ["a"]}),
            "/a",
            "required",
        ),
        (
            json!({"type": "object", "properties": {"a": {}}}),
            json!({"type": "object", "additionalProperties": false}),
            "/a",
            "additionalProperties: refused",
        ),
        (
            json!({"type": "array", "items": {"type": "number"}}),
            json!({"type": "array", "items": {"type": "integer"}}),
            "/*",
            "type: number is not integer",
        ),
        (
            json!({}),
            json!({"type": "string"}),
            "",
            "type: any is not string",
        ),
    ] {
        assert_eq!(
            found(&narrow, &wide),
            [(at.to_owned(), why.to_owned())],
            "{narrow} in {wide}"
        );
    }
}
