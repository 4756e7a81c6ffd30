//! Aggregation: a stateless fold of a run's results into its artifact, then the event that the run is complete.
//!
//! [`Aggregator`] watches the log and completes every run that is due. What it makes of a run's results is pure: [`fold()`]
//! counts, [`ArtifactBuilder`] writes. Any number of aggregators may run; the log lets the first completion in, and since all of
//! them make the same bytes it does not matter whose that is.
//!
//! Nothing here decides whether a conversation passed: verdicts and criteria come with the results.

mod artifact;
mod bitset;
mod complete;
mod fold;
mod service;
mod statistics;
#[cfg(test)]
mod testing;
mod tracker;

pub use artifact::{Artifact, ArtifactBuilder, ArtifactError, UnpackError, unpack};
pub use fold::{
    Attempts, Credit, CriterionReport, ErrorCount, FoldError, LatencyReport, MilestoneReport, PassRate,
    RunReport, Summary, TestReport, fold,
};
pub use service::{Aggregator, AggregatorError, Options};
pub use statistics::{Distribution, Interval, wilson_95};
