//! The upper part of the page: facts, totals and the table of unit tests.

use model::{Cast, Guarding, Run, Verdict};
use serde::Serialize;

use super::{
    Sealed,
    words::{self, Mark, duration, grouped, percent, percent_between},
};
use crate::fold::{Attempts, CriterionReport, MilestoneReport, PassRate, RunReport, Summary, TestReport};

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
    rate_invalid_as_failed: Option<RateView>,
    /// Milestones reached, over all conversations.
    milestones: String,
    milestone_rows: Vec<MilestoneRow>,
    /// Attempts thrown away.
    attempts: String,
    cost: String,
    cost_estimated: bool,
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
struct MilestoneRow {
    name: String,
    reached: u32,
    of: u32,
    note: String,
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
    if let Some(guard) = guard(&run.plan.options.cast) {
        facts.push(fact("Guard", guard));
    }
    facts.push(fact("Seed", run.plan.options.seed.to_string()));
    facts.push(fact("Build", manifest.build.clone()));
    facts.push(fact("Manifest", run.manifest.to_string()));
    facts
}

/// How simulated users are held to their part; none if none is played by a language model.
fn guard(cast: &Cast) -> Option<String> {
    cast.simulator.as_ref()?;
    let guard = match &cast.guard {
        Guarding::Rules => "rules".to_owned(),
        Guarding::RulesAndModel(model) => format!("rules and {model}"),
        Guarding::Off => "off".to_owned(),
    };
    Some(match cast.max_reruns {
        0 => format!("{guard}; a conversation that the simulated user broke is not begun again"),
        1 => format!("{guard}; a conversation that the simulated user broke is begun again once"),
        n => format!("{guard}; a conversation that the simulated user broke is begun again up to {n} times"),
    })
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
    let rates = [
        (&summary.pass_rate, "of the conversations that count"),
        (
            &summary.pass_rate_invalid_as_failed,
            "if invalid ones count as failed",
        ),
    ];
    for (rate, which) in rates {
        if let Some(rate) = rate {
            let note = format!("{which}: {} of {}; {}", rate.passed, rate.of, interval(rate));
            totals.push(TotalView {
                class: "wide",
                ..plain("pass rate", percent(rate.rate), note)
            });
        }
    }
    if let Some(credit) = &summary.milestones
        && let Some(share) = credit.share()
    {
        let note = format!("{} of {} reached", credit.reached, credit.of);
        totals.push(plain("milestones", percent(share), note));
    }
    if summary.attempts.broken > 0 {
        let note = format!(
            "of {} attempts{}: the simulated user broke its part",
            grouped(u64::from(summary.attempts.all)),
            broken_share(&summary.attempts)
        );
        totals.push(plain(
            "thrown away",
            grouped(u64::from(summary.attempts.broken)),
            note,
        ));
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
    let usage = summary.total_usage();
    if usage.cost_micros > 0 {
        let note = if usage.estimated {
            "estimated, where prices are known"
        } else {
            "where prices are known"
        };
        totals.push(plain("cost", words::dollars(usage.cost_micros), note.to_owned()));
    }
    if usage.tokens() > 0 {
        let note = format!("read; {} written", grouped(usage.output_tokens));
        totals.push(plain("tokens", grouped(usage.input_tokens), note));
    }
    totals
}

/// The share of attempts that the simulated user broke, after a comma.
fn broken_share(attempts: &Attempts) -> String {
    attempts
        .broken_rate()
        .map_or_else(String::new, |rate| format!(", {}", percent(rate)))
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
            rate_invalid_as_failed: test
                .summary
                .pass_rate_invalid_as_failed
                .as_ref()
                .map(RateView::new),
            milestones: milestones(&test.summary),
            milestone_rows: test.milestones.iter().map(MilestoneRow::new).collect(),
            attempts: match test.summary.attempts {
                Attempts { broken: 0, .. } => "–".to_owned(),
                attempts => format!(
                    "{} of {}{}",
                    attempts.broken,
                    attempts.all,
                    broken_share(&attempts)
                ),
            },
            cost: match test.summary.total_usage().cost_micros {
                0 => "–".to_owned(),
                micros => words::dollars(micros),
            },
            cost_estimated: test.summary.total_usage().estimated
                && test.summary.total_usage().cost_micros > 0,
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

/// How many milestones were reached over all conversations of a group.
fn milestones(summary: &Summary) -> String {
    let credit = summary.milestones.as_ref();
    credit
        .and_then(|credit| {
            let share = percent(credit.share()?);
            Some(format!("{share} · {} of {}", credit.reached, credit.of))
        })
        .unwrap_or_else(|| "–".to_owned())
}

impl MilestoneRow {
    fn new(milestone: &MilestoneReport) -> Self {
        Self {
            name: milestone.name.to_string(),
            reached: milestone.reached,
            of: milestone.reached + milestone.missed,
            note: match milestone.unknown {
                0 => String::new(),
                n => format!("{n}× nobody can tell"),
            },
        }
    }
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
