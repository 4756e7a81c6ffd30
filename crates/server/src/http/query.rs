//! The query string.

use api::{FieldErrors, Pointer};
use percent_encoding::percent_decode_str;

/// The most keys and values of a query.
const MAX_PAIRS: usize = 2000;

/// The longest query, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Keys and values in their order, decoded. A `+` is a blank; empty pairs are passed over.
///
/// # Errors
/// Too much of it, or text that is not UTF-8.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, FieldErrors> {
    if query.len() > MAX_BYTES {
        let detail = format!("the query must be no longer than {MAX_BYTES} bytes");
        return Err(FieldErrors::one(&Pointer::root(), detail));
    }
    let mut errors = FieldErrors::default();
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MAX_PAIRS {
            let detail = format!("the query must have no more than {MAX_PAIRS} parameters");
            return Err(FieldErrors::one(&Pointer::root(), detail));
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(key) = text(key) else {
            errors.push(&Pointer::root(), "the names of parameters must be UTF-8");
            continue;
        };
        match text(value) {
            Some(value) => pairs.push((key, value)),
            None => errors.push(&Pointer::root().key(&key), "must be UTF-8"),
        }
    }
    if errors.is_empty() { Ok(pairs) } else { Err(errors) }
}

fn text(encoded: &str) -> Option<String> {
    let blanks = encoded.replace('+', " ");
    let decoded = percent_decode_str(&blanks).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Vec<(String, String)> {
        pairs(query).unwrap()
    }

    #[test]
    fn keys_and_values_are_decoded() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(read(""), []);
        assert_eq!(
            read("a=1&&a=2&b&c=%2Bx+y&d=%C3%A9&e==&f=100%"),
            [
                pair("a", "1"),
                pair("a", "2"),
                pair("b", ""),
                pair("c", "+x y"),
                pair("d", "é"),
                pair("e", "="),
                pair("f", "100%"),
            ]
        );
    }

    #[test]
    fn what_is_not_text_or_too_much_is_refused() {
        assert_eq!(pairs("tag=%FF").unwrap_err().as_slice()[0].pointer, "/tag");
        assert!(pairs("%C0%AF=1").is_err());
        assert!(pairs(&"a&".repeat(MAX_PAIRS)).is_ok());
        assert!(pairs(&"a&".repeat(MAX_PAIRS + 1)).is_err());
        assert!(pairs(&"a".repeat(MAX_BYTES + 1)).is_err());
    }
}
