//! The file of language models: which there are, and how each is reached.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use model::{DETERMINISTIC, Json, LanguageModel, Models, Name, Price, Provider, SCRIPTED, Text};
use serde::Deserialize;
use simulation::Prices;

use super::{Settings, user_directory};
use crate::failure::{Failure, chain};

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// One model, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    provider: Provider,
    model: Text,
    base_url: Option<Text>,
    api_key_secret: Option<Name>,
    #[serde(default = "max_output_tokens")]
    max_output_tokens: u32,
    temperature: Option<f64>,
    parameters: Option<toml::Table>,
    #[serde(default = "timeout_ms")]
    timeout_ms: u32,
    #[serde(default = "max_attempts")]
    max_attempts: u32,
    requests_per_minute: Option<u32>,
    tokens_per_minute: Option<u32>,
    price: Option<WrittenPrice>,
}

/// A price, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPrice {
    input: u64,
    output: u64,
}

const fn max_output_tokens() -> u32 {
    2048
}

const fn timeout_ms() -> u32 {
    120_000
}

const fn max_attempts() -> u32 {
    4
}

/// The language models of this installation.
pub(crate) fn read_models(settings: &Settings) -> Result<Models, Failure> {
    let simulation = &settings.simulation;
    let prices = prices(simulation.prices_file())?;
    let (place, definitions) = match models_file(simulation.models_file())? {
        Some((path, text)) => {
            let definitions = parse(&text, &prices)
                .map_err(|reason| Failure::configuration(format!("{}: {reason}", path.display())))?;
            (path.display().to_string(), definitions)
        }
        None => ("no file of language models".to_owned(), BTreeMap::new()),
    };
    let models = Models {
        simulator: simulation.simulator()?,
        judge: simulation.judge()?,
        guard: simulation.guard()?,
        max_reruns: simulation.max_reruns,
        agent_prices: agent_prices(&prices),
        definitions,
    };
    for (key, name) in [
        ("simulator", &models.simulator),
        ("judge", &models.judge),
        ("guard", &models.guard),
    ] {
        if let Some(name) = name
            && !models.definitions.contains_key(name)
        {
            let known: Vec<String> = models
                .definitions
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            return Err(Failure::configuration(format!(
                "the setting simulation.{key} names the language model `{name}`; {place} has {known}"
            )));
        }
    }
    Ok(models)
}

fn models_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, Failure> {
    match named {
        Some(path) => read_file(path).map(|text| Some((path.to_owned(), text))),
        None => {
            let usual = user_directory().map(|directory| directory.join("models.toml"));
            match usual.filter(|path| path.exists()) {
                Some(path) => read_file(&path).map(|text| Some((path, text))),
                None => Ok(None),
            }
        }
    }
}

fn read_file(path: &Path) -> Result<String, Failure> {
    let failed = |why: io::Error| Failure::configuration(format!("{}: {why}", path.display()));
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > MAX_FILE_BYTES {
        return Err(Failure::configuration(format!(
            "{} is larger than {MAX_FILE_BYTES} bytes",
            path.display()
        )));
    }
    fs::read_to_string(path).map_err(failed)
}

fn prices(named: Option<&Path>) -> Result<Prices, Failure> {
    let built_in = Prices::built_in().clone();
    let Some(path) = named else { return Ok(built_in) };
    let own = Prices::parse(&read_file(path)?)
        .map_err(|error| Failure::configuration(format!("{}: {}", path.display(), chain(&error))))?;
    Ok(built_in.with(own))
}

/// What agents' models cost: agents are asked through OpenAI's protocols.
fn agent_prices(prices: &Prices) -> BTreeMap<String, Price> {
    prices.of_provider(Provider::OpenAi)
}

