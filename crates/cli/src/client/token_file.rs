//! Tokens that outlive a process: signing in is limited, and a script runs many commands.
//!
//! A token lies in the user's cache directory, for its owner only, in a file named after everything that it was got with. Whatever
//! goes wrong here costs one more sign-in and nothing else, so it is no failure.

use std::{fs, path::PathBuf};

use api::{client::TokenStore, session::SignedIn};
use model::Digest;

use crate::{
    credentials::{Credentials, read_private, write_json},
    data_dir::{exposed_mode, make_private_dir},
    roles::now,
};

/// How many files are looked through for tokens that have expired.
const MAX_SWEPT: usize = 200;

/// The file of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenFile {
    directory: PathBuf,
    name: String,
}

impl TokenFile {
    /// The file for a token that these credentials get; none if the user has no directory for it.
    pub(super) fn of(credentials: &Credentials) -> Option<Self> {
        Some(Self::below(user_cache()?, credentials))
    }

    fn below(cache: PathBuf, credentials: &Credentials) -> Self {
        let key = credentials.api_key.as_ref();
        // The key goes in too: a wrong one must not find what the right one got.
        let parts = [
            credentials.base_url.clone().unwrap_or_default(),
            credentials.organization_id.to_string(),
            credentials.user_id.to_string(),
            credentials
                .api_key_id
                .map_or_else(String::new, |id| id.to_string()),
            key.map_or_else(String::new, |key| key.expose().to_owned()),
        ];
        Self {
            directory: cache.join("rehearse").join("tokens"),
            name: format!("{}.json", Digest::of(parts.join("\n").as_bytes())),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// Removes tokens that open nothing any more.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        for entry in entries.take(MAX_SWEPT).flatten() {
            let path = entry.path();
            let kept: Option<SignedIn> = read_private(&path).ok().flatten();
            if kept.is_some_and(|kept| kept.expires_at <= now()) {
                let _gone = fs::remove_file(path);
            }
        }
    }
}

impl TokenStore for TokenFile {
    fn load(&self) -> Option<SignedIn> {
        let path = self.path();
        // What others could read they could also have written.
        if exposed_mode(&path).ok()?.is_some() {
            return None;
        }
        read_private(&path).ok().flatten()
    }

    fn save(&self, signed_in: &SignedIn) {
        if make_private_dir(&self.directory).is_ok() {
            self.sweep();
            let _not_kept = write_json(&self.path(), signed_in);
        }
    }

    fn forget(&self) {
        let _gone = fs::remove_file(self.path());
    }
}

/// `$XDG_CACHE_HOME` or `~/.cache`.
fn user_cache() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::secret::Secret;

    fn credentials(key: &str) -> Credentials {
        Credentials {
            base_url: Some("https://host".to_owned()),
            api_key: Some(Secret::from(key.to_owned())),
            ..Credentials::of("acme".parse().expect("a token"), "ann".parse().expect("a token"))
        }
    }

    fn signed_in(token: &str, millis: u64) -> SignedIn {
        SignedIn {
            id_token: token.to_owned(),
            expires_at: now().plus_millis(millis),
        }
    }

    #[test]
    fn a_token_is_kept_for_the_key_that_got_it() {
        let temp = tempfile::tempdir().expect("a directory");
        let file = |key: &str| TokenFile::below(temp.path().to_owned(), &credentials(key));
        assert_eq!(file("right").load(), None);
        let kept = signed_in("token", 60_000);
        file("right").save(&kept);
        assert_eq!(
            file("right").load().map(|kept| kept.id_token),
            Some("token".to_owned())
        );
        assert_eq!(file("wrong").load(), None);
        assert_eq!(exposed_mode(&file("right").path()).expect("it exists"), None);

        fs::set_permissions(file("right").path(), fs::Permissions::from_mode(0o644)).expect("ours");
        assert_eq!(file("right").load(), None, "others can read it");
        file("right").forget();
        assert!(!file("right").path().exists());
    }

    #[test]
    fn what_has_expired_is_removed() {
        let temp = tempfile::tempdir().expect("a directory");
        let file = |key: &str| TokenFile::below(temp.path().to_owned(), &credentials(key));
        file("old").save(&signed_in("token", 0));
        file("new").save(&signed_in("token", 60_000));
        assert!(!file("old").path().exists());
        assert!(file("new").path().exists());
    }
}
