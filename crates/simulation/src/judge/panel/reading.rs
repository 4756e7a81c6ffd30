//! Reads a judgement out of an answer, and checks it against the conversation. Nothing is mended and nothing is clamped: what does not
//! hold makes the judgement unusable, in words for whoever gave it.

use std::{collections::BTreeSet, fmt::Write as _};

use model::{MetricDomain, MetricValue, Turn};
use serde_json::Value;

use super::{
    Inquiry,
    case::{Case, stands_in},
    subject::Subject,
};
use crate::{
    Answer,
    excerpt::{QUOTE_BYTES, excerpt},
    judge::{Judgement, admitted_values},
};

/// How much of a wrong value is repeated, in bytes.
const SHOWN_BYTES: usize = 100;
/// How many quotations a justification repeats.
const MAX_QUOTES: usize = 3;

/// The judgement in an answer.
pub(super) fn read(inquiry: &Inquiry<'_>, answer: &Answer) -> Result<Judgement, String> {
    let given = answer.value.as_ref().ok_or("the answer has no value")?;
    let justification = given
        .get("justification")
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .ok_or("`justification` is missing or empty")?;
    match inquiry.subject {
        Subject::Metric { name: _, content } => {
            let value = value(given, &content.value)?;
            let evidence = references(given, &inquiry.case, inquiry.judge.quote)?;
            if inquiry.judge.quote && value.is_some() && evidence.turns.is_empty() {
                return Err(
                    "`references` is empty; the value must rest on at least one turn, with a quotation"
                        .to_owned(),
                );
            }
            Ok(Judgement {
                value,
                justification: format!("{justification}{}", evidence.shown),
                references: evidence.turns.into_iter().collect(),
            })
        }
        Subject::Milestone { not_before, .. } => milestone(given, inquiry, not_before, justification),
    }
}

fn value(given: &Value, domain: &MetricDomain) -> Result<Option<MetricValue>, String> {
    let given = given.get("value").ok_or("`value` is missing")?;
    let value = match (domain, given) {
        (_, Value::Null) => return Ok(None),
        (MetricDomain::Boolean, Value::Bool(value)) => Some(MetricValue::Boolean(*value)),
        (MetricDomain::Numerical { .. }, Value::Number(number)) => number
            .as_f64()
            .filter(|number| number.is_finite())
            .map(MetricValue::Numerical),
        (MetricDomain::Categorical { .. }, Value::String(word)) => {
            Some(MetricValue::Categorical(word.clone()))
        }
        (
            MetricDomain::Boolean | MetricDomain::Numerical { .. } | MetricDomain::Categorical { .. },
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
        ) => None,
    };
    match value {
        Some(value) if domain.admits(&value) => Ok(Some(value)),
        Some(_) | None => Err(format!(
            "`value` is {}, which is not {}, nor null",
            excerpt(&given.to_string(), SHOWN_BYTES),
            admitted_values(domain)
        )),
    }
}

/// The turns that a judgement refers to, and their quotations in words.
#[derive(Debug, Default)]
struct References {
    turns: BTreeSet<u32>,
    shown: String,
}

fn references(given: &Value, case: &Case<'_>, must_quote: bool) -> Result<References, String> {
    let list = given
        .get("references")
        .and_then(Value::as_array)
        .ok_or("`references` is not a list")?;
    let mut found = References::default();
    let (mut n_quotes, mut n_false) = (0_usize, 0_usize);
    for (place, reference) in list.iter().enumerate() {
        let turn = existing(reference, case, &format!("references[{place}].turn"))?;
        let quote = reference
            .get("quote")
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|quote| !quote.is_empty());
        match quote {
            Some(quote) if stands_in(quote, turn) => {
                n_quotes += 1;
                if n_quotes <= MAX_QUOTES {
                    let quote = excerpt(quote, QUOTE_BYTES);
                    let _infallible = write!(found.shown, " Turn {}: “{quote}”.", turn.index);
                }
            }
            Some(_) | None if must_quote => {
                return Err(format!(
                    "`references[{place}].quote` {} in turn {}; copy words from it exactly",
                    quote.map_or("is empty: it must be words that stand", |_false| "does not stand"),
                    turn.index
                ));
            }
            Some(_) => n_false += 1,
            None => {}
        }
        found.turns.insert(turn.index);
    }
    if n_false > 0 {
        let _infallible = write!(
            found.shown,
            " ({n_false} of the judge's quotations left out: not in the turn that was named.)"
        );
    }
    Ok(found)
}

fn existing<'a>(holder: &Value, case: &'a Case<'_>, place: &str) -> Result<&'a Turn, String> {
    let index = holder
        .get("turn")
        .ok_or_else(|| format!("`{place}` is missing"))?;
    case.turn(index).ok_or_else(|| {
        format!(
            "`{place}` is {}, and the conversation has no such turn: {}",
            excerpt(&index.to_string(), SHOWN_BYTES),
            case.turns_in_words()
        )
    })
}

fn milestone(
    given: &Value,
    inquiry: &Inquiry<'_>,
    not_before: u32,
    justification: &str,
) -> Result<Judgement, String> {
    let reached = given
        .get("reached")
        .and_then(Value::as_bool)
        .ok_or("`reached` is neither true nor false")?;
    let has_turn = given.get("turn").is_some_and(|turn| !turn.is_null());
    match (reached, has_turn) {
        (false, false) => {
            return Ok(Judgement {
                value: None,
                justification: justification.to_owned(),
                references: Vec::new(),
            });
        }
        (false, true) => return Err("`turn` must be null if `reached` is false".to_owned()),
        (true, false) => return Err("`turn` must say with which turn it was reached".to_owned()),
        (true, true) => {}
    }
    let turn = existing(given, &inquiry.case, "turn")?;
    if turn.index < not_before {
        return Err(format!(
            "`turn` is {}, before the milestone before this one was reached; the first turn that counts is {not_before}",
            turn.index
        ));
    }
    let mut justification = justification.to_owned();
    if inquiry.judge.quote {
        let quote = given
            .get("quote")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim();
        if !stands_in(quote, turn) {
            return Err(format!(
                "`quote` does not stand in turn {}; copy words from it exactly",
                turn.index
            ));
        }
        let _infallible = write!(
            justification,
            " Turn {}: “{}”.",
            turn.index,
            excerpt(quote, QUOTE_BYTES)
        );
    }
    Ok(Judgement {
        value: Some(MetricValue::Numerical(f64::from(turn.index))),
        justification,
        references: vec![turn.index],
    })
}
