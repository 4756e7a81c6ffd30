//! Secrets of API keys: made here, shown once, kept only as keyed hashes.

use std::{fmt, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::Rng as _;

/// Hashes secrets under a key that stands outside the log (keyed BLAKE3), so that the log alone lets nobody try secrets.
#[derive(Clone)]
pub struct KeyHasher(Arc<[u8; 32]>);

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}

impl KeyHasher {
    /// A hasher under this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(key))
    }

    /// The hash of a secret.
    pub fn hash(&self, secret: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, secret.as_bytes()).as_bytes()
    }

    /// Whether a secret has this hash, in a time that does not depend on where they differ.
    pub fn verify(&self, secret: &str, hash: &[u8; 32]) -> bool {
        // `blake3::Hash` compares in constant time.
        blake3::keyed_hash(&self.0, secret.as_bytes()) == blake3::Hash::from_bytes(*hash)
    }

    /// A new secret of 256 unpredictable bits.
    pub fn new_secret() -> String {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyHasher;

    #[test]
    fn only_the_secret_under_the_same_key_is_recognized() {
        let (one, two) = (KeyHasher::new([1; 32]), KeyHasher::new([2; 32]));
        let secret = KeyHasher::new_secret();
        let hash = one.hash(&secret);
        assert!(one.verify(&secret, &hash));
        assert!(!two.verify(&secret, &hash));
        assert!(!one.verify(&KeyHasher::new_secret(), &hash));
        assert_eq!(format!("{one:?}"), "KeyHasher", "the key is not shown");
    }

    #[test]
    fn secrets_differ() {
        let secrets: std::collections::BTreeSet<String> = (0..100).map(|_| KeyHasher::new_secret()).collect();
        assert_eq!(secrets.len(), 100);
        assert!(secrets.iter().all(|secret| secret.len() == 43));
    }
}
