//! A CEL expression over the whole conversation.

use model::{MetricType, MetricValue};

use super::{Evidence, Judgement};
use crate::{
    excerpt::excerpt,
    expression::{Bindings, Budget, Outcome, Program},
    view,
};

/// What expressions may name.
pub(crate) const VARIABLES: &[&str] = &["conversation", "persona", "scenario"];

pub(super) fn measure(
    metric_type: MetricType,
    source: &str,
    evidence: &Evidence<'_>,
) -> Result<Judgement, String> {
    let program =
        Program::compile(source, VARIABLES).map_err(|invalid| format!("the expression {invalid}"))?;
    let bindings = Bindings::default()
        .with(
            "conversation",
            &view::judged_conversation(evidence.turns, evidence.end),
        )
        .with("persona", evidence.persona)
        .with("scenario", evidence.scenario);
    let outcome = program
        .run(&bindings, &Budget::default())
        .map_err(|why| why.to_string())?;
    let value = match (metric_type, outcome) {
        (_, Outcome::Null) => None,
        (MetricType::Boolean, Outcome::Boolean(value)) => Some(MetricValue::Boolean(value)),
        (MetricType::Numerical, Outcome::Number(value)) if value.is_finite() => {
            Some(MetricValue::Numerical(value))
        }
        (MetricType::Categorical, Outcome::Text(value)) => Some(MetricValue::Categorical(value)),
        (MetricType::Boolean | MetricType::Numerical | MetricType::Categorical, other) => {
            return Err(format!(
                "the expression gave {}, not a {} value",
                kind(&other),
                metric_type.as_str()
            ));
        }
    };
    let shown = value
        .as_ref()
        .map_or_else(|| "null: does not apply".to_owned(), super::shown);
    let justification = format!("`{}` is {shown}.", excerpt(source, 200));
    Ok(Judgement {
        value,
        justification,
        references: Vec::new(),
    })
}

fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Null => "null".to_owned(),
        Outcome::Boolean(_) => "a boolean".to_owned(),
        Outcome::Number(number) if number.is_finite() => "a number".to_owned(),
        Outcome::Number(_) => "a number without bound".to_owned(),
        Outcome::Text(_) => "a text".to_owned(),
        Outcome::Other(type_name) => format!("a {type_name}"),
    }
}
