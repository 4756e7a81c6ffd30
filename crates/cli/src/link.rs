//! Connections to the log's server, and what a refusal means for the caller.

use std::{path::PathBuf, sync::Arc};

use journal::{ConnectOptions, Credentials as Entry, JetStream, JournalError, StreamOptions};

use crate::{
    context::{Found, Where},
    embedded::NatsUser,
    exit::Exit,
    failure::{Failure, chain},
    secret::Secret,
    settings::Settings,
};

/// A way into a nats-server.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    url: String,
    entry: Entry,
    inbox_prefix: Option<String>,
    tls_root: Option<PathBuf>,
}

impl Link {
    /// As a client of the installation that was found.
    ///
    /// # Errors
    /// What was found names no nats-server.
    pub(crate) fn of_client(found: &Found, place: &Where) -> Result<Self, Failure> {
        let credentials = &found.credentials;
        Ok(Self {
            url: found.nats_url()?.to_owned(),
            entry: entry(
                credentials.user.as_deref(),
                credentials.password.as_ref(),
                found.nats_credentials.as_ref(),
            ),
            inbox_prefix: Some(credentials.inbox_prefix()),
            tls_root: place.nats_ca.clone(),
        })
    }

    /// As a role of the installation that was found; by address as whoever the address is entered as.
    ///
    /// # Errors
    /// What was found names no nats-server.
    pub(crate) fn of_role(found: &Found, role: Option<&NatsUser>, place: &Where) -> Result<Self, Failure> {
        match role {
            Some(user) => Ok(Self::of_user(found.nats_url()?, user)),
            None => Ok(Self {
                inbox_prefix: None,
                ..Self::of_client(found, place)?
            }),
        }
    }

    /// As one user of the embedded server.
    pub(crate) fn of_user(url: &str, user: &NatsUser) -> Self {
        Self {
            url: url.to_owned(),
            entry: entry(Some(&user.user), Some(&user.password), None),
            inbox_prefix: Some(user.inbox_prefix.clone()),
            tls_root: None,
        }
    }

    /// As the flags say, to a server that someone else runs.
    pub(crate) fn of_flags(url: &str, place: &Where) -> Result<Self, Failure> {
        Ok(Self {
            url: url.to_owned(),
            entry: entry(
                place.nats_user.as_deref(),
                place.password()?.as_ref(),
                place.nats_credentials.as_ref(),
            ),
            inbox_prefix: None,
            tls_root: place.nats_ca.clone(),
        })
    }

    /// How to connect; `name` is what the server calls the connection.
    pub(crate) fn options(&self, name: &str, settings: &Settings) -> ConnectOptions {
        let mut options = ConnectOptions::new(self.url.clone());
        options.credentials = self.entry.clone();
        options.inbox_prefix.clone_from(&self.inbox_prefix);
        options.tls_root.clone_from(&self.tls_root);
        options.name = name.to_owned();
        options.connect_timeout = settings.nats.connect_timeout.duration();
        options
    }

    /// Connects to the log.
    pub(crate) async fn journal(&self, name: &str, settings: &Settings) -> Result<Arc<JetStream>, Failure> {
        let streams: StreamOptions = settings.streams.options();
        let connected = JetStream::connect(self.options(name, settings), streams).await;
        connected.map(Arc::new).map_err(|error| journal_failure(&error))
    }
}

fn entry(user: Option<&str>, password: Option<&Secret>, file: Option<&PathBuf>) -> Entry {
    match (file, user) {
        (Some(path), _) => Entry::File(path.clone()),
        (None, Some(user)) => Entry::UserPassword {
            user: user.to_owned(),
            password: journal::Secret::new(password.map_or("", Secret::expose)),
        },
        (None, None) => Entry::None,
    }
}

/// What an error of the log means for the caller.
pub(crate) fn journal_failure(error: &JournalError) -> Failure {
    let exit = match error {
        JournalError::Unreachable { .. } => Exit::Unreachable,
        JournalError::Forbidden { .. }
        | JournalError::Unsuitable { .. }
        | JournalError::Misconfigured { .. } => Exit::Configuration,
        JournalError::Full { .. }
        | JournalError::TooLarge { .. }
        | JournalError::Unreadable { .. }
        | JournalError::Encode(_)
        | JournalError::Discontinuous { .. }
        | JournalError::Object { .. }
        | JournalError::Refused { .. } => Exit::Bug,
    };
    let failure = Failure::new(exit, chain(error));
    match exit {
        Exit::Unreachable => {
            failure.help("Is the server running? `rehearse doctor` looks for what is wrong.")
        }
        Exit::Passed
        | Exit::Bug
        | Exit::Usage
        | Exit::Configuration
        | Exit::Stopped
        | Exit::CriteriaFailed
        | Exit::Errored => failure,
    }
}
