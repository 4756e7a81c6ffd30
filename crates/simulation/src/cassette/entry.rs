//! What a file consists of: a header, then one entry per request. Each is a YAML document between a line `---` and a line `...`; without the latter,
//! an entry that was cut short could be taken for a shorter one.
//!
//! Texts of several lines are written as blocks, so that a recording can be read and compared. That it reads back as what it was
//! is checked whenever something is written.

use model::Digest;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{outcome::Outcome, request::Kind};

/// The format that is written, and the only one that is read.
pub(super) const FORMAT: u32 = 1;
/// Begins a document.
const BEGIN: &str = "---";
/// Ends a document.
const END: &str = "...";

/// The first document of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    /// Empty in formats that do without.
    #[serde(default)]
    pub(super) unit_test: String,
}

/// A request and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) key: Key,
    /// For people: what is looked up is the digest.
    pub(super) request: Value,
    pub(super) outcome: Outcome,
}

/// What an entry is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    /// Which conversation of the unit test, from 0.
    pub(super) repetition: u32,
    /// Which attempt at that conversation, from 1.
    pub(super) attempt: u32,
    /// How often the same request came before in this attempt.
    pub(super) occurrence: u32,
    /// Of the request.
    pub(super) digest: Digest,
}

/// `value` as YAML: texts of several lines as blocks, no line is folded.
pub(super) fn yaml<T: Serialize + ?Sized>(value: &T) -> Result<String, String> {
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(&value, options).map_err(|why| why.to_string())
}

/// `value` as a document of its own.
pub(super) fn encode<T: Serialize + DeserializeOwned + PartialEq>(value: &T) -> Result<String, String> {
    let document = format!("{BEGIN}\n{}{END}\n", yaml(value)?);
    let documents = documents(&document, 1).map_err(|(_line, why)| why)?;
    match documents.as_slice() {
        [(line, body)] if decode::<T>(*line, body).map_err(|(_line, why)| why)? == *value => Ok(document),
        _ => Err("it would not read the same again".to_owned()),
    }
}

/// What a document holds whose body begins in line `first` of its file. An error names a line as well.
pub(super) fn decode<T: DeserializeOwned>(first: usize, body: &str) -> Result<T, (usize, String)> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(body, options).map_err(|why| {
        let within = why.location().map_or(1, |location| location.line());
        let before = usize::try_from(within.saturating_sub(1)).unwrap_or(0);
        let rendered = why.render_with_options(serde_saphyr::render_options! {
            snippets: serde_saphyr::SnippetMode::Off,
            line_offset: first.saturating_sub(1) as u64,
        });
        (first + before, rendered)
    })
}

/// The documents of a text whose first line is line `first` of its file: where the body of each begins, and the body. An error names a line
/// as well.
pub(super) fn documents(text: &str, first: usize) -> Result<Vec<(usize, &str)>, (usize, String)> {
    let mut found = Vec::new();
    let mut begun: Option<(usize, usize)> = None;
    let mut offset = 0;
    for (line, number) in text.split_inclusive('\n').zip(first..) {
        let end = offset + line.len();
        match (line.trim_end_matches(['\n', '\r']), begun) {
            (BEGIN, None) => begun = Some((number + 1, end)),
            (BEGIN, Some((from, _body))) => return Err((from - 1, unended())),
            (END, Some((from, body))) if line.ends_with('\n') => {
                found.push((from, text.get(body..offset).unwrap_or_default()));
                begun = None;
            }
            (_within, Some(_)) => {}
            (between, None) if between.trim().is_empty() || between.starts_with('#') => {}
            (_between, None) => return Err((number, format!("an entry begins with a line `{BEGIN}`"))),
        }
        offset = end;
    }
    match begun {
        Some((from, _body)) => Err((from - 1, unended())),
        None => Ok(found),
    }
}

fn unended() -> String {
    format!("the entry that begins here has no end (a line `{END}`): it was cut short")
}

#[cfg(test)]
mod tests;
