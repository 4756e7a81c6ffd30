//! How clients find and enter an installation: `credentials.json`, for its owner only.

use std::{fs, io, path::Path};

use model::{ApiKeyId, OrgId, UserId};
use serde::{Deserialize, Serialize};

use crate::{data_dir::write_private, embedded::NatsUser, failure::Failure, secret::Secret};

/// The largest file that is read.
const MAX_BYTES: u64 = 64 * 1024;

/// What a client must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// Where the nats-server listens.
    pub(crate) nats_url: String,
    /// The organization.
    pub(crate) organization_id: OrgId,
    /// Who asks.
    pub(crate) user_id: UserId,
    /// The user of the nats-server; none: what the URL says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// That user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<Secret>,
    /// What the subjects of answers begin with.
    pub(crate) inbox_prefix: String,
    /// The API key's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key_id: Option<ApiKeyId>,
    /// The API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<Secret>,
    /// For `rehearse worker` in other processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) worker: Option<NatsUser>,
    /// For `rehearse aggregator` in other processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aggregator: Option<NatsUser>,
}

impl Credentials {
    /// Reads a file; none if there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        read_private(path).map_err(|failure| {
            failure.help("`rehearse up` and `rehearse server` write credentials.json anew when they start; a context is a copy of it.")
        })
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
            nats_url: "nats://127.0.0.1:4222".to_owned(),
            organization_id: "local".parse().expect("a token"),
            user_id: "admin".parse().expect("a token"),
            user: Some("admin".to_owned()),
            password: Some(Secret::generate().expect("bytes")),
            inbox_prefix: "_INBOX.local.admin".to_owned(),
            api_key_id: None,
            api_key: None,
            worker: None,
            aggregator: None,
        };
        credentials.write(&path).expect("it can be written");
        assert_eq!(Credentials::read(&path), Ok(Some(credentials)));
        assert_eq!(crate::data_dir::exposed_mode(&path).expect("it exists"), None);
    }

    #[test]
    fn another_file_is_refused() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("credentials.json");
        fs::write(&path, "{}").expect("a file");
        let failure = Credentials::read(&path).expect_err("it lacks everything");
        assert!(failure.message.contains("missing field `nats_url`"), "{failure}");
    }
}
