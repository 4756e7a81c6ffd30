//! Connections to bots behind Direct Line.

use std::collections::BTreeMap;

use model::{
    DEFAULT_POLL_MS, DEFAULT_QUIET_MS, DIRECT_LINE_URL, DirectLine, DirectLineCredential, Protocol, Text,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{FieldErrors, Pointer, read::Fields};

/// A bot behind Bot Framework's Direct Line 3.0: its activities are polled until it has answered and says nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct DirectLineDoc {
    /// Up to and without `/conversations` (template). Default: `https://directline.botframework.com/v3/directline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The channel's secret (template, such as `{{ secret.DIRECT_LINE_SECRET }}`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Instead of a secret: a URL that gives a fresh token for each conversation (template).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// Further headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
    /// How long the bot must have said nothing more for its reply to be whole, in milliseconds. Default: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 60_000))]
    pub quiet_ms: Option<u32>,
    /// How often it is asked for what is new, in milliseconds. Default: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 50, max = 60_000))]
    pub poll_ms: Option<u32>,
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let base_url = fields.or(
        "baseUrl",
        Text::try_from(DIRECT_LINE_URL).expect("the default is a text"),
    );
    let secret = fields.optional("secret");
    let token_url = fields.optional("tokenUrl");
    let headers = fields.texts("headers", 100);
    let quiet_ms = fields.number_or("quietMs", 0..=60_000, DEFAULT_QUIET_MS);
    let poll_ms = fields.number_or("pollMs", 50..=60_000, DEFAULT_POLL_MS);
    let credential = match (secret, token_url) {
        (Some(Some(_)), Some(Some(_))) => {
            fields.fault_here("has both `secret` and `tokenUrl`: give one of them");
            None
        }
        (Some(Some(secret)), Some(None)) => Some(DirectLineCredential::Secret(secret)),
        (Some(None), Some(Some(url))) => Some(DirectLineCredential::TokenUrl(url)),
        (Some(None), Some(None)) => Some(DirectLineCredential::None),
        (None, _) | (_, None) => None,
    };
    fields.finish();
    Some(Protocol::DirectLine(DirectLine {
        base_url: base_url?,
        credential: credential?,
        headers: headers?,
        quiet_ms: quiet_ms?,
        poll_ms: poll_ms?,
    }))
}

pub(super) fn write(protocol: &Protocol) -> Option<DirectLineDoc> {
    let Protocol::DirectLine(bot) = protocol else {
        return None;
    };
    let beside = |value: u32, default: u32| (value != default).then_some(value);
    let (secret, token_url) = match &bot.credential {
        DirectLineCredential::None => (None, None),
        DirectLineCredential::Secret(secret) => (Some(secret.to_string()), None),
        DirectLineCredential::TokenUrl(url) => (None, Some(url.to_string())),
    };
    Some(DirectLineDoc {
        base_url: (bot.base_url.as_str() != DIRECT_LINE_URL).then(|| bot.base_url.to_string()),
        secret,
        token_url,
        headers: bot.headers.clone(),
        quiet_ms: beside(bot.quiet_ms, DEFAULT_QUIET_MS),
        poll_ms: beside(bot.poll_ms, DEFAULT_POLL_MS),
    })
}
