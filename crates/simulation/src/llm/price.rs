//! Tables of what language models cost.

use std::{collections::BTreeMap, sync::OnceLock};

use jiff::civil::Date;
use model::{Price, Provider};
use serde::Deserialize;

/// The longest table, in bytes.
const MAX_TABLE_BYTES: usize = 1024 * 1024;
/// More than this many dollars for a million tokens is a slip: someone wrote the price of something else.
const MAX_MICROS_PER_MILLION: u64 = 10_000_000_000;

/// Prices by provider and model. A table is read from TOML in the format of `config/prices.toml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    listed: BTreeMap<(&'static str, String), Listed>,
}

/// A table of prices that cannot be used: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of prices cannot be read: {0}")]
pub struct PricesError(String);

/// One line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    date: Date,
    price: Price,
}

/// The table as it is written. There is no price of what runs on one's own machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    openai: BTreeMap<String, WrittenPrice>,
    #[serde(default)]
    anthropic: BTreeMap<String, WrittenPrice>,
    #[serde(default)]
    gemini: BTreeMap<String, WrittenPrice>,
    #[serde(default)]
    ollama: BTreeMap<String, WrittenPrice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPrice {
    date: String,
    input: u64,
    output: u64,
}

/// What a model costs by the table that is built in; none if it does not say.
pub fn price_of(provider: Provider, model: &str) -> Option<Price> {
    Prices::built_in().price_of(provider, model)
}

impl Prices {
    /// The table that is built in.
    pub fn built_in() -> &'static Self {
        static TABLE: OnceLock<Prices> = OnceLock::new();
        TABLE.get_or_init(|| {
            Self::parse(include_str!("../../../../config/prices.toml"))
                .expect("the table is part of the program, and a test reads it")
        })
    }

    /// Reads a table.
    ///
    /// # Errors
    /// It is not TOML, or says something else than prices; the error tells where.
    pub fn parse(toml: &str) -> Result<Self, PricesError> {
        if toml.len() > MAX_TABLE_BYTES {
            return Err(PricesError(format!("it is longer than {MAX_TABLE_BYTES} bytes")));
        }
        let written: Written = toml::from_str(toml).map_err(|why| PricesError(why.to_string()))?;
        let sections = [
            (Provider::OpenAi, written.openai),
            (Provider::Anthropic, written.anthropic),
            (Provider::Gemini, written.gemini),
            (Provider::Ollama, written.ollama),
        ];
        let mut listed = BTreeMap::new();
        for (provider, models) in sections {
            let section = section(provider);
            for (model, written) in models {
                let wrong = |what: &str| PricesError(format!("{section}.\"{model}\": {what}"));
                let date = written
                    .date
                    .parse()
                    .map_err(|_why| wrong("`date` is not a day such as 2025-11-01"))?;
                if written.input.max(written.output) > MAX_MICROS_PER_MILLION {
                    return Err(wrong(
                        "more than 10000 dollars for a million tokens; prices are in millionths of a dollar per million tokens",
                    ));
                }
                let price = Price {
                    input_micros_per_million: written.input,
                    output_micros_per_million: written.output,
                };
                listed.insert((section, model), Listed { date, price });
            }
        }
        Ok(Self { listed })
    }

    /// This table, with the prices of `others` over its own.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        self.listed.extend(others.listed);
        self
    }

    /// All prices of a provider, by model.
    pub fn of_provider(&self, provider: Provider) -> BTreeMap<String, Price> {
        let of_it = self
            .listed
            .iter()
            .filter(|((listed, _model), _)| *listed == provider.as_str());
        of_it
            .map(|((_provider, model), listed)| (model.clone(), listed.price))
            .collect()
    }

    /// What a model costs; none if the table does not say. Dated names have the price of the undated one unless they are listed themselves.
    pub fn price_of(&self, provider: Provider, model: &str) -> Option<Price> {
        self.find(provider, model).map(|listed| listed.price)
    }

    /// Of which day a model's price is.
    pub fn date_of(&self, provider: Provider, model: &str) -> Option<Date> {
        self.find(provider, model).map(|listed| listed.date)
    }

    fn find(&self, provider: Provider, model: &str) -> Option<Listed> {
        let listed = |model: &str| self.listed.get(&(section(provider), model.to_owned())).copied();
        listed(model).or_else(|| listed(undated(model)?))
    }
}

