//! Support for tests: real servers, started and thrown away per test, and waiting with a deadline.
//!
//! Only tests depend on this crate, so it panics where they would: a missing server binary or a
//! deadline that passed fails the test and is never a reason to skip it.

pub mod nats;
mod wait;

pub use wait::wait_until;
