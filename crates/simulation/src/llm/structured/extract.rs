//! JSON found in what a model says: as the whole text, in a code fence, or with words around it.

use serde_json::Value;

/// The longest text that is looked through, in bytes.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// How many places are looked at where an object may begin.
const MAX_PLACES: usize = 200;

/// Why there is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// Nothing looks like JSON.
    Prose,
    /// What looks like it is none.
    Broken(String),
}

/// The JSON in a text: the whole of it, or every object in it that is not within another. What the model thought aloud is left out.
pub(super) fn values(text: &str) -> Result<Vec<Value>, Nothing> {
    let text = after_thoughts(text).trim();
    if text.len() > MAX_TEXT_BYTES {
        return Err(Nothing::Broken(format!(
            "it is longer than the {MAX_TEXT_BYTES} bytes that are looked through"
        )));
    }
    let whole = match serde_json::from_str::<Value>(text) {
        Ok(value) => return Ok(vec![value]),
        Err(why) => why,
    };
    let mut found = Vec::new();
    let mut rest = text;
    for _ in 0..MAX_PLACES {
        let Some(at) = rest.find('{') else { break };
        let mut objects = serde_json::Deserializer::from_str(&rest[at..]).into_iter::<Value>();
        match objects.next() {
            Some(Ok(value)) => {
                rest = &rest[at + objects.byte_offset()..];
                found.push(value);
            }
            Some(Err(_)) | None => rest = &rest[at + 1..],
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let begins = text
        .trim_start_matches("```json")
        .trim_start_matches("```")
        .trim_start();
    if begins.starts_with(['{', '[']) {
        let reason = if whole.is_eof() || text.starts_with("```") {
            "it is JSON that is cut short or broken"
        } else {
            "it is broken JSON"
        };
        return Err(Nothing::Broken(format!("{reason} ({whole})")));
    }
    Err(Nothing::Prose)
}

/// What follows the thoughts that some models begin with.
fn after_thoughts(text: &str) -> &str {
    let trimmed = text.trim_start();
    if trimmed.starts_with("<think>") {
        trimmed
            .split_once("</think>")
            .map_or(trimmed, |(_thoughts, answer)| answer)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_found_wherever_it_stands() {
        let value = json!({"a": {"b": "}"}, "c": "```{\"x\":1}```"});
        let cases = [
            format!("{value}"),
            format!("```json\n{value}\n```"),
            format!("```\n{value}\n```\nHope that helps!"),
            format!("Sure! Here {{it}} is:\n{value}\nAnything else?"),
            format!("<think>perhaps {{\"a\":1}}?</think>\n{value}"),
        ];
        for text in cases {
            assert_eq!(values(&text), Ok(vec![value.clone()]), "{text}");
        }
        assert_eq!(
            values("one {\"a\":1} two {\"a\":2}"),
            Ok(vec![json!({"a": 1}), json!({"a": 2})])
        );
    }

    #[test]
    fn prose_and_broken_json_are_told_apart() {
        assert_eq!(values("I would say yes."), Err(Nothing::Prose));
        assert_eq!(values(""), Err(Nothing::Prose));
        for broken in [
            "{\"a\": 1, \"b\": \"unfini",
            "```json\n{\"a\": 1,\n",
            "{a: 1}",
            "[1, 2",
        ] {
            assert!(matches!(values(broken), Err(Nothing::Broken(_))), "{broken}");
        }
        let deep = "{\"a\":".repeat(100_000);
        assert!(matches!(values(&deep), Err(Nothing::Broken(_))));
        assert!(matches!(values(&"{".repeat(2_000_000)), Err(Nothing::Broken(_))));
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_looked_through_without_a_fault(text in "\\PC{0,200}") {
            let _any = values(&text);
        }

        #[test]
        fn an_object_is_found_within_prose(before in "[^{}<]{0,40}", key in "[a-z]{1,8}", value in "\\PC{0,20}") {
            let object = json!({key: value});
            let text = format!("{before} {object} done");
            prop_assert_eq!(values(&text), Ok(vec![object]));
        }
    }
}
