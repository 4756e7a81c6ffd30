//! What a run may use at most, and why a run was cancelled.

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// What a run may use at most; none: as much as it takes. A run that has used it up is cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Time since it started, in milliseconds.
    pub max_duration_ms: Option<u64>,
    /// Conversations that are finished.
    pub max_conversations: Option<u32>,
    /// Tokens, read and written, of its agents, simulated users and judges.
    pub max_tokens: Option<u64>,
    /// What its language models cost whose prices are known, in millionths of a US dollar. Absent in manifests of builds that knew no costs.
    #[serde(default)]
    pub max_cost_micros: Option<u64>,
}

/// A limit of a [`Budget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BudgetLimit {
    /// Time.
    Duration,
    /// Conversations.
    Conversations,
    /// Tokens.
    Tokens,
    /// Costs.
    Cost,
}

/// Why a run was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CancelReason {
    /// Somebody asked for it.
    Asked,
    /// It used up what it was given.
    Budget(BudgetLimit),
}

impl BudgetLimit {
    /// `duration`, `conversations`, `tokens` or `cost`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::Conversations => "conversations",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
        }
    }
}

impl Budget {
    /// Refuses a limit of nothing. The error names the limit.
    pub fn check(&self) -> Result<(), (BudgetLimit, Invalid)> {
        let nothing = [
            (BudgetLimit::Duration, self.max_duration_ms == Some(0)),
            (BudgetLimit::Conversations, self.max_conversations == Some(0)),
            (BudgetLimit::Tokens, self.max_tokens == Some(0)),
            (BudgetLimit::Cost, self.max_cost_micros == Some(0)),
        ];
        match nothing.into_iter().find(|(_limit, is_nothing)| *is_nothing) {
            Some((limit, _)) => Err((limit, Invalid::new("must be at least 1"))),
            None => Ok(()),
        }
    }
}
