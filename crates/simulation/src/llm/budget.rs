//! What one conversation may consume of language models.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use model::Usage;

use super::{
    AskError,
    layer::{Failed, Layer, Reply, Request, Spent},
};

/// The most that one conversation may consume, of all its models together. None: any amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Requests, those that were tried again counted once per try.
    pub max_requests: Option<u32>,
    /// Tokens, read and written.
    pub max_tokens: Option<u64>,
    /// Cost, in millionths of a US dollar. Models without a price cost nothing here.
    pub max_cost_micros: Option<u64>,
}

/// The budget of one conversation; clones share it. A request is made while no limit is reached, so the last one may go beyond it, as may
/// those that are under way at once.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    limits: BudgetLimits,
    spent: Arc<Mutex<Spent>>,
}

impl Budget {
    /// A budget of which nothing is used.
    pub fn new(limits: BudgetLimits) -> Self {
        Self {
            limits,
            spent: Arc::default(),
        }
    }

    /// Counts what was consumed before, by a worker that held the conversation earlier.
    pub fn charge(&self, usage: Usage, requests: u32) {
        self.add(Spent { usage, requests });
    }

    /// What was consumed so far.
    pub fn spent(&self) -> Usage {
        self.now().usage
    }

    fn now(&self) -> Spent {
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, spent: Spent) {
        self.spent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(spent);
    }

    /// Which limit is reached, and how.
    fn exhausted(&self) -> Option<String> {
        let spent = self.now();
        let BudgetLimits {
            max_requests,
            max_tokens,
            max_cost_micros,
        } = self.limits;
        let reached = |name: &str, used: u64, limit: Option<u64>, unit: &str| {
            let limit = limit.filter(|limit| used >= *limit)?;
            Some(format!(
                "the conversation has used up what it may of language models: {used} {unit}, and `{name}` is {limit}"
            ))
        };
        reached(
            "max_requests",
            u64::from(spent.requests),
            max_requests.map(u64::from),
            "requests",
        )
        .or_else(|| reached("max_tokens", spent.usage.tokens(), max_tokens, "tokens"))
        .or_else(|| {
            reached(
                "max_cost_micros",
                spent.usage.cost_micros,
                max_cost_micros,
                "millionths of a US dollar",
            )
        })
    }
}

/// Makes requests while a budget lasts.
#[derive(Debug)]
pub(super) struct Budgeted {
    pub(super) inner: Arc<dyn Layer>,
    pub(super) model: String,
    pub(super) budget: Budget,
}

#[async_trait]
impl Layer for Budgeted {
    async fn send(&self, request: &Request) -> Result<Reply, Failed> {
        if let Some(reason) = self.budget.exhausted() {
            let model = self.model.clone();
            return Err(Failed::new(
                AskError::Exhausted { model, reason },
                Spent::default(),
            ));
        }
        let outcome = self.inner.send(request).await;
        let spent = match &outcome {
            Ok(reply) => reply.spent,
            Err(failed) => failed.spent,
        };
        self.budget.add(spent);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::fake::{Fake, request};

    fn budgeted(limits: BudgetLimits) -> Budgeted {
        Budgeted {
            inner: Arc::new(Fake::always_ok("hi")),
            model: "m".to_owned(),
            budget: Budget::new(limits),
        }
    }

    #[tokio::test]
    async fn each_limit_ends_the_conversation_and_is_named() {
        // The fake consumes 10 tokens read, 5 written, 7 millionths for each request.
        let cases = [
            (
                BudgetLimits {
                    max_requests: Some(2),
                    ..BudgetLimits::default()
                },
                2,
                "2 requests, and `max_requests` is 2",
            ),
            (
                BudgetLimits {
                    max_tokens: Some(31),
                    ..BudgetLimits::default()
                },
                3,
                "45 tokens, and `max_tokens` is 31",
            ),
            (
                BudgetLimits {
                    max_cost_micros: Some(7),
                    ..BudgetLimits::default()
                },
                1,
                "7 millionths of a US dollar, and `max_cost_micros` is 7",
            ),
        ];
        for (limits, granted, says) in cases {
            let layer = budgeted(limits);
            for _ in 0..granted {
                layer.send(&request("hello")).await.unwrap();
            }
            let failed = layer.send(&request("hello")).await.unwrap_err();
            assert_eq!(failed.spent, Spent::default());
            assert!(matches!(*failed.error, AskError::Exhausted { .. }));
            assert!(failed.error.to_string().ends_with(says), "{}", failed.error);
            assert!(!failed.error.is_passing());
        }
    }

    #[tokio::test]
    async fn failures_and_what_was_consumed_before_count() {
        let budget = Budget::new(BudgetLimits {
            max_requests: Some(3),
            ..BudgetLimits::default()
        });
        budget.charge(Usage::default(), 2);
        let layer = Budgeted {
            inner: Arc::new(Fake::always_err(503)),
            model: "m".to_owned(),
            budget: budget.clone(),
        };
        let failed = layer.send(&request("hello")).await.unwrap_err();
        assert!(matches!(*failed.error, AskError::Refused { status: 503, .. }));
        let failed = layer.send(&request("hello")).await.unwrap_err();
        assert!(matches!(*failed.error, AskError::Exhausted { .. }));
        assert_eq!(budget.spent(), Usage::default());
    }
}
