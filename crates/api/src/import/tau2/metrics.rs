//! Metrics of imported tasks. Tasks that check for the same thing share the metric.

use std::collections::BTreeMap;

use model::{Invalid, Name, Text};
use serde_json::Value;

use super::{
    name::{of_content, strict_tags},
    suite::document,
    task::Action,
};
use crate::suite::{
    ContainsDoc, CriterionDoc, Document, JudgeDoc, MetricSpec, NumericalDoc, Spec, SuiteKind, ToolCalledDoc,
    ValueDoc,
};

/// More than any count that a conversation can come to.
const MOST: f64 = 1_000_000.0;

/// What a metric does in a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An assertion in prose must hold.
    Assertion,
    /// The agent must have said something.
    Said,
    /// Whether the agent said something is reported.
    SaidReported,
    /// How often the agent made a call of the reference path is reported.
    Call,
    /// How long the conversation was is reported, because the task checks nothing else.
    Length,
}

impl Part {
    /// Whether it decides.
    pub(super) const fn gates(self) -> bool {
        match self {
            Self::Assertion | Self::Said => true,
            Self::SaidReported | Self::Call | Self::Length => false,
        }
    }
}

/// A metric, and the criterion under which a test names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Check {
    pub(super) part: Part,
    pub(super) name: Name,
    pub(super) spec: MetricSpec,
    pub(super) criterion: CriterionDoc,
}

impl Check {
    /// An assertion in prose, judged by a model.
    pub(super) fn assertion(domain: &Name, assertion: &Text) -> Result<Self, Invalid> {
        let description = format!(
            "Does the following hold for this conversation, tool calls included? True if it does, false if it does not.\n\n{assertion}"
        );
        let spec = MetricSpec {
            description: Some(Text::try_from(description)?.to_string()),
            ..boolean(None)
        };
        Ok(Self::required(
            Part::Assertion,
            of_content(domain, assertion.as_str())?,
            spec,
        ))
    }

    /// The agent says a text; otherwise only how often it does is reported.
    pub(super) fn said(domain: &Name, text: &Text, gates: bool) -> Result<Self, Invalid> {
        let texts = spellings(text.as_str());
        let judge = JudgeDoc::Contains(match texts.as_slice() {
            [text] => contains(Some(text.clone()), None),
            _ => contains(None, Some(texts)),
        });
        if gates {
            let spec = MetricSpec {
                description: Some(format!("The agent tells the user: {text}")),
                ..boolean(Some(judge))
            };
            let name = of_content(domain, &format!("agent says {text}"))?;
            return Ok(Self::required(Part::Said, name, spec));
        }
        let spec = MetricSpec {
            description: Some(format!("In how many messages the agent tells the user: {text}")),
            ..count(judge)
        };
        let name = of_content(domain, &format!("messages of the agent that say {text}"))?;
        Ok(Self::reported(Part::SaidReported, name, spec))
    }

    /// How often the agent makes a call of the reference path.
    pub(super) fn call(domain: &Name, action: &Action) -> Result<Self, Invalid> {
        let name = &action.name;
        let arguments = action.arguments.as_ref().map_or_else(String::new, |arguments| {
            let shown: Vec<String> = arguments
                .iter()
                .map(|(key, value)| match value {
                    Value::String(text) => format!("{key}={text}"),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                        format!("{key}={value}")
                    }
                })
                .collect();
            shown.join(", ")
        });
        let spec = MetricSpec {
            description: Some(format!(
                "How often the agent calls `{name}` with these arguments: a step of one way to do the task, not a requirement."
            )),
            ..count(JudgeDoc::ToolCalled(ToolCalledDoc {
                name: name.to_string(),
                arguments: action.arguments.clone(),
            }))
        };
        let name = of_content(domain, &format!("calls of {name}({arguments})"))?;
        Ok(Self::reported(Part::Call, name, spec))
    }

    /// How many interactions there were.
    pub(super) fn length(domain: &Name) -> Result<Self, Invalid> {
        let spec = MetricSpec {
            description: Some("How many interactions the conversation had.".to_owned()),
            ..count(JudgeDoc::Interactions)
        };
        Ok(Self::reported(
            Part::Length,
            of_content(domain, "interactions")?,
            spec,
        ))
    }

    fn required(part: Part, name: Name, spec: MetricSpec) -> Self {
        let criterion = CriterionDoc {
            metric: name.to_string(),
            equals: Some(Value::Bool(true)),
            ..CriterionDoc::default()
        };
        Self {
            part,
            name,
            spec,
            criterion,
        }
    }

    /// Counts begin at 0, so this criterion holds whatever is counted.
    fn reported(part: Part, name: Name, spec: MetricSpec) -> Self {
        let criterion = CriterionDoc {
            metric: name.to_string(),
            at_least: Some(0.0),
            ..CriterionDoc::default()
        };
        Self {
            part,
            name,
            spec,
            criterion,
        }
    }
}

