//! The executor.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use journal::{AppendError, Journal};
use model::{
    Capabilities, Command, CommandId, CommandRecord, Context, DecideError, Decision, Directory, OrgId,
    Outcome, Precondition, Rejection, RunId, StateTag, Time, UserId, decide,
};
use projections::{Database, Log, WaitError};
use rand::Rng;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::{ExecuteError, queue::Queue};

/// How often a command is decided at most when other servers interfere.
const MAX_TRIES: u32 = 50;

/// How long a command waits at most for those of its organization that came before it. Whoever asked has given up by then, and a queue
/// that is longer than this after an outage would only carry out what nobody waits for.
const TURN_TIMEOUT: Duration = Duration::from_secs(15);

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
    /// What the caller knows of an object: the command is refused if it is no longer so. A repetition is answered without looking
    /// at it.
    pub precondition: Option<Precondition>,
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
    /// When it was decided; none if that was before.
    pub decided_at: Option<Time>,
    /// The state of the one object that it is about, right after it; none if it is about several or was carried out before.
    pub state: Option<StateTag>,
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
        f.debug_struct("Executor")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Executor {
    /// An executor that decides on `database`, which a projector keeps up with `journal`.
    pub fn new(journal: Arc<dyn Journal>, database: Database, options: Options) -> Self {
        Self {
            journal,
            database,
            options,
            queue: Arc::new(Queue::default()),
        }
    }

    /// What runs can use here.
    pub const fn capabilities(&self) -> &Capabilities {
        &self.options.capabilities
    }

    /// Carries out a command, once per command id and user for ever. When it returns, queries on this server see the outcome; if the
    /// projections are that far behind, queries that wait for its sequence do.
    ///
    /// A command that finds everything as it asks leaves nothing in the log, so its id is not remembered.
    pub async fn execute(&self, request: Request) -> Result<Done, ExecuteError> {
        let command_id = match &request.command_id {
            Some(id) => id.clone(),
            None => fresh_command_id()?,
        };
        let turn = self.queue.turn(&request.org, TURN_TIMEOUT).await;
        let _turn = turn.ok_or(ExecuteError::Queued { waited: TURN_TIMEOUT })?;
        let done = self
            .carry_out(&request, self.context(&request, command_id))
            .await?;
        self.announce(&request).await;
        Ok(done)
    }

    /// Decides and appends until nothing comes in between.
    async fn carry_out(&self, request: &Request, context: Context) -> Result<Done, ExecuteError> {
        for attempt in 1..=MAX_TRIES {
            let tail = self.catch_up(&request.org).await?;
            let (decision, seen) = match self.decide(request, &context).await? {
                Decided::Before(record) => {
                    return Ok(Done {
                        outcome: Outcome {
                            changes: record.changes,
                            suite: None,
                        },
                        sequence: record.sequence,
                        repeated: true,
                        decided_at: None,
                        state: None,
                    });
                }
                Decided::Now { decision, seen } => (decision, seen),
            };
            let sequence = if decision.commits.is_empty() {
                // What it found may be newer than the tail.
                Some(seen.max(tail))
            } else {
                self.append(&decision, tail).await?
            };
            if let Some(sequence) = sequence {
                if let Err(behind) = self.wait(sequence).await {
                    warn!(org = %request.org, error = &behind as &dyn std::error::Error, "carried out, but not shown yet");
                }
                return Ok(Done {
                    outcome: decision.outcome,
                    sequence,
                    repeated: false,
                    decided_at: Some(context.now),
                    state: decision.state,
                });
            }
            debug!(org = %request.org, attempt, "something came in between, deciding again");
            // Servers that meet again and again are put out of step.
            let pause = rand::random_range(0..u64::from(attempt.min(20)));
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Err(ExecuteError::Contended { tries: MAX_TRIES })
    }

    /// What the decision follows from beside state and command. It is the same in every try, so that a command which is decided again
    /// on the same state gives the same ids and the same manifest.
    fn context(&self, request: &Request, command_id: CommandId) -> Context {
        let mut entropy = [0; 32];
        rand::rng().fill_bytes(&mut entropy);
        Context {
            now: (self.options.clock)(),
            actor: request.actor.clone(),
            command_id,
            traceparent: request.traceparent.clone(),
            entropy,
            capabilities: self.options.capabilities.clone(),
            precondition: request.precondition.clone(),
        }
    }

    /// Makes the projections reach the organization's last commit and returns its sequence.
    async fn catch_up(&self, org: &OrgId) -> Result<u64, ExecuteError> {
        let tail = self.journal.org_tail(org).await?;
        self.wait(tail).await?;
        Ok(tail)
    }

    async fn wait(&self, sequence: u64) -> Result<(), WaitError> {
        let deadline = Instant::now() + self.options.catch_up_timeout;
        self.database.wait_for(Log::Events, sequence, deadline).await
    }

    /// Decides on what the projections hold now. If that is newer than the tail, the append will notice.
    async fn decide(&self, request: &Request, context: &Context) -> Result<Decided, ExecuteError> {
        let (database, org, command) = (
            self.database.clone(),
            request.org.clone(),
            request.command.clone(),
        );
        let context = context.clone();
        let decided = tokio::task::spawn_blocking(move || {
            let view = database.view()?;
            let directory = view.organization(org);
            if let Some(record) = directory.command(&context.actor, &context.command_id)? {
                if record.digest != command.digest() {
                    return Err(Rejection::CommandReused {
                        id: context.command_id,
                    }
                    .into());
                }
                return Ok(Decided::Before(record));
            }
            match decide(&directory, &command, &context) {
                Ok(decision) => Ok(Decided::Now {
                    decision: Box::new(decision),
                    seen: view.sequence(Log::Events),
                }),
                Err(DecideError::Rejected(rejection)) => Err(rejection.into()),
                Err(DecideError::Read(source)) => Err(source.into()),
            }
        });
        decided.await.map_err(|ended| ExecuteError::Internal {
            reason: ended.to_string(),
        })?
    }

    /// Appends what was decided; none if something came in between.
    async fn append(&self, decision: &Decision, tail: u64) -> Result<Option<u64>, ExecuteError> {
        if let Some((digest, bytes)) = &decision.manifest {
            // Before the run exists, so that no worker ever looks for a manifest in vain.
            let name = journal::subject::manifest_object(*digest);
            self.journal
                .put_object(&name, Bytes::copy_from_slice(bytes))
                .await?;
        }
        match self.journal.append(&decision.commits, tail).await {
            // A duplicate is our own earlier success, perhaps with other ids in it: the next look finds its record.
            Ok(appended) if appended.duplicate => Ok(None),
            Ok(appended) => Ok(Some(appended.last)),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(AppendError::Journal(source)) => Err(source.into()),
        }
    }

    /// Tells workers at once about what they would otherwise notice a moment later.
    async fn announce(&self, request: &Request) {
        let Command::CancelRun { id, .. } = &request.command else {
            return;
        };
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
    Now {
        decision: Box<Decision>,
        /// The last sequence of the log that the decision saw.
        seen: u64,
    },
}

/// A command id for callers that name none.
fn fresh_command_id() -> Result<CommandId, ExecuteError> {
    let text = uuid::Uuid::now_v7().to_string();
    text.parse().map_err(|invalid| ExecuteError::Internal {
        reason: format!("{invalid}"),
    })
}

#[cfg(test)]
mod tests;