fn parse(text: &str, prices: &Prices) -> Result<BTreeMap<Name, LanguageModel>, String> {
    let written: BTreeMap<String, Written> = toml::from_str(text).map_err(|why| why.to_string())?;
    let mut definitions = BTreeMap::new();
    for (name, written) in written {
        let at = |reason: String| format!("[{name}] {reason}");
        if [SCRIPTED, DETERMINISTIC].contains(&name.as_str()) {
            return Err(at(
                "means that no model takes part; choose another name".to_owned()
            ));
        }
        let definition = definition(written, prices).map_err(at)?;
        let name = Name::try_from(name.clone()).map_err(|invalid| at(format!("as a name {invalid}")))?;
        definitions.insert(name, definition);
    }
    Ok(definitions)
}

fn definition(written: Written, prices: &Prices) -> Result<LanguageModel, String> {
    let parameters = written.parameters.map(|parameters| {
        serde_json::to_value(parameters)
            .map_err(|why| why.to_string())
            .and_then(|value| Json::from_value(&value).map_err(|invalid| invalid.to_string()))
    });
    let own = written.price.map(|price| Price {
        input_micros_per_million: price.input,
        output_micros_per_million: price.output,
    });
    // A server of one's own asks other prices than the provider whose protocol it speaks.
    let listed = || {
        let is_providers_own = written.base_url.is_none();
        prices
            .price_of(written.provider, written.model.as_str())
            .filter(|_price| is_providers_own)
    };
    let definition = LanguageModel {
        price: own.or_else(listed),
        parameters: parameters
            .transpose()
            .map_err(|reason| format!("parameters: {reason}"))?,
        provider: written.provider,
        base_url: written.base_url,
        model: written.model,
        api_key_secret: written.api_key_secret,
        max_output_tokens: written.max_output_tokens,
        temperature: written.temperature,
        timeout_ms: written.timeout_ms,
        max_attempts: written.max_attempts,
        requests_per_minute: written.requests_per_minute,
        tokens_per_minute: written.tokens_per_minute,
    };
    definition.check().map_err(|invalid| invalid.to_string())?;
    Ok(definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BTreeMap<Name, LanguageModel>, String> {
        parse(text, Prices::built_in())
    }

    #[test]
    fn a_model_is_read_with_defaults_and_the_listed_price() {
        let models = read(
            "[player]\nprovider = \"openai\"\nmodel = \"gpt-4o-mini\"\napi_key_secret = \"OPENAI_API_KEY\"\n",
        )
        .expect("a model");
        let player = &models[&Name::try_from("player").expect("a name")];
        assert_eq!(
            (player.max_output_tokens, player.timeout_ms, player.max_attempts),
            (2048, 120_000, 4)
        );
        let price = player.price.expect("a price");
        assert_eq!(
            (price.input_micros_per_million, price.output_micros_per_million),
            (150_000, 600_000)
        );
    }

    #[test]
    fn a_server_of_ones_own_has_no_listed_price() {
        let models = read(
            "[local]\nprovider = \"openai\"\nmodel = \"gpt-4o-mini\"\nbase_url = \"http://127.0.0.1:1/v1\"\nparameters = { top_p = 0.5 }\n",
        )
        .expect("a model");
        let local = &models[&Name::try_from("local").expect("a name")];
        assert_eq!(local.price, None);
        assert_eq!(
            local.parameters.as_ref().map(Json::as_str),
            Some("{\"top_p\":0.5}")
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, says) in [
            (
                "[a]\nprovider = \"openai\"\nmodel = \"m\"\nmax_attempts = 99\n",
                "[a] max_attempts",
            ),
            (
                "[a]\nprovider = \"psychic\"\nmodel = \"m\"\n",
                "unknown variant `psychic`",
            ),
            (
                "[a]\nprovider = \"openai\"\nmodel = \"m\"\napi_key = \"sk-123\"\n",
                "unknown field `api_key`",
            ),
            (
                "[scripted]\nprovider = \"openai\"\nmodel = \"m\"\n",
                "choose another name",
            ),
        ] {
            let refused = read(text).expect_err("it is wrong");
            assert!(refused.contains(says), "{refused}");
        }
    }
}
