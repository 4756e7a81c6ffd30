//! Bots behind Bot Framework's Direct Line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Continuation;
use crate::{Invalid, Text};

/// A bot behind Direct Line 3.0.
///
/// Any worker can go on with a conversation, unless its token comes from
/// [`DirectLineCredential::TokenUrl`]: such a token opens one conversation and is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectLine {
    /// Up to and without `/conversations` (template).
    pub base_url: Text,
    /// What opens a conversation.
    pub credential: DirectLineCredential,
    /// Further headers (templates).
    pub headers: BTreeMap<String, String>,
    /// How long, in milliseconds, the bot must have said nothing more for its reply to be whole (0 to 60,000).
    pub quiet_ms: u32,
    /// How often it is asked for what is new, in milliseconds (50 to 60,000).
    pub poll_ms: u32,
}

/// What opens a Direct Line conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DirectLineCredential {
    /// Nothing: the service asks for none.
    None,
    /// The channel's secret, or whatever the service takes as a bearer token for any conversation (template).
    Secret(Text),
    /// A URL that gives a fresh token for one conversation as `{"token": …}` (template).
    TokenUrl(Text),
}

/// Default of [`DirectLine::base_url`]: Microsoft's service.
pub const DIRECT_LINE_URL: &str = "https://directline.botframework.com/v3/directline";
/// Default of [`DirectLine::quiet_ms`].
pub const DEFAULT_QUIET_MS: u32 = 1000;
/// Default of [`DirectLine::poll_ms`].
pub const DEFAULT_POLL_MS: u32 = 1000;

impl DirectLine {
    /// What happens to a conversation that lost its worker.
    pub const fn continuation(&self) -> Continuation {
        match self.credential {
            DirectLineCredential::None | DirectLineCredential::Secret(_) => Continuation::Continue,
            DirectLineCredential::TokenUrl(_) => Continuation::Restart,
        }
    }

    /// Checks what the types do not say. A reply may take `timeout_ms`.
    pub(super) fn check(&self, timeout_ms: u32) -> Result<(), Invalid> {
        if self.quiet_ms > 60_000 || self.quiet_ms >= timeout_ms {
            return Err(Invalid::new(
                "quiet_ms must be 0 to 60000 and less than timeout_ms",
            ));
        }
        if !(50..=60_000).contains(&self.poll_ms) || self.poll_ms >= timeout_ms {
            return Err(Invalid::new(
                "poll_ms must be 50 to 60000 and less than timeout_ms",
            ));
        }
        Ok(())
    }
}
