//! Agents on Amigo's classic platform.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Text;

/// A service of Amigo's classic platform, through its conversation API. A conversation starts again when its worker is lost, because
/// one that is left is finished: the platform allows a user a single unfinished conversation per service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amigo {
    /// The server (template).
    pub base_url: Text,
    /// The organization's id (template).
    pub organization: Text,
    /// The service's id (template).
    pub service_id: Text,
    /// The service's version set; none: the platform's default.
    pub version_set: Option<Text>,
    /// The API key's value (template).
    pub api_key: Text,
    /// The API key's id (template).
    pub api_key_id: Text,
    /// The user whose conversations these are (template).
    pub user_id: Text,
    /// Further headers (templates).
    pub headers: BTreeMap<String, String>,
}

/// Default of [`Amigo::base_url`].
pub const AMIGO_URL: &str = "https://api.amigo.ai";
