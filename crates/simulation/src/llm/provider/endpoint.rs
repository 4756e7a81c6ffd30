//! Where a provider's API is, and sending one request there: with a key, within bounds, without redirects.

use model::{LanguageModel, Name, Provider};
use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::ProviderLayer;
use crate::{
    llm::AskError,
    net::response::{causes, not_allowed, read, retry_after, shown, shown_target},
};

/// How much of a body that is not a success is read for the error.
const ERROR_BODY_BYTES: usize = 16 * 1024;
/// The version of Anthropic's API that is spoken.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// Where requests for one model go.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    url: Url,
    provider: Provider,
    key: Option<Name>,
}

impl Endpoint {
    pub(super) fn new(definition: &LanguageModel) -> Result<Self, String> {
        let base = definition
            .base_url
            .as_ref()
            .map_or_else(|| default_base(definition.provider), |base| base.as_str());
        let mut url = Url::parse(base).map_err(|why| format!("base_url is not a URL: {why}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("base_url is not an `http` or `https` URL".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "base_url holds a user or a password; keep the key in a secret and name it in api_key_secret"
                    .to_owned(),
            );
        }
        let gemini;
        let operation: &[&str] = match definition.provider {
            Provider::OpenAi => &["chat", "completions"],
            Provider::OpenAiResponses => &["responses"],
            Provider::Anthropic => &["messages"],
            Provider::Gemini => {
                gemini = format!("{}:generateContent", definition.model);
                &["models", &gemini]
            }
            Provider::Ollama => &["api", "chat"],
        };
        url.path_segments_mut()
            .map_err(|()| "base_url cannot have a path".to_owned())?
            .pop_if_empty()
            .extend(operation);
        url.set_fragment(None);
        Ok(Self {
            url,
            provider: definition.provider,
            key: definition.api_key_secret.clone(),
        })
    }

    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// The header that carries a key.
    fn key_header(&self, key: &str) -> (HeaderName, String) {
        match self.provider {
            Provider::OpenAi | Provider::OpenAiResponses | Provider::Ollama => {
                (AUTHORIZATION, format!("Bearer {key}"))
            }
            Provider::Anthropic => (HeaderName::from_static("x-api-key"), key.to_owned()),
            Provider::Gemini => (HeaderName::from_static("x-goog-api-key"), key.to_owned()),
        }
    }
}

/// Each provider's own.
const fn default_base(provider: Provider) -> &'static str {
    match provider {
        Provider::OpenAi | Provider::OpenAiResponses => "https://api.openai.com/v1",
        Provider::Anthropic => "https://api.anthropic.com/v1",
        Provider::Gemini => "https://generativelanguage.googleapis.com/v1beta",
        Provider::Ollama => "http://localhost:11434",
    }
}

impl ProviderLayer {
    /// Sends a request; the body of a success, which is JSON.
    pub(super) async fn post(&self, payload: &Value) -> Result<Value, AskError> {
        let endpoint = &self.endpoint;
        let client = self
            .clients
            .for_url(&endpoint.url)
            .map_err(|why| self.unsuitable(why.to_string()))?;
        let mut sending = client.post(endpoint.url.clone()).json(payload);
        if endpoint.provider == Provider::Anthropic {
            sending = sending.header("anthropic-version", ANTHROPIC_VERSION);
        }
        if let Some(secret) = &endpoint.key {
            let key = self
                .secrets
                .get(secret.as_str())
                .ok_or_else(|| AskError::SecretMissing {
                    model: self.name.clone(),
                    secret: secret.to_string(),
                })?;
            let (header, value) = endpoint.key_header(key.trim());
            let mut value = HeaderValue::try_from(value).map_err(|_why| {
                self.unsuitable(format!(
                    "secret `{secret}` holds something that no header can hold"
                ))
            })?;
            value.set_sensitive(true);
            sending = sending.header(header, value);
        }
        let response = sending.send().await.map_err(|why| self.unreachable(&why))?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let limit = self.max_answer_bytes;
        let (body, cut) = read(response, limit)
            .await
            .map_err(|why| self.unreachable(&why))?;
        let text = String::from_utf8_lossy(&body);
        if cut {
            return Err(self.malformed(format!("the answer is longer than {limit} bytes"), &text));
        }
        serde_json::from_slice(&body).map_err(|why| {
            let reason = if why.is_eof() {
                "the answer is cut short"
            } else {
                "the answer is not JSON"
            };
            self.malformed(reason, &text)
        })
    }

    async fn refused(&self, response: reqwest::Response) -> AskError {
        let status = response.status();
        let retry_after_ms = retry_after(response.headers());
        let detail = if status.is_redirection() {
            let target = shown_target(&self.endpoint.url, response.headers());
            format!(": it redirects to {target}; use that URL, redirects are not followed")
        } else {
            // A body that cannot be read adds nothing, and the status is known.
            let body = read(response, ERROR_BODY_BYTES)
                .await
                .map(|(body, _cut)| body)
                .unwrap_or_default();
            self.quote(&String::from_utf8_lossy(&body))
        };
        AskError::Refused {
            model: self.name.clone(),
            status: status.as_u16(),
            retry_after_ms,
            detail: self.secrets.redact(&detail),
        }
    }

    fn unreachable(&self, why: &reqwest::Error) -> AskError {
        if let Some(reach) = not_allowed(why) {
            return self.unsuitable(reach.to_string());
        }
        AskError::Unreachable {
            model: self.name.clone(),
            place: shown(&self.endpoint.url),
            reason: self.secrets.redact(&causes(why)),
        }
    }

    fn unsuitable(&self, reason: String) -> AskError {
        AskError::Unsuitable {
            model: self.name.clone(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{llm::tests::definition, test_support::text};

    #[test]
    fn each_provider_has_its_operation_below_the_base() {
        let cases = [
            (
                Provider::OpenAi,
                None,
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                Provider::OpenAi,
                Some("http://host/v1/?api-version=1"),
                "http://host/v1/chat/completions?api-version=1",
            ),
            (
                Provider::OpenAiResponses,
                None,
                "https://api.openai.com/v1/responses",
            ),
            (Provider::Anthropic, None, "https://api.anthropic.com/v1/messages"),
            (
                Provider::Gemini,
                None,
                "https://generativelanguage.googleapis.com/v1beta/models/some-model-high:generateContent",
            ),
            (Provider::Ollama, None, "http://localhost:11434/api/chat"),
        ];
        for (provider, base, expected) in cases {
            let mut definition = definition(provider, "http://unused");
            definition.base_url = base.map(text);
            let endpoint = Endpoint::new(&definition).unwrap();
            assert_eq!(endpoint.url().as_str(), expected);
        }
        for (base, says) in [
            ("ftp://host/", "`http` or `https`"),
            ("host", "not a URL"),
            ("https://ada:pw@host/v1", "api_key_secret"),
        ] {
            let error = Endpoint::new(&definition(Provider::OpenAi, base)).unwrap_err();
            assert!(error.contains(says) && !error.contains("pw"), "{error}");
        }
    }
}
