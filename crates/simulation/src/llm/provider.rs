//! The innermost layer: one request to one provider, and its answer read.
//!
//! The crate `genai` knows how each provider wants a request and what its answers mean; the rest is done here, since it would read bodies of
//! any length, pass on only some of a model's parameters, and rewrite some models' names. Module `codec` says how it is held.

mod codec;
mod endpoint;
mod parameters;
mod payload;
mod reading;

use async_trait::async_trait;
pub(super) use codec::Codec;
use endpoint::Endpoint;
use model::{LanguageModel, Usage};

use super::{
    AskError, estimate,
    layer::{Failed, Layer, Reply, Request, Spent},
};
use crate::{
    Secrets,
    excerpt::{EXCERPT_BYTES, excerpt},
    net::client::Clients,
};

/// A provider, as one model's definition reaches it.
#[derive(Debug)]
pub(super) struct ProviderLayer {
    name: String,
    definition: LanguageModel,
    endpoint: Endpoint,
    codec: Codec,
    clients: Clients,
    secrets: Secrets,
    max_answer_bytes: usize,
}

/// What a provider needs beside the model's definition.
#[derive(Clone, Debug)]
pub(super) struct Means {
    pub(super) codec: Codec,
    pub(super) clients: Clients,
    pub(super) secrets: Secrets,
    pub(super) max_answer_bytes: usize,
}

impl ProviderLayer {
    /// # Errors
    /// The definition cannot work: [`AskError::Unsuitable`].
    pub(super) fn new(name: &str, definition: &LanguageModel, means: Means) -> Result<Self, AskError> {
        let unsuitable = |reason: String| AskError::Unsuitable {
            model: name.to_owned(),
            reason,
        };
        definition
            .check()
            .map_err(|invalid| unsuitable(invalid.to_string()))?;
        parameters::check(definition).map_err(unsuitable)?;
        let endpoint = Endpoint::new(definition).map_err(unsuitable)?;
        // An address that may not be reached is refused here; what a name stands for is seen only when it is looked up.
        means
            .clients
            .for_url(endpoint.url())
            .map_err(|why| unsuitable(why.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            definition: definition.clone(),
            endpoint,
            codec: means.codec,
            clients: means.clients,
            secrets: means.secrets,
            max_answer_bytes: means.max_answer_bytes,
        })
    }

    /// An answer that cannot be used, with its beginning. Secrets go first, so that none is cut in two and shown in part.
    fn malformed(&self, reason: impl Into<String>, body: &str) -> AskError {
        AskError::Malformed {
            model: self.name.clone(),
            reason: self.secrets.redact(&reason.into()),
            detail: self.quote(body),
        }
    }

    fn quote(&self, body: &str) -> String {
        let body = self.secrets.redact(body);
        if body.trim().is_empty() {
            String::new()
        } else {
            format!(": {}", excerpt(body.trim(), EXCERPT_BYTES))
        }
    }

    /// What a request consumed, by what the provider told, or else by the length of the texts.
    fn spent(&self, request: &Request, told: reading::Told, text: &str) -> Spent {
        let input_tokens = told
            .input_tokens
            .unwrap_or_else(|| estimate::of_messages(&request.messages));
        let output_tokens = told.output_tokens.unwrap_or_else(|| estimate::of_text(text));
        let cost = |price: model::Price| price.cost_micros(input_tokens, output_tokens);
        Spent {
            usage: Usage {
                input_tokens,
                output_tokens,
                cost_micros: self.definition.price.map_or(0, cost),
                estimated: told.input_tokens.is_none() || told.output_tokens.is_none(),
            },
            requests: 1,
        }
    }
}

#[async_trait]
impl Layer for ProviderLayer {
    async fn send(&self, request: &Request) -> Result<Reply, Failed> {
        let exchange = self
            .codec
            .exchange(&self.definition, request, |payload| async move {
                let payload = payload::finished(payload, &self.definition, request);
                self.post(&payload).await
            });
        let answered = Box::pin(exchange).await.map_err(|unread| {
            let error = match unread {
                codec::Unread::Carrying(error) => error,
                codec::Unread::Codec(reason) => self.malformed(reason, ""),
            };
            Failed::new(error, Spent::REQUEST)
        })?;
        let (told, read) = reading::read(answered.response, &answered.body, request, &self.definition);
        match read {
            Ok(text) => {
                let text = self.secrets.redact(&text);
                let spent = self.spent(request, told, &text);
                Ok(Reply { text, spent })
            }
            Err(why) => {
                let spent = self.spent(request, told, &why.text);
                let error = match why.kind {
                    reading::Kind::Malformed => self.malformed(why.reason, &answered.body.to_string()),
                    reading::Kind::Unusable => AskError::Unusable {
                        model: self.name.clone(),
                        reason: self.secrets.redact(&why.reason),
                        detail: self.quote(&why.text),
                        usage: spent.usage,
                    },
                };
                Err(Failed::new(error, spent))
            }
        }
    }
}

#[cfg(test)]
mod tests;
