//! How clients find and enter an installation: `credentials.json`, for its owner only.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use model::{ApiKeyId, OrgId, UserId};
use serde::{Deserialize, Serialize};

use crate::{data_dir::write_private, embedded::NatsUser, failure::Failure, secret::Secret};

/// The largest file that is read.
const MAX_BYTES: u64 = 64 * 1024;

/// What a client must know: of the HTTP API, of the bus, or of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// Where the HTTP API is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// A file of certificates (PEM) to trust there beside the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server_ca: Option<PathBuf>,
    /// The organization.
    pub(crate) organization_id: OrgId,
    /// Who asks.
    pub(crate) user_id: UserId,
    /// The API key's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key_id: Option<ApiKeyId>,
    /// The API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<Secret>,
    /// Where the nats-server listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nats_url: Option<String>,
    /// The user of the nats-server; none: what the URL says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// That user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<Secret>,
    /// What the subjects of answers begin with; none: `_INBOX.<organization>.<user>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inbox_prefix: Option<String>,
    /// For `rehearse worker` in other processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) worker: Option<NatsUser>,
    /// For `rehearse aggregator` in other processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aggregator: Option<NatsUser>,
}

impl Credentials {
    /// Of this user, with no way to a server yet.
    pub(crate) fn of(organization_id: OrgId, user_id: UserId) -> Self {
        Self {
            base_url: None,
            server_ca: None,
            organization_id,
            user_id,
            api_key_id: None,
            api_key: None,
            nats_url: None,
            user: None,
            password: None,
            inbox_prefix: None,
            worker: None,
            aggregator: None,
        }
    }

    /// Reads a file; none if there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let help = "`rehearse up` and `rehearse server` write credentials.json anew when they start; `rehearse context add` makes contexts.";
        let read: Option<Self> = read_private(path).map_err(|failure| failure.help(help))?;
        match read {
            Some(Self {
                base_url: None,
                nats_url: None,
                ..
            }) => Err(Failure::configuration(format!(
                "{}: names no server: it has neither `base_url` nor `nats_url`",
                path.display()
            ))
            .help(help)),
            read => Ok(read),
        }
    }

    /// What the subjects of answers begin with.
    pub(crate) fn inbox_prefix(&self) -> String {
        self.inbox_prefix
            .clone()
            .unwrap_or_else(|| format!("_INBOX.{}.{}", self.organization_id, self.user_id))
    }

    /// Writes the file, if it does not say that already.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        if Self::read(path).ok().flatten().as_ref() == Some(self) {
            return Ok(());
        }
        write_json(path, self)
    }
}

/// Reads a JSON file for its owner; none if there is none.
pub(crate) fn read_private<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let failed = |source: io::Error| Failure::at_path(path, "cannot be read", &source);
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_BYTES => {
            return Err(Failure::configuration(format!(
                "{}: is no file of Rehearse",
                path.display()
            )));
        }
        Ok(_) => {}
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    }
    let text = fs::read(path).map_err(failed)?;
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|source| Failure::configuration(format!("{}: cannot be read: {source}", path.display())))
}

/// Writes a JSON file for its owner.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Failure> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|source| Failure::bug(format!("{}: cannot be written: {source}", path.display())))?;
    text.push(b'\n');
    write_private(path, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_survive_the_file() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("credentials.json");
        assert_eq!(Credentials::read(&path), Ok(None));
        let credentials = Credentials {
            base_url: Some("http://127.0.0.1:8080".to_owned()),
            nats_url: Some("nats://127.0.0.1:4222".to_owned()),
            user: Some("admin".to_owned()),
            password: Some(Secret::generate().expect("bytes")),
            ..Credentials::of(
                "local".parse().expect("a token"),
                "admin".parse().expect("a token"),
            )
        };
        assert_eq!(credentials.inbox_prefix(), "_INBOX.local.admin");
        credentials.write(&path).expect("it can be written");
        assert_eq!(Credentials::read(&path), Ok(Some(credentials)));
        assert_eq!(crate::data_dir::exposed_mode(&path).expect("it exists"), None);
    }

    #[test]
    fn another_file_is_refused() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("credentials.json");
        for (text, reason) in [
            ("{}", "missing field `organization_id`"),
            (
                r#"{"organization_id": "local", "user_id": "admin"}"#,
                "names no server",
            ),
        ] {
            fs::write(&path, text).expect("a file");
            let failure = Credentials::read(&path).expect_err("it lacks something");
            assert!(failure.message.contains(reason), "{failure}");
        }
    }
}