const fn boolean(judge: Option<JudgeDoc>) -> MetricSpec {
    MetricSpec {
        description: None,
        value: None,
        judge,
        applied_to_services: Vec::new(),
        notes: None,
    }
}

fn count(judge: JudgeDoc) -> MetricSpec {
    MetricSpec {
        value: Some(ValueDoc::Numerical(NumericalDoc {
            lower_bound: 0.0,
            upper_bound: MOST,
        })),
        ..boolean(Some(judge))
    }
}

const fn contains(text: Option<String>, texts: Option<Vec<String>>) -> ContainsDoc {
    ContainsDoc {
        text,
        texts,
        all: false,
        case_sensitive: false,
        // Where a judge looks that does not say: at the agent's messages.
        scope: None,
    }
}

/// A text, and for a number of four or more digits also how it is written with or without commas between thousands.
fn spellings(text: &str) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    let plain = text.replace(',', "");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() < 4 || !digits(whole) || !digits(fraction) {
        return texts;
    }
    let mut grouped = String::with_capacity(plain.len() * 2);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped.push_str(plain.get(whole.len()..).unwrap_or_default());
    for spelling in [plain, grouped] {
        if !texts.contains(&spelling) {
            texts.push(spelling);
        }
    }
    texts
}

/// The metrics of a suite, in the order of first use.
#[derive(Debug)]
pub(super) struct Metrics<'a> {
    domain: &'a Name,
    made: BTreeMap<Name, usize>,
    documents: Vec<Document>,
}

impl<'a> Metrics<'a> {
    pub(super) const fn new(domain: &'a Name) -> Self {
        Self {
            domain,
            made: BTreeMap::new(),
            documents: Vec::new(),
        }
    }

    /// Adds the metric of a check unless it is there.
    pub(super) fn add(&mut self, check: &Check) {
        if self.made.contains_key(&check.name) {
            return;
        }
        self.made.insert(check.name.clone(), self.documents.len());
        let spec = Spec::Metric(check.spec.clone());
        let mut document = document(SuiteKind::Metric, &check.name, spec);
        document.metadata.tags = strict_tags(self.domain);
        self.documents.push(document);
    }

    /// Whether another metric has this one's name. Names hold a digest of what they do not show, so this is next to impossible.
    pub(super) fn conflicts(&self, check: &Check) -> bool {
        let index = self.made.get(&check.name);
        let held = index.and_then(|index| self.documents.get(*index));
        held.is_some_and(|held| held.spec != Spec::Metric(check.spec.clone()))
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.documents.len()
    }

    /// Their documents.
    pub(super) fn into_documents(self) -> Vec<Document> {
        self.documents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_however_thousands_are_written() {
        assert_eq!(spellings("1628"), ["1628", "1,628"]);
        assert_eq!(spellings("1,234,567.50"), ["1,234,567.50", "1234567.50"]);
        assert_eq!(spellings("23553"), ["23553", "23,553"]);
        for text in [
            "327",
            "4",
            "HAT1234",
            "1.5",
            "12,5",
            "-1628",
            "2024-05-15",
            "",
            "a,b",
        ] {
            assert_eq!(spellings(text), [text], "{text}");
        }
    }

    #[test]
    fn what_is_reported_always_holds() {
        let domain: Name = "airline".try_into().unwrap();
        let action = Action {
            name: "cancel".try_into().unwrap(),
            arguments: None,
            by_user: false,
        };
        let text: Text = "1628".try_into().unwrap();
        for check in [
            Check::call(&domain, &action).unwrap(),
            Check::said(&domain, &text, false).unwrap(),
            Check::length(&domain).unwrap(),
        ] {
            assert!(!check.part.gates());
            assert_eq!(check.criterion.at_least, Some(0.0));
            assert!(matches!(check.spec.value, Some(ValueDoc::Numerical(_))));
        }
    }
}
