//! Starting a run, afresh or as the repetition of what went wrong in another.

use model::{
    Budget, Command, Digest, GuardChoice, MAX_RECORDINGS, Name, RunId, StartOptions, UnitTestSetId, Verdict,
};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    openapi,
    read::{word_schema, words},
    request::{CommandRequest, request},
};

/// The longest that a run's budget may let it take, in milliseconds: a year.
const MAX_DURATION_MS: u64 = 365 * 24 * 60 * 60 * 1000;
/// The most tokens that a budget may name: more would not be exact in most JSON readers.
const MAX_TOKENS: u64 = 1 << 53;
/// The most that a budget may name, for the same reason.
const MAX_COST_MICROS: u64 = 1 << 53;

request! {
    /// What a run may use at most. A run that has used it up is cancelled.
    BudgetRequest {
        /// Time since it started, in milliseconds; none: as long as it takes.
        max_duration_ms: Option<u64> = optional_count(1..=MAX_DURATION_MS),
        /// Conversations that are finished; none: all of them. No more than that are begun.
        max_conversations: Option<u32> = optional_number(1..=model::MAX_CONVERSATIONS),
        /// Tokens of agents, simulated users and judges in finished conversations, read and written; none: any number.
        max_tokens: Option<u64> = optional_count(1..=MAX_TOKENS),
        /// What language models cost in finished conversations whose prices are known, in millionths of a US dollar; none: any amount.
        max_cost_micros: Option<u64> = optional_count(1..=MAX_COST_MICROS),
    }
}

request! {
    /// What Rehearse adds to the start of a run.
    StartExtension {
        /// What everything random follows from; none: chosen and recorded.
        seed: Option<u64> = optional(),
        /// The most conversations in flight at once; none: as many as the server allows.
        max_concurrency: Option<u32> = optional_number(1..=10_000),
        /// The language model that plays users whose scenario has no script, by its name in the configuration, or `scripted`: none may;
        /// none: the installation's.
        simulator: Option<Name> = optional(),
        /// The language model that judges where a metric names none, by its name in the configuration, or `deterministic`: none may;
        /// none: the installation's.
        judges: Option<Name> = optional(),
        /// How simulated users that a model plays are held to their part; none: `rules`.
        guard: Option<GuardWord> = optional(),
        /// How often a conversation is begun again because the simulated user broke its part; none: as the installation says.
        max_reruns: Option<u32> = optional_number(0..=model::MAX_RERUNS),
        /// What the run may use at most; none: as much as it takes.
        budget: Option<BudgetRequest> = optional(),
        /// The recordings to judge, by their digests, one for each conversation of the run in their order; none: conversations are held.
        recordings: Option<Vec<Digest>> = optional_list(1..=MAX_RECORDINGS),
    }
}

request! {
    /// Starts a run of a set.
    Start {
        /// The set.
        simulation_unit_test_set_id: UnitTestSetId = required(),
        /// What Rehearse adds.
        rehearse: Option<StartExtension> = optional(),
    }
}

request! {
    /// Runs again what went wrong in a run, at the latest versions.
    Rerun {
        /// The run.
        id: RunId = required(),
        /// Conversations with which of these verdicts; none: with any of them.
        which: Vec<Wrong> = distinct(0..=3),
        /// How the new run is executed.
        rehearse: Option<StartExtension> = optional(),
    }
}

/// How simulated users that a language model plays are held to their part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardWord {
    /// By rules.
    Rules,
    /// By rules, and by the installation's language model for it.
    RulesAndModel,
    /// Not at all.
    Off,
}

words! {
    GuardWord {
        Rules = "rules",
        RulesAndModel = "rules_and_model",
        Off = "off",
    }
}

impl PartialSchema for GuardWord {
    fn schema() -> RefOr<Schema> {
        openapi::described(
            "How simulated users that a language model plays are held to their part.",
            word_schema::<Self>(),
        )
    }
}

impl ToSchema for GuardWord {
    fn name() -> std::borrow::Cow<'static, str> {
        "RunGuard".into()
    }
}

impl From<GuardWord> for GuardChoice {
    fn from(word: GuardWord) -> Self {
        match word {
            GuardWord::Rules => Self::Rules,
            GuardWord::RulesAndModel => Self::RulesAndModel,
            GuardWord::Off => Self::Off,
        }
    }
}

/// How a conversation went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// It missed a criterion.
    Failed,
    /// Something broke that was neither the agent nor the simulated user.
    Errored,
    /// The simulated user broke.
    Invalid,
}

words! {
    Wrong {
        Failed = "failed",
        Errored = "errored",
        Invalid = "invalid",
    }
}

impl Wrong {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Failed, Self::Errored, Self::Invalid];

    /// The verdict.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Failed => Verdict::Failed,
            Self::Errored => Verdict::Errored,
            Self::Invalid => Verdict::Invalid,
        }
    }
}

impl PartialSchema for Wrong {
    fn schema() -> RefOr<Schema> {
        openapi::described("How a conversation went wrong.", word_schema::<Self>())
    }
}

impl ToSchema for Wrong {
    fn name() -> std::borrow::Cow<'static, str> {
        "RunWrong".into()
    }
}

