//! Language models: how they are asked.
//!
//! Those who ask (simulated users, the guard, judges) know [`Ask`] only. What an answer costs, how often it is tried and whether it comes from
//! a recording is the business of the layers behind it. What a model answers is hostile: it is checked against the schema that was
//! asked for and never interpreted beyond that.

mod budget;
mod error;
mod estimate;
#[cfg(test)]
mod fake;
mod hints;
mod layer;
mod models;
mod price;
mod provider;
mod rate_limit;
mod recorded;
mod retry;
mod source;
mod structured;
mod time_limit;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
pub use budget::{Budget, BudgetLimits};
pub use error::AskError;
use model::{Name, Usage};
pub use models::{LanguageModels, LanguageModelsError, LanguageModelsOptions};
pub use price::{Prices, PricesError, price_of};
pub use recorded::recorded;
use serde_json::Value;
pub use source::ConversationModels;

/// What a language model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What for.
    pub purpose: Purpose,
    /// The conversation with the model, in order. A system message stands first, if there is one; the last is from the user.
    pub messages: Vec<Message>,
    /// The shape that the answer must have; none: it is prose.
    pub schema: Option<AnswerSchema>,
    /// What the model's sampling follows from, where its provider can take it.
    pub seed: Option<u64>,
    /// The sampling temperature; none: what the model's configuration says.
    pub temperature: Option<f64>,
}

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The next step of a simulated user.
    User,
    /// Whether a simulated user keeps to its part.
    Guard,
    /// The value of a metric, or whether a milestone was reached.
    Judge,
}

impl Purpose {
    /// `user`, `guard` or `judge`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Guard => "guard",
            Self::Judge => "judge",
        }
    }
}

/// One message to a language model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: MessageRole,
    /// What.
    pub text: String,
}

/// Who says a message to a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageRole {
    /// The rules that the model is to follow.
    System,
    /// Whoever asks.
    User,
    /// The model itself, earlier.
    Assistant,
}

impl MessageRole {
    /// `system`, `user` or `assistant`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl Message {
    /// A message of the rules.
    pub fn system(text: impl Into<String>) -> Self {
        Self {
            role: MessageRole::System,
            text: text.into(),
        }
    }

    /// A message of whoever asks.
    pub fn user(text: impl Into<String>) -> Self {
        Self {
            role: MessageRole::User,
            text: text.into(),
        }
    }

    /// A message of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self {
            role: MessageRole::Assistant,
            text: text.into(),
        }
    }
}

/// The shape that an answer must have.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerSchema {
    /// A name for it, of `[a-z_]`, which providers want.
    pub name: &'static str,
    /// A JSON Schema of an object. Every property is required and no other is admitted, which is what strict providers accept; what may be
    /// absent is of type null as well.
    pub document: Value,
}

/// A language model's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its words, or the JSON text of its value.
    pub text: String,
    /// The value, valid under the schema that was asked for; none if none was.
    pub value: Option<Value>,
    /// What it consumed, all tries and corrections together.
    pub usage: Usage,
    /// How long it took, in milliseconds, all tries together.
    pub latency_ms: u64,
    /// How many requests it took.
    pub requests: u32,
}

/// A language model that can be asked.
#[async_trait]
pub trait Ask: fmt::Debug + Send + Sync {
    /// Asks, and waits for the answer. What may pass was tried again already, within bounds.
    async fn ask(&self, question: &Question) -> Result<Answer, AskError>;

    /// The model's name in the configuration.
    fn name(&self) -> &str;
}

/// Gives out the language models that take part in one conversation, by their names in the configuration.
pub trait ModelSource: fmt::Debug + Send + Sync {
    /// The model of this name.
    fn model(&self, name: &Name) -> Result<Arc<dyn Ask>, AskError>;
}

/// Where no language model takes part.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModels;

impl ModelSource for NoModels {
    fn model(&self, name: &Name) -> Result<Arc<dyn Ask>, AskError> {
        Err(AskError::Unsuitable {
            model: name.to_string(),
            reason: "no language model takes part here".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
