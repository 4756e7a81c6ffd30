//! Grants of permissions, and words of roles and webhook destinations.

use model::{
    DeliveryStatus, FrontendView, Grant, GrantCondition, Json, WebhookType,
    openapi::{BLANK, CONTROL},
};
use serde_json::{Value, json};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, Word as _, list, map, words},
};

/// The most conditions of one grant.
const MAX_CONDITIONS: usize = 50;
/// The most values of one condition.
const MAX_VALUES: usize = 100;

words! {
    FrontendView {
        Client = "client",
        Admin = "admin",
    }
}

words! {
    WebhookType {
        ConversationPostProcessingComplete = "conversation-post-processing-complete",
        ApiKeyExpirationSoon = "api-key-expiration-soon",
        AgentFrameworkResourceUpdated = "agent-framework-resource-updated",
        RunCompleted = "rehearse-run-completed",
    }
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equals,
    In,
    NotEquals,
}

words! {
    Comparison {
        Equals = "Equals",
        In = "In",
        NotEquals = "NotEquals",
    }
}

pub(super) fn frontend_view(view: &FrontendView) -> &'static str {
    view.word()
}

pub(super) fn delivery_status(status: &DeliveryStatus) -> &'static str {
    status.word()
}

pub(super) fn webhook_type(kind: &WebhookType) -> &'static str {
    kind.word()
}

