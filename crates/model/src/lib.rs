//! The domain of Rehearse: objects, commands, events, decisions, the conversation engine and the stored format.
//!
//! Pure: it knows no clock, no randomness, no runtime, no network and no database; time, ids and seeds are handed in.
//!
//! # Words
//! * **organization**: the tenant; first token of every subject and path.
//! * **persona**, **scenario**: versioned; who the simulated user is, and what it wants.
//! * **metric**: versioned definition of one measured value: boolean, numerical or categorical.
//! * **agent**: versioned; how to reach an agent under test.
//! * **context graph**: versioned opaque document handed to the agent.
//! * **service**, **version set**: an agent and a context graph; a version set names versions of both and model preferences.
//! * **unit test**: persona, scenario, service version set and success criteria. **Unit test set**: unit tests, repeated.
//! * **run**: one execution of a set. **Conversation**: one repetition of one unit test in one run.
//! * **turn**: one message of a conversation. **Interaction**: one user turn and the agent's reply.
//! * **verdict**: passed, failed, invalid (the simulated user broke) or errored (the infrastructure broke).
//! * **milestone**: a goal on the way to a scenario's objective; reaching each is recorded.
//! * **language model**: plays simulated users and judges conversations; a **provider** is the API by which one is reached.
//! * **guard**: finds **faults** in what a simulated user that a language model plays would say; a step with one is a **violation**.
//! * **role**: a named list of grants; a **grant** lets its holders do one thing, under conditions.
//! * **webhook destination**: where an organization is told what happened; a **delivery** is one event told to one destination, in one or
//!   more attempts.
//! * **evaluation**: a metric's value for one conversation; a **manual** one was measured when somebody asked.
//! * **budget**: what a run may use at most.
//! * **state tag**: names one state of one object; a **precondition** is what a caller knows of an object that it changes.
//! * **commit**: the events that one command produced on one object; one message of the log.
#![warn(missing_docs)]

mod access;
mod account;
mod agent;
pub mod codec;
mod command;
mod conversation;
mod criteria;
mod decide;
mod delivery;
mod directory;
mod evaluation;
mod event;
mod ids;
mod job;
mod language_model;
mod manifest;
mod metric;
mod object;
#[cfg(feature = "openapi")]
pub mod openapi;
mod persona;
mod precondition;
mod recording;
mod rejection;
mod run;
mod scenario;
mod script;
mod service;
mod state;
mod suite;
mod text;
mod time;
mod unit_test;
mod webhook;

