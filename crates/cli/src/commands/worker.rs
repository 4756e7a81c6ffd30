//! `worker`: workers alone.

use std::sync::Arc;

use journal::Journal;

use crate::{
    app::Done,
    commands::Setting,
    link::Link,
    output::log,
    roles::{Running, run_until_signal, start_workers},
};

/// What `worker` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse worker --data-dir data   beside `rehearse up --data-dir data`, on the same machine
  rehearse worker --nats nats://nats.internal:4222 --nats-credentials worker.creds
  REHEARSE__WORKER__CONCURRENCY=16 rehearse worker --data-dir data

Programs that agents name (`stdio`) are started by the worker, relative to its working
directory. `secret.NAME` in agents is read from its environment.")]
pub(crate) struct Arguments {
    /// How many workers to start in this process
    #[arg(long, value_name = "N")]
    workers: Option<u32>,

    /// The most conversations that each holds at once
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let (settings, _layers) = setting.settings(|places| {
        places
            .flag("--workers", "worker.workers", arguments.workers)
            .flag("--concurrency", "worker.concurrency", arguments.concurrency)
    })?;
    log::start(&settings.log, setting.output)?;
    let place = setting.global.place.clone();
    run_until_signal(setting.output, async move {
        let found = place.find()?;
        let link = Link::of_role(&found, found.credentials.worker.as_ref(), &place)?;
        let journal: Arc<dyn Journal> = link.journal("rehearse worker", &settings).await?;
        let mut workers = Running::default();
        start_workers(&journal, &settings, false, &mut workers)?;
        let ready = format!(
            "{} worker(s) ready, {} conversations each",
            settings.worker.workers, settings.worker.concurrency
        );
        Ok((workers, ready))
    })
}
