//! Executes commands: catch up with the log, decide, append; again if something came in between.
//!
//! Used by the bus and by HTTP alike. Within one process an organization's commands are executed one after the other, so conflicts
//! only arise between servers.

mod error;
mod executor;
mod queue;

pub use error::ExecuteError;
pub use executor::{Done, Executor, Options, Request};
