//! Integration tests, in one binary.

mod architecture;
mod bus;
mod system;
