//! Suite documents: the objects of an organization as code.
//!
//! A document has `apiVersion`, `kind`, `metadata` and `spec`; keys are camelCase; the same shape in JSON and in YAML.
//! [`read_object`] reads one, reporting every wrong field; [`Document`] is what an export writes: stable, without defaults, so that
//! applying an export changes nothing. Only shapes and bounds are checked here: templates and expressions are compiled
//! by whoever runs them.

pub(crate) mod agent;
mod apply;
mod check;
mod context_graph;
mod criterion;
pub(crate) mod document;
pub(crate) mod judge;
pub(crate) mod metric;
pub(crate) mod milestone;
mod persona;
mod scenario;
mod schema;
pub(crate) mod script;
mod service;
mod unit_test;
mod unit_test_set;

pub use agent::{
    A2aBindingWord, A2aDoc, A2aVersionWord, AgentSpec, AmigoDoc, ConnectionDoc, ContinuationWord,
    DirectLineDoc, ExtractDoc, FramesWord, FramingDoc, HttpTemplateDoc, LangGraphDoc, McpDoc, McpHttpDoc,
    McpProcessDoc, MethodWord, OpenAiChatDoc, OpenAiResponsesDoc, OpenDoc, PullDoc, RasaDoc, ReplyExtractDoc,
    RequestDoc, ResponsesHistoryWord, StdioDoc, WebSocketDoc,
};
pub use apply::{Apply, ChangeView, Changes, DifferenceWord, ExportQuery, Exported};
pub use check::unresolved_names;
pub use context_graph::ContextGraphSpec;
pub use criterion::CriterionDoc;
pub use document::{API_VERSION, Document, Metadata, Spec, SuiteKind, read_object, read_suite};
pub use judge::{
    ContainsDoc, DEFAULT_SCOPE, JsonSchemaDoc, JudgeDoc, LatencyDoc, ModelJudgeDoc, RegexDoc, ScopeWord,
    StatisticWord, ToolCalledDoc,
};
pub use metric::{CategoriesDoc, MetricSpec, NumericalDoc, ValueDoc};
pub use milestone::MilestoneDoc;
pub use persona::PersonaSpec;
pub use scenario::ScenarioSpec;
pub(crate) use schema::alternatives;
pub use schema::suite_schema;
pub use script::{ConditionDoc, EndStep, GroupStep, RepeatStep, SayStep, StepDoc};
pub use service::{LatestWord, ModelDoc, PinDoc, ServiceSpec, VersionSetDoc};
pub use unit_test::UnitTestSpec;
pub(crate) use unit_test_set::MAX_TESTS;
pub use unit_test_set::{TestDoc, TestEntryDoc, UnitTestSetSpec};

#[cfg(test)]
mod tests;
