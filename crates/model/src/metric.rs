//! Metrics: what is measured in a conversation, and by which judge.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Json, Life, MetricId, Name, ServiceId, Tags, Text};

/// A metric: a name, a value type that never changes, and append-only numbered versions of the definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its id.
    pub id: MetricId,
    /// Unique among the organization's live metrics.
    pub name: Name,
    /// Services whose real conversations are measured too.
    pub applied_to_services: Vec<ServiceId>,
    /// Notes for people.
    pub additional_notes: Option<Text>,
    /// Labels.
    pub tags: Tags,
    /// The newest version's number, counted from 1.
    pub latest_version: u32,
    /// The newest version's content.
    pub latest: MetricContent,
    /// Creation, change, deletion.
    pub life: Life,
}

/// What a metric version holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricContent {
    /// What to measure and how to form the result; the instruction to a model judge. May be empty for other judges.
    pub description: String,
    /// The values that may come out.
    pub value: MetricDomain,
    /// Who measures.
    pub judge: Judge,
}

/// The values a metric may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MetricDomain {
    /// True or false.
    Boolean,
    /// A number within inclusive bounds.
    Numerical {
        /// The least value.
        lower_bound: f64,
        /// The greatest value.
        upper_bound: f64,
    },
    /// One of 1 to 50 words.
    Categorical {
        /// The words.
        categories: Vec<Name>,
    },
}

/// The type of a metric's values; frozen across versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MetricType {
    /// True or false.
    Boolean,
    /// A number.
    Numerical,
    /// One of some words.
    Categorical,
}

impl MetricType {
    /// `boolean`, `numerical` or `categorical`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Numerical => "numerical",
            Self::Categorical => "categorical",
        }
    }
}

/// A measured value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MetricValue {
    /// Of a boolean metric.
    Boolean(bool),
    /// Of a numerical metric.
    Numerical(f64),
    /// Of a categorical metric.
    Categorical(String),
}

/// Who measures a metric. All but [`Judge::Model`] are deterministic: the same conversation gives the same value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Judge {
    /// One or several language models that read the description and the whole conversation.
    Model(ModelJudge),
    /// Looks for pieces of text. Boolean: whether found; numerical: how many messages hold one.
    Contains {
        /// Any of these, or all of them with `all`.
        texts: Vec<Text>,
        /// Every text must occur rather than any.
        all: bool,
        /// Whether letter case counts.
        case_sensitive: bool,
        /// Where to look.
        scope: Scope,
    },
    /// Matches a regular expression. Boolean: whether found; numerical: the first capture group as a number, or without
    /// groups how many messages match; categorical: the first capture group.
    Regex {
        /// The expression.
        pattern: Text,
        /// Where to look.
        scope: Scope,
    },
    /// Validates replies as JSON against a JSON Schema. Boolean: whether all in scope are valid; numerical: the share that is.
    JsonSchema {
        /// The schema.
        schema: Json,
        /// Which replies; at least one must exist, else the metric does not apply.
        scope: Scope,
    },
    /// A CEL expression over the whole `conversation`; its value must be of the metric's type, or null for "does not apply".
    Cel {
        /// The expression.
        expression: Text,
    },
    /// Whether, or how often, the agent called a tool.
    ToolCalled {
        /// The tool's name.
        name: Text,
        /// Fields the arguments must have with these values (an object; nested objects are compared the same way).
        arguments: Option<Json>,
    },
    /// How many interactions there were (numerical).
    Interactions,
    /// How long the agent took to reply, in milliseconds (numerical).
    Latency {
        /// Over the replies of the conversation.
        statistic: LatencyStatistic,
    },
    /// How the simulated user left. Boolean: whether it achieved its objective; categorical: `achieved`, `gave_up` or the
    /// conversation's end reason.
    ScriptOutcome,
    /// How far the scenario's milestones were reached. Numerical: the share that was; boolean: whether all were.
    Milestones,
    /// A value that came with a recorded conversation, such as its reward; none: the metric does not apply.
    Recorded {
        /// The value's name.
        name: Text,
    },
}

/// How language models judge a metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelJudge {
    /// The models, by their names in the configuration; none: the run's judge.
    pub models: Vec<Name>,
    /// How often each model is asked, 1 to [`MAX_SAMPLES`].
    pub samples: u32,
    /// How several answers become one value.
    pub combine: Combine,
    /// Whether a value by which a criterion would fail is asked for once more, independently, and stands only if it comes again.
    pub confirm_on_fail: bool,
    /// Whether every reference must come with a quotation, which is checked against the turn.
    pub quote: bool,
}

/// The most models that one metric asks.
pub const MAX_JUDGES: usize = 9;
/// The most times that each model is asked.
pub const MAX_SAMPLES: u32 = 15;

/// How the answers of several judges become one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Combine {
    /// The value that more than half of the judges gave; without one, the metric has no value and the judges' disagreement is its error.
    #[default]
    Majority,
    /// The median of numbers, the lower of two in the middle. For other values the same as the majority.
    Median,
}

