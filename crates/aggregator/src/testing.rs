//! Runs and results for tests: a clinic's booking agent, measured by four metrics.

mod cast;
mod conversation;
mod manifest;

use bytes::Bytes;
pub(crate) use cast::play;
use conversation::{judged, turns};
use manifest::{manifest, planned};
use model::{
    Change, ConversationResult, EndReason, Json, Life, Name, Oid, OrgId, Plan, Run, RunId, RunOptions,
    RunStarted, Text, Time, UnitTestSetId, Usage, UserOutcome,
};

/// The value of the sample persona's sensitive variable.
pub(crate) const SECRET: &str = "078-05-1120";

pub(crate) fn name(text: &str) -> Name {
    text.try_into().unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

pub(crate) fn json(text: &str) -> Json {
    text.to_owned().try_into().unwrap()
}

pub(crate) fn oid(kind: &str, n: u64) -> Oid {
    Oid::derived(&[kind.as_bytes(), &n.to_be_bytes()])
}

pub(crate) fn org() -> OrgId {
    "clinic".parse().unwrap()
}

/// A run with its sealed manifest.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) run: Run,
    pub(crate) sealed: Bytes,
}

/// How a sample conversation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Passes,
    MissesCriteria,
    ReachesCap,
    UserBreaks,
    AgentBreaks,
    JudgeBreaks,
}

impl Ending {
    pub(crate) const ALL: [Self; 6] = [
        Self::Passes,
        Self::MissesCriteria,
        Self::ReachesCap,
        Self::UserBreaks,
        Self::AgentBreaks,
        Self::JudgeBreaks,
    ];
}

impl Sample {
    /// A run of tests with these names and repetitions.
    pub(crate) fn new(seed: u64, tests: &[(&str, u32)]) -> Self {
        let planned = (0..)
            .zip(tests)
            .map(|(test_idx, (test, run_count))| planned(test_idx, test, *run_count));
        let plan = Plan {
            tests: planned.collect(),
            options: RunOptions {
                seed,
                max_concurrency: None,
                budget: model::Budget::default(),
                rerun_of: None,
                cast: model::Cast::default(),
            },
        };
        let run = RunId(oid("run", seed));
        let started = Change {
            by: "ada".parse().unwrap(),
            at: time(0),
        };
        let set_id = UnitTestSetId(oid("set", 0));
        let set_name = name("Booking, release candidate");
        let manifest = manifest(run, &plan, &started, set_id, &set_name);
        let (digest, bytes) = manifest.seal().unwrap();
        let life = Life::begun(started);
        let run = Run {
            id: run,
            set_id,
            set_name,
            plan,
            manifest: digest,
            cancelled: None,
            cancel_reason: None,
            completed: None,
            life,
        };
        Self {
            run,
            sealed: bytes.into(),
        }
    }

    /// The same run, cancelled.
    pub(crate) fn cancelled(mut self) -> Self {
        self.run.cancelled = Some(Change {
            by: "ada".parse().unwrap(),
            at: time(90_000),
        });
        self.run.cancel_reason = Some(model::CancelReason::Asked);
        self
    }

    /// The event that started it.
    pub(crate) fn started(&self) -> RunStarted {
        RunStarted {
            set_id: self.run.set_id,
            set_name: self.run.set_name.clone(),
            plan: self.run.plan.clone(),
            manifest: self.run.manifest,
        }
    }

    /// The result of conversation `n`.
    pub(crate) fn result(&self, n: u32, ending: Ending) -> ConversationResult {
        let (test_idx, run_index) = self.run.plan.locate(n).unwrap();
        let test = &self.run.plan.tests[test_idx];
        let turns = turns(n, ending);
        let (evaluations, criteria) = match ending {
            // As workers have it: the criteria name evaluations that would be there.
            Ending::AgentBreaks | Ending::UserBreaks => (Vec::new(), judged(test, n, ending).1),
            Ending::Passes | Ending::MissesCriteria | Ending::ReachesCap | Ending::JudgeBreaks => {
                judged(test, n, ending)
            }
        };
        let end = match ending {
            Ending::ReachesCap => EndReason::MaxInteractions,
            Ending::UserBreaks => EndReason::SimulatorError {
                cause: "the model answered 503 five times".to_owned(),
            },
            Ending::AgentBreaks => EndReason::AgentError {
                cause: format!(
                    "POST https://agent.test/chat (ssn {SECRET}): connection refused, tried 3 times"
                ),
            },
            Ending::MissesCriteria => EndReason::UserLeft {
                outcome: UserOutcome::GaveUp,
                reason: Some("The agent kept asking for the same date.".to_owned()),
            },
            Ending::Passes | Ending::JudgeBreaks => EndReason::UserLeft {
                outcome: UserOutcome::Achieved,
                reason: None,
            },
        };
        let (verdict, error) = ConversationResult::judge(&end, &evaluations, &criteria);
        let mut usage = Usage::default();
        turns
            .iter()
            .filter_map(|turn| turn.usage)
            .for_each(|used| usage.add(used));
        ConversationResult {
            run: self.run.id,
            n,
            test_idx: u32::try_from(test_idx).unwrap(),
            unit_test_id: test.unit_test_id,
            run_index,
            attempts: 1 + u32::from(n % 7 == 3),
            claims: 1 + 2 * u32::from(n % 7 == 3),
            worker: "worker-on-host-17".to_owned(),
            started_at: time(u64::from(n) * 1_500),
            finished_at: time(u64::from(n) * 1_500 + 8_200),
            turns,
            end,
            evaluations,
            criteria,
            verdict,
            error,
            usage,
            simulator_usage: Usage::default(),
            judge_usage: Usage::default(),
            milestones: Vec::new(),
            broken: Vec::new(),
        }
    }
}

pub(crate) fn time(millis: u64) -> Time {
    Time::from_micros(1_767_225_600_000_000).plus_millis(millis)
}
