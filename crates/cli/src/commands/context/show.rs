//! `context show`.

use serde::Serialize;

use super::{super::Setting, ServerView};
use crate::{
    app::{DONE, Done},
    context::Where,
    output::printable,
};

/// What `context show` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse context show                which server commands talk to here, and why
  rehearse context show staging
  rehearse context show --data-dir data --output json

Secrets are not shown.")]
pub(crate) struct Arguments {
    /// The context; without it, the server that commands talk to
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct View {
    found_by: String,
    #[serde(flatten)]
    server: ServerView,
}

pub(super) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let place = &setting.global.place;
    let found = match arguments.name {
        Some(name) => Where {
            context: Some(name),
            typed: vec!["context"],
            ..place.clone()
        }
        .find()?,
        None => place.find()?,
    };
    let view = View {
        server: ServerView::of_found(&found),
        found_by: found.how,
    };
    setting.output.value(&view, || {
        let server = &view.server;
        let lines = [
            ("found by", view.found_by.as_str()),
            ("over", server.transport),
            ("server", &server.server),
            ("organization", &server.organization_id),
            ("user", &server.user_id),
            ("API key", server.api_key_id.as_deref().unwrap_or("none")),
        ];
        lines
            .map(|(key, value)| format!("{key:<13} {}", printable(value)))
            .join("\n")
    })?;
    DONE
}
