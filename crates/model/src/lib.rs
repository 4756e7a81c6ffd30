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
mod directory;
mod event;
mod ids;
mod job;
mod manifest;
mod metric;
mod object;
mod persona;
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

pub use access::{ADMINISTRATOR_ROLE, Access, Attributes, Grant, GrantCondition, Reach};
pub use account::{ApiKey, Organization, OrganizationProfile, User};
pub use agent::{
    Agent, AgentContent, Connection, ContextGraph, ContextGraphContent, Continuation, DEFAULT_MAX_ATTEMPTS,
    DEFAULT_MAX_REPLY_BYTES, DEFAULT_TIMEOUT_MS, HttpExtract, HttpMethod, HttpOpen, HttpRequest, Protocol,
    StdioFraming,
};
pub use command::{Command, ServiceChange, StartOptions, UnitTestChange, UnitTestSetChange};
pub use conversation::{
    AgentInput, ConversationResult, CriterionOutcome, EndReason, Engine, EngineOptions, Evaluation, Role,
    Step, ToolCall, Turn, TurnRecord, Usage, Verdict, evaluation_id, message_id,
};
pub use criteria::{Comparison, Criterion, SuccessCriterion};
pub use decide::{Capabilities, Context, Decision, Outcome, decide};
pub use directory::{CommandRecord, Directory, DirectoryExt, MemoryDirectory, ReadError};
pub use event::{
    ApiKeyCreated, Commit, CommitMeta, Event, FirstVersion, MetricCreated, MetricNotes, NextVersion,
    PersonaCreated, Recorded, RunCompleted, RunStarted, ScenarioCreated, ServiceCreated, UnitTestCreated,
    UserCreated, VersionSetPut,
};
pub use ids::{
    AgentId, ApiKeyId, CommandId, ContextGraphId, Digest, MetricId, Oid, OrgId, PersonaId, RunId, ScenarioId,
    ServiceId, Token, UnitTestId, UnitTestSetId, UserId, WorkerId,
};
pub use job::{DeadLetter, Job, JobFailure};
pub use manifest::{MANIFEST_FORMAT, MAX_MANIFEST_BYTES, Manifest, Named, pin};
pub use metric::{
    Judge, LatencyStatistic, Metric, MetricContent, MetricDomain, MetricType, MetricValue, Scope,
};
pub use object::{Change, Kind, Life, ObjectRef};
pub use persona::{Persona, PersonaContent};
pub use rejection::{DecideError, Rejection};
pub use run::{
    Admission, ArtifactRef, ConversationKey, MAX_CONVERSATIONS, Plan, PlannedCriterion, PlannedTest, Run,
    RunCompletion, RunOptions, RunVerdict, Tally,
};
pub use scenario::{InitialMessageType, Scenario, ScenarioContent};
pub use script::{
    Condition, MAX_DEPTH, MAX_ROUNDS, MAX_STEPS, Script, ScriptAction, ScriptStep, UserOutcome,
};
pub use service::{Keyterm, ModelPreference, Service, ServiceProfile, VersionSet, VersionSetName};
pub use state::{Content, Evolved, Misfit, Object, Version, evolve};
pub use suite::{Difference, MAX_OBJECTS, Suite, SuiteChange, SuiteCriterion, SuiteObject, SuiteSpec};
pub use text::{Invalid, Json, Language, Name, Tags, Text, Timezone, Variables};
pub use time::Time;
pub use unit_test::{SetEntry, UnitTest, UnitTestDefinition, UnitTestSet, UnitTestSetDefinition};
