//! Where an imported suite goes: to standard output, to a file, to a directory, or to a server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::suite::{Changes, Document, Exported};
use model::MAX_OBJECTS;
use serde_json::json;

use super::{
    super::{Setting, apply},
    parts::{Division, Part, divide},
};
use crate::{
    client::Client,
    failure::Failure,
    output::{Format, Output, WriteError},
    runtime::block_on,
};

/// The kind of document that a service is.
const SERVICE: &str = "Service";

/// Where a suite goes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Destination {
    /// Write to a file (.yaml or .yml) or to a directory instead of standard output
    #[arg(short = 'o', long = "to", value_name = "PATH", conflicts_with = "apply")]
    to: Option<PathBuf>,

    /// Make the server hold the suite at once
    #[arg(long)]
    apply: bool,

    /// With --apply: show what would change, and change nothing
    #[arg(long, requires = "apply")]
    dry_run: bool,
}

/// What has become of a suite.
#[derive(Debug)]
pub(super) enum Delivered {
    /// It stands on standard output.
    Printed,
    /// It stands in these files, which are applied together, or in their order if there are too many documents.
    Written {
        /// What was named.
        to: PathBuf,
        /// The files.
        files: Vec<String>,
        /// They can be applied together.
        together: bool,
    },
    /// The server holds it, or would.
    Applied {
        /// What has changed.
        changes: Changes,
        /// It was only asked what would.
        dry_run: bool,
    },
}

impl Destination {
    /// Whether the suite goes to standard output, so that nothing else may.
    pub(super) const fn is_stdout(&self) -> bool {
        self.to.is_none() && !self.apply
    }

    /// Delivers a suite. `service` must exist on the server; none: the suite brings its own.
    pub(super) fn deliver(
        &self,
        documents: &[Document],
        service: Option<&str>,
        setting: &Setting,
    ) -> Result<Delivered, WriteError> {
        if self.apply {
            let parts = divide(documents, Division::Fewest)?;
            return send(&parts, service, self.dry_run, setting);
        }
        let Some(to) = &self.to else {
            print(documents, setting.output)?;
            return Ok(Delivered::Printed);
        };
        let is_file = to
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_file {
            let part = whole(divide(documents, Division::Fewest)?, documents.len())?;
            write(to, &part.text)?;
            return Ok(Delivered::Written {
                to: to.clone(),
                files: vec![to.display().to_string()],
                together: true,
            });
        }
        let parts = divide(documents, Division::ByTopic)?;
        Ok(Delivered::Written {
            to: to.clone(),
            files: write_directory(to, &parts)?,
            together: documents.len() <= MAX_OBJECTS,
        })
    }
}

/// Has the server hold the parts, one after the other, or only says what would change. `service` must exist on the server; none: the
/// suite brings its own.
pub(super) fn send(
    parts: &[Part],
    service: Option<&str>,
    dry_run: bool,
    setting: &Setting,
) -> Result<Delivered, WriteError> {
    if dry_run && parts.len() > 1 {
        return Err(Failure::usage(format!(
            "the suite is applied in {} parts, of which the later ones name what the earlier ones make, so nothing can be said about them beforehand",
            parts.len()
        ))
        .help("Leave out --dry-run, or import less at once.")
        .into());
    }
    block_on(async {
        let client = Client::connect(setting).await?;
        if let Some(service) = service {
            require_service(&client, service).await?;
        }
        let mut changes = Changes { changes: Vec::new() };
        for (index, part) in parts.iter().enumerate() {
            let sent = apply::send(&client, &part.suite, !dry_run, setting.output).await;
            match sent {
                Ok(done) => changes.changes.extend(done.changes),
                Err(mut failure) => {
                    if index > 0 {
                        failure.message = format!(
                            "{} (of part {} of {}; the parts before it have been applied)",
                            failure.message,
                            index + 1,
                            parts.len()
                        );
                    }
                    return Err(failure.into());
                }
            }
        }
        Ok(Delivered::Applied { changes, dry_run })
    })
}

/// The tests name this service; without it every single one would be refused.
async fn require_service(client: &Client, service: &str) -> Result<(), Failure> {
    let request = json!({ "kind": [SERVICE], "name": [service] });
    let found: Exported = client.query("suite", "export", &request).await?;
    if !found.documents.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "the tests are for service `{service}`, which does not exist; nothing was changed"
    ))
    .help("Name the agent under test with --agent (a file or the name of an agent), or an existing service with --service."))
}

/// The suite as one part.
fn whole(mut parts: Vec<Part>, n_documents: usize) -> Result<Part, Failure> {
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => Ok(part),
        (_, _) => Err(Failure::usage(format!(
            "the suite has {n_documents} documents, more than a server takes at once ({MAX_OBJECTS}, or 5 MiB)"
        ))
        .help("Write it to a directory (`--to DIR`), or apply it in parts with --apply.")),
    }
}

fn print(documents: &[Document], output: Output) -> Result<(), WriteError> {
    let part = whole(divide(documents, Division::Fewest)?, documents.len())?;
    match output.format() {
        Format::Table | Format::Yaml => output.data(&part.text),
        Format::Json => {
            let text = serde_json::to_string_pretty(documents)
                .map_err(|source| Failure::bug(format!("the documents cannot be written: {source}")))?;
            output.data(&text)
        }
    }
}

/// Writes one file per part. Suite files that are not of this suite would be applied with it, so there must be none.
fn write_directory(directory: &Path, parts: &[Part]) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(index, part)| format!("{:02}-{}.yaml", index + 1, part.topic))
        .collect();
    fs::create_dir_all(directory)
        .map_err(|source| Failure::at_path(directory, "the directory cannot be made", &source))?;
    let failed = |source: std::io::Error| Failure::at_path(directory, "cannot be read", &source);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        let is_suite = name.ends_with(".yaml") || name.ends_with(".yml");
        if is_suite && !names.iter().any(|own| *own == name) {
            return Err(Failure::usage(format!(
                "{}: holds `{name}`, which is not of this suite; nothing was written",
                directory.display()
            ))
            .help("Name another directory, or move the file away."));
        }
    }
    let mut files = Vec::with_capacity(names.len());
    for (name, part) in names.iter().zip(parts) {
        let path = directory.join(name);
        write(&path, &part.text)?;
        files.push(path.display().to_string());
    }
    Ok(files)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|source| Failure::at_path(path, "cannot be written", &source))
}
