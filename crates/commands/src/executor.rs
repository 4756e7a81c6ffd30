//! The executor.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use journal::{AppendError, Journal};
use model::{
    Capabilities, Command, CommandId, CommandRecord, Context, DecideError, Directory, OrgId, Outcome, Rejection, RunId,
    Time, UserId, decide,
};
use projections::{Database, Log};
use rand::Rng;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::{ExecuteError, queue::Queue};

/// How often a command is decided at most when other servers interfere.
const MAX_TRIES: u32 = 50;

/// How commands are executed.
#[derive(Clone)]
pub struct Options {
    /// The time.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// How long to wait for the projections.
    pub catch_up_timeout: Duration,
    /// What runs can use here.
    pub capabilities: Capabilities,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("catch_up_timeout", &self.catch_up_timeout)
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

/// A command and who asks for it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The tenant.
    pub org: OrgId,
    /// Who asks; the caller has made sure of it.
    pub actor: UserId,
    /// Names the command; none: a fresh one, so that a repetition takes effect again.
    pub command_id: Option<CommandId>,
    /// The caller's trace (W3C `traceparent`).
    pub traceparent: Option<String>,
    /// What to do.
    pub command: Command,
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What it did.
    pub outcome: Outcome,
    /// The log's sequence from which on queries see it.
    pub sequence: u64,
    /// The command had been carried out before; nothing was done now.
    pub repeated: bool,
}

/// Executes commands.
#[derive(Clone)]
pub struct Executor {
    journal: Arc<dyn Journal>,
    database: Database,
    options: Options,
    queue: Arc<Queue>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Executor {
    /// An executor that decides on `database`, which a projector keeps up with `journal`.
    pub fn new(journal: Arc<dyn Journal>, database: Database, options: Options) -> Self {
        Self { journal, database, options, queue: Arc::new(Queue::default()) }
    }

    /// What runs can use here.
    pub const fn capabilities(&self) -> &Capabilities {
        &self.options.capabilities
    }

    /// Carries out a command, once per command id and user for ever. When it returns, queries on this server see the outcome.
    pub async fn execute(&self, request: Request) -> Result<Done, ExecuteError> {
        let command_id = match &request.command_id {
            Some(id) => id.clone(),
            None => fresh_command_id()?,
        };
        let _turn = self.queue.turn(&request.org).await;
        for attempt in 1..=MAX_TRIES {
            let tail = self.catch_up(&request.org).await?;
            match self.decide(&request, &command_id).await? {
                Decided::Before(record) => {
                    return Ok(Done {
                        outcome: Outcome { changes: record.changes, suite: None },
                        sequence: record.sequence,
                        repeated: true,
                    });
                }
                Decided::Now(decision) => {
                    let Some(sequence) = self.append(&decision, tail).await? else {
                        debug!(org = %request.org, attempt, "something came in between, deciding again");
                        continue;
                    };
                    self.wait(sequence).await?;
                    self.announce(&request).await;
                    return Ok(Done { outcome: decision.outcome, sequence, repeated: false });
                }
            }
        }
        Err(ExecuteError::Contended { tries: MAX_TRIES })
    }

    /// Makes the projections reach the organization's last commit and returns its sequence.
    async fn catch_up(&self, org: &OrgId) -> Result<u64, ExecuteError> {
        let tail = self.journal.org_tail(org).await?;
        self.wait(tail).await?;
        Ok(tail)
    }

    async fn wait(&self, sequence: u64) -> Result<(), ExecuteError> {
        let deadline = Instant::now() + self.options.catch_up_timeout;
        Ok(self.database.wait_for(Log::Events, sequence, deadline).await?)
    }

    /// Decides on what the projections hold now. If that is newer than the tail, the append will notice.
    async fn decide(&self, request: &Request, command_id: &CommandId) -> Result<Decided, ExecuteError> {
        let mut entropy = [0; 32];
        rand::rng().fill_bytes(&mut entropy);
        let context = Context {
            now: (self.options.clock)(),
            actor: request.actor.clone(),
            command_id: command_id.clone(),
            traceparent: request.traceparent.clone(),
            entropy,
            capabilities: self.options.capabilities.clone(),
        };
        let (database, org, command) = (self.database.clone(), request.org.clone(), request.command.clone());
        let decided = tokio::task::spawn_blocking(move || {
            let view = database.view()?;
            let directory = view.organization(org);
            if let Some(record) = directory.command(&context.actor, &context.command_id)? {
                if record.digest != command.digest() {
                    return Err(Rejection::CommandReused { id: context.command_id }.into());
                }
                return Ok(Decided::Before(record));
            }
            match decide(&directory, &command, &context) {
                Ok(decision) => Ok(Decided::Now(Box::new(decision))),
                Err(DecideError::Rejected(rejection)) => Err(rejection.into()),
                Err(DecideError::Read(source)) => Err(source.into()),
            }
        });
        decided.await.map_err(|ended| ExecuteError::Internal { reason: ended.to_string() })?
    }

    /// Appends what was decided; none if something came in between.
    async fn append(&self, decision: &model::Decision, tail: u64) -> Result<Option<u64>, ExecuteError> {
        if decision.commits.is_empty() {
            return Ok(Some(tail));
        }
        if let Some((digest, bytes)) = &decision.manifest {
            // Before the run exists, so that no worker ever looks for a manifest in vain.
            let name = journal::subject::manifest_object(*digest);
            self.journal.put_object(&name, Bytes::copy_from_slice(bytes)).await?;
        }
        match self.journal.append(&decision.commits, tail).await {
            // A duplicate is our own earlier success with other ids in it: the next look finds its record.
            Ok(appended) if appended.duplicate => {
                self.wait(appended.last).await?;
                Ok(None)
            }
            Ok(appended) => Ok(Some(appended.last)),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(AppendError::Journal(source)) => Err(source.into()),
        }
    }

    /// Tells workers at once about what they would otherwise notice a moment later.
    async fn announce(&self, request: &Request) {
        let Command::CancelRun { id } = &request.command else { return };
        let run: RunId = *id;
        if let Err(error) = self.journal.tell_cancelled(&request.org, run).await {
            warn!(run.id = %run, error = %error, "workers could not be told that the run is cancelled; they will notice");
        }
    }
}

enum Decided {
    /// The command was carried out before.
    Before(CommandRecord),
    /// The command has not been carried out yet.
    Now(Box<model::Decision>),
}

/// A command id for callers that name none.
fn fresh_command_id() -> Result<CommandId, ExecuteError> {
    let text = uuid::Uuid::now_v7().to_string();
    text.parse().map_err(|invalid| ExecuteError::Internal { reason: format!("{invalid}") })
}
