//! `run.json`: the report for programs.
//!
//! `format` is 2; a change that readers could stumble over makes it 3. (2 holds more than 1: costs, the second pass rate, attempts and
//! milestones.) Times are RFC 3339 in UTC, durations whole milliseconds, rates 0 to 1,
//! and what does not exist is null. Each summary (of the run under `summary`, of each of its `tests`) holds:
//! * `tally`: `planned`, `passed`, `failed`, `invalid` (the simulated user broke), `errored` and `cancelled` conversations;
//! * `pass_rate`: `passed` of `of` conversations that passed or failed, the `rate`, and `low` and `high` of its Wilson 95 % interval;
//!   `pass_rate_invalid_as_failed`: the same of those that passed, failed or are invalid. Errored ones count in neither;
//! * `attempts`: `all` that were begun, `broken` by the simulated user, and `broken_rate`;
//! * `milestones`: `reached` of `of` that somebody can tell about, and the `share`;
//! * `latency`: measured `replies` of the agent, `p50_ms` and `p95_ms` by nearest rank;
//! * `usage` (of agents), `simulator_usage`, `judge_usage` and `total_usage`: `input_tokens`, `output_tokens`, `cost_micros` (millionths of a
//!   US dollar, 0 where no price is known), `estimated` (some of the tokens are); `interactions`: replies of the agent;
//! * `end_reasons`: how many conversations ended for which reason;
//! * `errors`: `cause`, `count`, `first_n`, most frequent first; `further_errors`: conversations whose cause is not listed;
//! * `started_at`, `finished_at`: of the first and the last conversation.
//!
//! Each of a test's `criteria` counts the judged conversations in which it `passed` or was `missed`, and of the latter those in which
//! the metric was `not_applicable`, in which the `judge_failed`, and which were `capped`: as expected, but at the cap on interactions.
//! Each of a test's `milestones` counts the judged conversations in which it was `reached` or `missed`, and those of which it is `unknown`.

mod summary;

use model::Run;
use serde::Serialize;
use summary::SummaryField;
pub(crate) use summary::TallyField;
use zip::PreparedZipFile;

use super::{ArtifactError, archive::Entry, manifest::Sealed};
use crate::fold::{CriterionReport, MilestoneReport, RunReport, TestReport};

const NAME: &str = "run.json";
const FORMAT: u32 = 2;

/// The whole entry.
pub(super) fn entry(
    run: &Run,
    sealed: &Sealed,
    report: &RunReport,
) -> Result<PreparedZipFile, ArtifactError> {
    let tests = run
        .plan
        .tests
        .iter()
        .zip(&report.tests)
        .map(|(planned, test)| TestField {
            unit_test_id: test.unit_test_id.to_string(),
            name: test.name.as_str(),
            service_id: planned.service_id.to_string(),
            version_set: planned.version_set.as_str(),
            agent: Pinned::new(planned.agent),
            context_graph: Pinned::new(planned.context_graph),
            persona: Pinned::new(planned.persona),
            scenario: Pinned::new(planned.scenario),
            max_interactions: planned.max_interactions,
            summary: SummaryField::new(&test.summary),
            criteria: criteria(sealed, test),
            milestones: test.milestones.iter().map(MilestoneField::from).collect(),
        });
    let document = Document {
        format: FORMAT,
        org: sealed.manifest.org.as_str(),
        run: run.id.to_string(),
        set_id: run.set_id.to_string(),
        set_name: run.set_name.as_str(),
        manifest: run.manifest.to_string(),
        build: &sealed.manifest.build,
        simulator: &sealed.manifest.simulator,
        judges: &sealed.manifest.judges,
        seed: run.plan.options.seed,
        run_started_at: sealed.manifest.started.at.to_string(),
        run_started_by: sealed.manifest.started.by.as_str(),
        run_cancelled_at: run.cancelled.as_ref().map(|change| change.at.to_string()),
        run_cancelled_by: run.cancelled.as_ref().map(|change| change.by.as_str()),
        verdict: report.verdict.as_str(),
        summary: SummaryField::new(&report.summary),
        tests: tests.collect(),
    };
    let mut bytes =
        serde_json::to_vec_pretty(&document).map_err(|source| ArtifactError::entry(NAME, source))?;
    bytes.push(b'\n');
    Entry::of(NAME, &bytes)
}

fn criteria<'a>(sealed: &Sealed, test: &'a TestReport) -> Vec<CriterionField<'a>> {
    test.criteria
        .iter()
        .map(|criterion| CriterionField::new(sealed, criterion))
        .collect()
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    org: &'a str,
    run: String,
    set_id: String,
    set_name: &'a str,
    manifest: String,
    build: &'a str,
    simulator: &'a str,
    judges: &'a str,
    seed: u64,
    run_started_at: String,
    run_started_by: &'a str,
    run_cancelled_at: Option<String>,
    run_cancelled_by: Option<&'a str>,
    verdict: &'static str,
    summary: SummaryField<'a>,
    tests: Vec<TestField<'a>>,
}

#[derive(Serialize)]
struct TestField<'a> {
    unit_test_id: String,
    name: &'a str,
    service_id: String,
    version_set: &'a str,
    agent: Pinned,
    context_graph: Pinned,
    persona: Pinned,
    scenario: Pinned,
    max_interactions: u32,
    summary: SummaryField<'a>,
    criteria: Vec<CriterionField<'a>>,
    milestones: Vec<MilestoneField<'a>>,
}

#[derive(Serialize)]
struct Pinned {
    id: String,
    version: u32,
}

impl Pinned {
    fn new((id, version): (impl std::fmt::Display, u32)) -> Self {
        Self {
            id: id.to_string(),
            version,
        }
    }
}

#[derive(Serialize)]
struct CriterionField<'a> {
    name: &'a str,
    metric_id: String,
    metric: String,
    metric_version: u32,
    condition: &'a str,
    passed: u32,
    missed: u32,
    not_applicable: u32,
    judge_failed: u32,
    capped: u32,
}

impl<'a> CriterionField<'a> {
    fn new(sealed: &Sealed, criterion: &'a CriterionReport) -> Self {
        Self {
            name: criterion.name.as_str(),
            metric_id: criterion.metric_id.to_string(),
            metric: sealed.metric_name(criterion.metric_id, criterion.metric_version),
            metric_version: criterion.metric_version,
            condition: &criterion.condition,
            passed: criterion.passed,
            missed: criterion.missed,
            not_applicable: criterion.not_applicable,
            judge_failed: criterion.judge_failed,
            capped: criterion.capped,
        }
    }
}

#[derive(Serialize)]
struct MilestoneField<'a> {
    name: &'a str,
    reached: u32,
    missed: u32,
    unknown: u32,
}

impl<'a> From<&'a MilestoneReport> for MilestoneField<'a> {
    fn from(milestone: &'a MilestoneReport) -> Self {
        Self {
            name: milestone.name.as_str(),
            reached: milestone.reached,
            missed: milestone.missed,
            unknown: milestone.unknown,
        }
    }
}