pub(super) fn read_grant(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Grant> {
    let mut fields = Fields::of(value, at, errors)?;
    let permission: Option<String> = fields.required("permission_name");
    let conditions = fields.with("conditions", |value, at, errors| {
        map(value, MAX_CONDITIONS, at, errors, read_condition)
    });
    let grant = permission.zip(conditions).map(|(permission, conditions)| Grant {
        permission,
        conditions,
    });
    let checked = grant.as_ref().map_or(Ok(()), Grant::check);
    let is_fine = checked.is_ok();
    fields.check(checked);
    fields.finish();
    grant.filter(|_| is_fine)
}

fn read_condition(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<GrantCondition> {
    let mut fields = Fields::of(value, at, errors)?;
    let condition = match fields.required("type")? {
        Comparison::Equals => read_value(&mut fields).map(GrantCondition::Equals),
        Comparison::NotEquals => read_value(&mut fields).map(GrantCondition::NotEquals),
        Comparison::In => fields
            .with("values", |value, at, errors| {
                list(value, &(0..=MAX_VALUES), at, errors, Json::read)
            })
            .map(GrantCondition::In),
    };
    fields.finish();
    condition
}

/// What is compared with. Null is a value like any other.
fn read_value(fields: &mut Fields<'_>) -> Option<Json> {
    let Some(value) = fields.raw("value") else {
        fields.fault("value", "is required");
        return None;
    };
    match Json::from_value(value) {
        Ok(value) => Some(value),
        Err(reason) => {
            fields.fault("value", reason.to_string());
            None
        }
    }
}

pub(super) fn write_grant(grant: &Grant) -> Value {
    let conditions = grant.conditions.iter();
    let conditions: serde_json::Map<String, Value> = conditions
        .map(|(attribute, condition)| (attribute.clone(), write_condition(condition)))
        .collect();
    json!({"permission_name": grant.permission, "conditions": conditions})
}

fn write_condition(condition: &GrantCondition) -> Value {
    match condition {
        GrantCondition::Equals(value) => {
            json!({"type": Comparison::Equals.word(), "value": value.value()})
        }
        GrantCondition::In(values) => {
            let values: Vec<Value> = values.iter().map(Json::value).collect();
            json!({"type": Comparison::In.word(), "values": values})
        }
        GrantCondition::NotEquals(value) => {
            json!({"type": Comparison::NotEquals.word(), "value": value.value()})
        }
    }
}

/// A name of a permission or an attribute: not blank, without control characters.
fn name_pattern() -> String {
    format!("^[^{CONTROL}]*[^{BLANK}{CONTROL}][^{CONTROL}]*$")
}

pub(super) fn grant() -> Value {
    let value =
        json!({"description": "Any JSON; `{self_org_id}` and `{self_user_id}` stand for the caller's own."});
    let values = json!({"type": "array", "items": value, "maxItems": MAX_VALUES});
    json!({
        "type": "object",
        "properties": {
            "permission_name": {
                "description": "The permission.",
                "type": "string", "minLength": 1, "maxLength": 256, "pattern": name_pattern(),
            },
            "conditions": {
                "description": "By attribute: what must hold of it.",
                "type": "object",
                "maxProperties": MAX_CONDITIONS,
                "propertyNames": {"minLength": 1, "maxLength": 256, "pattern": name_pattern()},
                "additionalProperties": {"oneOf": [
                    condition(Comparison::Equals, "value", value.clone()),
                    condition(Comparison::In, "values", values),
                    condition(Comparison::NotEquals, "value", value),
                ]},
            },
        },
        "required": ["permission_name", "conditions"],
        "additionalProperties": false,
    })
}

fn condition(comparison: Comparison, key: &str, schema: Value) -> Value {
    let word = comparison.word();
    json!({
        "title": word,
        "type": "object",
        "properties": {"type": {"type": "string", "const": word}, key: schema},
        "required": ["type", key],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read::read, shape::PermissionGrantShape};

    fn pointers(body: &Value) -> Vec<String> {
        let errors = read::<PermissionGrantShape>(body).unwrap_err();
        errors
            .as_slice()
            .iter()
            .map(|error| error.pointer.clone())
            .collect()
    }

    #[test]
    fn a_grant_keeps_its_conditions() {
        let body = json!({
            "permission_name": "Metric:GetMetric",
            "conditions": {
                "creator": {"type": "Equals", "value": "{self_user_id}"},
                "id": {"type": "NotEquals", "value": null},
                "name": {"type": "In", "values": ["a", 1, {"b": [true]}]},
                "none": {"type": "In", "values": []},
            },
        });
        let grant: PermissionGrantShape = read(&body).unwrap();
        assert_eq!(grant.0.conditions.len(), 4);
        assert_eq!(serde_json::to_value(&grant).unwrap(), body);
        let again: PermissionGrantShape = serde_json::from_value(body).unwrap();
        assert_eq!(again, grant);
    }

    #[test]
    fn every_fault_of_a_grant_is_named() {
        let wrong = json!({
            "permission_name": 7,
            "conditions": {
                "a": {"type": "Equals"},
                "b": {"type": "in", "values": []},
                "c": {"type": "In", "value": 1},
                "d": {"value": 1},
                "e": 1,
                "f": {"type": "NotEquals", "value": 1, "more": 2},
            },
            "more": 1,
        });
        assert_eq!(
            pointers(&wrong),
            [
                "/permission_name",
                "/conditions/a/value",
                "/conditions/b/type",
                "/conditions/c/values",
                "/conditions/c/value",
                "/conditions/d/type",
                "/conditions/e",
                "/conditions/f/more",
                "/more",
            ]
        );
    }

    #[test]
    fn a_grant_has_bounds() {
        let of = |name: &str, conditions: Value| json!({"permission_name": name, "conditions": conditions});
        let many = |n: usize| -> Value {
            let one = json!({"type": "Equals", "value": 1});
            Value::Object((0..n).map(|index| (index.to_string(), one.clone())).collect())
        };
        let values = |n: usize| json!({"name": {"type": "In", "values": vec![1; n]}});
        let value = |n: usize| json!({"name": {"type": "Equals", "value": "x".repeat(n)}});
        let fine = [
            of(&"x".repeat(256), json!({})),
            of("*.> '; DROP TABLE x; --", many(50)),
            of("x", values(100)),
            of("x", value(4000)),
        ];
        for body in fine {
            read::<PermissionGrantShape>(&body).unwrap();
        }
        for (body, pointer) in [
            (of(&"x".repeat(257), json!({})), ""),
            (of(" ", json!({})), ""),
            (of("a\u{0}b", json!({})), ""),
            (of("x", many(51)), "/conditions"),
            (of("x", values(101)), "/conditions/name/values"),
            (of("x", value(5000)), ""),
            (of("x", json!({" ": {"type": "Equals", "value": 1}})), ""),
            (
                of("x", json!({"": {"type": "Equals", "value": 1}})),
                "/conditions",
            ),
        ] {
            assert_eq!(pointers(&body), [pointer]);
        }
    }
}
