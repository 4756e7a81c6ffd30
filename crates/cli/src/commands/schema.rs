//! `schema`: the JSON Schema of suite files, for editors.

use crate::{
    app::{DONE, Done},
    failure::Failure,
    output::Output,
};

/// What `schema` takes: nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse schema > rehearse.schema.json

  In an editor with a YAML language server, as the first line of a suite file:
  # yaml-language-server: $schema=rehearse.schema.json")]
pub(crate) struct Arguments {}

pub(crate) fn run(output: Output) -> Done {
    let schema = serde_json::to_string_pretty(&api::suite::suite_schema())
        .map_err(|source| Failure::bug(format!("the schema cannot be written: {source}")))?;
    output.data(&schema)?;
    DONE
}
