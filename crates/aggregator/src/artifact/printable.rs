//! Characters that XML 1.0 and HTML do not allow in a document, however they are escaped.

use std::borrow::Cow;

/// `text` with every character replaced by `U+FFFD` that must not stand in XML or HTML: control characters other than tab and line
/// feed, and the two that end the basic plane. A carriage return becomes a line feed, as both parsers would make it.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_forbidden) {
        return Cow::Borrowed(text);
    }
    let lines = text.replace("\r\n", "\n");
    let replaced = lines.chars().map(|c| match c {
        '\r' => '\n',
        c if is_forbidden(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    });
    Cow::Owned(replaced.collect())
}

fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// At most `limit` characters of `text`, and how many were left out.
pub(super) fn cut(text: &str, limit: usize) -> (&str, usize) {
    match text.char_indices().nth(limit) {
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            (kept, rest.chars().count())
        }
        None => (text, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_are_replaced() {
        assert_eq!(
            printable("a\u{0}b\u{1b}[31m\u{9b}c\u{FFFE}"),
            "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}c\u{FFFD}"
        );
        assert_eq!(printable("one\r\ntwo\rthree\tfour"), "one\ntwo\nthree\tfour");
        assert!(matches!(printable("déjà <vu>"), Cow::Borrowed("déjà <vu>")));
    }

    #[test]
    fn cuts_at_characters() {
        assert_eq!(cut("äöü", 2), ("äö", 1));
        assert_eq!(cut("äöü", 3), ("äöü", 0));
    }
}