impl From<BudgetRequest> for Budget {
    fn from(request: BudgetRequest) -> Self {
        Self {
            max_duration_ms: request.max_duration_ms,
            max_conversations: request.max_conversations,
            max_tokens: request.max_tokens,
            max_cost_micros: request.max_cost_micros,
        }
    }
}

impl StartExtension {
    /// What the run is started with.
    pub fn options(self) -> StartOptions {
        StartOptions {
            seed: self.seed,
            max_concurrency: self.max_concurrency,
            budget: self.budget.map(Budget::from).unwrap_or_default(),
            simulator: self.simulator,
            judge: self.judges,
            guard: self.guard.map(GuardChoice::from),
            max_reruns: self.max_reruns,
            recordings: self.recordings,
        }
    }
}

impl CommandRequest for Start {
    fn into_command(self) -> Command {
        Command::StartRun {
            set_id: self.simulation_unit_test_set_id,
            options: self.rehearse.map(StartExtension::options).unwrap_or_default(),
            entries: None,
            rerun_of: None,
        }
    }
}

/// A run was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunStarted)]
pub struct Started {
    /// Its id.
    pub simulation_unit_test_set_run_id: RunId,
}

/// What a run may use at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunBudget)]
pub struct BudgetView {
    /// Time since it started, in milliseconds; none: as long as it takes.
    #[schema(required)]
    pub max_duration_ms: Option<u64>,
    /// Conversations that are finished; none: all of them.
    #[schema(required)]
    pub max_conversations: Option<u32>,
    /// Tokens of agents, simulated users and judges in finished conversations; none: any number.
    #[schema(required)]
    pub max_tokens: Option<u64>,
    /// What language models cost, in millionths of a US dollar; none: any amount.
    #[schema(required)]
    pub max_cost_micros: Option<u64>,
}

impl BudgetView {
    /// The budget, if it limits anything.
    pub fn of(budget: &Budget) -> Option<Self> {
        (*budget != Budget::default()).then_some(Self {
            max_duration_ms: budget.max_duration_ms,
            max_conversations: budget.max_conversations,
            max_tokens: budget.max_tokens,
            max_cost_micros: budget.max_cost_micros,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read::read;

    fn start(extension: serde_json::Value) -> Result<Start, crate::FieldErrors> {
        read(&json!({"simulation_unit_test_set_id": "6618791275130b73714e8d7f", "rehearse": extension}))
    }

    #[test]
    fn a_budget_is_read_within_bounds() {
        let asked =
            json!({"budget": {"max_duration_ms": 60_000, "max_conversations": 3, "max_tokens": 1_000_000}});
        let command = start(asked).unwrap().into_command();
        let Command::StartRun { options, .. } = command else {
            panic!("{command:?}");
        };
        assert_eq!(options.budget.max_duration_ms, Some(60_000));
        assert_eq!(options.budget.max_conversations, Some(3));
        assert_eq!(options.budget.max_tokens, Some(1_000_000));
        let wrong = json!({"budget": {
            "max_duration_ms": 0, "max_conversations": 1_000_001, "max_tokens": -1, "max_money": 1,
        }});
        let errors = start(wrong).unwrap_err();
        let pointers: Vec<&str> = errors
            .as_slice()
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            [
                "/rehearse/budget/max_duration_ms",
                "/rehearse/budget/max_conversations",
                "/rehearse/budget/max_tokens",
                "/rehearse/budget/max_money",
            ]
        );
    }

    #[test]
    fn who_takes_part_is_read() {
        let asked =
            json!({"simulator": "player", "judges": "judge", "guard": "rules_and_model", "max_reruns": 2});
        let Command::StartRun { options, .. } = start(asked).unwrap().into_command() else {
            panic!("not the start of a run");
        };
        assert_eq!(options.simulator, Some("player".try_into().unwrap()));
        assert_eq!(options.judge, Some("judge".try_into().unwrap()));
        assert_eq!(options.guard, Some(GuardChoice::RulesAndModel));
        assert_eq!(options.max_reruns, Some(2));
        for wrong in [
            json!({"guard": "dog"}),
            json!({"max_reruns": 11}),
            json!({"simulator": ""}),
        ] {
            assert!(start(wrong).is_err());
        }
    }

    #[test]
    fn recordings_are_named_by_their_digests() {
        let digest = Digest::of(b"recording");
        let Command::StartRun { options, .. } = start(json!({"recordings": [digest, digest]}))
            .unwrap()
            .into_command()
        else {
            panic!("not the start of a run");
        };
        assert_eq!(options.recordings, Some(vec![digest, digest]));
        for wrong in [json!([]), json!(["x"]), json!(digest)] {
            assert!(start(json!({"recordings": wrong})).is_err());
        }
    }

    #[test]
    fn what_went_wrong_is_named_once() {
        let rerun = |which| read::<Rerun>(&json!({"id": "6618791275130b73714e8d90", "which": which}));
        assert_eq!(
            rerun(json!(["failed", "invalid"])).unwrap().which,
            [Wrong::Failed, Wrong::Invalid]
        );
        assert_eq!(rerun(json!(null)).unwrap().which, []);
        for wrong in [json!(["passed"]), json!(["failed", "failed"]), json!("failed")] {
            assert!(rerun(wrong).is_err());
        }
    }
}
