//! The keys that tokens are signed with. They are derived from the server's secret and the day, so that nothing has to be stored or
//! passed on when they change, and every server with the same secret has the same.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use serde_json::{Value, json};

/// Sets these keys apart from everything else that is derived from the secret.
const CONTEXT: &str = "rehearse 2026-11 token signing";

/// How long one key signs, in seconds: a day.
pub(super) const PERIOD_SECONDS: i64 = 86_400;

/// The period that a moment, in seconds since 1970, is in.
pub(super) const fn period_of(now: i64) -> i64 {
    now.div_euclid(PERIOD_SECONDS)
}

/// The keys in force during one period: its own, the one before, whose tokens may still live, and the one after, for a server whose
/// clock is ahead.
pub(super) struct Ring {
    period: i64,
    keys: [Key; 3],
}

impl Ring {
    pub(super) fn of(secret: &[u8; 32], period: i64) -> Self {
        let key = |period| Key::of(secret, period);
        Self {
            period,
            keys: [
                key(period),
                key(period.saturating_sub(1)),
                key(period.saturating_add(1)),
            ],
        }
    }

    pub(super) const fn period(&self) -> i64 {
        self.period
    }

    /// The key that signs.
    pub(super) const fn current(&self) -> &Key {
        let [current, ..] = &self.keys;
        current
    }

    /// The key whose tokens have this header.
    pub(super) fn with_header(&self, header: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.header == header)
    }

    pub(super) fn public_keys(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().map(Key::public).collect();
        json!({ "keys": keys })
    }
}

/// One key.
pub(super) struct Key {
    signing: SigningKey,
    id: String,
    /// The first part of every token that it signs.
    header: String,
}

impl Key {
    fn of(secret: &[u8; 32], period: i64) -> Self {
        let mut material = [0; 40];
        material[..32].copy_from_slice(secret);
        material[32..].copy_from_slice(&period.to_be_bytes());
        let signing = SigningKey::from_bytes(&blake3::derive_key(CONTEXT, &material));
        let hash = blake3::hash(signing.verifying_key().as_bytes());
        let id = hex::encode(&hash.as_bytes()[..8]);
        let header = BASE64.encode(format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{id}"}}"#));
        Self { signing, id, header }
    }

    pub(super) fn header(&self) -> &str {
        &self.header
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        // The strict form accepts one signature of a message only.
        self.signing
            .verifying_key()
            .verify_strict(message, &signature)
            .is_ok()
    }

    fn public(&self) -> Value {
        let x = BASE64.encode(self.signing.verifying_key().as_bytes());
        json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": x})
    }
}