impl Default for ModelJudge {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            samples: 1,
            combine: Combine::Majority,
            confirm_on_fail: false,
            quote: false,
        }
    }
}

/// Which messages a judge looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
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

/// How latencies of several replies become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LatencyStatistic {
    /// The longest.
    Max,
    /// The arithmetic mean.
    Mean,
    /// The median (nearest rank).
    P50,
    /// The 95th percentile (nearest rank).
    P95,
}

impl MetricDomain {
    /// The type of the values.
    pub const fn metric_type(&self) -> MetricType {
        match self {
            Self::Boolean => MetricType::Boolean,
            Self::Numerical { .. } => MetricType::Numerical,
            Self::Categorical { .. } => MetricType::Categorical,
        }
    }

    /// Whether `value` is one of the values that may come out.
    pub fn admits(&self, value: &MetricValue) -> bool {
        match (self, value) {
            (Self::Boolean, MetricValue::Boolean(_)) => true,
            (
                Self::Numerical {
                    lower_bound,
                    upper_bound,
                },
                MetricValue::Numerical(value),
            ) => lower_bound <= value && value <= upper_bound,
            (Self::Categorical { categories }, MetricValue::Categorical(value)) => {
                categories.iter().any(|category| category.as_str() == value)
            }
            (
                Self::Boolean | Self::Numerical { .. } | Self::Categorical { .. },
                MetricValue::Boolean(_) | MetricValue::Numerical(_) | MetricValue::Categorical(_),
            ) => false,
        }
    }
}

impl MetricContent {
    /// Checks what the types do not say: bounds in order, categories in number, a judge that can give such values.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.description.len() > 256 * 1024 {
            return Err(Invalid::new("the description must be at most 256 KiB long"));
        }
        match &self.value {
            MetricDomain::Boolean => {}
            MetricDomain::Numerical {
                lower_bound,
                upper_bound,
            } => {
                if !lower_bound.is_finite() || !upper_bound.is_finite() || lower_bound > upper_bound {
                    return Err(Invalid::new("lower_bound must be a number not above upper_bound"));
                }
            }
            MetricDomain::Categorical { categories } => {
                if categories.is_empty() || categories.len() > 50 {
                    return Err(Invalid::new("a categorical metric has 1 to 50 categories"));
                }
            }
        }
        let metric_type = self.value.metric_type();
        if !self.judge.gives(metric_type) {
            return Err(Invalid::new(format!(
                "a `{}` judge cannot measure a {} value",
                self.judge.as_str(),
                metric_type.as_str()
            )));
        }
        match &self.judge {
            Judge::Contains { texts, .. } if texts.is_empty() || texts.len() > 100 => {
                Err(Invalid::new("a `contains` judge looks for 1 to 100 texts"))
            }
            Judge::Model(judge) if judge.samples == 0 || judge.samples > MAX_SAMPLES => Err(Invalid::new(
                format!("a `model` judge is asked 1 to {MAX_SAMPLES} times"),
            )),
            Judge::Model(judge) if judge.models.len() > MAX_JUDGES => Err(Invalid::new(format!(
                "a `model` judge has at most {MAX_JUDGES} models"
            ))),
            Judge::Model(_)
            | Judge::Contains { .. }
            | Judge::Regex { .. }
            | Judge::JsonSchema { .. }
            | Judge::Cel { .. }
            | Judge::ToolCalled { .. }
            | Judge::Interactions
            | Judge::Latency { .. }
            | Judge::ScriptOutcome
            | Judge::Milestones
            | Judge::Recorded { .. } => Ok(()),
        }
    }
}

impl Judge {
    /// The judge's name in suites, such as `tool_called`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Model(_) => "model",
            Self::Contains { .. } => "contains",
            Self::Regex { .. } => "regex",
            Self::JsonSchema { .. } => "json_schema",
            Self::Cel { .. } => "cel",
            Self::ToolCalled { .. } => "tool_called",
            Self::Interactions => "interactions",
            Self::Latency { .. } => "latency",
            Self::ScriptOutcome => "script_outcome",
            Self::Milestones => "milestones",
            Self::Recorded { .. } => "recorded",
        }
    }

    /// Whether this judge can give values of `metric_type`.
    pub const fn gives(&self, metric_type: MetricType) -> bool {
        match self {
            Self::Model(_) | Self::Cel { .. } | Self::Regex { .. } | Self::Recorded { .. } => true,
            Self::Contains { .. } | Self::JsonSchema { .. } | Self::ToolCalled { .. } | Self::Milestones => {
                matches!(metric_type, MetricType::Boolean | MetricType::Numerical)
            }
            Self::Interactions | Self::Latency { .. } => matches!(metric_type, MetricType::Numerical),
            Self::ScriptOutcome => matches!(metric_type, MetricType::Boolean | MetricType::Categorical),
        }
    }
}
