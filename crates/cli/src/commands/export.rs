//! `export`: the server's objects as suite files.

use std::{fs, path::PathBuf};

use api::suite::Exported;
use serde_json::json;

use super::Setting;
use crate::{
    app::{DONE, Done},
    client::{Client, KindArgument},
    failure::Failure,
    output::Format,
    runtime::block_on,
};

/// What `export` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse export > suite.yaml
  rehearse export persona scenario -o people.yaml
  rehearse export unit-test --name \"says when a parcel comes\"

Applying what was exported changes nothing.")]
pub(crate) struct Arguments {
    /// Only these kinds
    kinds: Vec<KindArgument>,

    /// Only objects of this name; may be repeated
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,

    /// Write to a file instead of standard output
    #[arg(short = 'o', long = "to", value_name = "FILE")]
    to: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let mut kinds = Vec::new();
    for kind in &arguments.kinds {
        let document = kind.document_kind();
        kinds.push(document.ok_or_else(|| Failure::usage(format!("a suite holds no {}", kind.0)))?);
    }
    block_on(async move {
        let client = Client::connect(setting).await?;
        let request = json!({ "kind": kinds, "name": arguments.name });
        let exported: Exported = client.query("suite", "export", &request).await?;
        let text = match output.format() {
            Format::Json => serde_json::to_string_pretty(&exported.documents)
                .map_err(|source| Failure::bug(format!("the documents cannot be written: {source}")))?,
            Format::Table | Format::Yaml => documents(&exported)?,
        };
        match &arguments.to {
            Some(path) => fs::write(path, text)
                .map_err(|source| Failure::at_path(path, "cannot be written", &source))?,
            None => output.data(&text)?,
        }
        output.note(&format!("{} documents", exported.documents.len()));
        DONE
    })
}

fn documents(exported: &Exported) -> Result<String, Failure> {
    let mut text = String::new();
    for document in &exported.documents {
        let yaml = serde_saphyr::to_string(document)
            .map_err(|source| Failure::bug(format!("a document cannot be written: {source}")))?;
        text.push_str("---\n");
        text.push_str(yaml.trim_end());
        text.push('\n');
    }
    Ok(text)
}
