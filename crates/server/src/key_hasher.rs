//! Secrets: made or derived here, shown once. Those of API keys are kept only as keyed hashes, those of webhooks not at all.

use std::{fmt, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// Sets derived secrets apart from everything else that is hashed under the same key.
const DERIVATION: &str = "rehearse: secrets that follow from the server's key";

/// Hashes and derives secrets under a key that stands outside the log (keyed BLAKE3), so that the log alone lets nobody try secrets
/// or make them again.
#[derive(Clone)]
pub struct KeyHasher(Arc<Keys>);

struct Keys {
    hashing: [u8; 32],
    derivation: [u8; 32],
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}

impl KeyHasher {
    /// A hasher under this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(Keys {
            derivation: blake3::derive_key(DERIVATION, &key),
            hashing: key,
        }))
    }

    /// The hash of a secret.
    pub fn hash(&self, secret: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.0.hashing, secret.as_bytes()).as_bytes()
    }

    /// Whether a secret has this hash, in a time that does not depend on where they differ.
    pub fn verify(&self, secret: &str, hash: &[u8; 32]) -> bool {
        // `blake3::Hash` compares in constant time.
        blake3::keyed_hash(&self.0.hashing, secret.as_bytes()) == blake3::Hash::from_bytes(*hash)
    }

    /// The secret of 256 bits that follows from the key and `parts`: the same parts always give the same secret, and whoever lacks the
    /// key learns nothing about it from them. `purpose` sets the secrets of one kind apart from those of all others.
    pub fn derive_secret(&self, purpose: &str, parts: &[&[u8]]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.0.derivation);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            // The length stands before each part, so that no two lists are the same bytes.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        BASE64_URL_SAFE_NO_PAD.encode(hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::KeyHasher;

    #[test]
    fn only_the_secret_under_the_same_key_is_recognized() {
        let (one, two) = (KeyHasher::new([1; 32]), KeyHasher::new([2; 32]));
        let secret = one.derive_secret("test", &[]);
        let hash = one.hash(&secret);
        assert!(one.verify(&secret, &hash));
        assert!(!two.verify(&secret, &hash));
        assert!(!one.verify(&two.derive_secret("test", &[]), &hash));
        assert_eq!(format!("{one:?}"), "KeyHasher", "the key is not shown");
    }

    #[test]
    fn a_derived_secret_follows_from_key_purpose_and_parts() {
        let hasher = KeyHasher::new([1; 32]);
        let secret = hasher.derive_secret("webhook", &[b"ab", b"c"]);
        assert_eq!(secret, hasher.derive_secret("webhook", &[b"ab", b"c"]));
        assert_eq!(secret.len(), 43);
        let others = [
            KeyHasher::new([2; 32]).derive_secret("webhook", &[b"ab", b"c"]),
            hasher.derive_secret("api-key", &[b"ab", b"c"]),
            hasher.derive_secret("webhook", &[b"a", b"bc"]),
            hasher.derive_secret("webhook", &[b"abc"]),
            hasher.derive_secret("webhook", &[b"ab", b"c", b""]),
            hasher.derive_secret("webhooka", &[b"b", b"c"]),
        ];
        assert!(!others.contains(&secret));
    }
}
