//! `context list`.

use serde::Serialize;

use super::{super::Setting, ServerView};
use crate::{
    app::{DONE, Done},
    context::{Contexts, Transport},
    output::Table,
};

/// What `context list` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse context list
  rehearse context list --output json

* marks the current one.")]
pub(crate) struct Arguments {}

/// A context; one that cannot be used says why.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    is_current: bool,
    #[serde(flatten)]
    server: Option<ServerView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(super) fn run(setting: &Setting) -> Done {
    let output = setting.output;
    let contexts = Contexts::of_user()?;
    let current = contexts.current()?;
    let mut rows = Vec::new();
    for name in contexts.names()? {
        let read = contexts.read(&name);
        let server = read.as_ref().ok().map(|credentials| {
            let transport = match credentials.nats_url {
                Some(_) => Transport::Bus,
                None => Transport::Http,
            };
            ServerView::of(transport, credentials)
        });
        rows.push(Row {
            is_current: current.as_ref() == Some(&name),
            name: name.to_string(),
            server,
            problem: read.err().map(|failure| failure.message),
        });
    }
    output.value(&rows, || table(&rows))?;
    if rows.is_empty() {
        output.note("there is no context; `rehearse context add` makes one");
    }
    DONE
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new(&["", "name", "over", "server", "organization", "user"]);
    for row in rows {
        let mark = if row.is_current { "*" } else { "" };
        let [over, server, organization, user] = match (&row.server, &row.problem) {
            (Some(server), _) => [
                server.transport,
                &server.server,
                &server.organization_id,
                &server.user_id,
            ],
            (None, Some(problem)) => ["?", problem, "", ""],
            (None, None) => ["?", "", "", ""],
        };
        table.row([mark, &row.name, over, server, organization, user]);
    }
    table.render()
}
