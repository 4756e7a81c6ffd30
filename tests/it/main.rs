//! Integration tests, in one binary.

mod architecture;
