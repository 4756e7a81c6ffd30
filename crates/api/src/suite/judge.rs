//! Judges: who measures a metric. Also the shape under `rehearse.judge` of a metric version.

use model::{Combine, Json, Judge, LatencyStatistic, MAX_JUDGES, MAX_SAMPLES, ModelJudge, Scope, Text};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    FieldErrors, Pointer,
    read::{Fields, Read as _, Word as _, json_object, variant, words},
};

/// Who measures a metric.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum JudgeDoc {
    /// The run's judge, a language model: it reads the description and the whole conversation.
    Model,
    /// One or several language models that read the description and the whole conversation.
    #[serde(rename = "model")]
    Models(ModelJudgeDoc),
    /// How far the scenario's milestones were reached: the share (numerical), or whether all were (boolean).
    Milestones,
    /// A value that came with a recorded conversation, by its name, such as `reward`.
    Recorded(String),
    /// How many interactions there were (numerical).
    Interactions,
    /// How the simulated user left: whether it achieved its objective, or the word for it.
    ScriptOutcome,
    /// Looks for pieces of text.
    Contains(ContainsDoc),
    /// Matches a regular expression.
    Regex(RegexDoc),
    /// Validates replies as JSON.
    JsonSchema(JsonSchemaDoc),
    /// A CEL expression over the whole `conversation`.
    Cel(String),
    /// Whether, or how often, the agent called a tool.
    ToolCalled(ToolCalledDoc),
    /// How long the agent took to reply, in milliseconds (numerical).
    Latency(LatencyDoc),
}

/// How language models judge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ModelJudgeDoc {
    /// The models, by their names in the configuration. Default: the run's judge.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, length(max = 9))]
    pub models: Vec<String>,
    /// How often each is asked. Default: once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 15))]
    pub samples: Option<u32>,
    /// How several answers become one value: `majority` (default) or `median`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["majority", "median"]))]
    pub combine: Option<String>,
    /// Whether a value by which a criterion would fail is asked for once more and stands only if it comes again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub confirm_on_fail: bool,
    /// Whether every reference must come with a quotation, which is checked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub quote: bool,
}

/// Looks for pieces of text. Boolean: whether found; numerical: how many messages hold one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ContainsDoc {
    /// The one text to look for. Either this or `texts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The texts to look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub texts: Option<Vec<String>>,
    /// Every text must occur rather than any.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub all: bool,
    /// Whether letter case counts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub case_sensitive: bool,
    /// Where to look.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeWord>,
}

/// Matches a regular expression. Boolean: whether found; numerical: the first capture group, or how many messages match;
/// categorical: the first capture group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RegexDoc {
    /// The expression.
    pub pattern: String,
    /// Where to look.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeWord>,
}

/// Validates replies as JSON. Boolean: whether all are valid; numerical: the share that is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct JsonSchemaDoc {
    /// The JSON Schema.
    pub schema: Value,
    /// Which replies.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeWord>,
}

/// Whether, or how often, the agent called a tool.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ToolCalledDoc {
    /// The tool's name.
    pub name: String,
    /// Fields that the arguments must have, with these values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Map<String, Value>>,
}

/// How long the agent took to reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LatencyDoc {
    /// How the latencies of several replies become one number.
    pub statistic: StatisticWord,
}

/// Which messages are looked at: `agent` (default), `lastAgent`, `firstAgent`, `user` or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ScopeWord {
    /// Every agent message.
    Agent,
    /// The agent's last message.
    LastAgent,
    /// The agent's first message.
    FirstAgent,
    /// Every message of the simulated user.
    User,
    /// Every message.
    All,
}

/// How several latencies become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StatisticWord {
    /// The longest.
    Max,
    /// The arithmetic mean.
    Mean,
    /// The median.
    P50,
    /// The 95th percentile.
    P95,
}

/// Where a judge looks that does not say.
pub const DEFAULT_SCOPE: Scope = Scope::Agent;

words! {
    Scope {
        Agent = "agent",
        LastAgent = "lastAgent",
        FirstAgent = "firstAgent",
        User = "user",
        All = "all",
    }
}

words! {
    Combine {
        Majority = "majority",
        Median = "median",
    }
}

words! {
    LatencyStatistic {
        Max = "max",
        Mean = "mean",
        P50 = "p50",
        P95 = "p95",
    }
}

const JUDGES: &[&str] = &[
    "model",
    "interactions",
    "scriptOutcome",
    "contains",
    "regex",
    "jsonSchema",
    "cel",
    "toolCalled",
    "latency",
    "milestones",
    "recorded",
];

/// Reads a judge.
pub(crate) fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Judge> {
    let (word, content, at) = variant(value, JUDGES, at, errors)?;
    let plain = match word {
        "model" if content.is_none() => Some(Judge::Model(ModelJudge::default())),
        "interactions" => Some(Judge::Interactions),
        "scriptOutcome" => Some(Judge::ScriptOutcome),
        "milestones" => Some(Judge::Milestones),
        _ => None,
    };
    match (plain, content) {
        (Some(judge), None) => Some(judge),
        (Some(judge), Some(content)) => {
            // `interactions: {}` is as good as `interactions`.
            Fields::of(content, &at, errors)?.finish();
            Some(judge)
        }
        (None, None) => {
            errors.push(
                &at,
                format!("`{word}` needs more: write `{word}: …` as an object"),
            );
            None
        }
        (None, Some(content)) if word == "cel" => {
            Text::read(content, &at, errors).map(|expression| Judge::Cel { expression })
        }
        (None, Some(content)) if word == "recorded" => {
            Text::read(content, &at, errors).map(|name| Judge::Recorded { name })
        }
        (None, Some(content)) => {
            let mut fields = Fields::of(content, &at, errors)?;
            let judge = match word {
                "model" => model_judge(&mut fields),
                "contains" => contains(&mut fields),
                "regex" => {
                    let pattern = fields.required("pattern");
                    let scope = fields.or("in", DEFAULT_SCOPE);
                    pattern
                        .zip(scope)
                        .map(|(pattern, scope)| Judge::Regex { pattern, scope })
                }
                "jsonSchema" => {
                    let schema = fields.with("schema", schema);
                    let scope = fields.or("in", DEFAULT_SCOPE);
                    schema
                        .zip(scope)
                        .map(|(schema, scope)| Judge::JsonSchema { schema, scope })
                }
                "toolCalled" => {
                    let name = fields.required("name");
                    let arguments = fields.json_object("arguments");
                    name.zip(arguments)
                        .map(|(name, arguments)| Judge::ToolCalled { name, arguments })
                }
                _ => fields
                    .required("statistic")
                    .map(|statistic| Judge::Latency { statistic }),
            };
            fields.finish();
            judge
        }
    }
}

