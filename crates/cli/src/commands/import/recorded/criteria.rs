//! What decides over recorded conversations: metrics that are named on the command line.

use std::{collections::BTreeMap, path::PathBuf};

use api::{error::ErrorCode, import::recorded::REWARD_METRIC, suite::CriterionDoc};
use model::{Kind, MetricType, Name, SuiteSpec};
use serde_json::{Value, json};

use crate::{
    client::{Client, text_at},
    commands::{Setting, validate},
    failure::Failure,
    output::{Output, WriteError},
    runtime::block_on,
    suite_files::Suite,
};

/// The most metrics that can be named.
const MAX_METRICS: usize = 100;

/// Signs of conditions; of two that begin alike the longer stands first.
const SIGNS: [&str; 6] = [">=", "<=", "!=", "=", ">", "<"];

/// The suite of metrics that is applied with the import, if there is one.
pub(super) fn suite(files: &[PathBuf], output: Output) -> Result<Option<Suite>, Failure> {
    if files.is_empty() {
        return Ok(None);
    }
    let suite = validate::read(files, output)?;
    let other = suite
        .documents
        .iter()
        .map(|document| &document.object)
        .find(|object| object.spec.kind() != Kind::Metric);
    match other {
        Some(object) => Err(Failure::configuration(format!(
            "the suite holds the {} `{}`: only metrics are applied with an import",
            object.spec.kind(),
            object.name
        ))
        .help("Apply everything else with `rehearse apply`.")),
        None => Ok(Some(suite)),
    }
}

/// The criteria: of every metric that is named, and of the suite's metrics that are not, that they are true.
pub(super) fn choose(
    named: &[String],
    suite: Option<&Suite>,
    setting: &Setting,
) -> Result<Vec<CriterionDoc>, WriteError> {
    if named.len() > MAX_METRICS {
        return Err(Failure::usage(format!("at most {MAX_METRICS} metrics can be named")).into());
    }
    let mut known: BTreeMap<String, MetricType> = suite
        .into_iter()
        .flat_map(|suite| &suite.documents)
        .filter_map(|document| match &document.object.spec {
            SuiteSpec::Metric { content, .. } => {
                Some((document.object.name.to_string(), content.value.metric_type()))
            }
            SuiteSpec::Persona { .. }
            | SuiteSpec::Scenario { .. }
            | SuiteSpec::Agent(_)
            | SuiteSpec::ContextGraph(_)
            | SuiteSpec::Service { .. }
            | SuiteSpec::UnitTest { .. }
            | SuiteSpec::UnitTestSet { .. } => None,
        })
        .collect();
    let mut unnamed: Vec<String> = known.keys().cloned().collect();
    known.insert(REWARD_METRIC.to_owned(), MetricType::Numerical);
    let mut criteria = Vec::new();
    if !named.is_empty() {
        criteria = block_on(async {
            let mut criteria = Vec::with_capacity(named.len());
            let mut client = None;
            for text in named {
                criteria.push(resolve(text, &known, &mut client, setting).await?);
            }
            Ok::<_, WriteError>(criteria)
        })?;
    }
    unnamed.retain(|name| criteria.iter().all(|criterion| criterion.metric != *name));
    for name in unnamed {
        let metric_type = known.get(&name).copied().unwrap_or(MetricType::Boolean);
        criteria.push(criterion(&name, metric_type, None)?);
    }
    Ok(criteria)
}

/// What one `--metric` means. Names may hold signs, so the whole text is looked for first.
async fn resolve(
    text: &str,
    known: &BTreeMap<String, MetricType>,
    client: &mut Option<Client>,
    setting: &Setting,
) -> Result<CriterionDoc, WriteError> {
    let whole = (text.trim(), None);
    let split = split(text);
    for (name, condition) in
        std::iter::once(whole).chain(split.map(|(name, condition)| (name, Some(condition))))
    {
        if let Some(metric_type) = known.get(name) {
            return Ok(criterion(name, *metric_type, condition)?);
        }
        let client = match client {
            Some(client) => client,
            None => client.insert(Client::connect(setting).await?),
        };
        if let Some((name, metric_type)) = on_server(client, name).await? {
            return Ok(criterion(&name, metric_type, condition)?);
        }
    }
    let name = split.map_or_else(|| text.trim(), |(name, _)| name);
    Err(Failure::usage(format!("there is no metric `{name}`"))
        .help("`rehearse get metric` lists them; --suite FILE brings some along.")
        .into())
}

