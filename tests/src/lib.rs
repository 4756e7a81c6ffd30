//! What integration tests stand on: the real binary, a real nats-server, real agents.

#![expect(clippy::panic, reason = "a harness fails a test by panicking")]

mod binary;
pub mod bus;
mod output;
mod peer;
mod suite;
mod up;

pub use binary::{rehearse, repository, tool};
pub use output::{Finished, command, run, run_in};
pub use peer::{Peer, peer_file};
pub use suite::write_suite;
pub use up::{Child, Up};
