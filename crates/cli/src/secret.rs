//! Secrets made here: unpredictable bytes from the operating system, shown as text that no shell or URL touches.

use std::{fmt, fs, io, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng as _, rngs::SysRng};
use serde::{Deserialize, Serialize};

use crate::{data_dir::write_private, failure::Failure};

/// A password or key. It is not shown by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// A new secret: 32 random bytes in base64url.
    pub(crate) fn generate() -> Result<Self, Failure> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?)))
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

/// The key that API keys are hashed with: read from `path`, or made there.
pub(crate) fn hash_key(path: &Path) -> Result<[u8; 32], Failure> {
    match fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|bytes: Vec<u8>| {
            Failure::configuration(format!("{}: a key has 32 bytes, this has {}", path.display(), bytes.len())).help(
                "Restore the file from a backup. Without the right key no API key of this installation is accepted.",
            )
        }),
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
    fn the_hash_key_is_made_once() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("secret.key");
        let made = hash_key(&path).expect("it can be made");
        assert_eq!(hash_key(&path).expect("it can be read"), made);
        assert_eq!(crate::data_dir::exposed_mode(&path).expect("it exists"), None);
        fs::write(&path, b"short").expect("it can be written");
        assert_eq!(
            hash_key(&path).expect_err("it is damaged").exit,
            crate::exit::Exit::Configuration
        );
    }
}
