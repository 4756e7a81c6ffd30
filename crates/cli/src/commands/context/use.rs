//! `context use`.

use std::path::Path;

use serde_json::json;

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    context::{Contexts, DEFAULT_DATA_DIR, context_name},
};

/// What `context use` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse context use staging

From now on commands that name no server talk to this one. A directory `rehearse-data` where they
are run still goes before it.")]
pub(crate) struct Arguments {
    /// The context
    name: String,
}

pub(super) fn run(arguments: &Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let name = context_name(&arguments.name)?;
    Contexts::of_user()?.make_current(&name)?;
    output.value(&json!({ "name": name, "done": "current" }), || {
        format!("context {name}: current")
    })?;
    if Path::new(DEFAULT_DATA_DIR).is_dir() {
        output.note(&format!(
            "in this directory, {DEFAULT_DATA_DIR} goes before it; --context {name} goes before both"
        ));
    }
    DONE
}
