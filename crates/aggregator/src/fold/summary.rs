//! What is said about any group of conversations: those of one test, or all of a run.

use std::collections::BTreeMap;

use model::{ConversationResult, Role, Tally, Time, Usage};

use super::{Attempts, Counts, Credit};
use crate::statistics::{Distribution, Interval, wilson_95};

/// The longest cause of an error that is told apart from others, in bytes.
const CAUSE_BYTES: usize = 300;
/// How many different causes are reported.
const N_CAUSES: usize = 20;

/// What a group of conversations comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many ended how.
    pub tally: Tally,
    /// How many of those passed that say something about the agent; none if there are none of those.
    pub pass_rate: Option<PassRate>,
    /// The same, with the invalid ones counted as failed; none if there are none of those either.
    pub pass_rate_invalid_as_failed: Option<PassRate>,
    /// How long the agent took to reply; none if it never did.
    pub latency: Option<LatencyReport>,
    /// What the agent consumed.
    pub usage: Usage,
    /// What the language models consumed that play users and guard them.
    pub simulator_usage: Usage,
    /// What the language models consumed that judge.
    pub judge_usage: Usage,
    /// How often conversations were begun, and how often the simulated user broke its part.
    pub attempts: Attempts,
    /// How many of the milestones were reached that somebody can tell about; none if there are none of those.
    pub milestones: Option<Credit>,
    /// Interactions held: replies of the agent.
    pub interactions: u64,
    /// How many conversations ended for which reason, by [`model::EndReason::as_str`].
    pub end_reasons: BTreeMap<&'static str, u32>,
    /// What broke in errored and invalid conversations, most frequent first, at most 20 different causes.
    pub errors: Vec<ErrorCount>,
    /// Errored and invalid conversations whose cause is not among `errors`.
    pub further_errors: u32,
    /// When the first conversation began.
    pub started_at: Option<Time>,
    /// When the last conversation was judged.
    pub finished_at: Option<Time>,
}

/// The rate at which conversations passed. Errored and cancelled ones never count: they say nothing about the agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassRate {
    /// Conversations that passed.
    pub passed: u32,
    /// Conversations that count; at least 1.
    pub of: u32,
    /// `passed / of`.
    pub rate: f64,
    /// The Wilson score interval at 95 %.
    pub interval: Interval,
}

/// How long the agent took to reply, retries included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyReport {
    /// Replies that were measured.
    pub replies: u64,
    /// The median by nearest rank, in milliseconds.
    pub p50_ms: u64,
    /// The 95th percentile by nearest rank, in milliseconds.
    pub p95_ms: u64,
}

/// How often one cause broke a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCount {
    /// The cause, cut at 300 bytes. Hostile text.
    pub cause: String,
    /// Conversations.
    pub count: u32,
    /// The first of them.
    pub first_n: u32,
}

impl Summary {
    /// What everybody consumed together: agent, simulated users and judges.
    pub const fn total_usage(&self) -> Usage {
        let mut total = self.usage;
        total.add(self.simulator_usage);
        total.add(self.judge_usage);
        total
    }
}

impl PassRate {
    /// Of the conversations that passed or failed.
    fn valid(tally: &Tally) -> Option<Self> {
        Self::of(tally.passed, tally.passed + tally.failed)
    }

    /// Of the conversations that passed, failed or are invalid.
    fn invalid_as_failed(tally: &Tally) -> Option<Self> {
        Self::of(tally.passed, tally.passed + tally.failed + tally.invalid)
    }

    fn of(passed: u32, of: u32) -> Option<Self> {
        let interval = wilson_95(passed, of)?;
        Some(Self {
            passed,
            of,
            rate: f64::from(passed) / f64::from(of),
            interval,
        })
    }
}

