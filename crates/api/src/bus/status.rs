//! How a server is doing.

use model::Time;
use serde::{Deserialize, Serialize};

/// How a server is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Status {
    /// The build.
    pub build: String,
    /// Since when it answers.
    pub started_at: Time,
    /// For how long, in milliseconds.
    pub uptime_ms: u64,
    /// How far its projections of events are.
    pub events: LogStatus,
    /// How far its projections of results are.
    pub results: LogStatus,
}

/// How far projections follow a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogStatus {
    /// The sequence of the log's last message.
    pub last_sequence: u64,
    /// The sequence up to which the projections have read.
    pub projected_sequence: u64,
    /// How many messages they are behind.
    pub lag: u64,
}

impl LogStatus {
    /// A log that ends at `last` and was read up to `projected`.
    pub const fn of(last: u64, projected: u64) -> Self {
        Self {
            last_sequence: last,
            projected_sequence: projected,
            lag: last.saturating_sub(projected),
        }
    }
}
