//! Secrets made here: unpredictable bytes from the operating system, shown as text that no shell or URL touches.

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng as _, rngs::SysRng};
use serde::{Deserialize, Serialize};

use crate::{data_dir::write_private, failure::Failure};

/// The largest file that a secret is read from, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A password or key. It is not shown by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new secret: 32 random bytes in base64url.
    pub(crate) fn generate() -> Result<Self, Failure> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?)))
    }

    /// A secret as people give it: in a file, else in a variable of the environment. Line breaks at the end of a file do not count.
    pub(crate) fn given(file: Option<&Path>, variable: &str) -> Result<Option<Self>, Failure> {
        let Some(path) = file else {
            let text = std::env::var(variable).ok().filter(|text| !text.is_empty());
            return Ok(text.map(Self));
        };
        let failed = |source: io::Error| Failure::at_path(path, "cannot be read", &source);
        // A secret is a line; a device that never ends is none.
        let mut text = String::new();
        fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
            .map_err(failed)?;
        let secret = text.trim_end_matches(['\r', '\n']);
        if u64::try_from(text.len()).is_ok_and(|n_bytes| n_bytes > MAX_BYTES) || secret.is_empty() {
            let reason = if secret.is_empty() {
                "it is empty"
            } else {
                "it is too large"
            };
            return Err(Failure::configuration(format!(
                "{}: holds no secret: {reason}",
                path.display()
            )));
        }
        Ok(Some(Self(secret.to_owned())))
    }

    /// The text, for whoever must have it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Unpredictable bytes.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|source| Failure::bug(format!("the operating system gives no random bytes: {source}")))?;
    Ok(bytes)
}

/// The key that a server's secrets follow from, as the settings name it: the file must exist.
pub(crate) fn shared_secret_key(path: &Path) -> Result<[u8; 32], Failure> {
    let bytes = fs::read(path).map_err(|source| {
        Failure::at_path(path, "cannot be read", &source).help(
            "The setting `server.secret_key_file` names it. `head -c 32 /dev/urandom > FILE` makes one, once for all servers.",
        )
    })?;
    of_bytes(path, bytes)
}

fn of_bytes(path: &Path, bytes: Vec<u8>) -> Result<[u8; 32], Failure> {
    bytes.try_into().map_err(|bytes: Vec<u8>| {
        Failure::configuration(format!("{}: a key has 32 bytes, this has {}", path.display(), bytes.len())).help(
            "Restore the file from a backup. Without the right key no API key of this installation is accepted.",
        )
    })
}

/// The key that a server's secrets follow from: read from `path`, or made there.
pub(crate) fn secret_key(path: &Path) -> Result<[u8; 32], Failure> {
    match fs::read(path) {
        Ok(bytes) => of_bytes(path, bytes),
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            let key = random_bytes::<32>()?;
            write_private(path, &key)?;
            Ok(key)
        }
        Err(source) => Err(Failure::at_path(path, "cannot be read", &source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_do_not_show() {
        let (one, two) = (
            Secret::generate().expect("bytes"),
            Secret::generate().expect("bytes"),
        );
        assert_ne!(one, two);
        assert_eq!(one.expose().len(), 43);
        assert!(!format!("{one:?}").contains(one.expose()));
    }

    #[test]
    fn a_secret_is_the_line_of_a_file() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("key");
        let given = |text: &str| {
            fs::write(&path, text).expect("it can be written");
            Secret::given(Some(&path), "PATH")
        };
        assert_eq!(given("abc\r\n"), Ok(Some(Secret::from("abc".to_owned()))));
        for wrong in ["", "\n", &"k".repeat(70_000)] {
            assert_eq!(
                given(wrong).expect_err("it is no secret").exit,
                crate::exit::Exit::Configuration
            );
        }
        assert_eq!(Secret::given(None, "REHEARSE_NO_SUCH_VARIABLE"), Ok(None));
    }

    #[test]
    fn the_secret_key_is_made_once() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("secret.key");
        let made = secret_key(&path).expect("it can be made");
        assert_eq!(secret_key(&path).expect("it can be read"), made);
        assert_eq!(crate::data_dir::exposed_mode(&path).expect("it exists"), None);
        assert_eq!(shared_secret_key(&path).expect("it exists"), made);
        let missing = temp.path().join("other.key");
        assert!(shared_secret_key(&missing).is_err());
        assert!(!missing.exists(), "a shared key is not made");
        fs::write(&path, b"short").expect("it can be written");
        assert_eq!(
            secret_key(&path).expect_err("it is damaged").exit,
            crate::exit::Exit::Configuration
        );
    }
}
