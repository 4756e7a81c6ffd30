//! `metrics.csv`: one row per criterion of each conversation that was judged.
//!
//! Columns: `run`, `test` (the unit test's name), `run_index` (the repetition, from 0), `metric`, `version`, `criterion`, `value` (empty: the
//! metric did not apply or the judge failed), `passed`, `justification` (what the judge said, or why it failed), `votes` (how many judgements
//! were made, if more than one), `agreement` (the share of them that gave the value, 0 to 1; empty without votes or without a value),
//! `judge_cost_micros` (what the judges cost, in millionths of a US dollar, 0 where no price is known; empty if none is a language model).
//!
//! Texts that a spreadsheet would take for a formula are prefixed with `'`. Numbers are not: they are written by Rehearse.

use std::borrow::Cow;

use model::{ConversationResult, MetricValue};
use zip::PreparedZipFile;

use super::{ArtifactError, Place, agreement::Agreement, archive::Entry, manifest::Sealed};
use crate::fold::evaluation_of;

const NAME: &str = "metrics.csv";
const COLUMNS: [&str; 12] = [
    "run",
    "test",
    "run_index",
    "metric",
    "version",
    "criterion",
    "value",
    "passed",
    "justification",
    "votes",
    "agreement",
    "judge_cost_micros",
];

/// The entry under way.
#[derive(Debug)]
pub(super) struct MetricsCsv {
    entry: Entry,
}

impl MetricsCsv {
    pub(super) fn new() -> Result<Self, ArtifactError> {
        let mut entry = Entry::new(NAME)?;
        entry.write(&rows([COLUMNS.map(str::to_owned)])?)?;
        Ok(Self { entry })
    }

    /// Appends a conversation's rows.
    pub(super) fn add(
        &mut self,
        sealed: &Sealed,
        place: Place<'_>,
        result: &ConversationResult,
    ) -> Result<(), ArtifactError> {
        let judged = result.criteria.iter().filter_map(|outcome| {
            let evaluation = evaluation_of(result, outcome.evaluation_idx)?;
            Some([
                result.run.to_string(),
                text(place.test.name.as_str()),
                result.run_index.to_string(),
                text(&sealed.metric_name(evaluation.metric_id, evaluation.metric_version)),
                evaluation.metric_version.to_string(),
                text(outcome.name.as_str()),
                match &evaluation.value {
                    Some(MetricValue::Boolean(value)) => value.to_string(),
                    Some(MetricValue::Numerical(value)) => value.to_string(),
                    Some(MetricValue::Categorical(value)) => text(value),
                    None => String::new(),
                },
                outcome.passed.to_string(),
                text(evaluation.error.as_deref().unwrap_or(&evaluation.justification)),
                match evaluation.votes.len() {
                    0 => String::new(),
                    n_votes => n_votes.to_string(),
                },
                Agreement::of(evaluation, sealed.domain(evaluation))
                    .map_or_else(String::new, |agreement| agreement.share().to_string()),
                evaluation
                    .usage
                    .map_or_else(String::new, |usage| usage.cost_micros.to_string()),
            ])
        });
        self.entry.write(&rows(judged)?)
    }

    pub(super) fn finish(self) -> Result<PreparedZipFile, ArtifactError> {
        self.entry.finish()
    }
}

fn rows(rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> Result<Vec<u8>, ArtifactError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row)
            .map_err(|source| ArtifactError::entry(NAME, source))?;
    }
    writer
        .into_inner()
        .map_err(|source| ArtifactError::entry(NAME, source))
}

/// A text that no spreadsheet takes for a formula.
fn text(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    };
    // Spreadsheets and scripts stumble over NUL; nothing legible holds one.
    text.replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for hostile in ["=cmd()", "+1", "-1", "@sum", "\t=1", "\r=1"] {
            assert_eq!(text(hostile), format!("'{hostile}"));
        }
        assert_eq!(text("a=b"), "a=b");
        assert_eq!(text("a\0b"), "a\u{FFFD}b");
    }
}
