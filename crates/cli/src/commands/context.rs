//! `context`: names for servers, and the current one.

mod add;
mod list;
mod remove;
mod show;
mod r#use;

use serde::Serialize;

use super::Setting;
use crate::{
    app::Done,
    context::{Found, Transport},
    credentials::Credentials,
};

/// Which server is talked to, for the help text.
pub(crate) const ORDER: &str = "\
A context is what is needed to enter one server: ~/.config/rehearse/contexts/NAME.json, in the form
of the credentials.json that servers write. One with a nats-server is entered over the bus, any
other over HTTP.

Commands talk to the server that is named by, the first that is there:
  1. --server, --nats, --data-dir or --context
  2. REHEARSE_SERVER, REHEARSE_NATS_URL, REHEARSE_DATA_DIR or REHEARSE_CONTEXT
  3. the directory rehearse-data, if there is one where they are run
  4. the current context";

/// The commands about contexts.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the contexts
    List(list::Arguments),
    /// Talk to this server from now on
    Use(r#use::Arguments),
    /// Show which server is talked to, and as whom
    Show(show::Arguments),
    /// Give a server a name
    Add(add::Arguments),
    /// Forget a context
    Remove(remove::Arguments),
}

pub(crate) fn run(command: Command, setting: &Setting) -> Done {
    match command {
        Command::List(_) => list::run(setting),
        Command::Use(arguments) => r#use::run(&arguments, setting),
        Command::Show(arguments) => show::run(arguments, setting),
        Command::Add(arguments) => add::run(&arguments, setting),
        Command::Remove(arguments) => remove::run(&arguments, setting),
    }
}

/// A way to a server, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ServerView {
    transport: &'static str,
    server: String,
    organization_id: String,
    user_id: String,
    api_key_id: Option<String>,
}

impl ServerView {
    fn of(transport: Transport, credentials: &Credentials) -> Self {
        let (transport, server) = match transport {
            Transport::Bus => ("bus", &credentials.nats_url),
            Transport::Http => ("http", &credentials.base_url),
        };
        Self {
            transport,
            server: server.as_deref().map(shown_url).unwrap_or_default(),
            organization_id: credentials.organization_id.to_string(),
            user_id: credentials.user_id.to_string(),
            api_key_id: credentials.api_key_id.map(|id| id.to_string()),
        }
    }

    fn of_found(found: &Found) -> Self {
        Self::of(found.transport, &found.credentials)
    }
}

/// A URL without its user and password.
pub(super) fn shown_url(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (_, _) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        assert_eq!(shown_url("nats://ann:secret@host:4222"), "nats://host:4222");
        assert_eq!(shown_url("nats://host:4222"), "nats://host:4222");
    }
}