/// Everything about a group that a [`Summary`] follows from.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    tally: Tally,
    latencies: Distribution,
    usage: Usage,
    simulator_usage: Usage,
    judge_usage: Usage,
    attempts: Attempts,
    milestones: Credit,
    interactions: u64,
    end_reasons: Counts<&'static str>,
    /// Cause → how many, and the first.
    errors: BTreeMap<String, (u32, u32)>,
    started_at: Option<Time>,
    finished_at: Option<Time>,
}

impl Gathered {
    pub(super) fn of(planned: u32) -> Self {
        Self {
            tally: Tally::of(planned),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, result: &ConversationResult) {
        self.tally.count(result.verdict);
        self.usage.add(result.usage);
        self.simulator_usage.add(result.simulator_usage);
        self.judge_usage.add(result.judge_usage);
        self.attempts.add(Attempts::of(result));
        self.milestones.add(Credit::of(result));
        for turn in result.turns.iter().filter(|turn| turn.role == Role::Agent) {
            self.interactions += 1;
            if let Some(latency_ms) = turn.latency_ms {
                self.latencies.record(latency_ms);
            }
        }
        *self.end_reasons.entry(result.end.as_str()).or_insert(0) += 1;
        if let Some(error) = &result.error {
            self.error(cut(error), 1, result.n);
        }
        self.span(Some(result.started_at), Some(result.finished_at));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.latencies.merge(&other.latencies);
        self.usage.add(other.usage);
        self.simulator_usage.add(other.simulator_usage);
        self.judge_usage.add(other.judge_usage);
        self.attempts.add(other.attempts);
        self.milestones.add(other.milestones);
        self.interactions += other.interactions;
        for (reason, n) in &other.end_reasons {
            *self.end_reasons.entry(reason).or_insert(0) += n;
        }
        for (cause, (count, first_n)) in &other.errors {
            self.error(cause, *count, *first_n);
        }
        self.span(other.started_at, other.finished_at);
    }

    /// Counts everything without a result as cancelled.
    pub(super) fn cancel_rest(&mut self) {
        self.tally.cancel_rest();
    }

    pub(super) fn finish(self) -> Summary {
        let latency = self
            .latencies
            .nearest_rank(50)
            .zip(self.latencies.nearest_rank(95))
            .map(|(p50_ms, p95_ms)| LatencyReport {
                replies: self.latencies.len(),
                p50_ms,
                p95_ms,
            });
        let mut errors: Vec<ErrorCount> = self
            .errors
            .into_iter()
            .map(|(cause, (count, first_n))| ErrorCount {
                cause,
                count,
                first_n,
            })
            .collect();
        errors.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then(a.first_n.cmp(&b.first_n))
                .then(a.cause.cmp(&b.cause))
        });
        let further_errors = errors.iter().skip(N_CAUSES).map(|error| error.count).sum();
        errors.truncate(N_CAUSES);
        Summary {
            tally: self.tally,
            pass_rate: PassRate::valid(&self.tally),
            pass_rate_invalid_as_failed: PassRate::invalid_as_failed(&self.tally),
            latency,
            usage: self.usage,
            simulator_usage: self.simulator_usage,
            judge_usage: self.judge_usage,
            attempts: self.attempts,
            milestones: (self.milestones.of > 0).then_some(self.milestones),
            interactions: self.interactions,
            end_reasons: self.end_reasons,
            errors,
            further_errors,
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }

    fn error(&mut self, cause: &str, n: u32, first_n: u32) {
        match self.errors.get_mut(cause) {
            Some((count, first)) => {
                *count += n;
                *first = first_n.min(*first);
            }
            None => {
                self.errors.insert(cause.to_owned(), (n, first_n));
            }
        }
    }

    fn span(&mut self, started_at: Option<Time>, finished_at: Option<Time>) {
        self.started_at = [self.started_at, started_at].into_iter().flatten().min();
        self.finished_at = self.finished_at.max(finished_at);
    }
}

fn cut(cause: &str) -> &str {
    &cause[..cause.floor_char_boundary(CAUSE_BYTES)]
}
