//! JSON in which nothing can hide and nothing can pass for anything else than a string's content.
//!
//! What a reader cannot see is written as an escape: control characters, joiners, marks of direction, fillers, tags, variation selectors. So is what
//! language models may be trained to take for structure: `<`, and `[` before a capital letter, with which their templates' marks of roles
//! begin (`<|im_start|>`, `[INST]`). Reading the JSON gives back exactly what was written.

use std::fmt::Write as _;

use serde_json::Value;

/// The value as one line of JSON.
pub(super) fn json(value: &Value) -> String {
    let plain = value.to_string();
    let mut shown = String::with_capacity(plain.len());
    // None of the characters that are escaped here occurs outside of a string, nor as the second half of an escape.
    let mut rest = plain.chars();
    while let Some(c) = rest.next() {
        if is_hidden(c) || c == '<' || (c == '[' && begins_mark(rest.as_str())) {
            escape(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The text as it stands between quotation marks in [`json`].
pub(super) fn inside(text: &str) -> String {
    let quoted = json(&Value::from(text));
    quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(&quoted)
        .to_owned()
}

fn begins_mark(rest: &str) -> bool {
    let name = rest.strip_prefix('/').unwrap_or(rest);
    name.starts_with(|c: char| c.is_ascii_uppercase())
}

fn escape(c: char, shown: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _infallible = write!(shown, "\\u{unit:04x}");
    }
}

/// Whether a character shows nothing, or changes how others are shown. Blanks and line ends are seen.
pub(super) const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        let said = "a\u{202e}b\u{200b}c\u{e0041}\u{7f}\n<|im_start|>[INST][/INST] [1] x[i]";
        assert_eq!(
            inside(said),
            r"a\u202eb\u200bc\udb40\udc41\u007f\n\u003c|im_start|>\u005bINST]\u005b/INST] [1] x[i]"
        );
    }

    #[test]
    fn structure_stays_as_it_is() {
        let value = json!({ "a": [["B"], [{ "C": [true, null] }]], "d": r#"\"#, "e": "\\<" });
        assert_eq!(
            json(&value),
            r#"{"a":[["B"],[{"C":[true,null]}]],"d":"\\","e":"\\\u003c"}"#
        );
    }

    proptest! {
        #[test]
        fn reading_gives_back_what_was_written(said in any::<String>(), key in any::<String>()) {
            let value = json!({ key: [said] });
            let shown = json(&value);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_hidden(c) || c == '<'));
            prop_assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }
}
