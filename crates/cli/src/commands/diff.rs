//! `diff`: what applying suite files would change.

use api::suite::DifferenceWord;

use super::{
    Setting,
    apply::{send, show, summary},
    validate::Files,
};
use crate::{app::Done, client::Client, exit::Exit, runtime::block_on};

/// What `diff` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse diff -f suite
  rehearse diff -f suite --exit-code      exits with 100 if there are differences

+ is made, ~ gets a new version or is updated (with the fields that differ), = is as the files
say.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    files: Files,

    /// Exit with 100 if there are differences
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let suite = arguments.files.read(output)?;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let changes = send(&client, &suite, false, output).await?;
        show(&changes, output)?;
        output.note(&summary(&changes, "applying would leave"));
        let differs = changes
            .changes
            .iter()
            .any(|change| change.difference != DifferenceWord::Unchanged);
        Ok(if arguments.exit_code && differs {
            Exit::CriteriaFailed
        } else {
            Exit::Passed
        })
    })
}
