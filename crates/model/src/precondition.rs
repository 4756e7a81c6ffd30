//! What a caller knows of an object, so that it does not change what somebody else has changed in between.

use std::{fmt, str::FromStr};

use crate::{Invalid, Object, ObjectRef};

/// Names the state of an object in short: the first half of its [`Object::digest`], written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateTag([u8; 16]);

/// What a caller knows of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// That it is there, deleted or not.
    Exists,
    /// That it is in one of these states. Of none: it cannot be so.
    OneOf(Vec<StateTag>),
}

/// An object, and what the caller knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    /// The object.
    pub object: ObjectRef,
    /// What must be so.
    pub known: Known,
}

impl StateTag {
    /// The tag of an object's state.
    pub fn of(object: &Object) -> Self {
        let digest = object.digest();
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest.as_bytes()[..16]);
        Self(tag)
    }
}

impl Known {
    /// Whether it is so of what was found.
    pub fn holds(&self, found: Option<&Object>) -> bool {
        match (self, found) {
            (_, None) => false,
            (Self::Exists, Some(_)) => true,
            (Self::OneOf(tags), Some(object)) => tags.contains(&StateTag::of(object)),
        }
    }
}

impl fmt::Display for StateTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for StateTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for StateTag {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut bytes = [0; 16];
        let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !lower || text.len() != 32 || hex::decode_to_slice(text, &mut bytes).is_err() {
            return Err(Invalid::new("a state's tag is 32 lower-case hexadecimal digits"));
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_comes_back_from_its_text() {
        let text = "00112233445566778899aabbccddeeff";
        assert_eq!(text.parse::<StateTag>().unwrap().to_string(), text);
        for wrong in [
            "",
            "0",
            "00112233445566778899AABBCCDDEEFF",
            &text.repeat(2),
            "00112233445566778899aabbccddeefé",
        ] {
            assert!(wrong.parse::<StateTag>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_there_is_known_by_nobody() {
        assert!(!Known::Exists.holds(None));
        assert!(!Known::OneOf(Vec::new()).holds(None));
    }
}
