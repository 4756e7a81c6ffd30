//! Completing one run: read it, fold its results into the artifact, store that, and record that the run is complete.
//!
//! Keeps nothing between tries, so it may be stopped anywhere and done again by anyone. A run is completed once: the append that records it
//! expects that nothing else was appended to the organization, and looks at the run again whenever that was not so.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use journal::{AppendError, Journal, JournalError, Notice};
use model::{
    Capabilities, Command, CommandId, Context, ConversationKey, ConversationResult, DirectoryExt as _,
    Invalid, Kind, MemoryDirectory, Misfit, ObjectRef, OrgId, ReadError, Rejection, Run, RunId, RunVerdict,
    Tally, Time, UserId, decide,
};
use serde::Serialize;

use crate::artifact::{Artifact, ArtifactBuilder, ArtifactError, TallyField};

/// How many results are asked for at once.
const RESULTS_AHEAD: usize = 64;
/// How many results are written into the artifact before other tasks get their turn.
const RESULTS_PER_BATCH: usize = 32;
/// The wait after a refused append; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A run could not be completed this time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompleteError {
    /// The log could not do what was asked.
    #[error("the run cannot be read or completed in the log")]
    Journal(#[from] JournalError),
    /// The run's history does not add up.
    #[error("the run's history is damaged")]
    History(#[from] Misfit),
    /// The run's history holds no run.
    #[error("the log has no run {run} of organization {org}")]
    NoRun {
        /// The tenant.
        org: OrgId,
        /// The run.
        run: RunId,
    },
    /// The object store lacks the run's manifest.
    #[error("the object store has no `{name}`; a run needs its sealed manifest, restore it")]
    NoManifest {
        /// The object's name.
        name: String,
    },
    /// The results cannot be made into an artifact.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The completion was refused.
    #[error("the completion was refused")]
    Rejected(#[from] Rejection),
    /// The state the decision was made on could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The command's id would not be accepted.
    #[error("the completion cannot be named")]
    Name(#[from] Invalid),
    /// The folding task stopped: a bug.
    #[error("the task that folds the results stopped: {reason}")]
    Stopped {
        /// What the runtime says.
        reason: String,
    },
}

/// How a run came to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// This call recorded it.
    Recorded,
    /// It was complete already.
    AlreadyComplete,
}

/// Completes runs on behalf of one user.
#[derive(Clone)]
pub(crate) struct Completer {
    pub(crate) journal: Arc<dyn Journal>,
    /// Who the log says completed the run.
    pub(crate) actor: UserId,
}

impl Completer {
    /// Completes a run that is due.
    pub(crate) async fn complete(&self, org: &OrgId, run: RunId) -> Result<Completion, CompleteError> {
        loop {
            let (state, _directory) = self.read(org, run).await?;
            if state.completed.is_some() {
                return Ok(Completion::AlreadyComplete);
            }
            let cancelled = state.cancelled.is_some();
            let artifact = self.fold(org, state).await?;
            let name = format!("artifact/{run}/{}", artifact.reference.digest);
            self.journal.put_object(&name, artifact.bytes.clone()).await?;
            if let Some(completion) = self.record(org, run, cancelled, &artifact).await? {
                return Ok(completion);
            }
            // The run was cancelled since it was read, and its artifact says otherwise.
        }
    }

    /// The run as its own history tells, and a directory that holds it.
    async fn read(&self, org: &OrgId, run: RunId) -> Result<(Run, MemoryDirectory), CompleteError> {
        let mut directory = MemoryDirectory::new(org.clone());
        for recorded in self.journal.history(org, &ObjectRef::new(Kind::Run, run)).await? {
            directory.apply(recorded.sequence, &recorded.commit)?;
        }
        let state = directory.run(run)?.ok_or_else(|| CompleteError::NoRun {
            org: org.clone(),
            run,
        })?;
        Ok((state, directory))
    }

    /// The artifact of what the run's conversations have come to by now.
    async fn fold(&self, org: &OrgId, run: Run) -> Result<Artifact, CompleteError> {
        let name = format!("manifest/{}", run.manifest);
        let manifest = self
            .journal
            .object(&name)
            .await?
            .ok_or(CompleteError::NoManifest { name })?;
        let keys = (0..run.plan.n_conversations()).map(|n| ConversationKey {
            org: org.clone(),
            run: run.id,
            n,
        });
        let mut batches = stream::iter(keys)
            .map(|key| async move { self.journal.result(&key).await })
            .buffered(RESULTS_AHEAD)
            .chunks(RESULTS_PER_BATCH);
        let mut builder = begin(run.clone(), manifest).await?;
        while let Some(batch) = batches.next().await {
            let mut results = Vec::with_capacity(batch.len());
            for result in batch {
                results.extend(result?.map(|stored| stored.value));
            }
            builder = add(builder, results).await?;
        }
        blocking(move || builder.finish()).await
    }

    /// Records that the run is complete. None: it is to be folded again.
    async fn record(
        &self,
        org: &OrgId,
        run: RunId,
        cancelled: bool,
        artifact: &Artifact,
    ) -> Result<Option<Completion>, CompleteError> {
        let command = Command::CompleteRun {
            id: run,
            tally: artifact.report.summary.tally,
            artifact: artifact.reference,
        };
        let command_id: CommandId = format!("complete-{run}").parse()?;
        let mut pause = FIRST_PAUSE;
        loop {
            let expected = self.journal.org_tail(org).await?;
            let (state, directory) = self.read(org, run).await?;
            if state.completed.is_some() {
                return Ok(Some(Completion::AlreadyComplete));
            }
            if state.cancelled.is_some() != cancelled {
                return Ok(None);
            }
            let context = Context {
                now: now(),
                actor: self.actor.clone(),
                command_id: command_id.clone(),
                traceparent: None,
                // A completion makes no ids.
                entropy: [0; 32],
                capabilities: Capabilities {
                    build: String::new(),
                    models: model::Models::default(),
                },
                precondition: None,
            };
            let decision = match decide(&directory, &command, &context) {
                Ok(decision) => decision,
                Err(model::DecideError::Rejected(Rejection::RunOver { .. })) => {
                    return Ok(Some(Completion::AlreadyComplete));
                }
                Err(model::DecideError::Rejected(rejection)) => return Err(rejection.into()),
                Err(model::DecideError::Read(source)) => return Err(source.into()),
            };
            match self.journal.append(&decision.commits, expected).await {
                Ok(appended) if appended.duplicate => return Ok(Some(Completion::AlreadyComplete)),
                Ok(_appended) => {
                    self.tell(org, run, artifact).await;
                    return Ok(Some(Completion::Recorded));
                }
                Err(AppendError::Conflict { expected: _ }) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(AppendError::Journal(source)) => return Err(source.into()),
            }
        }
    }

    /// Tells whoever watches. What is told is lost if nobody does, so that it could not be told is no failure.
    async fn tell(&self, org: &OrgId, run: RunId, artifact: &Artifact) {
        let payload = notice(run, artifact.report.verdict, &artifact.report.summary.tally);
        let notice = Notice {
            org: org.clone(),
            run,
            payload,
        };
        if let Err(error) = self.journal.tell(notice).await {
            tracing::debug!(org.id = %org, run.id = %run, %error, "watchers were not told that run {run} is complete");
        }
    }
}

/// What watchers are told.
#[derive(Serialize)]
struct RunCompletedNotice {
    r#type: &'static str,
    run: String,
    verdict: &'static str,
    tally: TallyField,
}

fn notice(run: RunId, verdict: RunVerdict, tally: &Tally) -> Bytes {
    let notice = RunCompletedNotice {
        r#type: "run_completed",
        run: run.to_string(),
        verdict: verdict.as_str(),
        tally: TallyField::from(tally),
    };
    serde_json::to_vec(&notice)
        .expect("strings and numbers can always be written as JSON")
        .into()
}

async fn begin(run: Run, manifest: Bytes) -> Result<Box<ArtifactBuilder>, CompleteError> {
    blocking(move || ArtifactBuilder::new(run, manifest).map(Box::new)).await
}

async fn add(
    mut builder: Box<ArtifactBuilder>,
    results: Vec<ConversationResult>,
) -> Result<Box<ArtifactBuilder>, CompleteError> {
    blocking(move || {
        for result in &results {
            builder.add(result)?;
        }
        Ok(builder)
    })
    .await
}

/// Compressing and rendering take too long to hold up the tasks that share this thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, CompleteError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(stopped) => Err(CompleteError::Stopped {
            reason: stopped.to_string(),
        }),
    }
}

fn now() -> Time {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
