//! `judge check`: how far a judge that is a language model agrees with people.
//!
//! What a model answers is hostile: nothing of it reaches a terminal unescaped.

use std::path::PathBuf;

use model::{Criterion, Kind, LanguageModel, MetricValue, Models, Name, Named, SuiteSpec};
use serde_json::json;
use simulation::{Ask, AskError, JudgeCheck, JudgeReport, LanguageModels, ModelSource, check_judge};

use super::labels;
use crate::{
    app::{DONE, Done},
    commands::{Setting, one_object::Source},
    failure::Failure,
    output::{excerpt, printable},
    roles::language_models,
    runtime::block_on,
    settings::read_models,
};

/// How many disagreements are shown to people.
const MAX_SHOWN: usize = 20;

/// What `judge check` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse judge check \"stays polite\" --labels labels.yaml
  rehearse judge check \"stays polite\" --labels labels.yaml --samples 5 -f suite

The conversations are judged from this machine, by the language models of its configuration (setting simulation.models_file). A judge
that accepts what people reject hides faults of agents, so false accepts and false rejects are told apart.")]
pub(crate) struct Arguments {
    /// The metric's name; its judge must be a language model
    #[arg(value_name = "METRIC")]
    metric: String,

    /// A list of conversations with their true values
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,

    /// How often each conversation is judged: the first judgement counts, the others show how stable it is
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=15))]
    samples: u32,

    /// For a metric with categories: those that are acceptable, so that false accepts and rejects can be told; may be repeated
    #[arg(long, value_name = "CATEGORY", value_parser = |text: &str| Name::try_from(text))]
    accepting: Vec<Name>,

    #[command(flatten)]
    source: Source,
}

/// The language models of this machine's configuration.
#[derive(Debug)]
struct Configured {
    models: LanguageModels,
    definitions: Models,
}

impl ModelSource for Configured {
    fn model(&self, name: &Name) -> Result<std::sync::Arc<dyn Ask>, AskError> {
        let definition: &LanguageModel =
            self.definitions
                .definitions
                .get(name)
                .ok_or_else(|| AskError::Unsuitable {
                    model: name.to_string(),
                    reason: "it is not among the language models of this machine's configuration".to_owned(),
                })?;
        self.models.open(name, definition)
    }
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    block_on(async move {
        let (settings, _layers) = setting.settings(|places| places)?;
        let configured = Configured {
            models: language_models(&settings, true)?,
            definitions: read_models(&settings)?,
        };
        let labelled = labels::read(&arguments.labels)?;
        let object = arguments
            .source
            .find(setting, Kind::Metric, &arguments.metric)
            .await?;
        let SuiteSpec::Metric { content, .. } = object.spec else {
            return Err(Failure::bug("the document of a metric is none").into());
        };
        let metric = Named {
            name: object.name,
            role: None,
            content,
        };
        let accepting = (!arguments.accepting.is_empty()).then(|| Criterion::Categorical {
            expected_values: arguments.accepting.clone(),
        });
        let check = JudgeCheck {
            metric: &metric,
            models: &configured,
            judge: configured.definitions.judge.as_ref(),
            samples: arguments.samples,
            accepting: accepting.as_ref(),
        };
        let report = check_judge(&check, &labelled)
            .await
            .map_err(|invalid| Failure::configuration(invalid.to_string()))?;
        output.value(&data(&report), || written(&arguments.metric, &report))?;
        DONE
    })
}

fn value_of(value: Option<&MetricValue>) -> serde_json::Value {
    match value {
        None => serde_json::Value::Null,
        Some(MetricValue::Boolean(value)) => json!(value),
        Some(MetricValue::Numerical(value)) => json!(value),
        Some(MetricValue::Categorical(value)) => json!(value),
    }
}

fn data(report: &JudgeReport) -> serde_json::Value {
    json!({
        "n": report.n,
        "n_errored": report.n_errored,
        "accuracy": report.accuracy,
        "false_accepts": report.false_accepts,
        "false_rejects": report.false_rejects,
        "kappa": report.kappa,
        "stability": report.stability,
        "numbers": report.numbers.as_ref().map(|numbers| json!({
            "mean_absolute_error": numbers.mean_absolute_error,
            "correlation": numbers.correlation,
        })),
        "confusion": report.confusion.iter().map(|confusion| json!({
            "label": value_of(confusion.label.as_ref()),
            "value": value_of(confusion.given.as_ref()),
            "count": confusion.n,
        })).collect::<Vec<_>>(),
        "disagreements": report.disagreements.iter().map(|disagreement| json!({
            "conversation": disagreement.name,
            "label": value_of(disagreement.label.as_ref()),
            "value": value_of(disagreement.given.as_ref()),
            "justification": disagreement.justification,
        })).collect::<Vec<_>>(),
        "errors": report.errors,
        "usage": {
            "input_tokens": report.usage.input_tokens,
            "output_tokens": report.usage.output_tokens,
            "cost_micros": report.usage.cost_micros,
            "estimated": report.usage.estimated,
        },
    })
}

fn written(metric: &str, report: &JudgeReport) -> String {
    let share =
        |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let figure = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2}"));
    let count = |count: Option<u32>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let mut lines = vec![format!(
        "the judge of `{}` on {} labelled conversations",
        printable(metric),
        report.n
    )];
    match &report.numbers {
        None => lines.extend([
            format!("  accuracy       {}", share(report.accuracy)),
            format!("  false accepts  {}", count(report.false_accepts)),
            format!("  false rejects  {}", count(report.false_rejects)),
            format!("  Cohen's kappa  {}", figure(report.kappa)),
        ]),
        Some(numbers) => lines.extend([
            format!("  mean error     {}", figure(numbers.mean_absolute_error)),
            format!("  correlation    {}", figure(numbers.correlation)),
        ]),
    }
    lines.push(format!("  stability      {}", share(report.stability)));
    if report.n_errored > 0 {
        lines.push(format!("  no judgement   {}", report.n_errored));
    }
    lines.push(format!(
        "  tokens         {} read, {} written",
        report.usage.input_tokens, report.usage.output_tokens
    ));
    let shown = report.disagreements.iter().take(MAX_SHOWN);
    lines.extend(shown.map(|disagreement| {
        format!(
            "  {}: people say {}, the judge {}: {}",
            printable(&disagreement.name),
            value_of(disagreement.label.as_ref()),
            value_of(disagreement.given.as_ref()),
            printable(&excerpt(&disagreement.justification, 160))
        )
    }));
    if report.disagreements.len() > MAX_SHOWN {
        lines.push(format!(
            "  … and {} more; --output json has all",
            report.disagreements.len() - MAX_SHOWN
        ));
    }
    lines.extend(
        report
            .errors
            .iter()
            .take(MAX_SHOWN)
            .map(|error| format!("  !! {}", printable(error))),
    );
    lines.join("\n")
}
