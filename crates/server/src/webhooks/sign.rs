//! What stands in the head of a webhook: who it is for, when it was sent, and that it comes from here.

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Oid, Time, WebhookDestination};
use sha2::Sha256;

use crate::KeyHasher;

/// The same on every attempt of one delivery, so that a receiver recognizes a repetition.
pub(super) const IDEMPOTENT_KEY: &str = "x-amigo-idempotent-key";
/// When the attempt was made, in milliseconds since 1970.
pub(super) const TIMESTAMP: &str = "x-amigo-request-timestamp";
/// The signature under the destination's secret.
pub(super) const SIGNATURE: &str = "x-amigo-request-signature";
/// For a while after the secret was replaced: the signature under the one before. It has a header of its own because receivers read
/// one signature from the other one.
pub(super) const PREVIOUS_SIGNATURE: &str = "x-amigo-request-signature-previous";

/// The head of one attempt, and whether it is signed with two secrets.
pub(super) fn head(
    hasher: &KeyHasher,
    destination: &WebhookDestination,
    id: Oid,
    now: Time,
    body: &str,
) -> (Vec<(&'static str, String)>, bool) {
    let timestamp = now.as_micros().div_euclid(1000).to_string();
    let sign = |salt: &[u8; 32]| {
        let secret = hasher.derive_secret("webhook", &[salt]);
        signature(&secret, &timestamp, body)
    };
    let previous = destination.previous.as_ref();
    let previous = previous.filter(|previous| now < previous.until);
    let mut head = vec![
        (IDEMPOTENT_KEY, id.to_string()),
        (SIGNATURE, sign(&destination.secret.salt)),
    ];
    head.extend(previous.map(|previous| (PREVIOUS_SIGNATURE, sign(&previous.salt))));
    head.push((TIMESTAMP, timestamp));
    (head, previous.is_some())
}

/// HMAC-SHA256 over version, time and body, in hexadecimal digits. The key is the secret's text.
pub(super) fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    for part in ["v1:", timestamp, ":", body] {
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn a_signature_is_what_others_compute() {
        // printf 'v1:1750000000000:{"a":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            signature("secret", "1750000000000", r#"{"a":1}"#),
            "01715dff45ade055ebe324a001436e31141c7c93b4abad7a503d863c2bb6c579"
        );
    }
}
