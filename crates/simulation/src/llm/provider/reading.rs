//! What a provider's answer says: its text, or why it has none, and what it took.

use genai::chat::{ChatResponse, StopReason};
use model::{LanguageModel, Provider};
use serde_json::Value;

use crate::{
    excerpt::excerpt,
    llm::layer::{Form, Request},
};

/// Why an answer is none.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) kind: Kind,
    pub(super) reason: String,
    /// What there is of its text.
    pub(super) text: String,
}

/// In which way an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It does not follow the provider's protocol.
    Malformed,
    /// It follows the protocol, and is not an answer.
    Unusable,
}

/// The tokens that a provider tells of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
}

/// The usage and the text of an answer.
pub(super) fn read(
    response: Result<ChatResponse, String>,
    body: &Value,
    request: &Request,
    definition: &LanguageModel,
) -> (Told, Result<String, Unreadable>) {
    let told = response.as_ref().map(usage).unwrap_or_default();
    // `genai` does not mind what is missing, and what it cannot take apart may say why.
    if let Some((kind, reason)) = objection(body, definition.provider) {
        let text = String::new();
        return (told, Err(Unreadable { kind, reason, text }));
    }
    let read = response
        .map_err(|reason| Unreadable {
            kind: Kind::Malformed,
            reason,
            text: String::new(),
        })
        .and_then(|response| answer(&response, request, definition));
    (told, read)
}

/// What a body that is a success by its status says against being one.
fn objection(body: &Value, provider: Provider) -> Option<(Kind, String)> {
    let malformed = |reason: &str| Some((Kind::Malformed, reason.to_owned()));
    let declined = |said: &str| {
        let reason = format!("the model declined to answer ({})", excerpt(said, 200));
        Some((Kind::Unusable, reason))
    };
    let Some(fields) = body.as_object() else {
        return malformed("the answer is JSON, but not an object");
    };
    if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
        let said = error.get("message").unwrap_or(error);
        let said = said.as_str().map_or_else(|| said.to_string(), ToOwned::to_owned);
        return malformed(&format!(
            "the answer is an error with the status of a success ({})",
            excerpt(&said, 200)
        ));
    }
    let items = |name: &str| fields.get(name).and_then(Value::as_array);
    let has_items = |name: &str| items(name).is_some_and(|items| !items.is_empty());
    let said = |pointer: &str| {
        body.pointer(pointer)
            .and_then(Value::as_str)
            .filter(|said| !said.is_empty())
    };
    match provider {
        Provider::OpenAi if !has_items("choices") => malformed("the answer has no choices"),
        Provider::OpenAi => said("/choices/0/message/refusal").and_then(declined),
        Provider::OpenAiResponses => match said("/incomplete_details/reason") {
            Some("content_filter") => declined("content_filter"),
            Some(_) => None,
            None if !has_items("output") => malformed("the answer has no output"),
            None => items("output")
                .into_iter()
                .flatten()
                .filter_map(|item| item.get("content")?.as_array())
                .flatten()
                .find_map(|part| part.get("refusal")?.as_str())
                .and_then(declined),
        },
        Provider::Anthropic if items("content").is_none() => malformed("the answer has no content"),
        Provider::Gemini if !has_items("candidates") => said("/promptFeedback/blockReason")
            .map_or_else(|| malformed("the answer has no candidates"), declined),
        Provider::Ollama if !fields.get("message").is_some_and(Value::is_object) => {
            malformed("the answer has no message")
        }
        Provider::Anthropic | Provider::Gemini | Provider::Ollama => None,
    }
}

/// The text of an answer that was taken apart.
fn answer(
    response: &ChatResponse,
    request: &Request,
    definition: &LanguageModel,
) -> Result<String, Unreadable> {
    let called = match &request.form {
        Form::Tool(schema) => response
            .content
            .tool_calls()
            .into_iter()
            .find(|call| call.fn_name == schema.name)
            .map(|call| call.fn_arguments.to_string()),
        Form::Text | Form::JsonSchema(_) | Form::JsonObject => None,
    };
    let text = called
        .or_else(|| response.content.joined_texts())
        .unwrap_or_default();
    let refused = match &response.stop_reason {
        Some(StopReason::MaxTokens(_)) => Some((
            Kind::Unusable,
            format!(
                "it was cut off, at max_output_tokens ({}) or at the end of what the model can hold; raise the one or shorten \
                 what is asked",
                definition.max_output_tokens
            ),
        )),
        Some(StopReason::ContentFilter(said)) => {
            Some((Kind::Unusable, format!("the model declined to answer ({said})")))
        }
        Some(
            StopReason::Completed(_)
            | StopReason::ToolCall(_)
            | StopReason::StopSequence(_)
            | StopReason::Other(_),
        )
        | None => text
            .trim()
            .is_empty()
            .then(|| (Kind::Malformed, "the answer is empty".to_owned())),
    };
    match refused {
        Some((kind, reason)) => Err(Unreadable { kind, reason, text }),
        None => Ok(text),
    }
}

/// What the provider tells of tokens. Zero is as good as nothing told: no request has no tokens.
fn usage(response: &ChatResponse) -> Told {
    let usage = &response.usage;
    let told = |tokens: Option<i32>| {
        tokens
            .and_then(|tokens| u64::try_from(tokens).ok())
            .filter(|tokens| *tokens > 0)
    };
    let thought = usage
        .completion_tokens_details
        .as_ref()
        .and_then(|details| details.reasoning_tokens);
    Told {
        input_tokens: told(usage.prompt_tokens),
        output_tokens: told(usage.completion_tokens.or(thought)),
    }
}
