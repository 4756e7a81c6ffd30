//! Looks for pieces of text.

use model::{MetricType, MetricValue, Scope, Text, Turn};

use super::{Evidence, Judgement, cannot_give, count, scope};
use crate::excerpt::{around, excerpt};

/// How much of a wanted text a justification repeats, in bytes.
const WANTED_BYTES: usize = 60;

/// What is looked for.
pub(super) struct Wanted<'a> {
    pub(super) texts: &'a [Text],
    pub(super) all: bool,
    pub(super) case_sensitive: bool,
}

impl Wanted<'_> {
    fn folded(&self, text: &str) -> String {
        if self.case_sensitive {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    }
}

pub(super) fn measure(
    metric_type: MetricType,
    wanted: &Wanted<'_>,
    scope: Scope,
    evidence: &Evidence<'_>,
) -> Result<Judgement, String> {
    let messages = scope::messages(scope, evidence.turns);
    if messages.is_empty() {
        return Ok(scope::nothing_said(scope));
    }
    let folded: Vec<(&Turn, String)> = messages
        .iter()
        .map(|turn| (*turn, wanted.folded(&turn.text)))
        .collect();
    let texts: Vec<(&str, String)> = wanted
        .texts
        .iter()
        .map(|text| (text.as_str(), wanted.folded(text.as_str())))
        .collect();
    match metric_type {
        MetricType::Boolean => Ok(found(wanted, &texts, &folded, scope)),
        MetricType::Numerical => {
            let holds = |message: &str| {
                let mut held = texts
                    .iter()
                    .map(|(_text, folded)| message.contains(folded.as_str()));
                if wanted.all {
                    held.all(|held| held)
                } else {
                    held.any(|held| held)
                }
            };
            let holding: Vec<&Turn> = folded
                .iter()
                .filter(|(_turn, message)| holds(message))
                .map(|(turn, _message)| *turn)
                .collect();
            let what = if wanted.all { "all" } else { "any" };
            let justification = format!(
                "{} of {} looked at ({}) hold {what} of: {}.",
                holding.len(),
                folded.len(),
                scope::noun(scope),
                shown(texts.iter().map(|(text, _folded)| *text))
            );
            Ok(Judgement {
                value: Some(count(holding.len())),
                justification,
                references: scope::indices(holding),
            })
        }
        MetricType::Categorical => Err(cannot_give("contains", metric_type)),
    }
}

fn found(
    wanted: &Wanted<'_>,
    texts: &[(&str, String)],
    messages: &[(&Turn, String)],
    scope: Scope,
) -> Judgement {
    let mut places = Vec::new();
    let mut missing = Vec::new();
    for (text, folded) in texts {
        match messages
            .iter()
            .find_map(|(turn, message)| Some((turn, message, message.find(folded.as_str())?)))
        {
            Some((turn, message, at)) => places.push((*text, turn, around(message, at, at + folded.len()))),
            None => missing.push(*text),
        }
    }
    let value = if wanted.all {
        missing.is_empty()
    } else {
        !places.is_empty()
    };
    let looked_at: Vec<&Turn> = messages.iter().map(|(turn, _folded)| *turn).collect();
    let justification = match (places.first(), value) {
        (Some((text, turn, quoted)), true) => {
            format!(
                "Found `{}` in turn {}: “{quoted}”.",
                excerpt(text, WANTED_BYTES),
                turn.index
            )
        }
        (Some(_) | None, false) | (None, true) => {
            format!(
                "Not found in {}: {}.",
                scope::searched(scope, &looked_at),
                shown(missing.iter().copied())
            )
        }
    };
    let mut references: Vec<u32> = places.iter().map(|(_text, turn, _quoted)| turn.index).collect();
    if references.is_empty() {
        references = scope::searched_turns(scope, &looked_at);
    }
    references.sort_unstable();
    references.dedup();
    Judgement {
        value: Some(MetricValue::Boolean(value)),
        justification,
        references,
    }
}

fn shown<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts
        .map(|text| format!("`{}`", excerpt(text, WANTED_BYTES)))
        .collect::<Vec<_>>()
        .join(", ")
}