pub use access::{
    ADMINISTRATOR_ROLE, Access, AccessRole, Attributes, FrontendView, Grant, GrantCondition, MAX_GRANTS,
    Reach, RoleDefinition, TemporaryGrant, builtin_role_id,
};
pub use account::{ApiKey, MAX_API_KEYS, Organization, OrganizationProfile, User};
pub use agent::{
    A2aBinding, A2aVersion, AMIGO_URL, Agent, AgentContent, Amigo, Connection, ContextGraph,
    ContextGraphContent, Continuation, DEFAULT_CHANNEL, DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_REPLY_BYTES,
    DEFAULT_POLL_MS, DEFAULT_QUIET_MS, DEFAULT_TIMEOUT_MS, DIRECT_LINE_URL, DirectLine, DirectLineCredential,
    FrameFormat, HttpExtract, HttpMethod, HttpOpen, HttpRequest, LangGraph, Mcp, McpServer, Protocol, Rasa,
    ReplyExtract, ResponsesHistory, StdioFraming, WebSocket,
};
pub use command::{Command, GuardChoice, ServiceChange, StartOptions, UnitTestChange, UnitTestSetChange};
pub use conversation::{
    AgentInput, BrokenAttempt, ConversationResult, CriterionOutcome, EndReason, Engine, EngineOptions,
    Evaluation, Fault, MilestoneOutcome, Role, Step, ToolCall, Turn, TurnRecord, Usage, Verdict, Violation,
    Vote, conversation_id, evaluation_id, interaction_id, interaction_indices, message_id,
};
pub use criteria::{Comparison, Criterion, SuccessCriterion};
pub use decide::{Capabilities, Context, DETERMINISTIC, Decision, Models, Outcome, SCRIPTED, decide};
pub use delivery::{
    DeliveryAttempt, DeliveryStatus, MAX_ATTEMPT_FAILURE_CHARS, WebhookDelivery, delivery_id,
};
pub use directory::{CommandRecord, Directory, DirectoryExt, MemoryDirectory, ReadError};
pub use evaluation::{MAX_EVALUATIONS, ManualEvaluation, MeasuredValue, manual_evaluation_id};
pub use event::{
    ApiKeyCreated, Commit, CommitMeta, Event, FirstVersion, MetricCreated, MetricNotes, NextVersion,
    PersonaCreated, Recorded, RunCompleted, RunStarted, ScenarioCreated, ServiceCreated,
    TemporaryGrantCreated, UnitTestCreated, UserCreated, VersionSetPut, WebhookDestinationCreated,
    WebhookDestinationUpdated, WebhookSecretRotated,
};
pub use ids::{
    AgentId, ApiKeyId, CommandId, ContextGraphId, Digest, EvaluationId, MetricId, Oid, OrgId, PersonaId,
    RoleId, RunId, ScenarioId, ServiceId, TemporaryGrantId, Token, UnitTestId, UnitTestSetId, UserId,
    WebhookDestinationId, WorkerId,
};
pub use job::{DeadLetter, Job, JobFailure};
pub use language_model::{LanguageModel, Price, Provider};
pub use manifest::{MANIFEST_FORMAT, MAX_MANIFEST_BYTES, Manifest, Named, pin};
pub use metric::{
    Combine, Judge, LatencyStatistic, MAX_JUDGES, MAX_SAMPLES, Metric, MetricContent, MetricDomain,
    MetricType, MetricValue, ModelJudge, Scope,
};
pub use object::{Change, Kind, Life, ObjectRef};
pub use persona::{Persona, PersonaContent};
pub use precondition::{Known, Precondition, StateTag};
pub use recording::{
    MAX_RECORDED_TEXT_BYTES, MAX_RECORDED_TURNS, MAX_RECORDED_VALUE_BYTES, MAX_RECORDED_VALUES,
    MAX_RECORDING_BYTES, MAX_RECORDINGS, RECORDING_FORMAT, RecordedTurn, Recording, RecordingEnd,
    RecordingFault,
};
pub use rejection::{DecideError, Rejection};
pub use run::{
    Admission, ArtifactRef, Budget, BudgetLimit, CancelReason, Cast, ConversationKey, Guarding,
    MAX_CONVERSATIONS, MAX_RERUNS, Plan, PlannedCriterion, PlannedTest, Run, RunCompletion, RunOptions,
    RunVerdict, Tally,
};
pub use scenario::{InitialMessageType, MAX_MILESTONES, Milestone, Scenario, ScenarioContent};
pub use script::{
    Condition, MAX_DEPTH, MAX_ROUNDS, MAX_STEPS, Script, ScriptAction, ScriptStep, UserOutcome,
};
pub use service::{Keyterm, ModelPreference, Service, ServiceProfile, VersionSet, VersionSetName};
pub use state::{Content, Evolved, Misfit, Object, Version, evolve};
pub use suite::{Difference, MAX_OBJECTS, Suite, SuiteChange, SuiteCriterion, SuiteObject, SuiteSpec};
pub use text::{Invalid, Json, Language, Name, Tags, Text, Timezone, Variables, WebhookUrl};
pub use time::Time;
pub use unit_test::{SetEntry, UnitTest, UnitTestDefinition, UnitTestSet, UnitTestSetDefinition};
pub use webhook::{
    MAX_WEBHOOK_DESTINATIONS, MIN_SECRET_AGE_MS, PreviousSecret, SECRET_OVERLAP_MS, WebhookDestination,
    WebhookSecret, WebhookType,
};
