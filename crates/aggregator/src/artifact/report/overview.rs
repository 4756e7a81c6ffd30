//! The upper part of the page: facts, totals and the table of unit tests.

use model::{Run, Verdict};
use serde::Serialize;

use super::{
    Sealed,
    words::{Mark, duration, grouped, percent, percent_between},
};
use crate::fold::{CriterionReport, PassRate, RunReport, Summary, TestReport};

/// Something worth knowing about the run.
#[derive(Debug, Serialize)]
pub(super) struct Fact {
    name: &'static str,
    value: String,
}

/// One of the numbers at the top.
#[derive(Debug, Serialize)]
pub(super) struct TotalView {
    name: &'static str,
    value: String,
    note: String,
    /// The class of its colour; may be empty.
    class: &'static str,
    sign: &'static str,
}

/// A pass rate with its interval, also drawn.
#[derive(Debug, Serialize)]
pub(super) struct RateView {
    text: String,
    counts: String,
    interval: String,
    /// Where the bar ends and the interval's ends lie, in percent.
    rate: String,
    low: String,
    width: String,
}

/// One unit test.
#[derive(Debug, Serialize)]
pub(super) struct TestRow {
    anchor: String,
    name: String,
    persona: String,
    scenario: String,
    agent: String,
    rate: Option<RateView>,
    /// How many conversations ended how, zeros left out.
    counts: Vec<Count>,
    first_missed: String,
    latency: String,
    criteria: Vec<CriterionRow>,
}

#[derive(Debug, Serialize)]
struct Count {
    mark: Mark,
    n: u32,
}

#[derive(Debug, Serialize)]
struct CriterionRow {
    name: String,
    metric: String,
    version: u32,
    condition: String,
    passed: u32,
    of: u32,
    note: String,
}

pub(super) fn facts(run: &Run, sealed: &Sealed, report: &RunReport) -> Vec<Fact> {
    let manifest = &sealed.manifest;
    let fact = |name, value: String| Fact { name, value };
    let mut facts = vec![
        fact("Organization", manifest.org.to_string()),
        fact("Run", run.id.to_string()),
        fact(
            "Started",
            format!("{} by {}", manifest.started.at, manifest.started.by),
        ),
    ];
    if let Some(change) = &run.cancelled {
        facts.push(fact("Cancelled", format!("{} by {}", change.at, change.by)));
    }
    if let (Some(started_at), Some(finished_at)) = (report.summary.started_at, report.summary.finished_at) {
        facts.push(fact("Talked for", duration(finished_at.millis_since(started_at))));
    }
    facts.push(fact("Simulated users", manifest.simulator.clone()));
    facts.push(fact("Judges", manifest.judges.clone()));
    facts.push(fact("Seed", run.plan.options.seed.to_string()));
    facts.push(fact("Build", manifest.build.clone()));
    facts.push(fact("Manifest", run.manifest.to_string()));
    facts
}

pub(super) fn totals(report: &RunReport) -> Vec<TotalView> {
    let summary = &report.summary;
    let tally = &summary.tally;
    let mut totals = Vec::new();
    for (n, mark) in counts_of(summary) {
        let note = format!("of {}", grouped(u64::from(tally.planned)));
        totals.push(TotalView {
            name: mark.word,
            value: grouped(u64::from(n)),
            note,
            class: mark.class,
            sign: mark.sign,
        });
    }
    let plain = |name, value, note| TotalView {
        name,
        value,
        note,
        class: "",
        sign: "",
    };
    if let Some(rate) = &summary.pass_rate {
        totals.push(plain("pass rate", percent(rate.rate), interval(rate)));
    }
    if let Some(latency) = &summary.latency {
        let note = format!("median; 95th percentile {}", duration(latency.p95_ms));
        totals.push(plain("reply time", duration(latency.p50_ms), note));
    }
    totals.push(plain(
        "interactions",
        grouped(summary.interactions),
        "replies of the agent".to_owned(),
    ));
    let usage = summary.usage;
    if usage.input_tokens > 0 || usage.output_tokens > 0 {
        let note = format!("read; {} written", grouped(usage.output_tokens));
        totals.push(plain("tokens", grouped(usage.input_tokens), note));
    }
    totals
}

