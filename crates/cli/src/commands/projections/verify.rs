//! `projections verify`.

use std::path::Path;

use projections::{Database, Fingerprint};
use serde_json::json;

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    exit::Exit,
    failure::{Failure, chain},
    output::log,
    roles::{
        log_server::{LogServer, keys},
        open_projections,
        replay::replay,
    },
    runtime::block_on,
};

/// What `projections verify` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse projections verify --data-dir data

Makes a second view from the log, up to where the first one is, and compares every row. The
server of this data directory must be stopped. Exits with 1 if they differ.")]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: Arguments, setting: &Setting) -> Done {
    let (settings, _layers) = setting.settings(|places| places)?;
    log::start(&settings.log, setting.output)?;
    let (output, place) = (setting.output, setting.global.place.clone());
    block_on(async move {
        let data_dir = place.data_dir();
        let _held = data_dir.hold()?;
        let path = data_dir.projections_file();
        if !path.is_file() {
            return Err(
                Failure::configuration(format!("{}: there is no view yet", path.display()))
                    .help("`rehearse up` makes one.")
                    .into(),
            );
        }
        let keys = keys(&data_dir)?;
        let log_server = LogServer::start(&settings, &place, &data_dir, &keys, output).await?;
        let journal = log_server
            .server
            .journal("rehearse projections", &settings)
            .await?;
        let beside = data_dir.projections().join("verify.redb");
        remove(&beside)?;
        let kept = open_projections(&path).await?.database;
        let until = kept.sequences();
        let made = open_projections(&beside).await?.database;
        let replayed = replay(journal.as_ref(), &made.projector(), until).await;
        let compared = match replayed {
            Ok(()) => compare(kept, made).await,
            Err(error) => Err(error.into()),
        };
        remove(&beside)?;
        let stopped = log_server.stop().await;
        let (kept, made) = compared?;
        let differences = kept.differences(&made);
        let report = json!({
            "events": until.events,
            "results": until.results,
            "digest": kept.digest(),
            "differences": differences,
        });
        output.value(&report, || match differences.as_slice() {
            [] => format!(
                "every row is as the log says ({} commits, {} results)",
                until.events, until.results
            ),
            tables => format!("tables that are not as the log says: {}", tables.join(", ")),
        })?;
        if let Some(failure) = stopped {
            return Err(failure.into());
        }
        if differences.is_empty() {
            return DONE;
        }
        output.say("`rehearse projections rebuild` makes the view again.");
        Ok(Exit::Bug)
    })
}

async fn compare(kept: Database, made: Database) -> Result<(Fingerprint, Fingerprint), Failure> {
    let read = tokio::task::spawn_blocking(move || {
        let of = |database: &Database| database.view()?.fingerprint();
        Ok((of(&kept)?, of(&made)?))
    });
    let read = read
        .await
        .map_err(|lost| Failure::bug(format!("a task was lost: {lost}")))?;
    read.map_err(|error: projections::QueryError| Failure::bug(chain(&error)))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Failure::at_path(path, "cannot be removed", &source)),
    }
}
