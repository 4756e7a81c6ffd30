//! What conversations consume.

use serde::{Deserialize, Serialize};

/// What was consumed. Zero where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// What it cost, in millionths of a US dollar; zero where no price is known.
    pub cost_micros: u64,
    /// Some of the tokens are estimates from the length of the texts, because the provider did not tell.
    pub estimated: bool,
}

impl Usage {
    /// Tokens, read and written, at no known price.
    pub const fn of_tokens(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens,
            output_tokens,
            cost_micros: 0,
            estimated: false,
        }
    }

    /// Adds another usage to this one.
    pub const fn add(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cost_micros = self.cost_micros.saturating_add(other.cost_micros);
        self.estimated |= other.estimated;
    }

    /// Tokens read and written together.
    pub const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}
