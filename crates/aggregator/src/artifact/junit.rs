//! `junit.xml`: what CI systems read. A test suite per unit test, a test case per repetition.
//!
//! A failed conversation is a `failure` with the criteria that were missed; an errored one an `error`; invalid and cancelled ones are
//! `skipped`, since they say nothing about the agent. Properties of a case tell its `attempts` and how many of them the simulated user broke
//! (`broken_attempts`), `milestones_reached` (such as `2/3`), and what `agent_cost_micros`, `simulator_cost_micros` and `judge_cost_micros` were,
//! in millionths of a US dollar, where that is known; properties of a suite its `pass_rate` and `pass_rate_invalid_as_failed`. `time` is how long the conversation took, in seconds. No element has a timestamp
//! or host name.

use std::time::Duration;

use model::{ConversationResult, Run, Time, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use zip::PreparedZipFile;

use super::{
    ArtifactError, Place,
    archive::Entry,
    manifest::Sealed,
    misses::{Miss, misses},
    printable::{cut, printable},
};
use crate::fold::{Credit, RunReport};

const NAME: &str = "junit.xml";
/// The most characters of a description or message.
const TEXT_CHARS: usize = 4000;

/// The document under way.
#[derive(Debug)]
pub(super) struct Junit {
    name: String,
    suites: Vec<TestSuite>,
}

impl Junit {
    pub(super) fn new(run: &Run) -> Self {
        let suites = run.plan.tests.iter().map(|test| {
            let mut suite = TestSuite::new(printable(test.name.as_str()));
            suite.add_property(("unit_test_id", test.unit_test_id.to_string().as_str()));
            suite
        });
        Self {
            name: run.set_name.to_string(),
            suites: suites.collect(),
        }
    }

    /// Appends one repetition; none: it had no result when the run was cancelled.
    pub(super) fn add(&mut self, sealed: &Sealed, place: Place<'_>, result: Option<&ConversationResult>) {
        let status = result.map_or_else(cancelled, |result| status(sealed, result));
        let name = format!("{} #{}", place.test.name, place.run_index);
        let mut case = TestCase::new(printable(&name), status);
        case.set_classname(printable(place.test.name.as_str()));
        case.set_time(result.map_or(Duration::ZERO, |result| {
            between(result.started_at, result.finished_at)
        }));
        case.add_property(("n", place.n.to_string().as_str()));
        for (name, value) in result.map(properties).unwrap_or_default() {
            case.add_property((name, value.as_str()));
        }
        if let Some(suite) = self.suites.get_mut(place.test_idx) {
            suite.add_test_case(case);
        }
    }

    pub(super) fn finish(self, report: &RunReport) -> Result<PreparedZipFile, ArtifactError> {
        let mut document = Report::new(printable(&self.name));
        for (mut suite, test) in self.suites.into_iter().zip(&report.tests) {
            // What a suite's conversations took together: they overlap, so this is not the time between first and last.
            let time = suite.test_cases.iter().filter_map(|case| case.time).sum();
            suite.set_time(time);
            suite.add_property(("planned", test.summary.tally.planned.to_string().as_str()));
            let rates = [
                ("pass_rate", test.summary.pass_rate),
                (
                    "pass_rate_invalid_as_failed",
                    test.summary.pass_rate_invalid_as_failed,
                ),
            ];
            for (name, rate) in rates {
                if let Some(rate) = rate {
                    suite.add_property((name, rate.rate.to_string().as_str()));
                }
            }
            document.add_test_suite(suite);
        }
        let summary = &report.summary;
        if let (Some(started_at), Some(finished_at)) = (summary.started_at, summary.finished_at) {
            document.set_time(between(started_at, finished_at));
        }
        let xml = document
            .to_string()
            .map_err(|source| ArtifactError::entry(NAME, source))?;
        Entry::of(NAME, xml.as_bytes())
    }
}

fn between(started_at: Time, finished_at: Time) -> Duration {
    Duration::from_millis(finished_at.millis_since(started_at))
}

/// What language models did in a conversation, as far as they did something.
fn properties(result: &ConversationResult) -> Vec<(&'static str, String)> {
    let mut properties = vec![("attempts", result.attempts.to_string())];
    if !result.broken.is_empty() {
        properties.push(("broken_attempts", result.broken.len().to_string()));
    }
    let credit = Credit::of(result);
    if credit.of > 0 {
        properties.push(("milestones_reached", format!("{}/{}", credit.reached, credit.of)));
    }
    let costs = [
        ("agent_cost_micros", result.usage),
        ("simulator_cost_micros", result.simulator_usage),
        ("judge_cost_micros", result.judge_usage),
    ];
    let known = costs.into_iter().filter(|(_name, usage)| usage.cost_micros > 0);
    properties.extend(known.map(|(name, usage)| (name, usage.cost_micros.to_string())));
    properties
}

fn cancelled() -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status
        .set_type("cancelled")
        .set_message("the run was cancelled before this conversation had finished");
    status
}

fn status(sealed: &Sealed, result: &ConversationResult) -> TestCaseStatus {
    let error = result.error.as_deref().unwrap_or("no cause was recorded");
    match result.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => {
            let misses = misses(sealed, result);
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let message = misses
                .iter()
                .map(|miss| miss.headline.as_str())
                .collect::<Vec<_>>()
                .join("; ");
            status.set_type(result.end.as_str()).set_message(short(&message));
            let description = misses.iter().map(lines).collect::<Vec<_>>().join("\n");
            status.set_description(short(&description));
            status
        }
        Verdict::Invalid => {
            let mut status = TestCaseStatus::skipped();
            status.set_type("invalid").set_message(short(error));
            status
        }
        Verdict::Errored => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(result.end.as_str()).set_message(short(error));
            status
        }
    }
}

fn lines(miss: &Miss<'_>) -> String {
    if miss.justification.is_empty() {
        return miss.headline.clone();
    }
    format!("{}\n    {}", miss.headline, miss.justification)
}

fn short(text: &str) -> String {
    let (kept, left_out) = cut(text, TEXT_CHARS);
    // The writer of the document drops tabs.
    let kept = printable(kept).replace('\t', " ");
    if left_out == 0 {
        kept
    } else {
        format!("{kept} … {left_out} more characters")
    }
}
