//! The gateway: what a signed-in caller may ask for, whatever the transport. It reads the request, checks it, executes the command or
//! answers the query, and renders the answer as JSON.
//!
//! It trusts the transport for one thing only: who the caller is.

mod access;
mod artifacts;
mod authorize;
mod check;
mod commands;
mod conversation;
mod dry_run;
mod failure;
mod judges;
mod poll;
mod precondition;
mod progress;
mod queries;

use std::sync::{Arc, OnceLock};

use ::commands::{Done, Executor, Request};
pub(crate) use access::{access_of, opens_for};
use api::{
    CommandRequest,
    bus::{Family, endpoint},
    error::{ErrorCode, Problem},
    read::read,
};
use artifacts::{Artifacts, Signer};
pub use check::suite_objects as check_suite;
pub(crate) use failure::{internal, of_execute, of_read};
use journal::{Journal, LogName};
use judges::Judges;
use model::{Access, Command, CommandId, Known, OrgId, StateTag, Time, UserId};
#[cfg(test)]
pub(crate) use poll::MAX_WAITING;
use poll::Polls;
pub(crate) use progress::{Follower, RunEvent, Taken};
use projections::{Database, OrgView};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{KeyHasher, Server};

/// Who asks, and what they may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The tenant.
    pub org: OrgId,
    /// The user.
    pub user: UserId,
    /// What the user may do there.
    pub access: Arc<Access>,
}

impl Caller {
    /// A caller whom the transport lets ask for anything, because it has decided by itself what it lets through.
    pub fn trusted(org: OrgId, user: UserId) -> Self {
        let access = Access::administrator(org.clone(), user.clone());
        Self {
            org,
            user,
            access: Arc::new(access),
        }
    }
}

/// What came with a request beside its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Names the command, so that a repetition has no further effect.
    pub command_id: Option<CommandId>,
    /// The caller's trace.
    pub traceparent: Option<String>,
    /// The sequence that the caller has seen: the answer shows at least that.
    pub seen: Option<u64>,
    /// What the caller knows of the object that a command changes.
    pub known: Option<Known>,
    /// What the addresses of the API begin with for the caller, without a slash at the end; none: as configured.
    pub base_url: Option<String>,
}

/// What a command's caller is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What it did.
    pub body: Value,
    /// The sequence of its last commit: a query that names it as seen shows what the command did, on any server.
    pub sequence: u64,
    /// The state that it left its object in; none if it is about several, or was carried out before.
    pub state: Option<StateTag>,
}

/// How the gateway works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Whether webhooks may go over plain HTTP, where anybody on the way can read and change them.
    pub allow_http_webhooks: bool,
}

/// Answers requests.
#[derive(Clone, Debug)]
pub struct Gateway {
    options: GatewayOptions,
    executor: Executor,
    journal: JournalHandle,
    database: Database,
    clock: Clock,
    started_at: Time,
    build: String,
    key_hasher: KeyHasher,
    /// Cancelled once the projections no longer follow the log.
    stopped: CancellationToken,
    /// Places for those who read from the projections.
    readers: Arc<Semaphore>,
    polls: Polls,
    followers: Polls,
    artifacts: Artifacts,
    signer: Signer,
    /// What the addresses of the API begin with, if that was configured.
    public_url: Arc<OnceLock<String>>,
    judges: Judges,
}

#[derive(Clone)]
struct JournalHandle(Arc<dyn Journal>);

impl std::fmt::Debug for JournalHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Journal")
    }
}