/// The name and type of a metric that the server has.
async fn on_server(client: &Client, name: &str) -> Result<Option<(String, MetricType)>, Failure> {
    let Ok(name) = Name::try_from(name) else {
        return Ok(None);
    };
    let metric = match client.object(Kind::Metric, name.as_str(), None).await {
        Ok(metric) => metric,
        Err(error) if error.code() == Some(ErrorCode::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let metric_type = match text_at(&metric, "/metric_value_type").as_str() {
        "boolean" => MetricType::Boolean,
        "numerical" => MetricType::Numerical,
        "categorical" => MetricType::Categorical,
        other => return Err(Failure::bug(format!("the server has a metric of type `{other}`"))),
    };
    Ok(Some((text_at(&metric, "/name"), metric_type)))
}

type Condition<'a> = (&'static str, &'a str);

/// Name, sign and value: the last sign counts.
fn split(text: &str) -> Option<(&str, Condition<'_>)> {
    let last = text.rfind(['<', '>', '='])?;
    let before = text.get(..last)?;
    let start = before.strip_suffix(['<', '>', '!']).map_or(last, str::len);
    let (name, condition) = text.split_at_checked(start)?;
    let sign = SIGNS.into_iter().find(|sign| condition.starts_with(sign))?;
    let value = condition.strip_prefix(sign)?;
    Some((name.trim(), (sign, value.trim())))
}

/// What the metric's value must be.
fn criterion(
    name: &str,
    metric_type: MetricType,
    condition: Option<Condition<'_>>,
) -> Result<CriterionDoc, Failure> {
    let base = CriterionDoc {
        metric: name.to_owned(),
        ..CriterionDoc::default()
    };
    let wrong =
        |wanted: &str| Failure::usage(format!("metric `{name}` is {}: {wanted}", metric_type.as_str()));
    match (metric_type, condition) {
        (MetricType::Boolean, None | Some(("=", "true"))) => Ok(CriterionDoc {
            equals: Some(json!(true)),
            ..base
        }),
        (MetricType::Boolean, Some(("=", "false"))) => Ok(CriterionDoc {
            equals: Some(json!(false)),
            ..base
        }),
        (MetricType::Boolean, Some(_)) => Err(wrong(&format!(
            "name it alone, or as `{name}=true` or `{name}=false`"
        ))),
        (MetricType::Numerical, Some((sign, number))) => {
            let number: f64 = number
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .ok_or_else(|| wrong(&format!("`{number}` is no number")))?;
            Ok(numerical(base, sign, number))
        }
        (MetricType::Categorical, Some(("=", words))) if !words.is_empty() => Ok(CriterionDoc {
            one_of: Some(words.split(',').map(|word| word.trim().to_owned()).collect()),
            ..base
        }),
        (MetricType::Numerical, None) => Err(wrong(&format!("say what it must be, such as `{name}>=1`"))),
        (MetricType::Categorical, _) => Err(wrong(&format!(
            "say which words are good, such as `{name}=kind,neutral`"
        ))),
    }
}

fn numerical(base: CriterionDoc, sign: &str, number: f64) -> CriterionDoc {
    match sign {
        ">=" => CriterionDoc {
            at_least: Some(number),
            ..base
        },
        "<=" => CriterionDoc {
            at_most: Some(number),
            ..base
        },
        ">" => CriterionDoc {
            above: Some(number),
            ..base
        },
        "<" => CriterionDoc {
            below: Some(number),
            ..base
        },
        "!=" => CriterionDoc {
            not_equals: Some(number),
            ..base
        },
        _equals => CriterionDoc {
            equals: Some(Value::from(number)),
            ..base
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, metric_type: MetricType) -> Result<String, String> {
        let (name, condition) = match split(text) {
            Some((name, condition)) => (name, Some(condition)),
            None => (text, None),
        };
        let criterion = criterion(name, metric_type, condition).map_err(|failure| failure.message)?;
        Ok(serde_json::to_string(&criterion).expect("it can be written"))
    }

    #[test]
    fn conditions_are_read() {
        use MetricType::{Boolean, Categorical, Numerical};
        let cases = [
            ("polite", Boolean, r#"{"metric":"polite","equals":true}"#),
            ("polite = false", Boolean, r#"{"metric":"polite","equals":false}"#),
            ("a=b>=0.5", Numerical, r#"{"metric":"a=b","atLeast":0.5}"#),
            ("length<10", Numerical, r#"{"metric":"length","below":10.0}"#),
            ("length <= 10", Numerical, r#"{"metric":"length","atMost":10.0}"#),
            ("length>1", Numerical, r#"{"metric":"length","above":1.0}"#),
            ("length!=-1", Numerical, r#"{"metric":"length","notEquals":-1.0}"#),
            ("length=3", Numerical, r#"{"metric":"length","equals":3.0}"#),
            (
                "tone=kind, dry",
                Categorical,
                r#"{"metric":"tone","oneOf":["kind","dry"]}"#,
            ),
        ];
        for (text, metric_type, wanted) in cases {
            assert_eq!(told(text, metric_type).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_the_metric_is_refused() {
        use MetricType::{Boolean, Categorical, Numerical};
        for (text, metric_type, reason) in [
            ("polite>=1", Boolean, "name it alone"),
            ("length", Numerical, "such as `length>=1`"),
            ("length>=many", Numerical, "`many` is no number"),
            ("length>=NaN", Numerical, "`NaN` is no number"),
            ("tone", Categorical, "such as `tone=kind,neutral`"),
            ("tone=", Categorical, "which words"),
            ("tone>kind", Categorical, "which words"),
        ] {
            let refused = told(text, metric_type).expect_err(text);
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
