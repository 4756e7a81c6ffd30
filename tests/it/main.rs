//! Integration tests, in one binary.

mod architecture;
mod bad_input;
mod bus;
mod cli;
mod crash;
mod docs;
mod lifecycle;
mod system;
