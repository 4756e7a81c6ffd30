//! Whether, or how often, the agent called a tool.

use model::{Json, MetricType, MetricValue, Role, ToolCall, Turn};
use serde_json::Value;

use super::{Evidence, Judgement, cannot_give, count};
use crate::excerpt::{QUOTE_BYTES, excerpt};

pub(super) fn measure(
    metric_type: MetricType,
    name: &str,
    arguments: Option<&Json>,
    evidence: &Evidence<'_>,
) -> Result<Judgement, String> {
    if !evidence.turns.iter().any(|turn| turn.role == Role::Agent) {
        return Ok(super::scope::nothing_said(model::Scope::Agent));
    }
    let wanted = arguments.map(Json::value);
    let calls: Vec<(&Turn, &ToolCall)> = evidence
        .turns
        .iter()
        .flat_map(|turn| turn.tool_calls.iter().map(move |call| (turn, call)))
        .collect();
    let named: Vec<&(&Turn, &ToolCall)> = calls.iter().filter(|(_turn, call)| call.name == name).collect();
    let fitting: Vec<&(&Turn, &ToolCall)> = named
        .iter()
        .filter(|(_turn, call)| {
            wanted
                .as_ref()
                .is_none_or(|wanted| fits(wanted, &call.arguments.value()))
        })
        .copied()
        .collect();
    let value = match metric_type {
        MetricType::Boolean => MetricValue::Boolean(!fitting.is_empty()),
        MetricType::Numerical => count(fitting.len()),
        MetricType::Categorical => return Err(cannot_give("tool_called", metric_type)),
    };
    let shown = |call: &ToolCall| {
        format!(
            "{}({})",
            excerpt(&call.name, 60),
            excerpt(call.arguments.as_str(), QUOTE_BYTES)
        )
    };
    let justification = if let Some((turn, call)) = fitting.first() {
        format!(
            "Called {} times, first in turn {}: {}.",
            fitting.len(),
            turn.index,
            shown(call)
        )
    } else if let Some((turn, call)) = named.first() {
        format!(
            "Never called with these arguments; turn {} called {}.",
            turn.index,
            shown(call)
        )
    } else {
        format!(
            "Never called `{}`; {} other tool calls.",
            excerpt(name, 60),
            calls.len()
        )
    };
    let mut references: Vec<u32> = fitting.iter().map(|(turn, _call)| turn.index).collect();
    references.dedup();
    Ok(Judgement {
        value: Some(value),
        justification,
        references,
    })
}

/// Whether `found` has every field of `wanted` with its value; numbers compare by value, all else exactly.
fn fits(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted
            .iter()
            .all(|(name, wanted)| found.get(name).is_some_and(|found| fits(wanted, found))),
        (Value::Number(wanted), Value::Number(found)) => wanted == found || wanted.as_f64() == found.as_f64(),
        (
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_),
            found,
        ) => wanted == found,
    }
}
