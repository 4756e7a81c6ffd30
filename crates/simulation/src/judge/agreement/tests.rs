//! Checks of judges.