/// Counts by verdict. What usually is zero is left out if it is.
fn counts_of(summary: &Summary) -> Vec<(u32, Mark)> {
    let tally = &summary.tally;
    let always = [
        (tally.passed, Some(Verdict::Passed)),
        (tally.failed, Some(Verdict::Failed)),
    ];
    let if_any = [
        (tally.errored, Some(Verdict::Errored)),
        (tally.invalid, Some(Verdict::Invalid)),
        (tally.cancelled, None),
    ];
    let if_any = if_any.into_iter().filter(|(n, _)| *n > 0);
    always
        .into_iter()
        .chain(if_any)
        .map(|(n, verdict)| (n, Mark::of(verdict)))
        .collect()
}

/// The marks that occur in the run.
pub(super) fn legend(report: &RunReport) -> Vec<Mark> {
    counts_of(&report.summary)
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(_, mark)| mark)
        .collect()
}

fn interval(rate: &PassRate) -> String {
    format!(
        "95\u{A0}% interval {}",
        percent_between(rate.interval.low, rate.interval.high)
    )
}

impl RateView {
    fn new(rate: &PassRate) -> Self {
        let position = |share: f64| format!("{:.1}", share * 100.0);
        Self {
            text: percent(rate.rate),
            counts: format!("{} of {}", rate.passed, rate.of),
            interval: interval(rate),
            rate: position(rate.rate),
            low: position(rate.interval.low),
            width: position(rate.interval.high - rate.interval.low),
        }
    }
}

pub(super) fn tests(run: &Run, sealed: &Sealed, report: &RunReport) -> Vec<TestRow> {
    let planned = run.plan.tests.iter().zip(&report.tests).enumerate();
    planned
        .map(|(test_idx, (planned, test))| TestRow {
            anchor: anchor(test_idx),
            name: test.name.to_string(),
            persona: sealed.persona_name(planned),
            scenario: sealed.scenario_name(planned),
            agent: format!(
                "{} v{} ({})",
                sealed.agent_name(planned),
                planned.agent.1,
                planned.version_set
            ),
            rate: test.summary.pass_rate.as_ref().map(RateView::new),
            counts: counts_of(&test.summary)
                .into_iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, mark)| Count { mark, n })
                .collect(),
            first_missed: first_missed(test),
            latency: test.summary.latency.map_or_else(
                || "–".to_owned(),
                |latency| format!("{} · {}", duration(latency.p50_ms), duration(latency.p95_ms)),
            ),
            criteria: test
                .criteria
                .iter()
                .map(|criterion| CriterionRow::new(sealed, criterion))
                .collect(),
        })
        .collect()
}

/// How often a criterion was missed for another reason than the cap on interactions.
const fn missed(criterion: &CriterionReport) -> u32 {
    criterion.missed - criterion.capped
}

/// What most often stood in the way: the criterion that was missed most (the first of those), else the cap, else an error.
fn first_missed(test: &TestReport) -> String {
    let mut most: Option<&CriterionReport> = None;
    for criterion in &test.criteria {
        if missed(criterion) > most.map_or(0, missed) {
            most = Some(criterion);
        }
    }
    if let Some(criterion) = most {
        return format!("{} ({}×)", criterion.name, missed(criterion));
    }
    if let Some(n) = test.summary.end_reasons.get("max_interactions") {
        return format!("cap on interactions ({n}×)");
    }
    test.summary
        .errors
        .first()
        .map_or_else(|| "–".to_owned(), |error| format!("error ({}×)", error.count))
}

impl CriterionRow {
    fn new(sealed: &Sealed, criterion: &CriterionReport) -> Self {
        let mut notes = Vec::new();
        if criterion.not_applicable > 0 {
            notes.push(format!("{}× not applicable", criterion.not_applicable));
        }
        if criterion.judge_failed > 0 {
            notes.push(format!("{}× the judge failed", criterion.judge_failed));
        }
        if criterion.capped > 0 {
            notes.push(format!("{}× as expected, but at the cap", criterion.capped));
        }
        Self {
            name: criterion.name.to_string(),
            metric: sealed.metric_name(criterion.metric_id, criterion.metric_version),
            version: criterion.metric_version,
            condition: criterion.condition.clone(),
            passed: criterion.passed,
            of: criterion.passed + criterion.missed,
            note: notes.join(", "),
        }
    }
}

/// The anchor of a test's row.
pub(super) fn anchor(test_idx: usize) -> String {
    format!("t{test_idx}")
}
