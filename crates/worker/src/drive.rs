//! Driving one conversation: finds out whether it is to be held and how far it has come, claims it, and has it held until something
//! stops it.

mod conversation;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use conversation::{Conversation, Held};
use model::{Engine, Job, Manifest, TurnRecord};
use simulation::Briefing;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    Cast, Options, Simulation,
    failure::{Failure, chain},
    link::Link,
    manifests::Manifests,
    narrator::Narrator,
    recordings::{self, Playback},
    runs::{RunWatch, Runs},
    scribe::{Scribe, Written},
    setting::Setting,
};

/// How long an agent's session may take to close.
const MAX_CLOSE: Duration = Duration::from_secs(5);

/// What all conversations of a worker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) link: Arc<Link>,
    pub(crate) simulation: Arc<dyn Simulation>,
    pub(crate) manifests: Manifests,
    pub(crate) runs: Runs,
    pub(crate) options: Options,
}

/// How driving a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has its result.
    Concluded,
    /// Its run is over: no result is wanted.
    RunOver,
    /// Another worker has it.
    Fenced,
    /// The worker was told to stop; another one is to go on.
    Stopped,
}

/// Drives the conversation of a job until it has its result, or until it is not this worker's to drive any more.
pub(crate) async fn drive(shared: &Shared, job: &Job, stop: &CancellationToken) -> Result<Outcome, Failure> {
    let ready = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(Outcome::Stopped),
        ready = make_ready(shared, job) => ready?,
    };
    let (run, manifest) = match ready {
        Ready::ToDrive(run, manifest) => (run, manifest),
        Ready::Not(outcome) => return Ok(outcome),
    };
    let setting = Setting::find(&manifest, &job.key)?;
    let halt = Halt { run: &run, stop };
    let recording = tokio::select! {
        biased;
        outcome = halt.reached() => return Ok(outcome),
        opened = recordings::open(&shared.link, &manifest, &job.key) => opened?,
    };
    let setting = setting.recorded(recording.as_deref());
    let taken = tokio::select! {
        biased;
        outcome = halt.reached() => return Ok(outcome),
        taken = take_over(shared, setting) => taken?,
    };
    let Some((scribe, engine)) = taken else {
        return Ok(Outcome::Fenced);
    };
    tracing::Span::current().record("attempt", engine.attempts());
    let started_at = engine.started_at().unwrap_or_default();
    let mut conversation = Conversation {
        shared,
        setting,
        scribe,
        narrator: Narrator::new(&shared.link, &job.key),
        engine,
        halt,
    };
    loop {
        // Every attempt has a cast of its own: another session of the agent, another simulated user.
        let attempt = conversation.engine.attempts();
        let briefing = Briefing::from_manifest(&manifest, &job.key, attempt, started_at)
            .map_err(|error| Failure::lasting(chain(&error)))?;
        let cast = Arc::clone(&shared.simulation).cast(briefing);
        let mut cast: Box<dyn Cast> = match &recording {
            Some(recording) => Box::new(Playback::new(Arc::clone(recording), cast)),
            None => cast,
        };
        let held = tokio::select! {
            biased;
            outcome = halt.reached() => Ok(Held::Over(outcome)),
            held = conversation.hold(&mut *cast) => held,
        };
        if timeout(MAX_CLOSE, cast.close()).await.is_err() {
            tracing::debug!("the agent's session did not close in time");
        }
        match held? {
            Held::Over(outcome) => return Ok(outcome),
            Held::StartAgain => {
                if conversation.start_again().await? == Written::Fenced {
                    return Ok(Outcome::Fenced);
                }
            }
        }
    }
}

enum Ready {
    ToDrive(Arc<RunWatch>, Arc<Manifest>),
    Not(Outcome),
}

/// Finds out whether the conversation is to be held, and what it is.
async fn make_ready(shared: &Shared, job: &Job) -> Result<Ready, Failure> {
    let key = &job.key;
    let link = &*shared.link;
    if link.ride_out(|| link.journal().has_result(key)).await? {
        return Ok(Ready::Not(Outcome::Concluded));
    }
    let run = shared
        .runs
        .watch(&key.org, key.run)
        .await?
        .ok_or_else(|| Failure::new(format!("the log has no run {}/{}", key.org, key.run)))?;
    if run.is_over() {
        return Ok(Ready::Not(Outcome::RunOver));
    }
    let manifest = shared.manifests.open(link, job.manifest).await?;
    Ok(Ready::ToDrive(run, manifest))
}

/// Reads how far the conversation has come and claims it; none: another worker was faster.
async fn take_over<'a>(
    shared: &'a Shared,
    setting: Setting<'a>,
) -> Result<Option<(Scribe<'a>, Engine)>, Failure> {
    let link = &*shared.link;
    let (records, last_sequence) = link.ride_out(|| link.journal().turns(setting.key)).await?;
    let mut engine = setting.engine(shared.options.max_transcript_bytes);
    for record in records {
        engine.apply(record);
    }
    let resumed = engine.attempts() > 0;
    let claim = TurnRecord::Claimed {
        worker: shared.options.name.to_string(),
        at: shared.options.clock.now(),
        restart: setting.must_restart(&engine),
    };
    let mut scribe = Scribe::new(link, setting.key, last_sequence);
    match scribe.write(&claim).await? {
        Written::Fenced => return Ok(None),
        Written::Stored => engine.apply(claim),
    }
    Narrator::new(link, setting.key)
        .started(&setting, &shared.options.name, resumed)
        .await;
    Ok(Some((scribe, engine)))
}

/// What stops a conversation from outside.
#[derive(Clone, Copy)]
struct Halt<'a> {
    run: &'a RunWatch,
    stop: &'a CancellationToken,
}

impl Halt<'_> {
    async fn reached(&self) -> Outcome {
        tokio::select! {
            biased;
            () = self.run.over() => Outcome::RunOver,
            () = self.stop.cancelled() => Outcome::Stopped,
        }
    }

    /// The same, asked once: a conversation whose steps never wait would not be seen to be stopped otherwise.
    fn is_reached(&self) -> Option<Outcome> {
        if self.run.is_over() {
            Some(Outcome::RunOver)
        } else {
            self.stop.is_cancelled().then_some(Outcome::Stopped)
        }
    }
}
