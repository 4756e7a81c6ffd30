//! Masking the values of sensitive persona variables.
//!
//! The agent and its tools are handed these values, so they turn up in what was said. Reports show `[sensitive: name]` in their place.
//! Values shorter than [`SHORTEST`] bytes are not looked for: they would be found in half the words of a transcript.

use std::borrow::Cow;

use model::{
    BrokenAttempt, ConversationResult, EndReason, Evaluation, Json, Manifest, MetricValue, MilestoneOutcome,
    Plan, ToolCall, Turn, Violation, Vote, pin,
};
use serde_json::Value;

/// The shortest value that is masked, in bytes.
const SHORTEST: usize = 4;

/// What is masked in the conversations of each test.
#[derive(Debug)]
pub(super) struct Masks {
    by_test: Vec<Mask>,
}

/// Values and what stands in their place, longest first so that a value that holds another is masked whole.
#[derive(Debug, Default)]
struct Mask {
    values: Vec<(String, String)>,
}

impl Masks {
    pub(super) fn new(plan: &Plan, manifest: &Manifest) -> Self {
        let by_test = plan.tests.iter().map(|test| {
            let (persona, version) = test.persona;
            let named = manifest.personas.get(&pin(persona, version));
            let variables = named
                .into_iter()
                .flat_map(|named| named.content.sensitive_user_variables.entries());
            Mask::new(variables.map(|(name, value)| (name.as_str(), value.trim())))
        });
        Self {
            by_test: by_test.collect(),
        }
    }

    /// The result with every value masked.
    pub(super) fn apply<'a>(&self, result: &'a ConversationResult) -> Cow<'a, ConversationResult> {
        let test_idx = usize::try_from(result.test_idx).unwrap_or(usize::MAX);
        match self.by_test.get(test_idx) {
            Some(mask) if !mask.values.is_empty() => Cow::Owned(mask.result(result)),
            Some(_) | None => Cow::Borrowed(result),
        }
    }
}