fn model_judge(fields: &mut Fields<'_>) -> Option<Judge> {
    let models = fields.distinct("models", 0..=MAX_JUDGES);
    let samples = fields.optional_number("samples", 1..=MAX_SAMPLES);
    let combine = fields.or("combine", Combine::Majority);
    let confirm_on_fail = fields.or("confirmOnFail", false);
    let quote = fields.or("quote", false);
    Some(Judge::Model(ModelJudge {
        models: models?,
        samples: samples?.unwrap_or(1),
        combine: combine?,
        confirm_on_fail: confirm_on_fail?,
        quote: quote?,
    }))
}

fn write_model_judge(judge: &ModelJudge) -> JudgeDoc {
    if *judge == ModelJudge::default() {
        return JudgeDoc::Model;
    }
    JudgeDoc::Models(ModelJudgeDoc {
        models: judge.models.iter().map(ToString::to_string).collect(),
        samples: (judge.samples != 1).then_some(judge.samples),
        combine: (judge.combine != Combine::Majority).then(|| judge.combine.word().to_owned()),
        confirm_on_fail: judge.confirm_on_fail,
        quote: judge.quote,
    })
}

fn contains(fields: &mut Fields<'_>) -> Option<Judge> {
    let text: Option<Option<Text>> = fields.optional("text");
    let texts: Option<Option<Vec<Text>>> = fields.optional_list("texts", 1..=100);
    let all = fields.or("all", false);
    let case_sensitive = fields.or("caseSensitive", false);
    let scope = fields.or("in", DEFAULT_SCOPE);
    let texts = match (text?, texts?) {
        (Some(text), None) => vec![text],
        (None, Some(texts)) => texts,
        (None, None) => {
            fields.fault("text", "`contains` looks for a `text` or for `texts`");
            return None;
        }
        (Some(_), Some(_)) => {
            fields.fault("text", "write `text` or `texts`, not both");
            return None;
        }
    };
    Some(Judge::Contains {
        texts,
        all: all?,
        case_sensitive: case_sensitive?,
        scope: scope?,
    })
}

/// A JSON Schema is an object, or true or false.
fn schema(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Json> {
    if value.is_boolean() {
        Json::read(value, at, errors)
    } else {
        json_object(value, at, errors)
    }
}

/// Writes a judge.
pub(crate) fn write(judge: &Judge) -> JudgeDoc {
    match judge {
        Judge::Model(judge) => write_model_judge(judge),
        Judge::Milestones => JudgeDoc::Milestones,
        Judge::Recorded { name } => JudgeDoc::Recorded(name.to_string()),
        Judge::Interactions => JudgeDoc::Interactions,
        Judge::ScriptOutcome => JudgeDoc::ScriptOutcome,
        Judge::Contains {
            texts,
            all,
            case_sensitive,
            scope,
        } => {
            let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
            let (text, texts) = match texts.as_slice() {
                [text] => (Some(text.clone()), None),
                _ => (None, Some(texts)),
            };
            JudgeDoc::Contains(ContainsDoc {
                text,
                texts,
                all: *all,
                case_sensitive: *case_sensitive,
                scope: write_scope(*scope),
            })
        }
        Judge::Regex { pattern, scope } => JudgeDoc::Regex(RegexDoc {
            pattern: pattern.to_string(),
            scope: write_scope(*scope),
        }),
        Judge::JsonSchema { schema, scope } => JudgeDoc::JsonSchema(JsonSchemaDoc {
            schema: schema.value(),
            scope: write_scope(*scope),
        }),
        Judge::Cel { expression } => JudgeDoc::Cel(expression.to_string()),
        Judge::ToolCalled { name, arguments } => JudgeDoc::ToolCalled(ToolCalledDoc {
            name: name.to_string(),
            arguments: arguments.as_ref().map(crate::wire::object),
        }),
        Judge::Latency { statistic } => JudgeDoc::Latency(LatencyDoc {
            statistic: match statistic {
                LatencyStatistic::Max => StatisticWord::Max,
                LatencyStatistic::Mean => StatisticWord::Mean,
                LatencyStatistic::P50 => StatisticWord::P50,
                LatencyStatistic::P95 => StatisticWord::P95,
            },
        }),
    }
}

fn write_scope(scope: Scope) -> Option<ScopeWord> {
    if scope == DEFAULT_SCOPE {
        return None;
    }
    Some(match scope {
        Scope::Agent => ScopeWord::Agent,
        Scope::LastAgent => ScopeWord::LastAgent,
        Scope::FirstAgent => ScopeWord::FirstAgent,
        Scope::User => ScopeWord::User,
        Scope::All => ScopeWord::All,
    })
}
