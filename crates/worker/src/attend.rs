//! Attending to one job: has its conversation driven, shows that it is being worked on, and settles what becomes of it.

use std::{sync::Arc, time::Duration};

use journal::{JournalError, Lease, Published};
use model::{DeadLetter, EndReason, Engine, EngineOptions, InitialMessageType, Job, JobFailure, PlannedTest};
use simulation::Judged;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;

use crate::{
    backoff::after_failures,
    drive::{Outcome, Shared, drive},
    failure::Failure,
    narrator::Narrator,
    result::Ended,
};

/// Attends to a job until it is settled, or left to whoever is handed it next.
pub(crate) async fn attend(shared: Arc<Shared>, lease: Arc<dyn Lease>, stop: CancellationToken) {
    let key = lease.job().key.clone();
    let span = tracing::info_span!(
        "conversation",
        run.id = %key.run,
        conversation.n = key.n,
        worker.id = %shared.options.name,
        attempt = tracing::field::Empty,
    );
    let work = async {
        let heartbeat = AbortOnDropHandle::new(tokio::spawn(
            keep_alive(Arc::clone(&shared), Arc::clone(&lease)).in_current_span(),
        ));
        let outcome = outcome(&shared, &lease, &stop).await;
        // What is settled late was handed to another worker meanwhile.
        let limit = shared.link.journal().lease_duration();
        if timeout(limit, settle(&shared, &*lease, outcome)).await.is_err() {
            tracing::warn!("the job could not be settled in time; it will be handed out again");
        }
        drop(heartbeat);
    };
    work.instrument(span).await;
}

async fn outcome(
    shared: &Arc<Shared>,
    lease: &Arc<dyn Lease>,
    stop: &CancellationToken,
) -> Result<Outcome, Failure> {
    if lease.deliveries() > shared.options.max_deliveries {
        return Err(Failure::lasting(format!(
            "the job was handed out {} times and every worker was lost with it",
            lease.deliveries() - 1
        )));
    }
    // A task of its own, so that a panic is an outcome too.
    let (shared, lease, stop) = (Arc::clone(shared), Arc::clone(lease), stop.clone());
    let driving = async move { drive(&shared, lease.job(), &stop).await };
    let driving = AbortOnDropHandle::new(tokio::spawn(driving.in_current_span()));
    driving
        .await
        .unwrap_or_else(|error| match error.try_into_panic() {
            Ok(payload) => Err(Failure::panicked(&*payload)),
            // Only a runtime that shuts down cancels the task.
            Err(_cancelled) => Ok(Outcome::Stopped),
        })
}

/// Shows that the job is being worked on, for ever. A lease that is lost all the same does no harm: entries are fenced.
async fn keep_alive(shared: Arc<Shared>, lease: Arc<dyn Lease>) {
    let period = shared
        .options
        .heartbeat
        .unwrap_or_else(|| shared.link.journal().lease_duration() / 3)
        .max(Duration::from_millis(1));
    let mut is_failing = false;
    loop {
        tokio::time::sleep(period).await;
        match lease.progress().await {
            Ok(()) => is_failing = false,
            Err(error) => {
                if !is_failing {
                    tracing::warn!(%error, "the lease cannot be renewed for now");
                }
                is_failing = true;
            }
        }
    }
}

async fn settle(shared: &Shared, lease: &dyn Lease, outcome: Result<Outcome, Failure>) {
    let settled = match outcome {
        Ok(Outcome::Concluded | Outcome::RunOver) => shared.link.ride_out(|| lease.done()).await,
        Ok(Outcome::Stopped) => shared.link.ride_out(|| lease.release()).await,
        Ok(Outcome::Fenced) => {
            tracing::info!("another worker has taken the conversation over");
            Ok(())
        }
        Err(failure) => failed(shared, lease, failure).await,
    };
    if let Err(error) = settled {
        tracing::error!(%error, "the job could not be settled; it will be handed out again");
    }
}

/// Tries again later, or gives up.
async fn failed(shared: &Shared, lease: &dyn Lease, failure: Failure) -> Result<(), JournalError> {
    let now = shared.options.clock.now();
    let mut job = lease.job().clone();
    job.failures.push(JobFailure {
        worker: shared.options.name.to_string(),
        at: now,
        cause: failure.cause.clone(),
    });
    let n_failures = job.failures.len();
    let has_tries_left = u32::try_from(n_failures).is_ok_and(|n| n < shared.options.max_failures);
    if has_tries_left && !failure.lasting {
        let delay = after_failures(shared.options.retry_delay, n_failures);
        tracing::warn!(
            cause = failure.cause,
            n_failures,
            ?delay,
            "the job failed; trying again later"
        );
        let at = now.plus_millis(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
        return shared.link.ride_out(|| lease.retry(job.clone(), at)).await;
    }
    tracing::error!(cause = failure.cause, n_failures, "the job is given up");
    // First the result, or the run would wait for it for ever.
    conclude_without(shared, &job, &failure).await?;
    let letter = DeadLetter { job, at: now };
    shared.link.ride_out(|| lease.dead_letter(letter.clone())).await
}

/// Publishes the errored result of a conversation that could not be held, unless nobody waits for one.
async fn conclude_without(shared: &Shared, job: &Job, failure: &Failure) -> Result<(), JournalError> {
    let key = &job.key;
    let Some(run) = shared.runs.watch(&key.org, key.run).await? else {
        return Ok(());
    };
    if run.is_over() {
        return Ok(());
    }
    let located = run.plan.as_ref().and_then(|plan| {
        let (test_idx, run_index) = plan.locate(key.n)?;
        Some((plan.tests.get(test_idx)?, test_idx, run_index))
    });
    let Some((test, test_idx, run_index)) = located else {
        tracing::error!("the run has no such conversation; its job leaves no result");
        return Ok(());
    };
    let engine = replay(shared, job, test).await;
    let ended = Ended {
        key,
        test,
        test_idx,
        run_index,
        worker: shared.options.name.as_str(),
        end: EndReason::Infrastructure {
            cause: failure.cause.clone(),
        },
        found: Judged::default(),
        finished_at: shared.options.clock.now(),
    };
    let mut result = ended.into_result(engine);
    let link = &*shared.link;
    let mut published = link
        .ride_out(|| link.journal().publish_result(&key.org, &result))
        .await;
    if matches!(published, Err(JournalError::TooLarge { .. })) {
        // The transcript stays readable in the conversation's journal.
        result.turns.clear();
        published = link
            .ride_out(|| link.journal().publish_result(&key.org, &result))
            .await;
    }
    match published? {
        Published::Stored(_sequence) => Narrator::new(link, key).finished(result.verdict).await,
        Published::AlreadyThere => {}
    }
    Ok(())
}

/// What is known to have been said. Without its journal the conversation is given up all the same.
async fn replay(shared: &Shared, job: &Job, test: &PlannedTest) -> Engine {
    let mut engine = Engine::new(EngineOptions {
        max_interactions: test.max_interactions,
        initial_message_type: InitialMessageType::UserMessage,
        max_transcript_bytes: shared.options.max_transcript_bytes,
        max_reruns: 0,
    });
    let link = &*shared.link;
    match link.ride_out(|| link.journal().turns(&job.key)).await {
        Ok((records, _last_sequence)) => records.into_iter().for_each(|record| engine.apply(record)),
        Err(error) => {
            tracing::error!(%error, "the conversation's journal cannot be read; its result has no turns")
        }
    }
    engine
}
