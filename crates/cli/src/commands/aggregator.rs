//! `aggregator`: an aggregator alone.

use crate::{
    app::Done,
    commands::Setting,
    link::Link,
    output::log,
    roles::{Running, run_until_signal, start_aggregator},
};

/// What `aggregator` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse aggregator --data-dir data
      beside `rehearse up --data-dir data`, on the same machine
  rehearse aggregator --nats nats://nats.internal:4222 --nats-credentials aggregator.creds

Any number of aggregators may run: they make the same bytes, and each run is completed once.")]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: Arguments, setting: &Setting) -> Done {
    let (settings, _layers) = setting.settings(|places| places)?;
    log::start(&settings.log, setting.output)?;
    let place = setting.global.place.clone();
    run_until_signal(setting.output, async move {
        let found = place.find()?;
        let link = Link::of_role(&found, found.credentials.aggregator.as_ref(), &place)?;
        let journal = link.journal("rehearse aggregator", &settings).await?;
        let mut aggregators = Running::default();
        start_aggregator(journal, &settings, &mut aggregators);
        Ok((aggregators, "the aggregator is ready".to_owned()))
    })
}
