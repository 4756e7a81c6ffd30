//! Who takes part in a run beside its agents.

use model::{Cast, Guarding, Name};
use serde::{Deserialize, Serialize};

use super::GuardWord;

/// Who takes part in a run beside its agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunCast)]
pub struct CastView {
    /// The language model that plays users; none: all follow scripts.
    #[schema(required)]
    pub simulator: Option<Name>,
    /// The language model that judges where a metric names none; none: no metric needs it.
    #[schema(required)]
    pub judge: Option<Name>,
    /// How simulated users are held to their part.
    pub guard: GuardWord,
    /// The language model that checks them too.
    #[schema(required)]
    pub guard_model: Option<Name>,
    /// How often a conversation is begun again because the simulated user broke its part.
    pub max_reruns: u32,
    /// Whether conversations were recorded elsewhere and are only judged.
    pub recorded: bool,
}

impl CastView {
    /// As people see it.
    pub fn of(cast: &Cast) -> Self {
        let (guard, guard_model) = match &cast.guard {
            Guarding::Rules => (GuardWord::Rules, None),
            Guarding::RulesAndModel(name) => (GuardWord::RulesAndModel, Some(name.clone())),
            Guarding::Off => (GuardWord::Off, None),
        };
        Self {
            simulator: cast.simulator.clone(),
            judge: cast.judge.clone(),
            guard,
            guard_model,
            max_reruns: cast.max_reruns,
            recorded: cast.recorded,
        }
    }
}
