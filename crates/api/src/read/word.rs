//! Closed lists of words.

use serde_json::{Value, json};

use super::{closest, scalar::described};
use crate::{FieldErrors, Pointer};

/// A value that is one of a few words on the wire.
pub trait Word: Copy + PartialEq + 'static {
    /// Every word with its value.
    const WORDS: &'static [(&'static str, Self)];

    /// The word of this value.
    fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("", |(word, _)| word)
    }
}

/// What a word looks like, as JSON Schema.
pub(crate) fn word_schema<T: Word>() -> Value {
    let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
    json!({"type": "string", "enum": words})
}

/// The value of a word.
pub(crate) fn read_word<T: Word>(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<T> {
    let Some(text) = value.as_str() else {
        errors.push(
            at,
            format!("must be {}, this is {}", alternatives::<T>(), described(value)),
        );
        return None;
    };
    if let Some((_, value)) = T::WORDS.iter().find(|(word, _)| *word == text) {
        return Some(*value);
    }
    let hint = match closest(text, T::WORDS.iter().map(|(word, _)| *word)) {
        Some(word) => format!("; did you mean `{word}`?"),
        None => String::new(),
    };
    errors.push(at, format!("must be {}{hint}", alternatives::<T>()));
    None
}

fn alternatives<T: Word>() -> String {
    let words: Vec<String> = T::WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// Gives a type its words, and reads it by them. The match makes sure that no value lacks a word.
macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $crate::read::Word for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::read::Read for $type {
            fn read(
                value: &serde_json::Value,
                at: &$crate::Pointer,
                errors: &mut $crate::FieldErrors,
            ) -> Option<Self> {
                $crate::read::read_word(value, at, errors)
            }
        }
    };
}

pub(crate) use words;
