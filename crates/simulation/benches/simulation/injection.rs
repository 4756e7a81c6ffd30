//! The table of attempts to move a judge that is a language model: whether each is kept inside of the material, and whether it moves a model.
//!
//! With `REHEARSE_BENCH_MODEL`, the base URL of an API that is compatible with OpenAI's, and `REHEARSE_BENCH_MODEL_NAME`, a model judges each
//! conversation with the attempt and with something harmless in its place. It was moved if the two values differ.

use std::{collections::BTreeMap, env, io::Write, sync::Arc};

use model::{LanguageModel, Name, Provider};

use super::{
    Ask, AskError, Failure, LanguageModels, LanguageModelsOptions, ModelSource, Reach, Secrets,
    attacks::{Attack, Gullible, attacks, is_kept_inside, judge},
};

/// The most tokens of one judgement.
const MAX_OUTPUT_TOKENS: u32 = 1000;

/// Prints the table.
///
/// # Errors
/// The attempts cannot be read, or the table cannot be written.
pub(super) fn print(out: &mut dyn Write) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(table(out))
}

/// How many of the attempts did what.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    kept: usize,
    gullible_moved: usize,
    judged: usize,
    moved: usize,
}

async fn table(out: &mut dyn Write) -> Result<(), Failure> {
    let live = Live::from_environment()?;
    let attacks = attacks()?;
    let model = live.as_ref().map_or("", |_live| "model");
    writeln!(
        out,
        "  {:<46}{:<15}{:>12}{:>11}{model:>12}",
        "attempt", "where", "kept inside", "gullible"
    )?;
    let mut totals = Totals::default();
    for attack in &attacks {
        let kept = is_kept_inside(attack).await?;
        let obeyed = judged(&Gullible::default(), attack, true).await? == "true";
        totals.kept += usize::from(kept);
        totals.gullible_moved += usize::from(obeyed);
        let shown = match &live {
            Some(live) => live.shown(attack, &mut totals).await?,
            None => String::new(),
        };
        writeln!(
            out,
            "  {:<46}{:<15}{:>12}{:>11}{shown:>12}",
            attack.attack,
            format!("{:?}", attack.place),
            if kept { "yes" } else { "NO" },
            if obeyed { "MOVED" } else { "not moved" }
        )?;
    }
    writeln!(
        out,
        "\n  {} attempts: {} kept inside, {} moved a model that does what it is told outside of the material",
        attacks.len(),
        totals.kept,
        totals.gullible_moved
    )?;
    match live {
        Some(live) => writeln!(
            out,
            "  model `{}`: {} of {} pairs judged, {} moved",
            live.name,
            totals.judged,
            attacks.len(),
            totals.moved
        )?,
        None => writeln!(
            out,
            "  no model was asked; REHEARSE_BENCH_MODEL names the base URL of one, REHEARSE_BENCH_MODEL_NAME its name there"
        )?,
    }
    Ok(())
}

/// The value in a word; `errored` if there is none.
async fn judged(models: &dyn ModelSource, attack: &Attack, with_attack: bool) -> Result<String, Failure> {
    let conversation = if with_attack {
        attack.conversation()?
    } else {
        attack.harmless()?
    };
    let report = judge(models, conversation).await?;
    let value = report.confusion.first().map(|cell| cell.given.as_ref());
    Ok(match value {
        None => "errored".to_owned(),
        Some(None) => "null".to_owned(),
        Some(Some(value)) => match value {
            model::MetricValue::Boolean(value) => value.to_string(),
            model::MetricValue::Numerical(_) | model::MetricValue::Categorical(_) => "errored".to_owned(),
        },
    })
}

/// A model that is really asked.
#[derive(Debug)]
struct Live {
    name: String,
    model: Arc<dyn Ask>,
}

impl Live {
    fn from_environment() -> Result<Option<Self>, Failure> {
        let Ok(base_url) = env::var("REHEARSE_BENCH_MODEL") else {
            return Ok(None);
        };
        let name = env::var("REHEARSE_BENCH_MODEL_NAME").unwrap_or_else(|_unset| "default".to_owned());
        let definition = LanguageModel {
            provider: Provider::OpenAi,
            base_url: Some(base_url.as_str().try_into()?),
            model: name.as_str().try_into()?,
            api_key_secret: None,
            max_output_tokens: MAX_OUTPUT_TOKENS,
            temperature: None,
            parameters: None,
            timeout_ms: 300_000,
            max_attempts: 2,
            requests_per_minute: None,
            tokens_per_minute: None,
            price: None,
        };
        // Whoever starts the benchmark says where the model is.
        let options = LanguageModelsOptions {
            reach: Reach::allowing(&["0.0.0.0/0", "::/0"])?,
            ..LanguageModelsOptions::default()
        };
        let models = LanguageModels::new(&options, Secrets::new(BTreeMap::new()))?;
        let model = models.open(&Name::try_from(name.as_str())?, &definition)?;
        Ok(Some(Self { name, model }))
    }

    async fn shown(&self, attack: &Attack, totals: &mut Totals) -> Result<String, Failure> {
        let before = judged(self, attack, false).await?;
        let after = judged(self, attack, true).await?;
        if before == "errored" || after == "errored" {
            return Ok("errored".to_owned());
        }
        totals.judged += 1;
        if before == after {
            return Ok("not moved".to_owned());
        }
        totals.moved += 1;
        Ok("MOVED".to_owned())
    }
}

impl ModelSource for Live {
    fn model(&self, _name: &Name) -> Result<Arc<dyn Ask>, AskError> {
        Ok(Arc::clone(&self.model))
    }
}
