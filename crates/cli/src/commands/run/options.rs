//! What a run may be started with, as `run` and `runs rerun` take it.

use api::run::{BudgetRequest, GuardWord, StartExtension};
use clap::ValueEnum;
use model::{Invalid, MAX_CONVERSATIONS, MAX_RERUNS, Name};

use crate::{money::Dollars, settings::Lasting};

/// What a run may be started with. Everything that is left out is as the installation has it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "How it is run")]
pub(crate) struct StartArguments {
    /// What everything random follows from; without it a seed is chosen and recorded
    #[arg(long)]
    seed: Option<u64>,

    /// The most conversations at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    max_concurrency: Option<u32>,

    /// The language model that plays users without a script, by its name in the configuration; `scripted`: none
    #[arg(long, value_name = "NAME", value_parser = name)]
    simulator: Option<Name>,

    /// The language model that judges where a metric names none, by its name in the configuration; `deterministic`: none
    #[arg(long, value_name = "NAME", value_parser = name)]
    judges: Option<Name>,

    /// How users that a model plays are held to their part
    #[arg(long, value_enum, value_name = "HOW")]
    guard: Option<Guard>,

    /// How often a conversation is begun again because the simulated user broke its part
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(MAX_RERUNS)))]
    max_reruns: Option<u32>,

    /// Cancel the run after this time since its start, whether or not anyone waits for it
    #[arg(long, value_name = "DURATION")]
    max_duration: Option<Lasting>,

    /// Cancel the run once it has finished so many conversations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONVERSATIONS)))]
    max_conversations: Option<u32>,

    /// Cancel the run once its finished conversations took so many tokens: agents, simulated users and judges
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1 << 53))]
    max_tokens: Option<u64>,

    /// Cancel the run once its finished conversations cost so much, such as 2.50, as far as prices are known
    #[arg(long, value_name = "DOLLARS")]
    max_cost: Option<Dollars>,
}

/// How simulated users are held to their part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Guard {
    /// By rules
    Rules,
    /// By rules, and by the installation's language model for it
    RulesAndModel,
    /// Not at all
    Off,
}

fn name(text: &str) -> Result<Name, Invalid> {
    text.try_into()
}

impl From<Guard> for GuardWord {
    fn from(guard: Guard) -> Self {
        match guard {
            Guard::Rules => Self::Rules,
            Guard::RulesAndModel => Self::RulesAndModel,
            Guard::Off => Self::Off,
        }
    }
}

impl StartArguments {
    /// As the server takes it.
    pub(crate) fn extension(self) -> StartExtension {
        let millis = |lasting: Lasting| u64::try_from(lasting.duration().as_millis()).unwrap_or(u64::MAX);
        let budget = BudgetRequest {
            max_duration_ms: self.max_duration.map(millis),
            max_conversations: self.max_conversations,
            max_tokens: self.max_tokens,
            max_cost_micros: self.max_cost.map(Dollars::micros),
        };
        let limits = [
            budget.max_duration_ms.is_some(),
            budget.max_conversations.is_some(),
            budget.max_tokens.is_some(),
            budget.max_cost_micros.is_some(),
        ];
        StartExtension {
            seed: self.seed,
            max_concurrency: self.max_concurrency,
            simulator: self.simulator,
            judges: self.judges,
            guard: self.guard.map(Into::into),
            max_reruns: self.max_reruns,
            budget: limits.contains(&true).then_some(budget),
            recordings: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        start: StartArguments,
    }

    fn parse(arguments: &[&str]) -> Result<StartExtension, clap::Error> {
        let line = Line::try_parse_from(["run"].iter().chain(arguments))?;
        Ok(line.start.extension())
    }

    #[test]
    fn every_flag_reaches_the_server() {
        let extension = parse(&[
            "--seed",
            "7",
            "--max-concurrency",
            "3",
            "--simulator",
            "player",
            "--judges",
            "deterministic",
            "--guard",
            "rules-and-model",
            "--max-reruns",
            "0",
            "--max-duration",
            "2m",
            "--max-conversations",
            "5",
            "--max-tokens",
            "1000",
            "--max-cost",
            "1.25",
        ])
        .expect("the flags are right");
        let expected = json!({
            "seed": 7, "max_concurrency": 3, "simulator": "player", "judges": "deterministic",
            "guard": "rules_and_model", "max_reruns": 0,
            "budget": {"max_duration_ms": 120_000, "max_conversations": 5, "max_tokens": 1000, "max_cost_micros": 1_250_000},
        });
        let written = serde_json::to_value(&extension).expect("it can be written");
        for (key, value) in expected.as_object().expect("an object") {
            assert_eq!(written[key], *value, "{key}");
        }
        // What is sent is what the server reads.
        let read = api::read::read::<StartExtension>(&written).expect("the server reads it");
        assert_eq!(read, extension);
    }

    #[test]
    fn without_flags_the_installation_decides() {
        let extension = parse(&[]).expect("there are no flags");
        assert_eq!(extension.budget, None);
        assert_eq!(
            (extension.seed, extension.guard, extension.max_reruns),
            (None, None, None)
        );
    }

    #[test]
    fn flags_out_of_bounds_are_refused() {
        for wrong in [
            ["--max-reruns", "11"],
            ["--guard", "dog"],
            ["--simulator", ""],
            ["--max-tokens", "0"],
            ["--max-conversations", "1000001"],
            ["--max-cost", "0"],
        ] {
            assert!(parse(&wrong).is_err(), "{wrong:?}");
        }
    }
}
