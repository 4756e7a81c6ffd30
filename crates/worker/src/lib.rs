//! The worker: leases jobs, holds their conversations, and publishes every turn and the one result.
//!
//! It performs effects and decides nothing: what comes next in a conversation is the engine's to say
//! ([`model::Engine`]), and whether a worker still holds a conversation is the log's. So a worker may be killed at any instant:
//! what it had acknowledged stands in the log, and the next worker goes on from there.
//!
//! It knows neither the projections nor the server, and keeps nothing of its own between conversations but caches.

mod agent_line;
mod attend;
mod backoff;
mod clock;
mod drive;
mod failure;
mod link;
mod manifests;
mod narrator;
mod options;
mod recordings;
mod result;
mod runs;
mod scribe;
mod service;
mod setting;
mod simulation_port;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod testing;

pub use agent_line::AgentLine;
pub use clock::Clock;
pub use options::Options;
pub use service::{Worker, WorkerError};
pub use simulation_port::{Cast, LiveSimulation, Simulation, UserFailure};
