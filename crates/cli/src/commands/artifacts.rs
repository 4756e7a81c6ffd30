//! `artifacts`: downloads the artifact of a finished run.

use std::path::PathBuf;

use super::Setting;
use crate::{
    app::{DONE, Done},
    artifact_file::{Part, Target},
    client::Client,
    runtime::block_on,
};

/// What `artifacts` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse artifacts latest -o run.zip
  rehearse artifacts 65a0c1d2e3f4a5b6c7d8e9f0 -o results.junit.xml -o report.html

The artifact is a zip with run.json, conversations.jsonl, metrics.csv, junit.xml, report.html
(opens offline) and manifest.json. What is downloaded is checked against its digest.")]
pub(crate) struct Arguments {
    /// The run's id, or `latest`
    run: String,

    /// The file to write: .zip (everything), .junit.xml, .json, .html, .csv or .jsonl; may be repeated
    #[arg(short = 'o', long = "to", value_name = "FILE", required = true)]
    to: Vec<PathBuf>,

    /// What to write, whatever the file's suffix
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Part>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let targets: Vec<Target> = arguments
        .to
        .iter()
        .map(|path| Target::of(path, arguments.format))
        .collect::<Result<_, _>>()?;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let id = client.run_id(&arguments.run).await?;
        let artifact = client.artifact(id).await?;
        for target in &targets {
            target.write(&artifact)?;
        }
        let written: Vec<String> = targets
            .iter()
            .map(|target| target.path().display().to_string())
            .collect();
        output.value(&written, || written.join("\n"))?;
        DONE
    })
}
