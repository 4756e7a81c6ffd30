//! What tests of language models share, and whole models against a server.

use model::{LanguageModel, Provider};

use crate::test_support::text;

/// A model of a provider at `base`.
pub(super) fn definition(provider: Provider, base: &str) -> LanguageModel {
    LanguageModel {
        provider,
        base_url: Some(text(base)),
        model: text("some-model-high"),
        api_key_secret: None,
        max_output_tokens: 500,
        temperature: None,
        parameters: None,
        timeout_ms: 5000,
        max_attempts: 3,
        requests_per_minute: None,
        tokens_per_minute: None,
        price: None,
    }
}
