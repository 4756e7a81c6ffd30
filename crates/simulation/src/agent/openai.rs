//! What OpenAI's chat completions and its responses have in common: where the endpoint is, and the part of a request that no turn changes.

use std::collections::BTreeMap;

use model::{Json, Text};
use reqwest::Method;
use serde_json::{Map, Value};

use super::{AgentError, http::Request, openai_chat::fill_in};
use crate::{Briefing, Secrets, template::Variables, view};

/// An endpoint as a connection describes it.
pub(super) struct Described<'a> {
    pub(super) base_url: &'a Text,
    /// What follows the base URL, such as `chat/completions`.
    pub(super) path: &'a str,
    pub(super) model: &'a Text,
    pub(super) api_key: Option<&'a Text>,
    pub(super) headers: &'a BTreeMap<String, String>,
    pub(super) parameters: Option<&'a Json>,
}

/// An endpoint, ready to be asked.
pub(super) struct Endpoint {
    /// Without a body.
    pub(super) request: Request,
    /// The body without what the turns add.
    pub(super) body: Map<String, Value>,
    about: Variables,
}

impl Endpoint {
    pub(super) fn new(
        described: &Described<'_>,
        briefing: &Briefing,
        secrets: &Secrets,
    ) -> Result<Self, AgentError> {
        let about = Variables::default()
            .with("persona", &view::persona(briefing))
            .with("scenario", &view::scenario(briefing))
            .with("context_graph", &briefing.context_graph.value());
        let configured = about
            .clone()
            .with("session_id", &briefing.session_id.as_str().into())
            .with_secrets(secrets);
        let fill = |field: &str, source: &str| fill_in(&configured, field, source);
        let base_url = fill("base_url", described.base_url.as_str())?;
        let url = format!("{}/{}", base_url.trim().trim_end_matches('/'), described.path);
        let mut request = Request::new(Method::POST, &url, "base_url")?;
        for (name, value) in described.headers {
            let field = format!("headers.{name}");
            request.header(&field, name, &fill(&field, value)?)?;
        }
        if let Some(api_key) = described.api_key {
            let api_key = fill("api_key", api_key.as_str())?;
            request.header("api_key", "authorization", &format!("Bearer {}", api_key.trim()))?;
        }
        request.header("headers", "content-type", "application/json")?;
        request.header("headers", "accept", "application/json")?;
        let mut body = match described.parameters.map(Json::value) {
            Some(Value::Object(fields)) => fields,
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_))
            | None => Map::new(),
        };
        body.insert("model".to_owned(), described.model.as_str().into());
        body.insert("stream".to_owned(), false.into());
        Ok(Self { request, body, about })
    }

    /// A text that tells the model what it is; it may name no secret and no session.
    pub(super) fn told(&self, field: &str, source: Option<&Text>) -> Result<Option<String>, AgentError> {
        source
            .map(|source| fill_in(&self.about, field, source.as_str()))
            .transpose()
    }
}
