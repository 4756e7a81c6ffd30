//! Language models that play users and judge conversations: how each is reached, within which bounds, and at which price.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Json, Name, Text};

/// One language model of an installation, under a name that its configuration gives it. Sealed in the manifest of every run that uses
/// it, so that workers need no configuration of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanguageModel {
    /// The API that it is reached by.
    pub provider: Provider,
    /// Where the API is, up to and without the operation's path; none: the provider's own.
    pub base_url: Option<Text>,
    /// The provider's name for the model.
    pub model: Text,
    /// The secret of the worker that holds the API key, by its name; none: no key is sent.
    pub api_key_secret: Option<Name>,
    /// The most tokens that one answer may have.
    pub max_output_tokens: u32,
    /// The sampling temperature; none: the provider's default.
    pub temperature: Option<f64>,
    /// Further fields of a request, as the provider knows them (an object).
    pub parameters: Option<Json>,
    /// How long one try of one request may take, in milliseconds (1 to 600,000).
    pub timeout_ms: u32,
    /// How often one request is tried in all (1 to 10). Only failures that may pass are tried again.
    pub max_attempts: u32,
    /// The most requests per minute from one worker; none: any number.
    pub requests_per_minute: Option<u32>,
    /// The most tokens per minute from one worker, read and written; none: any number.
    pub tokens_per_minute: Option<u32>,
    /// What it costs; none: nothing is known, and costs are counted as zero.
    pub price: Option<Price>,
}

/// The APIs by which language models are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// OpenAI's chat completions, or any server that is compatible with them.
    #[serde(rename = "openai")]
    OpenAi,
    /// OpenAI's responses.
    #[serde(rename = "openai_responses")]
    OpenAiResponses,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama's own API.
    Ollama,
}

impl Provider {
    /// The name in configuration, such as `openai_responses`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }
}

/// What a language model costs, in millionths of a US dollar per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Of the tokens that it reads.
    pub input_micros_per_million: u64,
    /// Of the tokens that it writes.
    pub output_micros_per_million: u64,
}

impl Price {
    /// What this many tokens cost, in millionths of a US dollar, rounded up.
    pub fn cost_micros(self, input_tokens: u64, output_tokens: u64) -> u64 {
        let input = u128::from(input_tokens) * u128::from(self.input_micros_per_million);
        let output = u128::from(output_tokens) * u128::from(self.output_micros_per_million);
        u64::try_from(input.saturating_add(output).div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

impl LanguageModel {
    /// Checks what the types do not say.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.timeout_ms == 0 || self.timeout_ms > 600_000 {
            return Err(Invalid::new("timeout_ms must be 1 to 600000"));
        }
        if self.max_attempts == 0 || self.max_attempts > 10 {
            return Err(Invalid::new("max_attempts must be 1 to 10"));
        }
        if self.max_output_tokens == 0 {
            return Err(Invalid::new("max_output_tokens must be at least 1"));
        }
        if self.requests_per_minute == Some(0) || self.tokens_per_minute == Some(0) {
            return Err(Invalid::new(
                "requests_per_minute and tokens_per_minute must be at least 1; leave them out for any number",
            ));
        }
        if self
            .temperature
            .is_some_and(|temperature| !(0.0..=2.0).contains(&temperature))
        {
            return Err(Invalid::new("temperature must be 0 to 2"));
        }
        if self
            .parameters
            .as_ref()
            .is_some_and(|parameters| !parameters.value().is_object())
        {
            return Err(Invalid::new("parameters must be an object"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_rounded_up_and_never_wrap() {
        // 0.15 and 0.60 dollars for a million tokens.
        let price = Price {
            input_micros_per_million: 150_000,
            output_micros_per_million: 600_000,
        };
        assert_eq!(price.cost_micros(1_000_000, 0), 150_000);
        assert_eq!(price.cost_micros(1000, 500), 450);
        assert_eq!(price.cost_micros(1, 0), 1);
        assert_eq!(price.cost_micros(0, 0), 0);
        let dear = Price {
            input_micros_per_million: u64::MAX,
            output_micros_per_million: u64::MAX,
        };
        assert_eq!(dear.cost_micros(u64::MAX, u64::MAX), u64::MAX);
    }
}
