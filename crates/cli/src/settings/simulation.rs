//! What takes part in conversations beside agents: language models, and what they may consume; recordings.

use std::path::{Path, PathBuf};

use model::Name;
use serde::{Deserialize, Serialize};
use simulation::{BudgetLimits, CassetteMode, CassetteOptions};

use crate::failure::Failure;

/// Language models, and who does what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Simulation {
    models_file: PathBuf,
    prices_file: PathBuf,
    simulator: String,
    judge: String,
    guard: String,
    pub(crate) max_reruns: u32,
    max_requests_per_conversation: u32,
    max_tokens_per_conversation: u64,
    max_cost_micros_per_conversation: u64,
}

/// Recordings of what language models and agents answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cassettes {
    mode: CassetteWord,
    directory: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CassetteWord {
    Off,
    Record,
    Replay,
    Auto,
}

impl Simulation {
    /// The file of language models that is named, if one is.
    pub(crate) fn models_file(&self) -> Option<&Path> {
        named(&self.models_file)
    }

    /// The file of prices that is named, if one is.
    pub(crate) fn prices_file(&self) -> Option<&Path> {
        named(&self.prices_file)
    }

    /// The model that plays users.
    pub(crate) fn simulator(&self) -> Result<Option<Name>, Failure> {
        model("simulator", &self.simulator)
    }

    /// The model that judges.
    pub(crate) fn judge(&self) -> Result<Option<Name>, Failure> {
        model("judge", &self.judge)
    }

    /// The model that checks simulated users.
    pub(crate) fn guard(&self) -> Result<Option<Name>, Failure> {
        model("guard", &self.guard)
    }

    /// What one conversation may consume.
    pub(crate) fn limits(&self) -> BudgetLimits {
        BudgetLimits {
            max_requests: Some(self.max_requests_per_conversation).filter(|most| *most > 0),
            max_tokens: Some(self.max_tokens_per_conversation).filter(|most| *most > 0),
            max_cost_micros: Some(self.max_cost_micros_per_conversation).filter(|most| *most > 0),
        }
    }
}

impl Cassettes {
    /// How cassettes are used.
    pub(crate) fn options(&self) -> CassetteOptions {
        let mode = match self.mode {
            CassetteWord::Off => CassetteMode::Off,
            CassetteWord::Record => CassetteMode::Record,
            CassetteWord::Replay => CassetteMode::Replay,
            CassetteWord::Auto => CassetteMode::Auto,
        };
        CassetteOptions::new(mode, &self.directory)
    }
}

fn named(path: &Path) -> Option<&Path> {
    (!path.as_os_str().is_empty()).then_some(path)
}

fn model(key: &str, name: &str) -> Result<Option<Name>, Failure> {
    if name.is_empty() {
        return Ok(None);
    }
    let read = Name::try_from(name);
    read.map(Some)
        .map_err(|invalid| Failure::configuration(format!("the setting simulation.{key} {invalid}")))
}
