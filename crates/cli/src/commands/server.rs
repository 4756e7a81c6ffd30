//! `server`: a server alone, on a nats-server that runs already.

use crate::{
    app::Done,
    commands::{
        Setting,
        up::{HttpArguments, run_installation},
    },
    failure::Failure,
};

/// What `server` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse server --data-dir server-1 \\
      --nats nats://nats.internal:4222 --nats-credentials server.creds

It executes commands, answers queries and admits conversations. Its data directory holds only
what it can make again from the log, and the credentials for clients. Any number of servers may
run, each with a data directory of its own.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    http: HttpArguments,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    if setting.global.place.nats_url.is_none() {
        return Err(Failure::usage(
            "a server alone needs a nats-server that runs already: name it with --nats URL",
        )
        .help("`rehearse up` starts one of its own.")
        .into());
    }
    let (settings, _layers) = setting.settings(|places| arguments.http.flags(places))?;
    run_installation(settings, false, setting)
}
