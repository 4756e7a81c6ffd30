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
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    /// In millionths of a US dollar.
    pub(super) cost_micros: u64,
    /// Whether the provider told no usage for some of it, so that it is an estimate.
    pub(super) estimated: bool,
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
        input_tokens: 0,
        output_tokens: 0,
        cost_micros: 0,
        estimated: false,
        requests: 1,
    };

    pub(super) const fn add(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cost_micros = self.cost_micros.saturating_add(other.cost_micros);
        self.estimated |= other.estimated;
        self.requests = self.requests.saturating_add(other.requests);
    }

    /// Tokens read and written.
    pub(super) const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    pub(super) const fn usage(&self) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_micros: self.cost_micros,
            estimated: self.estimated,
        }
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
