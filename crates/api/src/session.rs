//! Signing in.

use model::Time;
use serde::{Deserialize, Serialize};

/// A caller was recognized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Presented with every further request, as a bearer token.
    pub id_token: String,
    /// After this it no longer opens anything.
    pub expires_at: Time,
}
