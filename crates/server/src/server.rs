//! Starting and stopping the server's tasks.

use std::sync::Arc;

use commands::Executor;
use journal::Journal;
use model::Time;
use projections::{Database, Log};
use simulation::LanguageModels;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::{
    KeyHasher,
    dispatcher::{Dispatcher, Options as DispatcherOptions},
    projector::{self, ProjectorError},
    webhooks::{HttpCarrier, Sender, WebhookOptions},
};

/// How the server works.
#[derive(Clone, Debug)]
pub struct Options {
    /// How commands are executed.
    pub commands: commands::Options,
    /// How conversations are admitted.
    pub dispatcher: DispatcherOptions,
    /// How secrets of API keys are hashed.
    pub key_hasher: KeyHasher,
    /// How webhooks are sent.
    pub webhooks: WebhookOptions,
    /// How the language models are reached that judge on demand.
    pub language_models: LanguageModels,
}

/// The server cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The projections can no longer be trusted, so nothing is answered from them.
    #[error(transparent)]
    Projector(#[from] ProjectorError),
    /// Webhooks cannot be sent from this machine.
    #[error("webhooks cannot be sent: TLS cannot be set up")]
    Webhooks(#[source] reqwest::Error),
    /// A task ended unexpectedly.
    #[error("a task of the server ended unexpectedly: {0}")]
    Ended(String),
}

/// A running server.
pub struct Server {
    executor: Executor,
    journal: Arc<dyn Journal>,
    database: Database,
    started_at: Time,
    options: Options,
    shutdown: CancellationToken,
    /// Cancelled once a projection no longer follows its log, for whatever reason: then nothing is answered any more.
    stopped: CancellationToken,
    tasks: JoinSet<Result<(), ServerError>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Catches up with the log, then follows it. When this returns, queries show everything that was in the log before.
    pub async fn start(
        journal: Arc<dyn Journal>,
        database: Database,
        options: Options,
    ) -> Result<Self, ServerError> {
        let started_at = (options.commands.clock)();
        projector::catch_up(&journal, &database).await?;
        let executor = Executor::new(Arc::clone(&journal), database.clone(), options.commands.clone());
        let (shutdown, stopped) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        for log in [Log::Events, Log::Results] {
            let (journal, database, shutdown) = (Arc::clone(&journal), database.clone(), shutdown.clone());
            let after = database.sequences().of(log);
            let stopped = stopped.clone().drop_guard();
            tasks.spawn(async move {
                let _stopped = stopped;
                let followed = projector::follow(&journal, &database, log, after, None, shutdown).await;
                if let Err(failure) = &followed {
                    error!(log = %log, error = failure as &dyn std::error::Error, "the projection stops");
                }
                Ok(followed?)
            });
        }
        let dispatcher = Dispatcher::new(
            Arc::clone(&journal),
            database.clone(),
            executor.clone(),
            Arc::clone(&options.commands.clock),
            options.dispatcher.clone(),
        );
        let dispatcher_shutdown = shutdown.clone();
        tasks.spawn(async move {
            dispatcher.run(dispatcher_shutdown).await;
            Ok(())
        });
        let carrier = HttpCarrier::new(options.webhooks).map_err(ServerError::Webhooks)?;
        let sender = Sender::new(
            Arc::clone(&journal),
            database.clone(),
            Arc::clone(&options.commands.clock),
            options.key_hasher.clone(),
            Arc::new(carrier),
            options.webhooks,
        );
        let sender_shutdown = shutdown.clone();
        tasks.spawn(async move {
            sender.run(sender_shutdown).await;
            Ok(())
        });
        Ok(Self {
            executor,
            journal,
            database,
            started_at,
            options,
            shutdown,
            stopped,
            tasks,
        })
    }

    /// Executes commands.
    pub const fn executor(&self) -> &Executor {
        &self.executor
    }

    /// Answers queries.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// The log.
    pub const fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// When the server started.
    pub const fn started_at(&self) -> Time {
        self.started_at
    }

    /// How the server works.
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Cancelled once the projections no longer follow the log: what they would answer is not the truth any more.
    pub(crate) const fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }

    /// Waits until a task cannot go on. A server that has stopped answering truthfully must be stopped.
    pub async fn failed(&mut self) -> ServerError {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(Err(error))) => return error,
                Some(Ok(Ok(()))) if self.shutdown.is_cancelled() => std::future::pending::<()>().await,
                Some(Ok(Ok(()))) => {
                    return ServerError::Ended("it returned before it was asked to".to_owned());
                }
                Some(Err(ended)) => return ServerError::Ended(ended.to_string()),
                None => std::future::pending::<()>().await,
            }
        }
    }

    /// Stops every task and waits for it, then puts the projections onto the disk. Whatever answers requests is to be stopped before.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => error!(
                    error = &failure as &dyn std::error::Error,
                    "a task stopped with an error"
                ),
                Err(failure) => error!(error = &failure as &dyn std::error::Error, "a task was lost"),
            }
        }
        // What is not on the disk would have to be taken in again at the next start.
        if let Err(failure) = projector::flush(&self.database).await {
            error!(
                error = &failure as &dyn std::error::Error,
                "the projections could not be put onto the disk"
            );
        }
    }
}
