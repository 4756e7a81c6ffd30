//! The program's own log, on standard error.

use tracing_subscriber::{EnvFilter, fmt};

use super::Output;
use crate::{
    failure::Failure,
    settings::{Log, LogFormat},
};

/// Starts the log.
pub(crate) fn start(settings: &Log, output: Output) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|source| {
        Failure::configuration(format!(
            "the setting `log.filter` cannot be `{}`: {source}",
            settings.filter
        ))
    })?;
    let log = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(output.color());
    let started = match settings.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    started.map_err(|source| Failure::bug(format!("the log cannot be started: {source}")))
}
