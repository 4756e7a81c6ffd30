//! The log port: everything that Rehearse keeps or sends through NATS JetStream, behind one trait.
//!
//! [`Journal`] is the port. [`JetStream`] implements it on a real server, [`MemoryJournal`] in memory for simulation tests; both pass the
//! same contract suite. Nothing outside this crate knows streams, subjects or headers.
#![warn(missing_docs)]

pub mod bus;
mod checks;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod error;
mod jetstream;
mod memory;
mod port;
pub mod subject;

pub use checks::{DELIVERIES_MAX_AGE, MAX_DELIVERIES};
pub use error::{AppendError, AskError, JournalError};
pub use jetstream::{ConnectOptions, Credentials, JetStream, Secret, StreamOptions};
pub use memory::{AgentReply, Call, Fault, Faults, MemoryJournal, MemoryOptions};
pub use port::{
    Appended, Followed, Follower, Journal, Lease, LeaseState, LogInfo, LogName, Notice, Published, RunCount,
    Stored, Subscription,
};
