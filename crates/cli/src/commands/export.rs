//! `export`: the server's objects as suite files.

use std::{fs, path::PathBuf};

use api::suite::Exported;
use model::Kind;
use serde_json::json;

use super::Setting;
use crate::{
    app::{DONE, Done},
    client::{Client, KindArgument, RequestError, label},
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
        if kind.document_kind().is_none() {
            return Err(Failure::usage(format!("a suite holds no {}", kind.0)).into());
        }
        kinds.push(kind.0);
    }
    block_on(async move {
        let client = Client::connect(setting).await?;
        let exported = export(&client, &kinds, &arguments.name).await?;
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

/// Every kind of document, each after what it names.
const KINDS: [Kind; 8] = [
    Kind::Persona,
    Kind::Scenario,
    Kind::Agent,
    Kind::ContextGraph,
    Kind::Service,
    Kind::Metric,
    Kind::UnitTest,
    Kind::UnitTestSet,
];

/// Asks for the documents at once; in parts if they are more than one message may hold.
async fn export(client: &Client, kinds: &[Kind], names: &[String]) -> Result<Exported, RequestError> {
    match ask(client, kinds, names).await {
        Err(RequestError::TooLarge(_)) => {}
        answered => return answered,
    }
    let mut documents = Vec::new();
    for kind in KINDS
        .into_iter()
        .filter(|kind| kinds.is_empty() || kinds.contains(kind))
    {
        match ask(client, &[kind], names).await {
            Ok(exported) => documents.extend(exported.documents),
            Err(RequestError::TooLarge(_)) => {
                let (objects, _more) = client.list(kind).await?;
                let wanted = |name: &String| names.is_empty() || names.contains(name);
                for name in objects.iter().map(label).filter(wanted) {
                    documents.extend(ask(client, &[kind], &[name]).await?.documents);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Exported { documents })
}

async fn ask(client: &Client, kinds: &[Kind], names: &[String]) -> Result<Exported, RequestError> {
    let kinds: Vec<&str> = kinds
        .iter()
        .filter_map(|kind| KindArgument(*kind).document_kind())
        .collect();
    client
        .query("suite", "export", &json!({ "kind": kinds, "name": names }))
        .await
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
