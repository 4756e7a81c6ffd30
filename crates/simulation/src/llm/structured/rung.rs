//! The ways to ask for an answer of a certain shape.

use model::Provider;

use crate::llm::{
    AnswerSchema, Message, MessageRole, Question,
    layer::{Form, Request},
};

/// A way to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rung {
    /// The provider holds the answer to the schema.
    JsonSchema,
    /// The provider holds it to being a JSON object; the model is told the schema.
    JsonObject,
    /// The model is made to call a tool that takes the answer.
    Tool,
    /// The model is told the schema.
    Text,
}

/// The ways that a provider's API has, the strictest first. Whether an endpoint has them too shows when it is asked.
pub(super) const fn of(provider: Provider) -> &'static [Rung] {
    match provider {
        Provider::OpenAi | Provider::OpenAiResponses | Provider::Gemini => {
            &[Rung::JsonSchema, Rung::JsonObject, Rung::Tool, Rung::Text]
        }
        // No answer that is just some JSON.
        Provider::Anthropic => &[Rung::JsonSchema, Rung::Tool, Rung::Text],
        // No tool that must be called.
        Provider::Ollama => &[Rung::JsonSchema, Rung::JsonObject, Rung::Text],
    }
}

impl Rung {
    pub(super) fn request(self, question: &Question, schema: &AnswerSchema) -> Request {
        let told = || {
            format!(
                "Answer with one JSON object and with nothing else: no other words, no code fence. It must follow this JSON Schema:\n{}",
                schema.document
            )
        };
        let (form, rule) = match self {
            Self::JsonSchema => (Form::JsonSchema(schema.clone()), None),
            Self::JsonObject => (Form::JsonObject, Some(told())),
            Self::Tool => (
                Form::Tool(schema.clone()),
                Some(format!("Give your answer by calling the tool `{}`.", schema.name)),
            ),
            Self::Text => (Form::Text, Some(told())),
        };
        let mut messages = question.messages.clone();
        if let Some(rule) = rule {
            match messages
                .first_mut()
                .filter(|first| first.role == MessageRole::System)
            {
                Some(system) => {
                    system.text.push_str("\n\n");
                    system.text.push_str(&rule);
                }
                None => messages.insert(0, Message::system(rule)),
            }
        }
        Request {
            messages,
            form,
            seed: question.seed,
            temperature: question.temperature,
        }
    }
}
