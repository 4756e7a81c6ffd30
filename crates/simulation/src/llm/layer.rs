//! What the layers between a question and a provider pass on to each other: one request, and what came of it.

use std::fmt;

use async_trait::async_trait;
use model::Usage;

use super::{AnswerSchema, AskError, Message};

/// One request for a completion.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub(super) messages: Vec<Message>,
    pub(super) form: Form,
    pub(super) seed: Option<u64>,
    /// None: what the model's configuration says.
    pub(super) temperature: Option<f64>,
}

/// The form that a provider is asked to give its answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// Any text.
    Text,
    /// JSON that follows a schema, which the provider sees to.
    JsonSchema(AnswerSchema),
    /// Some JSON object, which the provider sees to.
    JsonObject,
    /// The arguments of a tool of this schema, which the model is made to call.
    Tool(AnswerSchema),
}

/// A provider's answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    /// Its words, or the JSON text of its value; never empty.
    pub(super) text: String,
    pub(super) spent: Spent,
}

/// A request that came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failed {
    pub(super) error: Box<AskError>,
    pub(super) spent: Spent,
}

/// What requests consumed, failed ones included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) usage: Usage,
    pub(super) requests: u32,
}

/// A layer; the innermost is the provider.
#[async_trait]
pub(super) trait Layer: fmt::Debug + Send + Sync {
    async fn send(&self, request: &Request) -> Result<Reply, Failed>;
}

impl Spent {
    /// One request that consumed nothing that is known.
    pub(super) const REQUEST: Self = Self {
        usage: Usage::of_tokens(0, 0),
        requests: 1,
    };

    pub(super) const fn add(&mut self, other: Self) {
        self.usage.add(other.usage);
        self.requests = self.requests.saturating_add(other.requests);
    }
}

impl Failed {
    /// A request that was not made, or that consumed nothing that is known.
    pub(super) fn new(error: AskError, spent: Spent) -> Self {
        Self {
            error: Box::new(error),
            spent,
        }
    }
}