impl Mask {
    fn new<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut values: Vec<_> = variables
            .filter(|(_, value)| value.len() >= SHORTEST)
            .map(|(name, value)| (value.to_owned(), format!("[sensitive: {name}]")))
            .collect();
        values.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        Self { values }
    }

    fn result(&self, result: &ConversationResult) -> ConversationResult {
        let mut result = result.clone();
        for turn in &mut result.turns {
            self.turn(turn);
        }
        match &mut result.end {
            EndReason::UserLeft { outcome: _, reason } => self.option(reason),
            EndReason::AgentError { cause }
            | EndReason::SimulatorError { cause }
            | EndReason::Infrastructure { cause } => self.text(cause),
            EndReason::AgentCompleted | EndReason::MaxInteractions => {}
        }
        for evaluation in &mut result.evaluations {
            self.evaluation(evaluation);
        }
        for MilestoneOutcome {
            name: _,
            reached_at: _,
            justification,
            error,
        } in &mut result.milestones
        {
            self.text(justification);
            self.option(error);
        }
        for BrokenAttempt {
            attempt: _,
            cause,
            violations,
            n_turns: _,
        } in &mut result.broken
        {
            self.text(cause);
            self.violations(violations);
        }
        self.option(&mut result.error);
        result
    }

    fn turn(&self, turn: &mut Turn) {
        self.text(&mut turn.text);
        for ToolCall {
            name,
            arguments,
            result,
        } in &mut turn.tool_calls
        {
            self.text(name);
            self.json(arguments);
            if let Some(result) = result {
                self.json(result);
            }
        }
        self.option(&mut turn.note);
        self.violations(&mut turn.violations);
    }

    fn violations(&self, violations: &mut [Violation]) {
        for Violation {
            fault: _,
            detail,
            message,
        } in violations
        {
            self.text(detail);
            self.text(message);
        }
    }

    fn evaluation(&self, evaluation: &mut Evaluation) {
        self.text(&mut evaluation.justification);
        self.option(&mut evaluation.error);
        self.metric_value(&mut evaluation.value);
        for Vote {
            model: _,
            value,
            justification,
            error,
        } in &mut evaluation.votes
        {
            self.metric_value(value);
            self.text(justification);
            self.option(error);
        }
    }

    fn metric_value(&self, value: &mut Option<MetricValue>) {
        match value {
            Some(MetricValue::Categorical(value)) => self.text(value),
            Some(MetricValue::Boolean(_) | MetricValue::Numerical(_)) | None => {}
        }
    }

    fn option(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn text(&self, text: &mut String) {
        for (value, mask) in &self.values {
            if text.contains(value) {
                *text = text.replace(value, mask);
            }
        }
    }

    /// Masks strings, keys and numbers of a JSON value; one that holds no sensitive value stays as it was written.
    fn json(&self, json: &mut Json) {
        let value = json.value();
        let masked = self.value(value.clone());
        if masked != value {
            // A mask can lengthen a value past what JSON texts may have; then nothing of it is shown.
            *json = Json::from_value(&masked).unwrap_or_else(|_too_long| Json::empty_object());
        }
    }

    fn value(&self, value: Value) -> Value {
        let masked = |mut text: String| {
            self.text(&mut text);
            text
        };
        match value {
            Value::String(text) => Value::String(masked(text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(name, field)| (masked(name), self.value(field)))
                    .collect(),
            ),
            Value::Number(number) => {
                let text = number.to_string();
                match self.values.iter().find(|(value, _)| *value == text) {
                    Some((_, mask)) => Value::String(mask.clone()),
                    None => Value::Number(number),
                }
            }
            Value::Bool(_) | Value::Null => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Ending, Sample, play};

    fn mask() -> Mask {
        Mask::new(
            [
                ("ssn", "078-05-1120"),
                ("pin", "1234"),
                ("short", "12"),
                ("card", "4111 1234"),
            ]
            .into_iter(),
        )
    }

    #[test]
    fn masks_the_longest_value_first() {
        let mut text = "My card 4111 1234, pin 1234, ssn 078-05-1120, age 12.".to_owned();
        mask().text(&mut text);
        assert_eq!(
            text,
            "My card [sensitive: card], pin [sensitive: pin], ssn [sensitive: ssn], age 12."
        );
    }

    #[test]
    fn masks_strings_keys_and_numbers_of_json() {
        let mut json: Json =
            r#"{"1234": [1234, 12345, "x1234\n"], "n": 1.50}"#.to_owned().try_into().unwrap();
        mask().json(&mut json);
        let expected = r#"{"[sensitive: pin]":["[sensitive: pin]",12345,"x[sensitive: pin]\n"],"n":1.5}"#;
        assert_eq!(json.as_str(), expected);
    }

    #[test]
    fn json_without_sensitive_values_stays_as_written() {
        let text = r#"{ "n": 1.50, "big": 123456789012345678901234567890 }"#;
        let mut json: Json = text.to_owned().try_into().unwrap();
        mask().json(&mut json);
        assert_eq!(json.as_str(), text);
    }

    type Writes = fn(&mut ConversationResult);

    /// What a language model wrote, in each place of a result where one writes.
    const PLACES: [(&str, Writes); 15] = [
        ("a note", |result| result.turns[0].note = Some(secret())),
        ("what a finding says", |result| {
            result.turns[0].violations[0].detail = secret()
        }),
        ("a message that was stopped", |result| {
            result.turns[0].violations[0].message = secret()
        }),
        ("why the simulated user left", |result| {
            result.end = EndReason::UserLeft {
                outcome: model::UserOutcome::Achieved,
                reason: Some(secret()),
            };
        }),
        ("what a judge says", |result| {
            result.evaluations[0].justification = secret()
        }),
        ("why a judge failed", |result| {
            result.evaluations[0].error = Some(secret())
        }),
        ("a vote", |result| {
            result.evaluations[1].votes[0].value = Some(MetricValue::Categorical(secret()));
        }),
        ("what a vote says", |result| {
            result.evaluations[1].votes[0].justification = secret()
        }),
        ("why a vote failed", |result| {
            result.evaluations[1].votes[0].error = Some(secret())
        }),
        ("what a milestone says", |result| {
            result.milestones[0].justification = secret()
        }),
        ("why nobody can tell of a milestone", |result| {
            result.milestones[0].error = Some(secret())
        }),
        ("why an attempt was thrown away", |result| {
            result.broken[0].cause = secret()
        }),
        ("a finding in it", |result| {
            result.broken[0].violations[0].detail = secret()
        }),
        ("a message that was stopped in it", |result| {
            result.broken[0].violations[0].message = secret()
        }),
        ("what broke", |result| result.error = Some(secret())),
    ];

    fn secret() -> String {
        "It is 4111 1234.".to_owned()
    }

    #[test]
    fn masks_every_text_that_a_language_model_writes() {
        let mut clear = Sample::new(3, &[("Books a slot", 1)]).result(0, Ending::Passes);
        play(&mut clear);
        assert!(!format!("{clear:?}").contains("4111"));
        for (place, write) in PLACES {
            let mut result = clear.clone();
            write(&mut result);
            assert!(format!("{result:?}").contains("It is 4111 1234."), "{place}");
            let masked = format!("{:?}", mask().result(&result));
            assert!(!masked.contains("4111"), "{place}");
            assert_eq!(masked.matches("It is [sensitive: card].").count(), 1, "{place}");
        }
    }
}
