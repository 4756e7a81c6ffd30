//! Connections to Amigo's classic platform.

use std::collections::BTreeMap;

use model::{AMIGO_URL, Amigo, Protocol, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{FieldErrors, Pointer, read::Fields};

/// A service of Amigo's classic platform, through its conversation API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct AmigoDoc {
    /// The server, up to and without `/v1` (template). Default: `https://api.amigo.ai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The organization's id (template).
    pub organization: String,
    /// The service's id (template).
    pub service_id: String,
    /// The service's version set. Default: the platform's, `release`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_set: Option<String>,
    /// The API key's value (template, such as `{{ secret.AMIGO_API_KEY }}`).
    pub api_key: String,
    /// The API key's id (template).
    pub api_key_id: String,
    /// The user whose conversations these are (template).
    pub user_id: String,
    /// Further headers (templates).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, String>,
}

pub(super) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Protocol> {
    let mut fields = Fields::of(value, at, errors)?;
    let base_url = fields.or(
        "baseUrl",
        Text::try_from(AMIGO_URL).expect("the default is a text"),
    );
    let organization = fields.required("organization");
    let service_id = fields.required("serviceId");
    let version_set = fields.optional("versionSet");
    let api_key = fields.required("apiKey");
    let api_key_id = fields.required("apiKeyId");
    let user_id = fields.required("userId");
    let headers = fields.texts("headers", 100);
    fields.finish();
    Some(Protocol::Amigo(Amigo {
        base_url: base_url?,
        organization: organization?,
        service_id: service_id?,
        version_set: version_set?,
        api_key: api_key?,
        api_key_id: api_key_id?,
        user_id: user_id?,
        headers: headers?,
    }))
}

pub(super) fn write(protocol: &Protocol) -> Option<AmigoDoc> {
    let Protocol::Amigo(amigo) = protocol else {
        return None;
    };
    Some(AmigoDoc {
        base_url: (amigo.base_url.as_str() != AMIGO_URL).then(|| amigo.base_url.to_string()),
        organization: amigo.organization.to_string(),
        service_id: amigo.service_id.to_string(),
        version_set: amigo.version_set.as_ref().map(ToString::to_string),
        api_key: amigo.api_key.to_string(),
        api_key_id: amigo.api_key_id.to_string(),
        user_id: amigo.user_id.to_string(),
        headers: amigo.headers.clone(),
    })
}
