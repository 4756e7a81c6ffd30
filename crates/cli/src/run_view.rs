//! A run as the command line shows it.

use api::{
    conversation::UsageView,
    run::{AttemptsView, ConversationRow, Instance, RunUsageView, State, TallyView},
};
use model::{RunVerdict, Tally};
use serde::Serialize;
use serde_json::Value;

use crate::{
    exit::Exit,
    money::Dollars,
    output::{Output, Table, excerpt},
};

/// The longest justification that a table shows, in characters.
const MAX_REASON_CHARS: usize = 80;

/// A run in numbers, for programs and people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RunView {
    /// Its id.
    pub(crate) id: String,
    /// The set's name when the run started.
    pub(crate) set: String,
    /// `running`, `cancelling` or `completed`.
    pub(crate) state: State,
    /// How it came out; none while it is going on.
    pub(crate) verdict: Option<&'static str>,
    /// How many conversations ended how.
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// The share of conversations that passed of those that passed or failed; none if there are none of those.
    pub(crate) pass_rate: Option<f64>,
    /// The same, with the invalid conversations counted as failed.
    pub(crate) pass_rate_invalid_as_failed: Option<f64>,
    /// What the finished conversations consumed.
    pub(crate) usage: Option<RunUsageView>,
    /// How often they were begun, and how often the simulated user broke its part.
    pub(crate) attempts: Option<AttemptsView>,
    /// What everything random follows from.
    pub(crate) seed: u64,
    /// When it was started.
    pub(crate) started_at: String,
    /// Who started it.
    pub(crate) started_by: String,
    /// When everything was accounted for.
    pub(crate) completed_at: Option<String>,
    /// Names the sealed manifest.
    pub(crate) manifest: String,
    /// The artifact.
    pub(crate) artifact: Option<api::run::ArtifactView>,
    /// Its tests, in order.
    pub(crate) tests: Vec<TestView>,
}

/// One test of a run in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TestView {
    /// The test's name.
    pub(crate) name: String,
    /// The test's id.
    pub(crate) unit_test_id: String,
    /// How many repetitions there are to be.
    pub(crate) repetitions: u32,
    /// How many ended how; none while the test is not finished.
    pub(crate) counts: Option<Counts>,
    /// The share of repetitions that passed of those that passed or failed.
    pub(crate) pass_rate: Option<f64>,
    /// The same, with the invalid repetitions counted as failed.
    pub(crate) pass_rate_invalid_as_failed: Option<f64>,
    /// What went wrong first, if something did.
    pub(crate) first_problem: Option<ProblemView>,
}

/// How many conversations ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// All there are to be.
    pub(crate) planned: u32,
    /// Those with a result.
    pub(crate) finished: u32,
    /// Met every criterion.
    pub(crate) passed: u32,
    /// Missed a criterion.
    pub(crate) failed: u32,
    /// The simulated user broke, not the agent.
    pub(crate) invalid: u32,
    /// Something broke that is neither.
    pub(crate) errored: u32,
    /// Had not finished when the run was cancelled.
    pub(crate) cancelled: u32,
}

/// What went wrong in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ProblemView {
    /// Which repetition, from 0.
    pub(crate) run_index: u32,
    /// The criterion that was missed, if one was.
    pub(crate) criterion: Option<String>,
    /// The value that it looked at.
    pub(crate) value: Value,
    /// Why that value, or what broke.
    pub(crate) reason: String,
}

impl From<&TallyView> for Counts {
    fn from(tally: &TallyView) -> Self {
        let TallyView {
            planned,
            passed,
            failed,
            invalid,
            errored,
            cancelled,
        } = *tally;
        Self {
            planned,
            finished: tally.finished(),
            passed,
            failed,
            invalid,
            errored,
            cancelled,
        }
    }
}

impl Counts {
    /// As the domain counts.
    pub(crate) const fn tally(&self) -> Tally {
        let Self {
            planned,
            finished: _,
            passed,
            failed,
            invalid,
            errored,
            cancelled,
        } = *self;
        Tally {
            planned,
            passed,
            failed,
            invalid,
            errored,
            cancelled,
        }
    }
}

impl RunView {
    /// A run as the server tells it.
    pub(crate) fn of(run: &Instance) -> Self {
        let extension = &run.rehearse;
        let results = run
            .unit_test_run_results
            .iter()
            .map(Option::as_ref)
            .chain(std::iter::repeat(None));
        let tests = run
            .unit_test_run_specs
            .iter()
            .zip(results)
            .map(|(spec, result)| TestView {
                name: match &spec.rehearse.name {
                    Some(name) => name.to_string(),
                    None => spec.unit_test_id.to_string(),
                },
                unit_test_id: spec.unit_test_id.to_string(),
                repetitions: spec.run_count,
                counts: result
                    .and_then(|result| result.rehearse.tally.as_ref())
                    .map(Counts::from),
                pass_rate: result.and_then(|result| result.rehearse.pass_rate),
                pass_rate_invalid_as_failed: result
                    .and_then(|result| result.rehearse.pass_rate_invalid_as_failed),
                first_problem: None,
            });
        Self {
            id: run.id.to_string(),
            set: extension.set_name.clone(),
            state: extension.state,
            verdict: extension.verdict.map(|word| RunVerdict::from(word).as_str()),
            counts: Counts::from(&extension.tally),
            pass_rate: extension.pass_rate,
            pass_rate_invalid_as_failed: extension.pass_rate_invalid_as_failed,
            usage: extension.usage,
            attempts: extension.attempts,
            seed: extension.seed,
            started_at: run.created_at.to_string(),
            started_by: run.creator.user_id.to_string(),
            completed_at: extension.completed_at.map(|at| at.to_string()),
            manifest: extension.manifest.to_string(),
            artifact: extension.artifact,
            tests: tests.collect(),
        }
    }

