//! The roles: what each is started with, and how it ends. One process may play one or all of them.

pub(crate) mod log_server;
mod open;
pub(crate) mod provision;
pub(crate) mod replay;
mod running;
mod start;

pub(crate) use open::open_projections;
pub(crate) use running::{Running, run_until_signal};
pub(crate) use start::{
    agents, language_models, now, start_aggregator, start_http, start_server, start_workers,
};
