//! What names an intended change.

use rand::Rng as _;

use super::ClientError;
use crate::{FieldErrors, Pointer, http::IDEMPOTENCY_KEY_HEADER};

/// The longest key, in characters.
const MAX_CHARS: usize = 255;

/// Names an intended change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// A key that nobody else uses: 128 unpredictable bits.
    pub(super) fn fresh() -> Self {
        let mut bytes = [0; 16];
        rand::rng().fill_bytes(&mut bytes);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    /// The caller's own.
    pub(super) fn of_caller(text: &str) -> Result<Self, ClientError> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_CHARS || !is_visible {
            let at = Pointer::root().key(IDEMPOTENCY_KEY_HEADER);
            let detail = format!("must be 1 to {MAX_CHARS} visible ASCII characters");
            return Err(ClientError::Request(FieldErrors::one(&at, detail)));
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_keys_differ_and_are_keys() {
        let (one, two) = (Key::fresh(), Key::fresh());
        assert_ne!(one, two);
        assert!(Key::of_caller(one.as_str()).is_ok());
    }

    #[test]
    fn keys_of_another_form_are_refused() {
        for wrong in ["", "a b", "a\r\nX-Evil: 1", "é", &"k".repeat(256)] {
            assert!(Key::of_caller(wrong).is_err(), "{wrong:?}");
        }
        assert!(Key::of_caller(&"k".repeat(255)).is_ok());
    }
}
