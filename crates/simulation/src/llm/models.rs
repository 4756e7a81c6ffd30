//! The language models that one worker process asks.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use model::{LanguageModel, Name};
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::{
    Answer, Ask, AskError, Budget, Question,
    budget::Budgeted,
    hints::Hints,
    layer::{Failed, Form, Layer, Request},
    provider::{Codec, Means, ProviderLayer},
    rate_limit::RateLimit,
    retry::Retry,
    structured::Ladder,
    time_limit::TimeLimit,
};
use crate::{Reach, Secrets, net::client::Clients};

/// How many models are kept open. One that is opened again after it was dropped has forgotten its rates and what its endpoint can do.
const MAX_OPEN: usize = 1024;

/// How language models are reached.
#[derive(Clone, Debug)]
pub struct LanguageModelsOptions {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// Idle connections kept per host.
    pub max_idle_per_host: usize,
    /// Which addresses providers may have.
    pub reach: Reach,
    /// The longest answer of a provider, in bytes, with everything around the text.
    pub max_answer_bytes: usize,
    /// How long a request may wait for its model's `requests_per_minute` and `tokens_per_minute`.
    pub max_rate_wait: Duration,
}

impl Default for LanguageModelsOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            max_idle_per_host: 64,
            reach: Reach::public_only(),
            max_answer_bytes: 4 * 1024 * 1024,
            max_rate_wait: Duration::from_secs(120),
        }
    }
}

/// Language models cannot be asked from this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("language models cannot be asked: {0}")]
pub struct LanguageModelsError(String);

/// Opens language models. Each is opened once: conversations share its rate limits, its connections and what is known of its endpoint.
/// Cheap to clone.
#[derive(Clone)]
pub struct LanguageModels {
    means: Means,
    max_rate_wait: Duration,
    open: Arc<Cache<String, Arc<OpenModel>>>,
}

/// A model with its layers.
#[derive(Debug)]
pub(super) struct OpenModel {
    name: String,
    /// Rate limit, retry, time limit and provider.
    layers: Arc<dyn Layer>,
    ladder: Ladder,
}

impl LanguageModels {
    /// Makes the pool of connections. API keys come from `secrets`, each time that one is used.
    ///
    /// # Errors
    /// HTTP clients cannot be set up on this machine.
    pub fn new(options: &LanguageModelsOptions, secrets: Secrets) -> Result<Self, LanguageModelsError> {
        let clients = Clients::new(
            options.reach.clone(),
            options.connect_timeout,
            options.max_idle_per_host,
        );
        let clients = clients.map_err(|why| LanguageModelsError(why.to_string()))?;
        Ok(Self {
            means: Means {
                codec: Codec::new().map_err(LanguageModelsError)?,
                clients,
                secrets,
                max_answer_bytes: options.max_answer_bytes,
            },
            max_rate_wait: options.max_rate_wait,
            open: Arc::new(Cache::new(MAX_OPEN)),
        })
    }

    /// Opens a model without a budget. Nothing is connected to yet, and the API key is not looked at.
    ///
    /// # Errors
    /// [`AskError::Unsuitable`]: the definition cannot work.
    pub fn open(&self, name: &Name, definition: &LanguageModel) -> Result<Arc<dyn Ask>, AskError> {
        let model = self.model(name, definition)?;
        let layers = Arc::clone(&model.layers);
        Ok(Arc::new(Asked { model, layers }))
    }

    /// Opens a model for a conversation that has a budget; models of one conversation are given clones of one.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_within(
        &self,
        name: &Name,
        definition: &LanguageModel,
        budget: &Budget,
    ) -> Result<Arc<dyn Ask>, AskError> {
        let model = self.model(name, definition)?;
        let layers = Arc::new(Budgeted {
            inner: Arc::clone(&model.layers),
            model: model.name.clone(),
            budget: budget.clone(),
        });
        Ok(Arc::new(Asked { model, layers }))
    }

    pub(super) fn model(&self, name: &Name, definition: &LanguageModel) -> Result<Arc<OpenModel>, AskError> {
        let unsuitable = |reason: String| AskError::Unsuitable {
            model: name.to_string(),
            reason,
        };
        let written = serde_json::to_string(definition)
            .map_err(|why| unsuitable(format!("its definition cannot be written ({why})")))?;
        let key = format!("{name}\n{written}");
        self.open.get_or_insert_with(&key, || {
            let name = name.to_string();
            let provider = ProviderLayer::new(&name, definition, self.means.clone())?;
            let timed = TimeLimit {
                inner: provider,
                model: name.clone(),
                timeout_ms: definition.timeout_ms,
            };
            let retried = Retry {
                inner: timed,
                max_attempts: definition.max_attempts,
            };
            let limited = RateLimit::new(
                retried,
                name.clone(),
                definition.requests_per_minute,
                definition.tokens_per_minute,
                self.max_rate_wait,
            );
            Ok(Arc::new(OpenModel {
                name,
                layers: Arc::new(Hints::new(limited)),
                ladder: Ladder::new(definition.provider),
            }))
        })
    }
}

impl std::fmt::Debug for LanguageModels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LanguageModels")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}

/// A model as one conversation asks it.
#[derive(Debug)]
struct Asked {
    model: Arc<OpenModel>,
    layers: Arc<dyn Layer>,
}

#[async_trait]
impl Ask for Asked {
    async fn ask(&self, question: &Question) -> Result<Answer, AskError> {
        let started = Instant::now();
        let outcome = match &question.schema {
            Some(schema) => self
                .model
                .ladder
                .ask(&self.model.name, &*self.layers, question, schema)
                .await
                .map(|(value, spent)| (value.to_string(), Some(value), spent)),
            None => {
                let request = Request {
                    messages: question.messages.clone(),
                    form: Form::Text,
                    seed: question.seed,
                    temperature: question.temperature,
                };
                let reply = self.layers.send(&request).await;
                reply.map(|reply| (reply.text, None, reply.spent))
            }
        };
        let (text, value, spent) = outcome.map_err(|failed: Failed| *failed.error)?;
        Ok(Answer {
            text,
            value,
            usage: spent.usage,
            latency_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            requests: spent.requests,
        })
    }

    fn name(&self) -> &str {
        &self.model.name
    }
}
