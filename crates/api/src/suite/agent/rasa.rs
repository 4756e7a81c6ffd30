//! Connections to Rasa servers.

use std::collections::BTreeMap;

use model::{DEFAULT_CHANNEL, Protocol, Rasa, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{FieldErrors, Pointer, read::Fields};

/// Rasa's REST channel: `POST {baseUrl}/webhooks/{channel}/webhook` per turn.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct RasaDoc {
    /// The server, up to and without `/webhooks` (template).
    pub base_url: String,
    /// The channel's name in the path. Default: `rest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What is sent when the agent is to speak first, such as `/greet`. Without it the agent cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<String>,
    /// Further headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
    /// Each message's `metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let base_url = fields.required("baseUrl");
    let channel = fields.or(
        "channel",
        Text::try_from(DEFAULT_CHANNEL).expect("the default is a text"),
    );
    let opening = fields.optional("opening");
    let headers = fields.texts("headers", 100);
    let metadata = fields.json_object("metadata");
    fields.finish();
    Some(Protocol::Rasa(Rasa {
        base_url: base_url?,
        channel: channel?,
        opening: opening?,
        headers: headers?,
        metadata: metadata?,
    }))
}

pub(super) fn write(protocol: &Protocol) -> Option<RasaDoc> {
    let Protocol::Rasa(rasa) = protocol else {
        return None;
    };
    Some(RasaDoc {
        base_url: rasa.base_url.to_string(),
        channel: (rasa.channel.as_str() != DEFAULT_CHANNEL).then(|| rasa.channel.to_string()),
        opening: rasa.opening.as_ref().map(ToString::to_string),
        headers: rasa.headers.clone(),
        metadata: rasa.metadata.as_ref().map(crate::wire::object),
    })
}
