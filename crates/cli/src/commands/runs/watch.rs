//! `runs watch`, and following a run in general.

use std::time::Duration;

use api::run::{Instance, State};
use model::RunId;
use tokio::time::Instant;

use super::super::{
    Setting,
    run::{LONGEST_WAIT, finish},
};
use crate::{
    app::Done,
    client::Client,
    exit::Exit,
    failure::Failure,
    output::{Output, progress::Progress},
    run_view::Counts,
    runtime::{EndSignals, block_on},
    settings::Lasting,
};

/// What `runs watch` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse runs watch latest
  rehearse runs watch 65a0c1d2e3f4a5b6c7d8e9f0 --timeout 10m

Ctrl-C leaves; the run goes on. Exits like `rehearse run`.")]
pub(crate) struct Arguments {
    /// The run's id, or `latest`
    run: String,

    /// Leave after this time; the run goes on
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Lasting>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    block_on(async move {
        let client = Client::connect(setting).await?;
        let id = client.run_id(&arguments.run).await?;
        let mut signals = EndSignals::listen()?;
        let timeout = arguments.timeout.map(Lasting::duration);
        let watched = follow(
            &client,
            id,
            setting.output,
            &mut signals,
            OnSignal::Leave,
            timeout,
        )
        .await?;
        finish(&client, watched, &[], setting).await
    })
}

/// What a signal, or the end of the time, means while a run is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnSignal {
    /// The run is cancelled, and followed until it is complete. A second one leaves.
    Cancel,
    /// We leave; the run goes on.
    Leave,
}

/// What was seen of a run.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// The run when it was last seen.
    pub(crate) run: Instance,
    /// Whether everything is accounted for.
    pub(crate) is_complete: bool,
    /// How the program ends, if not as the verdict says.
    pub(crate) exit: Option<Exit>,
}

/// Follows a run until everything is accounted for, showing how far it is.
pub(crate) async fn follow(
    client: &Client,
    id: RunId,
    output: Output,
    signals: &mut EndSignals,
    on_signal: OnSignal,
    timeout: Option<Duration>,
) -> Result<Watched, Failure> {
    let mut deadline = timeout.map(|timeout| Instant::now() + timeout);
    let mut run = client.wait(id, 0, 0).await?;
    let mut progress = Progress::begin(output, run.rehearse.tally.planned);
    let mut exit = None;
    let is_complete = loop {
        let counts = Counts::from(&run.rehearse.tally);
        // The queue is read a moment after the results, so one that has just finished may still stand in it.
        let running = run.rehearse.in_flight.unwrap_or(0);
        progress.update(&counts.tally(), running.min(counts.planned - counts.finished));
        if run.rehearse.state == State::Completed {
            break true;
        }
        let longest = u64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(u64::MAX);
        let why = tokio::select! {
            next = client.wait(id, counts.finished, longest) => {
                run = next?;
                continue;
            }
            () = signals.next() => "interrupted",
            () = reached(deadline) => "the time is up",
        };
        if on_signal == OnSignal::Leave || exit.is_some() {
            exit = Some(Exit::Stopped);
            break false;
        }
        exit = Some(Exit::Stopped);
        deadline = None;
        progress.say(&format!("{why}: cancelling run {id}; once more leaves at once"));
        cancel(client, id, &mut run).await?;
    };
    progress.end();
    Ok(Watched {
        run,
        is_complete,
        exit,
    })
}

/// Cancels the run, unless it came to its end just now.
async fn cancel(client: &Client, id: RunId, run: &mut Instance) -> Result<(), Failure> {
    if let Err(error) = client.cancel(id).await {
        *run = client.wait(id, 0, 0).await?;
        if run.rehearse.state == State::Running {
            return Err(error.into());
        }
    }
    Ok(())
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
