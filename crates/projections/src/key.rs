//! Keys whose byte order is the order that ranges are read in.
//!
//! Text is terminated, and a zero byte within it escaped, so that no key is a prefix of another by accident and the order of
//! texts is kept. What stands last in a key needs no end.

use model::{Kind, ObjectRef, Oid, OrgId, Time};

/// Ends a text.
const END: [u8; 2] = [0x00, 0x01];
/// Stands for a zero byte within a text.
const ZERO: [u8; 2] = [0x00, 0xFF];

/// A key in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// A key of the organization.
    pub(crate) fn org(org: &OrgId) -> Self {
        Self(Vec::with_capacity(64)).text(org.as_str())
    }

    /// A text and its end.
    pub(crate) fn text(self, text: &str) -> Self {
        self.text_start(text).bytes(&END)
    }

    /// The beginning of a text.
    pub(crate) fn text_start(mut self, text: &str) -> Self {
        for &byte in text.as_bytes() {
            match byte {
                0 => self.0.extend_from_slice(&ZERO),
                other => self.0.push(other),
            }
        }
        self
    }

    /// Bytes of known length, or the last bytes.
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// A kind.
    pub(crate) fn kind(self, kind: Kind) -> Self {
        self.byte(kind_byte(kind))
    }

    /// A number.
    pub(crate) fn number(self, number: u32) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// An id.
    pub(crate) fn oid(self, oid: Oid) -> Self {
        self.bytes(oid.as_bytes())
    }

    /// A moment, newest first.
    pub(crate) fn newest_first(self, time: Time) -> Self {
        // Flipping the sign makes negative numbers sort before positive ones; the complement turns the order around.
        let ascending = time.as_micros() ^ i64::MIN;
        self.bytes(&(!ascending).to_be_bytes())
    }

    /// An object's kind and key; last.
    pub(crate) fn object(self, object: &ObjectRef) -> Self {
        self.kind(object.kind).bytes(object.key.as_str().as_bytes())
    }

    /// An object's kind and key; something follows.
    pub(crate) fn object_then(self, object: &ObjectRef) -> Self {
        self.kind(object.kind).text(object.key.as_str())
    }

    /// The bytes.
    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// The byte of a kind in keys.
pub(crate) const fn kind_byte(kind: Kind) -> u8 {
    kind as u8
}

/// The kind of a byte in keys.
pub(crate) fn kind_of_byte(byte: u8) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|&kind| kind_byte(kind) == byte)
}

/// The least key above every key that begins with `prefix`.
pub(crate) fn above(prefix: &[u8]) -> Vec<u8> {
    let mut bytes = prefix.to_vec();
    while let Some(last) = bytes.pop() {
        if last < u8::MAX {
            bytes.push(last + 1);
            return bytes;
        }
    }
    // Every key begins with an organization's ASCII text, so a prefix of nothing but 0xFF does not occur.
    vec![u8::MAX; prefix.len() + 1]
}

/// Reads a key from its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyReader<'a>(pub(crate) &'a [u8]);

impl<'a> KeyReader<'a> {
    /// A text and its end.
    pub(crate) fn text(&mut self) -> Option<String> {
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                0 => match self.byte()? {
                    0x01 => return String::from_utf8(text).ok(),
                    0xFF => text.push(0),
                    _ => return None,
                },
                other => text.push(other),
            }
        }
    }

    /// Leaves out a text that has no zero bytes, and its end.
    pub(crate) fn skip_text(&mut self) -> Option<()> {
        let end = self.0.iter().position(|&byte| byte == 0)?;
        self.0 = self.0.get(end..)?.strip_prefix(&END)?;
        Some(())
    }

    /// One byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(array)
    }

    /// A number.
    pub(crate) fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// An id.
    pub(crate) fn oid(&mut self) -> Option<Oid> {
        self.array().map(Oid::from_bytes)
    }

    /// A moment, newest first.
    pub(crate) fn newest_first(&mut self) -> Option<Time> {
        self.array()
            .map(|bytes| Time::from_micros(!i64::from_be_bytes(bytes) ^ i64::MIN))
    }

    /// All that is left, as text.
    pub(crate) fn rest(self) -> Option<&'a str> {
        std::str::from_utf8(self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_keep_their_order_and_come_back(a in ".{0,8}", b in "[\\x00-\\x02a]{0,6}", c in "[\\x00-\\x02a]{0,6}") {
            for (left, right) in [(&a, &b), (&b, &c)] {
                let keys = [left, right].map(|text| Key::default().text(text).done());
                prop_assert_eq!(keys[0].cmp(&keys[1]), left.cmp(right));
                prop_assert_eq!(KeyReader(&keys[0]).text(), Some(left.clone()));
            }
        }

        #[test]
        fn newer_moments_come_first(a in any::<i64>(), b in any::<i64>()) {
            let keys = [a, b].map(|micros| Key::default().newest_first(Time::from_micros(micros)).done());
            prop_assert_eq!(keys[0].cmp(&keys[1]), b.cmp(&a));
            prop_assert_eq!(KeyReader(&keys[0]).newest_first(), Some(Time::from_micros(a)));
        }

        #[test]
        fn a_prefix_ends_where_its_upper_bound_begins(prefix in prop::collection::vec(any::<u8>(), 0..4), rest in prop::collection::vec(any::<u8>(), 0..4)) {
            let prefix = [b"o".as_slice(), &prefix].concat();
            let key = [prefix.as_slice(), &rest].concat();
            prop_assert!(key < above(&prefix));
            prop_assert!(prefix < above(&prefix));
        }
    }

    #[test]
    fn every_kind_has_its_own_byte() {
        for &kind in Kind::ALL {
            assert_eq!(kind_of_byte(kind_byte(kind)), Some(kind));
        }
    }
}
