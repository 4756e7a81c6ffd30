//! Errors as callers see them: one table of codes, one body for all.

mod code;
mod problem;
mod rejection;

pub use code::ErrorCode;
pub use problem::{PROBLEM_CONTENT_TYPE, Problem};
