//! `kind: Metric`.

use model::{Judge, MetricContent, MetricDomain, ModelJudge, Name, SuiteSpec, Tags, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::judge::{self, JudgeDoc};
use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, limited_string, list, variant},
};

/// What is measured, and who measures it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct MetricSpec {
    /// What to measure and how to form the result: the instruction to a model judge. Required for the judge `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The values that may come out. Default: `boolean`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueDoc>,
    /// Who measures. Default: `model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<JudgeDoc>,
    /// Names of services whose real conversations are measured too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(max = 200))]
    pub applied_to_services: Vec<String>,
    /// Notes for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// The values that may come out.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ValueDoc {
    /// True or false.
    Boolean,
    /// A number within inclusive bounds.
    Numerical(NumericalDoc),
    /// One of 1 to 50 words.
    Categorical(CategoriesDoc),
}

/// Bounds of a number.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct NumericalDoc {
    /// The least value.
    pub lower_bound: f64,
    /// The greatest value.
    pub upper_bound: f64,
}

/// The words of a categorical metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct CategoriesDoc(#[schemars(length(min = 1, max = 50))] pub Vec<String>);

pub(super) fn read(fields: &mut Fields<'_>, tags: Tags) -> Option<SuiteSpec> {
    let description = fields.optional_with("description", read_description);
    let value = fields.optional_with("value", read_value);
    let judge = fields.optional_with("judge", judge::read);
    let applied_to_services = fields.list("appliedToServices", 0..=200);
    let additional_notes = fields.optional("notes");
    let content = content(fields, description?, value?, judge?)?;
    Some(SuiteSpec::Metric {
        additional_notes: additional_notes?,
        applied_to_services: applied_to_services?,
        tags,
        content,
    })
}

fn content(
    fields: &mut Fields<'_>,
    description: Option<String>,
    value: Option<MetricDomain>,
    judge: Option<Judge>,
) -> Option<MetricContent> {
    let content = MetricContent {
        description: description.unwrap_or_default(),
        value: value.unwrap_or(MetricDomain::Boolean),
        judge: judge.unwrap_or_else(by_model),
    };
    if matches!(content.judge, Judge::Model(_)) && content.description.is_empty() {
        fields.fault(
            "description",
            "is required for the judge `model`: it is what the model is told",
        );
        return None;
    }
    if let Err(reason) = content.check() {
        fields.fault("judge", reason.to_string());
        return None;
    }
    Some(content)
}

/// Descriptions are trimmed like every other text, but may be empty.
pub(crate) fn read_description(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<String> {
    limited_string(value, 256 * 1024, at, errors).map(|text| text.trim().to_owned())
}

fn read_value(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<MetricDomain> {
    let (word, content, at) = variant(value, &["boolean", "numerical", "categorical"], at, errors)?;
    match (word, content) {
        ("boolean", None) => Some(MetricDomain::Boolean),
        ("boolean", Some(content)) => {
            Fields::of(content, &at, errors)?.finish();
            Some(MetricDomain::Boolean)
        }
        ("numerical", Some(content)) => {
            let mut fields = Fields::of(content, &at, errors)?;
            let lower_bound: Option<f64> = fields.required("lowerBound");
            let upper_bound: Option<f64> = fields.required("upperBound");
            let ordered = lower_bound
                .zip(upper_bound)
                .is_none_or(|(lower, upper)| lower <= upper);
            if !ordered {
                fields.fault("upperBound", "must not be below `lowerBound`");
            }
            fields.finish();
            ordered.then_some(MetricDomain::Numerical {
                lower_bound: lower_bound?,
                upper_bound: upper_bound?,
            })
        }
        ("numerical", None) => {
            errors.push(
                &at,
                "needs bounds: write `numerical: {lowerBound: 0, upperBound: 10}`",
            );
            None
        }
        (_, Some(content)) => {
            let categories = list(content, &(1..=50), &at, errors, Name::read)?;
            Some(MetricDomain::Categorical { categories })
        }
        (_, None) => {
            errors.push(&at, "needs its words: write `categorical: [resolved, escalated]`");
            None
        }
    }
}

pub(super) fn write(
    notes: Option<&Text>,
    applied_to_services: &[Name],
    content: &MetricContent,
) -> MetricSpec {
    MetricSpec {
        description: (!content.description.is_empty()).then(|| content.description.clone()),
        value: match &content.value {
            MetricDomain::Boolean => None,
            MetricDomain::Numerical {
                lower_bound,
                upper_bound,
            } => Some(ValueDoc::Numerical(NumericalDoc {
                lower_bound: *lower_bound,
                upper_bound: *upper_bound,
            })),
            MetricDomain::Categorical { categories } => Some(ValueDoc::Categorical(CategoriesDoc(
                categories.iter().map(ToString::to_string).collect(),
            ))),
        },
        judge: (content.judge != by_model()).then(|| judge::write(&content.judge)),
        applied_to_services: applied_to_services.iter().map(ToString::to_string).collect(),
        notes: notes.map(ToString::to_string),
    }
}

/// Who judges a metric that does not say.
fn by_model() -> Judge {
    Judge::Model(ModelJudge::default())
}
