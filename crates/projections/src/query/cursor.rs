//! Where a list goes on: a place in its order rather than a number of items.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Invalid;

/// A place in a list: right after one item, whether or not that is still there. Opaque text to those who hold it; no text makes
/// a query fail or show more than it would have shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Vec<u8>);

/// An order is a time and a key of at most 64 bytes.
const MAX_BYTES: usize = 8 + 64;
/// An order has a time and something after it.
const MIN_BYTES: usize = 8 + 1;
/// The most characters of a cursor's text.
const MAX_CHARS: usize = MAX_BYTES.div_ceil(3) * 4;

impl Cursor {
    /// Right after the item that stands at `order`.
    pub(super) fn behind(order: &[u8]) -> Self {
        Self(order.to_vec())
    }

    /// Where the item stands, or stood.
    pub(super) fn order(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cursor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("must be a cursor from an earlier page of the list, as it was given");
        if text.len() > MAX_CHARS {
            return Err(invalid());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_source| invalid())?;
        if !(MIN_BYTES..=MAX_BYTES).contains(&bytes.len()) {
            return Err(invalid());
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_from_its_text(bytes in prop::collection::vec(any::<u8>(), MIN_BYTES..=MAX_BYTES)) {
            let cursor = Cursor(bytes);
            let text = cursor.to_string();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
            prop_assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
        }

        #[test]
        fn any_text_is_a_cursor_or_refused(text in ".{0,120}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }
    }

    #[test]
    fn what_no_page_gave_is_refused() {
        for text in [
            "",
            "AAAA",
            "AAAAAAAAAAA",
            "AAAAAAAAAAA+",
            "AAAAAAAAAAAB=",
            &"A".repeat(97),
            &"A".repeat(100_000),
        ] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
        assert!("AAAAAAAAAAAA".parse::<Cursor>().is_ok());
    }
}
