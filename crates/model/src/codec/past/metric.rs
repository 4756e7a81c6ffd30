//! Earlier versions of a metric's content.

use serde::Deserialize;

use super::first;
use crate::{
    FirstVersion, Json, Judge, LatencyStatistic, MetricContent, MetricCreated, MetricDomain, MetricNotes,
    ModelJudge, Name, Scope, Text,
};

/// Version 1 of `metric.created`: a judge that was a model had no options.
#[derive(Deserialize)]
pub(in super::super) struct MetricCreatedV1 {
    name: Name,
    notes: MetricNotes,
    first: FirstVersion<MetricContentV1>,
}

/// What a metric version held then.
#[derive(Deserialize)]
pub(in super::super) struct MetricContentV1 {
    description: String,
    value: MetricDomain,
    judge: JudgeV1,
}

#[derive(Deserialize)]
enum JudgeV1 {
    Model,
    Contains {
        texts: Vec<Text>,
        all: bool,
        case_sensitive: bool,
        scope: Scope,
    },
    Regex {
        pattern: Text,
        scope: Scope,
    },
    JsonSchema {
        schema: Json,
        scope: Scope,
    },
    Cel {
        expression: Text,
    },
    ToolCalled {
        name: Text,
        arguments: Option<Json>,
    },
    Interactions,
    Latency {
        statistic: LatencyStatistic,
    },
    ScriptOutcome,
}

impl From<JudgeV1> for Judge {
    fn from(judge: JudgeV1) -> Self {
        match judge {
            JudgeV1::Model => Self::Model(ModelJudge::default()),
            JudgeV1::Contains {
                texts,
                all,
                case_sensitive,
                scope,
            } => Self::Contains {
                texts,
                all,
                case_sensitive,
                scope,
            },
            JudgeV1::Regex { pattern, scope } => Self::Regex { pattern, scope },
            JudgeV1::JsonSchema { schema, scope } => Self::JsonSchema { schema, scope },
            JudgeV1::Cel { expression } => Self::Cel { expression },
            JudgeV1::ToolCalled { name, arguments } => Self::ToolCalled { name, arguments },
            JudgeV1::Interactions => Self::Interactions,
            JudgeV1::Latency { statistic } => Self::Latency { statistic },
            JudgeV1::ScriptOutcome => Self::ScriptOutcome,
        }
    }
}

impl From<MetricContentV1> for MetricContent {
    fn from(content: MetricContentV1) -> Self {
        Self {
            description: content.description,
            value: content.value,
            judge: content.judge.into(),
        }
    }
}

impl From<MetricCreatedV1> for MetricCreated {
    fn from(body: MetricCreatedV1) -> Self {
        Self {
            name: body.name,
            notes: body.notes,
            first: first(body.first),
        }
    }
}
