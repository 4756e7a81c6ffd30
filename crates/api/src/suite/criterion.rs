//! Success criteria in unit tests.

use model::{Comparison, Criterion, Name, SuiteCriterion};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, finite, list},
};

/// What a metric's value must be: exactly one of the conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct CriterionDoc {
    /// What people call the criterion. Default: the metric's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The metric's name.
    pub metric: String,
    /// Exactly this: true or false, or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// Any number but this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_equals: Option<f64>,
    /// This number or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// This number or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// More than this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Less than this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// One of these words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub one_of: Option<Vec<String>>,
}

const THRESHOLDS: &[(&str, Comparison)] = &[
    ("notEquals", Comparison::NotEqual),
    ("atLeast", Comparison::AtLeast),
    ("atMost", Comparison::AtMost),
    ("above", Comparison::Above),
    ("below", Comparison::Below),
];

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<SuiteCriterion> {
    let mut fields = Fields::of(value, at, errors)?;
    let name = fields.optional("name");
    let metric: Option<Name> = fields.required("metric");
    // One entry per condition that is there; `None` in it means that a fault was reported.
    let mut conditions: Vec<Option<Criterion>> = Vec::new();
    conditions.extend(present(fields.optional_with("equals", equals)));
    for (key, verb) in THRESHOLDS {
        let threshold = present(fields.optional_with(key, finite));
        conditions.extend(threshold.map(|read| {
            Some(Criterion::Numerical {
                verb: *verb,
                threshold: read?,
            })
        }));
    }
    let one_of = present(fields.optional_with("oneOf", |value, at, errors| {
        list(value, &(1..=50), at, errors, Name::read)
    }));
    conditions.extend(one_of.map(|read| {
        Some(Criterion::Categorical {
            expected_values: read?,
        })
    }));
    if conditions.len() != 1 {
        fields.fault_here(
            "a criterion has exactly one of `equals`, `notEquals`, `atLeast`, `atMost`, `above`, `below` or `oneOf`",
        );
    }
    fields.finish();
    let [criterion] = conditions.try_into().ok()?;
    let metric = metric?;
    Some(SuiteCriterion {
        name: name?.unwrap_or_else(|| metric.clone()),
        metric,
        criterion: criterion?,
    })
}

/// None for a field that is absent, `Some(None)` for a faulty one.
fn present<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
        None => Some(None),
    }
}

fn equals(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Criterion> {
    match value {
        Value::Bool(expected_value) => Some(Criterion::Boolean {
            expected_value: *expected_value,
        }),
        Value::Number(_) => {
            let threshold = finite(value, at, errors)?;
            Some(Criterion::Numerical {
                verb: Comparison::Equal,
                threshold,
            })
        }
        Value::String(word) if word.len() <= 100 => {
            let hint = format!("for a word write `oneOf: [{}]`", word.escape_default());
            errors.push(at, format!("must be true, false or a number; {hint}"));
            None
        }
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            errors.push(at, "must be true, false or a number");
            None
        }
    }
}

pub(super) fn write(criterion: &SuiteCriterion) -> CriterionDoc {
    let mut doc = CriterionDoc {
        name: (criterion.name != criterion.metric).then(|| criterion.name.to_string()),
        metric: criterion.metric.to_string(),
        ..CriterionDoc::default()
    };
    match &criterion.criterion {
        Criterion::Boolean { expected_value } => doc.equals = Some(Value::Bool(*expected_value)),
        Criterion::Numerical { verb, threshold } => match verb {
            Comparison::Equal => doc.equals = Some(Value::from(*threshold)),
            Comparison::NotEqual => doc.not_equals = Some(*threshold),
            Comparison::AtMost => doc.at_most = Some(*threshold),
            Comparison::Below => doc.below = Some(*threshold),
            Comparison::AtLeast => doc.at_least = Some(*threshold),
            Comparison::Above => doc.above = Some(*threshold),
        },
        Criterion::Categorical { expected_values } => {
            doc.one_of = Some(expected_values.iter().map(ToString::to_string).collect());
        }
    }
    doc
}
