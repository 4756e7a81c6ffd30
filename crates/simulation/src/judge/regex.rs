//! Matches a regular expression.

use model::{MetricType, MetricValue, Scope};

use super::{Evidence, Judgement, count, scope};
use crate::{
    excerpt::{around, excerpt},
    pattern,
};

pub(super) fn measure(
    metric_type: MetricType,
    source: &str,
    scope: Scope,
    evidence: &Evidence<'_>,
) -> Result<Judgement, String> {
    let regex = pattern::compile(source).map_err(|invalid| invalid.to_string())?;
    let messages = scope::messages(scope, evidence.turns);
    if messages.is_empty() {
        return Ok(scope::nothing_said(scope));
    }
    let has_group = regex.captures_len() > 1;
    let noun = scope::noun(scope);
    let first = messages
        .iter()
        .find_map(|turn| Some((*turn, regex.captures(&turn.text)?)));
    let Some((turn, captures)) = first else {
        let value = match metric_type {
            MetricType::Boolean => Some(MetricValue::Boolean(false)),
            MetricType::Numerical if !has_group => Some(count(0)),
            MetricType::Numerical | MetricType::Categorical => None,
        };
        let justification = format!(
            "`{}` does not match {}.",
            excerpt(source, 100),
            scope::searched(scope, &messages)
        );
        return Ok(Judgement {
            value,
            justification,
            references: scope::searched_turns(scope, &messages),
        });
    };
    let quoted = captures
        .get(0)
        .map_or_else(String::new, |all| around(&turn.text, all.start(), all.end()));
    let matched = format!("Turn {} matches: “{quoted}”.", turn.index);
    let one = |value| Judgement {
        value: Some(value),
        justification: matched.clone(),
        references: vec![turn.index],
    };
    // A group that took no part in the match gives no value.
    let group = captures.get(1).map(|group| group.as_str().trim());
    match metric_type {
        MetricType::Boolean => Ok(one(MetricValue::Boolean(true))),
        MetricType::Numerical if has_group => match group {
            Some(text) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(one(MetricValue::Numerical(number))),
                Ok(_) | Err(_) => Err(format!(
                    "the first group holds `{}`, not a number",
                    excerpt(text, 100)
                )),
            },
            None => Ok(without_group(&matched, turn.index)),
        },
        MetricType::Numerical => {
            let matching = messages.iter().filter(|turn| regex.is_match(&turn.text)).copied();
            let references = scope::indices(matching);
            let justification = format!(
                "{} of {} looked at ({noun}) match. {matched}",
                references.len(),
                messages.len()
            );
            Ok(Judgement {
                value: Some(count(references.len())),
                justification,
                references,
            })
        }
        MetricType::Categorical => match group {
            Some(text) => Ok(one(MetricValue::Categorical(text.to_owned()))),
            None if has_group => Ok(without_group(&matched, turn.index)),
            None => Err("the expression has no group, so it gives no category".to_owned()),
        },
    }
}

fn without_group(matched: &str, index: u32) -> Judgement {
    Judgement {
        value: None,
        justification: format!("{matched} The first group took no part in it."),
        references: vec![index],
    }
}
