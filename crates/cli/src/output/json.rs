//! JSON for programs.

use serde::Serialize;

use super::printable::is_harmful;
use crate::failure::Failure;

/// Many lines, for people to read too.
pub(super) fn pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| harmless(&text))
        .map_err(|source| not_json(&source))
}

/// One line.
pub(super) fn line<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map(|text| harmless(&text))
        .map_err(|source| not_json(&source))
}

fn not_json(source: &serde_json::Error) -> Failure {
    Failure::bug(format!("a result cannot be written as JSON: {source}"))
}

/// JSON leaves DEL, the C1 controls and what turns text around as they are, and terminals obey some of them. They can only stand in
/// strings, where the escaped form means the same.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        if is_harmful(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                text.extend(["\\u", &format!("{unit:04x}")]);
            }
        } else {
            text.push(char);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_escaped_and_mean_the_same() {
        let text = "a\u{9b}31mb\u{7f}\u{1b}\u{202e}\u{e0041}";
        let json = line(text).expect("it can be written");
        assert_eq!(json, r#""a\u009b31mb\u007f\u001b\u202e\udb40\udc41""#);
        let back: String = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(back, text);
    }
}
