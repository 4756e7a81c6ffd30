//! `context add`.

use std::path::absolute;

use serde_json::json;

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    client::Client,
    context::{Contexts, context_name},
    credentials::Credentials,
    failure::Failure,
    runtime::block_on,
};

/// What `context add` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  REHEARSE_API_KEY=… rehearse context add staging --server https://rehearse.example.com \\
      --organization acme --user ann --api-key-id 6618791275130b73714e8db1
  rehearse context add staging --server https://rehearse.example.com --api-key-file key …
  rehearse context add local --data-dir data       a copy of data/credentials.json

The server is asked first whether it accepts that; --offline does without. What is needed to enter it
is kept in ~/.config/rehearse/contexts/NAME.json, for you only.")]
pub(crate) struct Arguments {
    /// The name: letters, digits, `-` and `_`
    name: String,

    /// Talk to it from now on
    #[arg(long = "use")]
    make_current: bool,

    /// Do not ask the server whether it accepts the credentials
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(arguments: &Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let place = &setting.global.place;
    let name = context_name(&arguments.name)?;
    let contexts = Contexts::of_user()?;
    if place.server_url.is_none() && place.nats_url.is_none() && place.data_dir.is_none() {
        return Err(Failure::usage("nothing says where the server is")
            .help("Name it with --server URL, --data-dir DIR or --nats URL.")
            .into());
    }
    let found = place.find()?;
    if found.nats_credentials.is_some() {
        return Err(
            Failure::usage("a context cannot hold a credentials file of the nats-server")
                .help("Use a user and a password, or an API key and --server URL.")
                .into(),
        );
    }
    let server_ca =
        found.credentials.server_ca.as_ref().map(|path| {
            absolute(path).map_err(|source| Failure::at_path(path, "has no absolute path", &source))
        });
    let credentials = Credentials {
        server_ca: server_ca.transpose()?,
        // Workers and aggregators are started where the data is.
        worker: None,
        aggregator: None,
        ..found.credentials.clone()
    };
    if !arguments.offline {
        let (settings, _layers) = setting.settings(|places| places)?;
        block_on(async {
            let client = Client::enter(found, setting, &settings).await?;
            let _answers: serde_json::Value = client.query("server", "status", &json!({})).await?;
            Ok(())
        })?;
    }
    let path = contexts.add(&name, &credentials)?;
    if arguments.make_current {
        contexts.make_current(&name)?;
    }
    let path = path.display().to_string();
    output.value(&json!({ "name": name, "file": path, "done": "added" }), || {
        format!("context {name}: added")
    })?;
    if !arguments.make_current {
        output.note(&format!("`rehearse context use {name}` makes it the current one"));
    }
    DONE
}