const fn section(provider: Provider) -> &'static str {
    match provider {
        Provider::OpenAi | Provider::OpenAiResponses => "openai",
        Provider::Anthropic => "anthropic",
        Provider::Gemini => "gemini",
        Provider::Ollama => "ollama",
    }
}

/// A name without `-latest`, `-20240229` or `-2024-08-06` at its end, if it has such an end.
fn undated(model: &str) -> Option<&str> {
    if let Some(name) = model.strip_suffix("-latest") {
        return Some(name);
    }
    let is_date = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(b, s)| if s == b'd' { b.is_ascii_digit() } else { b == s })
    };
    ["-dddddddd", "-dddd-dd-dd"].into_iter().find_map(|shape| {
        let at = model.len().checked_sub(shape.len())?;
        is_date(model.get(at..)?, shape).then(|| &model[..at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_that_is_built_in_reads_and_makes_sense() {
        let table = Prices::built_in();
        assert!(table.listed.len() > 20);
        for ((section, model), listed) in &table.listed {
            let Price {
                input_micros_per_million: input,
                output_micros_per_million: output,
            } = listed.price;
            // A cent at least; writing costs more than reading, and no model more than 100 dollars.
            assert!((10_000..=100_000_000).contains(&input), "{section} {model}");
            assert!(output > input && output <= 100_000_000, "{section} {model}");
            assert!(listed.date.year() >= 2025, "{section} {model}");
        }
    }

    #[test]
    fn a_model_is_found_by_its_name_and_by_its_dated_names() {
        let mini = Price {
            input_micros_per_million: 150_000,
            output_micros_per_million: 600_000,
        };
        for (provider, model) in [
            (Provider::OpenAi, "gpt-4o-mini"),
            (Provider::OpenAiResponses, "gpt-4o-mini"),
            (Provider::OpenAi, "gpt-4o-mini-2024-07-18"),
        ] {
            assert_eq!(price_of(provider, model), Some(mini), "{model}");
        }
        let haiku = price_of(Provider::Anthropic, "claude-3-haiku-20240307").unwrap();
        assert_eq!(haiku.input_micros_per_million, 250_000);
        assert!(price_of(Provider::Anthropic, "claude-3-5-haiku-latest").is_some());
        // Listed itself, at another price than the undated name.
        let dated = price_of(Provider::OpenAi, "gpt-4o-2024-05-13").unwrap();
        assert_eq!(dated.input_micros_per_million, 5_000_000);
        for unknown in [
            "gpt-4o-mini-audio",
            "gpt-4o-",
            "",
            "-20240307",
            "é-2024-07-18",
            "llama3",
        ] {
            assert_eq!(price_of(Provider::OpenAi, unknown), None, "{unknown}");
        }
        assert_eq!(price_of(Provider::Gemini, "gpt-4o-mini"), None);
    }

    #[test]
    fn an_operator_s_own_table_goes_over_the_one_built_in() {
        let own = "[openai]\n\"gpt-4o\" = { date = \"2026-01-02\", input = 1, output = 2 }\n\"ours\" = { date = \"2026-01-02\", \
                   input = 3, output = 4 }\n";
        let table = Prices::built_in().clone().with(Prices::parse(own).unwrap());
        let price = |model| {
            table
                .price_of(Provider::OpenAi, model)
                .map(|p| p.input_micros_per_million)
        };
        assert_eq!(price("gpt-4o"), Some(1));
        assert_eq!(price("ours"), Some(3));
        assert_eq!(price("gpt-4o-mini"), Some(150_000));
        assert_eq!(
            table.date_of(Provider::OpenAi, "gpt-4o").unwrap().to_string(),
            "2026-01-02"
        );
    }

    #[test]
    fn a_table_that_says_something_else_is_refused_with_the_place() {
        for (table, says) in [
            ("[openai", "line 1"),
            ("[open_ai]\n", "open_ai"),
            ("[openai]\nx = { date = \"2025-01-01\", input = 1 }\n", "output"),
            (
                "[openai]\nx = { date = \"2025-01-01\", input = -1, output = 1 }\n",
                "line 2",
            ),
            (
                "[openai]\nx = { date = \"soon\", input = 1, output = 1 }\n",
                "openai.\"x\": `date`",
            ),
            (
                "[openai]\nx = { date = \"2025-01-01\", input = 1, output = 99999999999 }\n",
                "millionths of a dollar",
            ),
        ] {
            let error = Prices::parse(table).unwrap_err().to_string();
            assert!(error.contains(says), "{table}: {error}");
        }
    }
}
