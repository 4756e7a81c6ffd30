//! Integration tests, in one binary.

mod architecture;
mod bus;
mod crash;
mod lifecycle;
mod system;
