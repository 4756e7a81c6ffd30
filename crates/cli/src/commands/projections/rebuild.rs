//! `projections rebuild`.

use projections::{OpenOptions, RebuildTarget};
use serde_json::json;

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    data_dir::make_private_dir,
    failure::{Failure, chain},
    output::log,
    roles::{
        log_server::{LogServer, keys},
        replay::{last_sequences, replay},
    },
    runtime::block_on,
};

/// What `projections rebuild` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse projections rebuild --data-dir data
  rehearse projections rebuild --data-dir server-1 \\
      --nats nats://nats.internal:4222 --nats-credentials server.creds

The server of this data directory must be stopped. The old view stays until the new one is
complete.")]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: Arguments, setting: &Setting) -> Done {
    let (settings, _layers) = setting.settings(|places| places)?;
    log::start(&settings.log, setting.output)?;
    let (output, place) = (setting.output, setting.global.place.clone());
    block_on(async move {
        let data_dir = place.data_dir();
        let _held = data_dir.hold()?;
        let keys = keys(&data_dir)?;
        let log_server = LogServer::start(&settings, &place, &data_dir, &keys, output).await?;
        let journal = log_server
            .server
            .journal("rehearse projections", &settings)
            .await?;
        make_private_dir(&data_dir.projections())?;
        let until = last_sequences(journal.as_ref())
            .await
            .map_err(|error| crate::link::journal_failure(&error))?;
        output.note(&format!(
            "reading {} commits and {} results",
            until.events, until.results
        ));
        let path = data_dir.projections_file();
        let target =
            RebuildTarget::create(&path, OpenOptions::default()).map_err(|error| unusable(&error))?;
        let projector = target.projector();
        replay(journal.as_ref(), &projector, until)
            .await
            .map_err(Failure::from)?;
        drop(projector);
        target.finish().map_err(|error| unusable(&error))?;
        let stopped = log_server.stop().await;
        output.value(
            &json!({ "events": until.events, "results": until.results }),
            || {
                format!(
                    "rebuilt from {} commits and {} results",
                    until.events, until.results
                )
            },
        )?;
        stopped.map_or(DONE, |failure| Err(failure.into()))
    })
}

fn unusable(error: &projections::OpenError) -> Failure {
    Failure::configuration(chain(error))
}
