//! `validate`: what can be said about suite files without a server.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    app::{DONE, Done},
    failure::Failure,
    output::Output,
    suite_files::{self, Suite},
};

/// The files of a suite.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Files {
    /// A suite file, a directory of them (every *.yaml and *.yml below), or - for standard input; may be repeated
    #[arg(short = 'f', long = "file", value_name = "FILE|DIR|-", required = true)]
    files: Vec<PathBuf>,
}

impl Files {
    /// Reads and checks the files; tells people what is wrong or may be.
    pub(crate) fn read(&self, output: Output) -> Result<Suite, Failure> {
        read(&self.files, output)
    }
}

/// Reads and checks the files of a suite; tells people what is wrong or may be.
pub(super) fn read(files: &[PathBuf], output: Output) -> Result<Suite, Failure> {
    let sources = suite_files::find(files)?;
    match suite_files::read(sources) {
        Ok(suite) if suite.documents.is_empty() => Err(Failure::configuration("the files hold no document")
            .help("`rehearse init` makes a suite to start from.")),
        Ok(suite) => Ok(suite),
        Err(report) => {
            for line in report.lines(output.snippets()) {
                output.say(&line);
            }
            Err(report.failure())
        }
    }
}

/// What `validate` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse validate -f suite
  rehearse validate -f personas.yaml -f tests.yaml
  generate-suite | rehearse validate -f -")]
pub(crate) struct Arguments {
    #[command(flatten)]
    files: Files,
}

#[derive(Serialize)]
struct Finding {
    documents: usize,
    warnings: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Done {
    let suite = arguments.files.read(output)?;
    let result = Finding {
        documents: suite.documents.len(),
        warnings: suite.warnings.lines(false),
    };
    for warning in &result.warnings {
        output.note(&format!("{} {warning}", output.paint("warning:", "33")));
    }
    output.value(&result, || match result.documents {
        1 => "1 document is valid".to_owned(),
        n_documents => format!("{n_documents} documents are valid"),
    })?;
    DONE
}
