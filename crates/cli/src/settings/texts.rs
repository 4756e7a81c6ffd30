//! Several texts in one setting: a list in a file, or one text with commas between them in the environment.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};

/// Several texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Texts(Vec<String>);

impl Texts {
    /// The texts, in order.
    pub(crate) fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts, or texts with commas between them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Texts, E> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(Texts(parts.map(str::to_owned).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            texts.push(text);
        }
        Ok(Texts(texts))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_a_list_or_have_commas() {
        for value in [json!(["a", "b"]), json!("a, b"), json!(",a,,b,")] {
            let texts: Texts = serde_json::from_value(value).expect("texts");
            assert_eq!(texts.as_slice(), ["a", "b"]);
        }
        for value in [json!(""), json!([])] {
            assert_eq!(
                serde_json::from_value::<Texts>(value).expect("texts"),
                Texts::default()
            );
        }
        for value in [json!(3), json!([["a"]]), json!({})] {
            assert!(serde_json::from_value::<Texts>(value).is_err());
        }
    }
}
