//! Integration tests, in one binary.

mod architecture;
mod system;
