//! Takes over a value that came with a conversation which was recorded elsewhere.

use std::collections::BTreeMap;

use model::{MetricType, MetricValue};

use super::{Judgement, shown};
use crate::excerpt::excerpt;

/// How much of a value's name a justification repeats, in bytes.
const NAME_BYTES: usize = 100;

pub(super) fn measure(
    metric_type: MetricType,
    name: &str,
    recorded: Option<&BTreeMap<String, MetricValue>>,
) -> Result<Judgement, String> {
    let Some(recorded) = recorded else {
        return Ok(Judgement::not_applicable(
            "the conversation was not recorded elsewhere",
        ));
    };
    let name_shown = excerpt(name, NAME_BYTES);
    let Some(value) = recorded.get(name) else {
        return Ok(Judgement::not_applicable(format_args!(
            "the recording has no value `{name_shown}`"
        )));
    };
    let found = match value {
        MetricValue::Boolean(_) => MetricType::Boolean,
        MetricValue::Numerical(_) => MetricType::Numerical,
        MetricValue::Categorical(_) => MetricType::Categorical,
    };
    if found != metric_type {
        return Err(format!(
            "the recorded `{name_shown}` is {}, a {} value and not a {} one",
            shown(value),
            found.as_str(),
            metric_type.as_str()
        ));
    }
    Ok(Judgement {
        value: Some(value.clone()),
        justification: format!("Recorded as `{name_shown}`: {}.", shown(value)),
        references: Vec::new(),
    })
}
