//! One object by its name, as it stands in suite files or on a server.

use std::path::PathBuf;

use api::suite::{Exported, read_object};
use model::{Kind, SuiteObject};
use serde_json::json;

use super::Setting;
use crate::{
    client::{Client, KindArgument},
    failure::Failure,
    suite_files,
};

/// Where an object is looked for.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Source {
    /// Look in a suite file or a directory of them instead of asking a server; may be repeated
    #[arg(short = 'f', long = "file", value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

impl Source {
    /// The object of this kind and name.
    pub(crate) async fn find(
        &self,
        setting: &Setting,
        kind: Kind,
        name: &str,
    ) -> Result<SuiteObject, Failure> {
        if self.files.is_empty() {
            return ask(setting, kind, name).await;
        }
        let suite = suite_files::read(suite_files::find(&self.files)?).map_err(|report| {
            for line in report.lines(setting.output.snippets()) {
                setting.output.say(&line);
            }
            report.failure()
        })?;
        let mut objects = suite.documents.into_iter().map(|document| document.object);
        objects
            .find(|object| object.spec.kind() == kind && object.name.as_str() == name)
            .ok_or_else(|| Failure::configuration(format!("the files hold no {kind} `{name}`")))
    }
}

async fn ask(setting: &Setting, kind: Kind, name: &str) -> Result<SuiteObject, Failure> {
    let client = Client::connect(setting).await?;
    let kinds: Vec<&str> = KindArgument(kind).document_kind().into_iter().collect();
    let exported: Exported = client
        .query("suite", "export", &json!({ "kind": kinds, "name": [name] }))
        .await?;
    let document = exported
        .documents
        .first()
        .ok_or_else(|| Failure::configuration(format!("the server has no {kind} `{name}`")))?;
    let value = serde_json::to_value(document)
        .map_err(|source| Failure::bug(format!("the server's document cannot be read: {source}")))?;
    read_object(&value)
        .map_err(|errors| Failure::bug(format!("the server's document of {kind} `{name}`: {errors}")))
}