#[derive(Clone)]
struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Gateway {
    /// The gateway of a running server.
    pub fn of(server: &Server) -> Self {
        let options = GatewayOptions {
            allow_http_webhooks: server.options().webhooks.allow_http,
        };
        Self::with_options(server, options)
    }

    /// The same, with options.
    pub fn with_options(server: &Server, gateway_options: GatewayOptions) -> Self {
        let options = &server.options().commands;
        Self {
            options: gateway_options,
            executor: server.executor().clone(),
            journal: JournalHandle(Arc::clone(server.journal())),
            database: server.database().clone(),
            clock: Clock(Arc::clone(&options.clock)),
            started_at: server.started_at(),
            build: options.capabilities.build.clone(),
            key_hasher: server.options().key_hasher.clone(),
            stopped: server.stopped().clone(),
            readers: Arc::new(Semaphore::new(n_readers())),
            polls: Polls::new(server.stopped()),
            followers: Polls::new(server.stopped()),
            artifacts: Artifacts::default(),
            signer: Signer::new(&server.options().key_hasher),
            public_url: Arc::default(),
            judges: Judges::new(server.options()),
        }
    }

    /// From now on no request waits for something to happen; those that do are answered with what there is.
    pub fn end_polls(&self) {
        self.polls.end();
        self.followers.end();
    }

    /// Says what the addresses of the API begin with, for those who ask on other ways. What was said first counts.
    pub(crate) fn publish_at(&self, url: &str) {
        self.public_url.get_or_init(|| url.to_owned());
    }

    /// How many requests wait for something to happen.
    #[cfg(test)]
    pub(crate) fn n_waiting(&self) -> usize {
        self.polls.n_waiting()
    }

    /// How many follow a run.
    #[cfg(test)]
    pub(crate) fn n_following(&self) -> usize {
        self.followers.n_waiting()
    }

    /// Refuses to answer from projections that no longer follow the log.
    fn require_following(&self) -> Result<(), Problem> {
        if self.stopped.is_cancelled() {
            let detail = "this server no longer follows the log, so it does not answer; its log says why";
            return Err(Problem::new(ErrorCode::Unavailable, detail));
        }
        Ok(())
    }

    /// Carries out a command.
    pub async fn command(
        &self,
        caller: &Caller,
        metadata: Metadata,
        kind: &str,
        verb: &str,
        body: &[u8],
    ) -> Result<Answer, Problem> {
        let body = parse(body)?;
        self.command_value(caller, metadata, kind, verb, &body).await
    }

    /// Carries out a command whose body has been read already.
    pub async fn command_value(
        &self,
        caller: &Caller,
        metadata: Metadata,
        kind: &str,
        verb: &str,
        body: &Value,
    ) -> Result<Answer, Problem> {
        self.require_following()?;
        let endpoint = endpoint(Family::Command, kind, verb).ok_or_else(|| unknown(kind, verb))?;
        authorize::authorize(self, caller, endpoint, body).await?;
        commands::dispatch(self, caller, metadata, kind, verb, body).await
    }

    /// Answers a query.
    pub async fn query(
        &self,
        caller: &Caller,
        metadata: Metadata,
        kind: &str,
        verb: &str,
        body: &[u8],
    ) -> Result<Value, Problem> {
        let body = parse(body)?;
        self.query_value(caller, metadata, kind, verb, &body).await
    }

    /// Answers a query whose body has been read already.
    pub async fn query_value(
        &self,
        caller: &Caller,
        metadata: Metadata,
        kind: &str,
        verb: &str,
        body: &Value,
    ) -> Result<Value, Problem> {
        self.require_following()?;
        if let Some(seen) = metadata.seen {
            self.polls.catch_up(&self.database, seen).await?;
        }
        let endpoint = endpoint(Family::Query, kind, verb).ok_or_else(|| unknown(kind, verb))?;
        authorize::authorize(self, caller, endpoint, body).await?;
        let base_url = metadata.base_url.as_deref();
        queries::dispatch(self, caller, base_url, kind, verb, body).await
    }

    /// Reads a command's request, checks it and has it executed.
    async fn execute<R: CommandRequest>(
        &self,
        caller: &Caller,
        metadata: Metadata,
        body: &Value,
    ) -> Result<Done, Problem> {
        self.run(caller, metadata, read::<R>(body)?.into_command()).await
    }

    /// Checks a command and has it executed.
    async fn run(&self, caller: &Caller, metadata: Metadata, command: Command) -> Result<Done, Problem> {
        check::command(&command).await?;
        let precondition = match metadata.known {
            Some(known) => Some(precondition::precondition(self, caller, &command, known).await?),
            None => None,
        };
        let request = Request {
            org: caller.org.clone(),
            actor: caller.user.clone(),
            command_id: metadata.command_id,
            traceparent: metadata.traceparent,
            precondition,
            command,
        };
        self.executor
            .execute(request)
            .await
            .map_err(|error| of_execute(&error))
    }

    /// Waits until the projections show everything that has happened.
    async fn catch_up(&self) -> Result<(), Problem> {
        let events = self.journal().info(LogName::Events).await;
        let last = events.map_err(|error| failure::of_journal(&error))?.last_sequence;
        self.polls.catch_up(&self.database, last).await
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Time {
        (self.clock.0)()
    }

    /// The log.
    pub(crate) fn journal(&self) -> &dyn Journal {
        &*self.journal.0
    }

    /// The projections.
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    /// How secrets of API keys are hashed.
    pub(crate) const fn key_hasher(&self) -> &KeyHasher {
        &self.key_hasher
    }

    /// Whether the projections still follow the log.
    pub(crate) fn is_following(&self) -> bool {
        !self.stopped.is_cancelled()
    }

    /// Reads from the projections, off the runtime's threads.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        org: &OrgId,
        question: impl FnOnce(&OrgView<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        // In order of arrival: more readers than processors would all be slow, and some of them very.
        let reader = Arc::clone(&self.readers).acquire_owned().await;
        let reader = reader.map_err(|closed| internal(&closed))?;
        let (database, org) = (self.database.clone(), org.clone());
        let answered = tokio::task::spawn_blocking(move || {
            let _reader = reader;
            let view = database.view().map_err(|error| failure::of_query(&error))?;
            question(&view.organization(org))
        });
        answered.await.map_err(|ended| internal(&ended))?
    }
}

/// How many may read from the projections at once.
fn n_readers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * 2
}

/// The body as JSON. An empty body is an empty object.
fn parse(body: &[u8]) -> Result<Value, Problem> {
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(
            ErrorCode::MalformedRequest,
            format!("the body is not JSON: {error}"),
        )
    })
}

/// An answer as JSON.
fn render<T: Serialize>(answer: &T) -> Result<Value, Problem> {
    serde_json::to_value(answer).map_err(|error| internal(&error))
}

/// There is no such endpoint.
fn unknown(kind: &str, verb: &str) -> Problem {
    Problem::new(
        ErrorCode::UnknownEndpoint,
        format!("there is no endpoint `{kind}.{verb}`"),
    )
}

/// There is no such object.
fn not_found(object: &model::ObjectRef) -> Problem {
    Problem::new(
        ErrorCode::NotFound,
        format!("there is no {} `{}`", object.kind, object.key),
    )
}