    /// The table of the run's tests. Where conversations were invalid it has both pass rates.
    pub(crate) fn table(&self) -> String {
        let with_rates = self.counts.invalid > 0;
        let mut titles = vec!["unit test", "passed", "failed", "invalid", "errored"];
        if with_rates {
            titles.extend(["pass rate", "invalid as failed"]);
        }
        let numbers: Vec<usize> = (1..titles.len()).collect();
        titles.push("what went wrong first");
        let mut table = Table::new(&titles).numbers(&numbers);
        for test in &self.tests {
            let counts = test.counts.unwrap_or_default();
            let finished = test
                .counts
                .map_or_else(|| "?".to_owned(), |counts| counts.finished.to_string());
            let mut row = vec![
                excerpt(&test.name, 60),
                format!("{}/{finished}", counts.passed),
                counts.failed.to_string(),
                counts.invalid.to_string(),
                counts.errored.to_string(),
            ];
            if with_rates {
                row.extend([test.pass_rate, test.pass_rate_invalid_as_failed].map(percent));
            }
            row.push(
                test.first_problem
                    .as_ref()
                    .map_or_else(String::new, ProblemView::line),
            );
            table.row(row);
        }
        table.render()
    }

    /// What people should know beside the verdict, a line each: both pass rates if conversations were invalid, what it cost if that is
    /// known, and attempts that the simulated user broke.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let Counts {
            passed,
            failed,
            invalid,
            ..
        } = self.counts;
        if invalid > 0 {
            lines.push(format!(
                "pass rate: {} of the conversations that count ({passed} of {}), {} if invalid ones count as failed ({passed} of {})",
                percent(self.pass_rate),
                passed + failed,
                percent(self.pass_rate_invalid_as_failed),
                passed + failed + invalid
            ));
        }
        if let Some(usage) = &self.usage
            && let Some(total) = cost(&usage.total)
        {
            let sides = [
                ("agents", &usage.agent),
                ("simulated users", &usage.simulator),
                ("judges", &usage.judges),
            ];
            let sides: Vec<String> = sides
                .into_iter()
                .filter_map(|(who, usage)| Some(format!("{who} {}", Dollars::of_micros(usage.cost_micros)?)))
                .collect();
            lines.push(format!("cost: {total} ({})", sides.join(", ")));
        }
        if let Some(AttemptsView { all, broken }) = self.attempts
            && broken > 0
        {
            lines.push(format!(
                "{broken} of {all} attempts thrown away because the simulated user broke its part"
            ));
        }
        lines
    }

    /// The verdict in one line.
    pub(crate) fn verdict_line(&self, output: Output) -> String {
        let Counts {
            planned,
            finished,
            passed,
            failed,
            invalid,
            errored,
            cancelled,
        } = self.counts;
        let verdict = self.verdict.unwrap_or("running");
        let sgr = match verdict {
            "passed" => "1;32",
            "failed" | "errored" => "1;31",
            _ => "1;33",
        };
        let mut line = format!(
            "{}: {passed} of {planned} conversations passed",
            output.paint(verdict, sgr)
        );
        for (count, word) in [
            (failed, "failed"),
            (invalid, "invalid"),
            (errored, "errored"),
            (cancelled, "cancelled"),
        ] {
            if count > 0 {
                line.extend([", ", &count.to_string(), " ", word]);
            }
        }
        if verdict == "running" {
            line.extend([", ", &finished.to_string(), " finished"]);
        }
        line
    }

    /// How the program ends for this run.
    pub(crate) fn exit(&self, run: &Instance) -> Exit {
        run.rehearse
            .verdict
            .map_or(Exit::Stopped, |word| Exit::of_verdict(word.into()))
    }
}

impl ProblemView {
    /// What the row of a conversation tells; the reason of a missed criterion is only in its transcript.
    pub(crate) fn of(row: &ConversationRow) -> Self {
        let missed = row.criteria.iter().find(|criterion| !criterion.passed);
        let reason = match (&row.error, missed) {
            (Some(error), _) => error.clone(),
            (None, Some(_)) => String::new(),
            (None, None) => row.end_reason.clone(),
        };
        Self {
            run_index: row.run_index,
            criterion: missed
                .filter(|_| row.error.is_none())
                .map(|criterion| criterion.name.to_string()),
            value: missed.map_or(Value::Null, |criterion| criterion.value.clone()),
            reason,
        }
    }

    fn line(&self) -> String {
        let reason = excerpt(&self.reason, MAX_REASON_CHARS);
        match &self.criterion {
            Some(criterion) if reason.is_empty() => {
                format!("#{} {criterion}: {}", self.run_index, shown(&self.value))
            }
            Some(criterion) => format!(
                "#{} {criterion}: {} ({reason})",
                self.run_index,
                shown(&self.value)
            ),
            None => format!("#{} {reason}", self.run_index),
        }
    }
}

/// A metric's value for people.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not applicable".to_owned(),
        Value::String(text) => excerpt(text, 40),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// What something cost; none if no price is known.
pub(crate) fn cost(usage: &UsageView) -> Option<String> {
    let estimated = if usage.estimated { ", estimated" } else { "" };
    Dollars::of_micros(usage.cost_micros).map(|dollars| format!("{dollars}{estimated}"))
}

/// A rate in percent with one digit where that is not 0; `-` if there is none.
fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(
        || "-".to_owned(),
        |rate| {
            let text = format!("{:.1}", rate * 100.0);
            format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
        },
    )
}

#[cfg(test)]
mod tests;
