//! Hostile text on a terminal: shown, never obeyed.

use std::borrow::Cow;

/// The text with everything that a terminal would obey made visible: control characters (but for line breaks and tabs) and the
/// characters that change the direction of text or are not seen.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_harmful(char) {
            shown.extend(char.escape_unicode())
        } else {
            shown.push(char)
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal would obey a character, or not show it.
pub(super) fn is_harmful(char: char) -> bool {
    let invisible = matches!(
        char,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    );
    invisible || (char.is_control() && char != '\n' && char != '\t')
}

/// The beginning of a text in one line of at most `max` characters.
pub(crate) fn excerpt(text: &str, max: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().take(max).collect();
    let line = printable(&words.join(" ")).into_owned();
    if line.chars().count() <= max {
        return line;
    }
    let mut short: String = line.chars().take(max.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown() {
        assert_eq!(printable("\u{1b}[2Jhello\r\n"), "\\u{1b}[2Jhello\\u{d}\n");
        assert_eq!(printable("abc\u{202e}cba\u{9b}"), "abc\\u{202e}cba\\u{9b}");
        assert!(matches!(printable("Grüße,\n\t世界"), Cow::Borrowed(_)));
    }

    #[test]
    fn excerpts_are_one_short_line() {
        assert_eq!(excerpt("a\n  b\tc", 10), "a b c");
        assert_eq!(excerpt("abcdefgh", 5), "abcd…");
        assert_eq!(excerpt("abcde", 5), "abcde");
    }
}
