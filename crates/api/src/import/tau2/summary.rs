//! What became of the tasks, in numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    metrics::Part,
    test::{OF_ENVIRONMENT, Plan},
};
use crate::FieldError;

/// The most ignored keys that are told apart.
const MAX_IGNORED: usize = 50;

/// What became of the tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The domain, which is also the name of the set.
    pub domain: String,
    /// The service that the tests name.
    pub service: String,
    /// How many tasks the file holds.
    pub n_tasks: usize,
    /// How many became tests.
    pub n_imported: usize,
    /// How many metrics the tests share.
    pub n_metrics: usize,
    /// The tasks that became nothing.
    pub left_out: Vec<LeftOut>,
    /// The tests that pass however the agent acts, as long as the conversation ends.
    pub ungated: Vec<String>,
    /// What decides, what is reported and what is ignored.
    pub rows: Vec<Row>,
}

/// A task that became nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its position in the file, from 0.
    pub index: usize,
    /// Its id, if it has a usable one.
    pub task: Option<String>,
    /// Everything that is wrong with it; the pointers begin at the file.
    pub errors: Vec<FieldError>,
}

/// One line of the summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is counted.
    pub what: String,
    /// How many there are.
    pub count: usize,
    /// What was done with them, or why nothing was.
    pub note: &'static str,
}

/// Counts while tasks are imported.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// By rank and what is counted: the number, and what was done.
    parts: BTreeMap<(u8, &'static str), (usize, &'static str)>,
    of_environment: BTreeMap<&'static str, usize>,
    ignored: BTreeMap<String, usize>,
    n_ignored_others: usize,
}

const PARTS: [(Part, u8, &str, &str); 5] = [
    (
        Part::Assertion,
        1,
        "assertions in prose",
        "gate; a model judges them",
    ),
    (
        Part::Said,
        2,
        "texts to communicate",
        "gate; looked for in the agent's messages",
    ),
    (
        Part::SaidReported,
        3,
        "texts to communicate, not in reward_basis",
        "reported only",
    ),
    (Part::Call, 4, "tool calls of the reference path", "reported only"),
    (
        Part::Length,
        5,
        "tasks that check nothing",
        "the conversation's length is reported",
    ),
];

impl Counts {
    /// Counts what a task came to.
    pub(super) fn add(&mut self, plan: &Plan) {
        for (part, rank, what, note) in PARTS {
            self.part(rank, what, plan.count(part), note);
        }
        self.part(
            6,
            "assertions in prose, not in reward_basis",
            plan.n_assertions_unused,
            "left out: a judgement cannot be reported without gating",
        );
        self.part(
            7,
            "calls of the user's own device",
            plan.n_user_actions,
            "left out: the device is not here",
        );
        self.part(
            8,
            "tool calls beyond 100 criteria",
            plan.n_beyond,
            "left out: a test has no more",
        );
    }

    fn part(&mut self, rank: u8, what: &'static str, count: usize, note: &'static str) {
        if count > 0 {
            self.parts.entry((rank, what)).or_insert((0, note)).0 += count;
        }
    }

    /// A task's `reward_basis` names something that only the environment can tell.
    pub(super) fn environment(&mut self, named: impl Fn(&str) -> bool) {
        for word in OF_ENVIRONMENT.into_iter().filter(|word| named(word)) {
            *self.of_environment.entry(word).or_default() += 1;
        }
    }

    /// A task has something that nothing is made of.
    pub(super) fn ignored(&mut self, what: &str) {
        let is_known = self.ignored.contains_key(what);
        if is_known || self.ignored.len() < MAX_IGNORED {
            *self.ignored.entry(what.to_owned()).or_default() += 1;
        } else {
            self.n_ignored_others += 1;
        }
    }

    /// The lines: what decides, what is reported, what is left out.
    pub(super) fn into_rows(self) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .parts
            .into_iter()
            .map(|((_rank, what), (count, note))| Row {
                what: what.to_owned(),
                count,
                note,
            })
            .collect();
        rows.extend(self.of_environment.into_iter().map(|(word, count)| Row {
            what: format!("tasks with {word} in reward_basis"),
            count,
            note: "not measured: the benchmark's environment is not here; assertions in prose stand in, where there are any",
        }));
        rows.extend(self.ignored.into_iter().map(|(what, count)| Row {
            what: format!("tasks with {what}"),
            count,
            note: "ignored",
        }));
        if self.n_ignored_others > 0 {
            rows.push(Row {
                what: "further keys".to_owned(),
                count: self.n_ignored_others,
                note: "ignored",
            });
        }
        rows
    }
}
