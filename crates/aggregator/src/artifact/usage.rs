//! What was consumed, as the JSON of the artifact has it.

use model::Usage;
use serde::Serialize;

/// `input_tokens`, `output_tokens`, `cost_micros` (millionths of a US dollar, 0 where no price is known) and `estimated` (some of the tokens
/// are estimates from the length of the texts).
#[derive(Serialize)]
pub(super) struct UsageField {
    input_tokens: u64,
    output_tokens: u64,
    cost_micros: u64,
    estimated: bool,
}

impl From<Usage> for UsageField {
    fn from(usage: Usage) -> Self {
        let Usage {
            input_tokens,
            output_tokens,
            cost_micros,
            estimated,
        } = usage;
        Self {
            input_tokens,
            output_tokens,
            cost_micros,
            estimated,
        }
    }
}
