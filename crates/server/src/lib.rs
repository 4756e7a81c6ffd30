//! The server: keeps the projections up with the log, executes commands, answers queries, admits conversations.
//!
//! Several servers may run on one log. Each has projections of its own; one dispatcher among them is active.

mod bus;
mod dispatcher;
mod gateway;
mod http;
mod key_hasher;
mod projector;
mod server;
#[cfg(test)]
mod tests;
mod webhooks;

pub use bus::Bus;
pub use dispatcher::Options as DispatcherOptions;
pub use gateway::{Answer, Caller, Gateway, GatewayOptions, Metadata, check_suite};
pub use http::{Http, HttpError, HttpOptions, RateLimits, Tokens};
pub use key_hasher::KeyHasher;
pub use projector::ProjectorError;
pub use server::{Options, Server, ServerError};
pub use webhooks::WebhookOptions;
