//! Names and labels of imported objects: readable, of bounded length, and the same for the same content.

use std::{collections::BTreeMap, fmt::Write as _};

use model::{Digest, Invalid, Name};

/// The longest readable part of a name that is made of content, in bytes. Reports show names in tables.
const MAX_BYTES: usize = 200;
/// How many bytes of the content's digest tell two names apart whose readable parts are the same.
const DIGEST_BYTES: usize = 6;

/// `<domain>: <content>` in one line. Where that cannot show all of the content, a piece of its digest follows, so that different
/// contents keep different names.
pub(super) fn of_content(domain: &Name, content: &str) -> Result<Name, Invalid> {
    let line: Vec<&str> = content.split_whitespace().collect();
    let mut shown = line.join(" ").replace(char::is_control, "\u{fffd}");
    shown.truncate(shown.floor_char_boundary(MAX_BYTES));
    if shown != content.trim() {
        let digest = Digest::of(content.as_bytes());
        shown.truncate(shown.trim_end().len());
        shown.push_str(" … #");
        for byte in digest.as_bytes().iter().take(DIGEST_BYTES) {
            // Writing to text cannot fail.
            let _infallible = write!(shown, "{byte:02x}");
        }
    }
    Name::try_from(format!("{domain}: {shown}"))
}

/// The labels that every imported persona, scenario, metric and service has.
pub(super) fn strict_tags(domain: &Name) -> BTreeMap<String, Option<String>> {
    let word = |char: char| char.is_alphanumeric() || char == '_' || char.is_whitespace();
    let domain = domain
        .as_str()
        .chars()
        .map(|c| if word(c) { c } else { '_' })
        .collect();
    BTreeMap::from([
        ("source".to_owned(), Some("tau2".to_owned())),
        ("domain".to_owned(), Some(domain)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain() -> Name {
        "airline".try_into().unwrap()
    }

    #[test]
    fn what_fits_is_the_name() {
        let name = of_content(&domain(), "Agent refuses to cancel.").unwrap();
        assert_eq!(name.as_str(), "airline: Agent refuses to cancel.");
    }

    #[test]
    fn different_contents_have_different_names() {
        let long = "Größe ".repeat(60);
        let contents = [
            long.clone() + "a",
            long + "b",
            "a b".to_owned(),
            "a  b".to_owned(),
            "a\nb".to_owned(),
            "a\u{1b}b".to_owned(),
            "a\u{fffd}b".to_owned(),
        ];
        let names: std::collections::BTreeSet<String> = contents
            .iter()
            .map(|content| of_content(&domain(), content).unwrap().to_string())
            .collect();
        assert_eq!(names.len(), contents.len(), "{names:?}");
    }

    #[test]
    fn tags_are_words() {
        let tags = strict_tags(&"tele-com {{x}}".try_into().unwrap());
        assert_eq!(tags["domain"].as_deref(), Some("tele_com __x__"));
        assert!(model::Tags::strict(tags).is_ok());
    }
}
