//! `context remove`.

use serde_json::json;

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    context::{Contexts, context_name},
};

/// What `context remove` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse context remove staging

The server is not told. If the context was the current one, none is afterwards.")]
pub(crate) struct Arguments {
    /// The context
    name: String,
}

pub(super) fn run(arguments: &Arguments, setting: &Setting) -> Done {
    let name = context_name(&arguments.name)?;
    Contexts::of_user()?.remove(&name)?;
    setting
        .output
        .value(&json!({ "name": name, "done": "removed" }), || {
            format!("context {name}: removed")
        })?;
    DONE
}
