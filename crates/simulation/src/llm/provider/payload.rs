//! What is sent to a provider: what `genai` writes, put right, and the model's own parameters.

use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatResponseFormat, JsonSpec, Tool, ToolChoice};
use model::{LanguageModel, Provider};
use serde_json::{Map, Value, json};

use super::parameters::GEMINI_PART;
use crate::llm::{
    MessageRole,
    layer::{Form, Request},
};

/// A request as `genai` takes it.
pub(super) fn chat(definition: &LanguageModel, request: &Request) -> (ChatRequest, ChatOptions) {
    let mut system: Option<String> = None;
    let mut messages = Vec::new();
    for message in &request.messages {
        match message.role {
            MessageRole::System if messages.is_empty() => {
                let text = system.get_or_insert_default();
                if !text.is_empty() {
                    text.push_str("\n\n");
                }
                text.push_str(&message.text);
            }
            MessageRole::System => messages.push(ChatMessage::system(message.text.clone())),
            MessageRole::User => messages.push(ChatMessage::user(message.text.clone())),
            MessageRole::Assistant => messages.push(ChatMessage::assistant(message.text.clone())),
        }
    }
    let mut chat = ChatRequest::new(messages);
    chat.system = system;
    let mut options = ChatOptions::default()
        .with_max_tokens(definition.max_output_tokens)
        // What a model thinks aloud is not its answer.
        .with_normalize_reasoning_content(true);
    options.temperature = request.temperature.or(definition.temperature);
    // Providers differ in how large a seed may be; 31 bits fit all. OpenAI's responses and Anthropic take none.
    options.seed = match definition.provider {
        Provider::OpenAi | Provider::Gemini | Provider::Ollama => request.seed.map(|seed| seed & 0x7fff_ffff),
        Provider::OpenAiResponses | Provider::Anthropic => None,
    };
    match &request.form {
        Form::Text => {}
        Form::JsonSchema(schema) => {
            let spec = JsonSpec::new(schema.name, schema.document.clone());
            options.response_format = Some(ChatResponseFormat::JsonSpec(spec));
        }
        Form::JsonObject => options.response_format = Some(ChatResponseFormat::JsonMode),
        Form::Tool(schema) => {
            let tool = Tool::new(schema.name)
                .with_description("Takes your answer. Call it once, with the whole answer.")
                .with_schema(schema.document.clone());
            chat = chat.with_tools([tool]);
            options.tool_choice = Some(ToolChoice::tool(schema.name));
        }
    }
    (chat, options)
}

/// What `genai` wrote, with what it reads into models' names taken back, what it leaves out added, and the model's parameters on top.
pub(super) fn finished(mut payload: Value, definition: &LanguageModel, request: &Request) -> Value {
    let Some(fields) = payload.as_object_mut() else {
        return payload;
    };
    // A model whose name ends in `-high`, say, would be asked for by a shorter name, with a parameter for the ending.
    match definition.provider {
        Provider::OpenAi => {
            fields.remove("reasoning_effort");
        }
        Provider::OpenAiResponses => {
            fields.remove("reasoning");
        }
        Provider::Anthropic => {
            fields.remove("thinking");
            if let Some(config) = fields.get_mut("output_config").and_then(Value::as_object_mut) {
                config.remove("effort");
                if config.is_empty() {
                    fields.remove("output_config");
                }
            }
            fields.insert("max_tokens".to_owned(), json!(definition.max_output_tokens));
        }
        Provider::Gemini => {
            if let Some(config) = fields.get_mut(GEMINI_PART).and_then(Value::as_object_mut) {
                config.remove("thinkingConfig");
            }
            if request.form == Form::JsonObject {
                let form = json!({ GEMINI_PART: { "responseMimeType": "application/json" } });
                merge(fields, form.as_object().cloned().unwrap_or_default());
            }
        }
        Provider::Ollama => {
            if let Form::JsonSchema(schema) = &request.form {
                fields.insert("format".to_owned(), schema.document.clone());
            }
        }
    }
    if definition.provider != Provider::Gemini {
        fields.insert("model".to_owned(), json!(definition.model.as_str()));
    }
    let parameters = definition.parameters.as_ref().map(model::Json::value);
    if let Some(Value::Object(parameters)) = parameters {
        // The newer name of the same bound, which some servers want for models that others do not know.
        if parameters.contains_key("max_completion_tokens") {
            fields.remove("max_tokens");
        }
        merge(fields, parameters);
    }
    payload
}

/// Puts fields into an object; objects within are merged, anything else is replaced.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => merge(inner, more),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}
