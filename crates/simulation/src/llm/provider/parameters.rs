//! Which further parameters a model's definition may hold: any but those that say what is said elsewhere.

use model::{LanguageModel, Provider};

/// Where providers with parameters in a part of their own keep them.
pub(super) const GEMINI_PART: &str = "generationConfig";
const OLLAMA_PART: &str = "options";

const CONTENT: &str = "is what is asked, and set with each request";
const MODEL: &str = "is set by the field `model`";
const TEMPERATURE: &str = "is set by the field `temperature`";
const TOKENS: &str = "is set by the field `max_output_tokens`";
const ONE: &str = "cannot be set: one whole answer is read";

/// Checks the parameters of a definition.
pub(super) fn check(definition: &LanguageModel) -> Result<(), String> {
    if definition.model.as_str().contains("::") {
        return Err("model has `::` in it, which no provider's model has".to_owned());
    }
    let Some(parameters) = &definition.parameters else {
        return Ok(());
    };
    let part = match definition.provider {
        Provider::Gemini => Some(GEMINI_PART),
        Provider::Ollama => Some(OLLAMA_PART),
        Provider::OpenAi | Provider::OpenAiResponses | Provider::Anthropic => None,
    };
    let mut named: Vec<String> = Vec::new();
    for (field, value) in parameters.value().as_object().into_iter().flatten() {
        named.push(field.clone());
        if Some(field.as_str()) == part {
            let Some(inner) = value.as_object() else {
                return Err(format!("parameters: `{field}` is not an object"));
            };
            named.extend(inner.keys().map(|inner| format!("{field}.{inner}")));
        }
    }
    let own = own_fields(definition.provider);
    for field in named {
        if let Some((_, instead)) = own.iter().find(|(own, _)| *own == field) {
            return Err(format!("parameters: `{field}` {instead}"));
        }
    }
    Ok(())
}

/// What a request says of its own accord, and where one says it instead.
const fn own_fields(provider: Provider) -> &'static [(&'static str, &'static str)] {
    match provider {
        Provider::OpenAi => &[
            ("model", MODEL),
            ("messages", CONTENT),
            ("tools", CONTENT),
            ("tool_choice", CONTENT),
            ("response_format", CONTENT),
            ("stream", ONE),
            ("n", ONE),
            ("temperature", TEMPERATURE),
            ("max_tokens", TOKENS),
        ],
        Provider::OpenAiResponses => &[
            ("model", MODEL),
            ("input", CONTENT),
            ("instructions", CONTENT),
            ("tools", CONTENT),
            ("tool_choice", CONTENT),
            ("stream", ONE),
            ("background", ONE),
            ("temperature", TEMPERATURE),
            ("max_output_tokens", TOKENS),
        ],
        Provider::Anthropic => &[
            ("model", MODEL),
            ("messages", CONTENT),
            ("system", CONTENT),
            ("tools", CONTENT),
            ("tool_choice", CONTENT),
            ("stream", ONE),
            ("temperature", TEMPERATURE),
            ("max_tokens", TOKENS),
        ],
        Provider::Gemini => &[
            ("contents", CONTENT),
            ("systemInstruction", CONTENT),
            ("tools", CONTENT),
            ("toolConfig", CONTENT),
            ("generationConfig.responseMimeType", CONTENT),
            ("generationConfig.responseJsonSchema", CONTENT),
            ("generationConfig.candidateCount", ONE),
            ("generationConfig.temperature", TEMPERATURE),
            ("generationConfig.maxOutputTokens", TOKENS),
        ],
        Provider::Ollama => &[
            ("model", MODEL),
            ("messages", CONTENT),
            ("tools", CONTENT),
            ("format", CONTENT),
            ("stream", ONE),
            ("options.temperature", TEMPERATURE),
            ("options.num_predict", TOKENS),
        ],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{llm::tests::definition, test_support};

    #[test]
    fn what_is_said_elsewhere_is_refused_with_where() {
        let cases = [
            (
                Provider::OpenAi,
                json!({"temperature": 1}),
                Some("field `temperature`"),
            ),
            (
                Provider::OpenAi,
                json!({"top_p": 0.5, "reasoning_effort": "low"}),
                None,
            ),
            (
                Provider::OpenAi,
                json!({"stream": true}),
                Some("one whole answer"),
            ),
            (
                Provider::OpenAiResponses,
                json!({"reasoning": {"effort": "low"}}),
                None,
            ),
            (
                Provider::Anthropic,
                json!({"system": "x"}),
                Some("with each request"),
            ),
            (Provider::Gemini, json!({"generationConfig": {"topK": 3}}), None),
            (
                Provider::Gemini,
                json!({"generationConfig": {"maxOutputTokens": 3}}),
                Some("`generationConfig.maxOutputTokens` is set by the field `max_output_tokens`"),
            ),
            (
                Provider::Ollama,
                json!({"options": {"num_ctx": 8192}, "keep_alive": "5m"}),
                None,
            ),
            (Provider::Ollama, json!({"options": 3}), Some("not an object")),
        ];
        for (provider, parameters, says) in cases {
            let mut definition = definition(provider, "http://host");
            definition.parameters = Some(test_support::json(&parameters));
            match (check(&definition), says) {
                (Ok(()), None) => {}
                (Err(error), Some(says)) => assert!(error.contains(says), "{error}"),
                (outcome, _) => panic!("{parameters}: {outcome:?}"),
            }
        }
        let mut definition = definition(Provider::OpenAi, "http://host");
        definition.model = test_support::text("anthropic::claude");
        assert!(check(&definition).is_err());
    }
}
