//! What agents show beside words, as words: a simulated user only reads.
//!
//! A choice becomes `[Yes] [No]`, a picture `[image: …]`. Nothing is fetched, and nothing is pressed: who chooses says so.

use serde_json::Value;

/// How deep a card is looked into.
const MAX_DEPTH: usize = 16;
/// The longest quotation of what has no words of its own, in bytes.
const MAX_OTHER_BYTES: usize = 2000;

/// Joins the parts of a reply that say anything, with an empty line in between.
pub(super) fn paragraphs(parts: impl IntoIterator<Item = String>) -> String {
    let said: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    said.join("\n\n")
}

/// Joins the lines that say anything.
pub(super) fn lines(parts: impl IntoIterator<Item = String>) -> String {
    let said: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    said.join("\n")
}

/// Choices in one line; empty if there are none.
pub(super) fn choices(list: Option<&Value>, title: &str) -> String {
    let titles = list.and_then(Value::as_array).into_iter().flatten();
    let shown: Vec<String> = titles
        .filter_map(|choice| choice.as_str().or_else(|| text(choice, title)))
        .map(|title| format!("[{title}]"))
        .collect();
    shown.join(" ")
}

/// Something to look at, by what it is called or where it is.
pub(super) fn media(kind: &str, called: Option<&str>) -> String {
    match called {
        // A picture within its own URL would fill the conversation.
        Some(called) if !called.starts_with("data:") => format!("[{kind}: {called}]"),
        Some(_) | None => format!("[{kind}]"),
    }
}

/// What has no words, quoted.
pub(super) fn other(kind: &str, value: &Value) -> String {
    format!(
        "[{kind}: {}]",
        crate::excerpt::excerpt(&value.to_string(), MAX_OTHER_BYTES)
    )
}

/// An attachment of a Bot Framework activity.
pub(super) fn attachment(attachment: &Value) -> String {
    let kind = text(attachment, "contentType").unwrap_or("attachment");
    let content = attachment.get("content").filter(|content| content.is_object());
    match content {
        Some(content) if kind == "application/vnd.microsoft.card.adaptive" => {
            let mut said = Vec::new();
            adaptive(content, MAX_DEPTH, &mut said);
            lines(said)
        }
        Some(content) => card(content),
        None => {
            let kind = kind.split('/').next().unwrap_or(kind);
            media(
                kind,
                text(attachment, "name").or_else(|| text(attachment, "contentUrl")),
            )
        }
    }
}

/// Hero, thumbnail, receipt, sign-in and media cards have the same parts.
fn card(content: &Value) -> String {
    let words = ["title", "subtitle", "text"].map(|part| text(content, part).unwrap_or_default().to_owned());
    let images = content
        .get("images")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let images = images.map(|image| media("image", text(image, "alt").or_else(|| text(image, "url"))));
    let files = content
        .get("media")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let files = files.map(|file| media("media", text(file, "url")));
    let buttons = choices(content.get("buttons"), "title");
    lines(words.into_iter().chain(images).chain(files).chain([buttons]))
}

/// The words of an adaptive card, in the order in which they stand.
fn adaptive(element: &Value, depth: usize, said: &mut Vec<String>) {
    if depth == 0 {
        said.push("[…]".to_owned());
        return;
    }
    let kind = text(element, "type").unwrap_or_default();
    match kind {
        "TextBlock" | "TextRun" => said.extend(text(element, "text").map(ToOwned::to_owned)),
        "Image" => said.push(media(
            "image",
            text(element, "altText").or_else(|| text(element, "url")),
        )),
        _ if kind.starts_with("Input.") => {
            said.extend(text(element, "label").map(ToOwned::to_owned));
            said.push(choices(element.get("choices"), "title"));
            said.extend(text(element, "placeholder").map(|placeholder| format!("[{placeholder}]")));
        }
        _ => {}
    }
    for fact in element
        .get("facts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let part = |name| text(fact, name).unwrap_or_default();
        said.push(format!("{}: {}", part("title"), part("value")));
    }
    for part in ["body", "items", "columns", "inlines", "images", "rows", "cells"] {
        let within = element.get(part).and_then(Value::as_array).into_iter().flatten();
        for element in within {
            match element {
                Value::String(text) => said.push(text.clone()),
                Value::Object(_) => adaptive(element, depth - 1, said),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
            }
        }
    }
    said.push(choices(element.get("actions"), "title"));
}

/// A part that is a text and says something.
pub(super) fn text<'a>(value: &'a Value, part: &str) -> Option<&'a str> {
    value
        .get(part)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn choices_are_one_line() {
        let buttons = json!([{"title": "Yes", "payload": "/yes"}, {"title": ""}, "No", 3]);
        assert_eq!(choices(Some(&buttons), "title"), "[Yes] [No]");
        assert_eq!(choices(None, "title"), "");
        assert_eq!(choices(Some(&json!("Yes")), "title"), "");
    }

    #[test]
    fn a_picture_is_named_and_never_quoted() {
        assert_eq!(
            media("image", Some("https://x.example/a.png")),
            "[image: https://x.example/a.png]"
        );
        assert_eq!(media("image", Some("data:image/png;base64,AAAA")), "[image]");
        assert_eq!(media("image", None), "[image]");
    }

    #[test]
    fn cards_are_read_in_order() {
        let hero = json!({
            "contentType": "application/vnd.microsoft.card.hero",
            "content": {
                "title": "Room 12", "text": "With a view.",
                "images": [{"url": "https://x.example/12.png", "alt": "the room"}],
                "buttons": [{"type": "imBack", "title": "Book"}, {"type": "openUrl", "title": "More"}],
            },
        });
        assert_eq!(
            attachment(&hero),
            "Room 12\nWith a view.\n[image: the room]\n[Book] [More]"
        );
        let adaptive = json!({
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "body": [
                    {"type": "TextBlock", "text": "Your booking"},
                    {"type": "ColumnSet", "columns": [{"type": "Column", "items": [
                        {"type": "FactSet", "facts": [{"title": "Room", "value": "12"}]},
                    ]}]},
                    {"type": "RichTextBlock", "inlines": ["See ", {"type": "TextRun", "text": "you"}]},
                    {"type": "Input.ChoiceSet", "label": "Breakfast?", "choices": [{"title": "Yes", "value": "1"}]},
                ],
                "actions": [{"type": "Action.Submit", "title": "Confirm"}],
            },
        });
        assert_eq!(
            attachment(&adaptive),
            "Your booking\nRoom: 12\nSee \nyou\nBreakfast?\n[Yes]\n[Confirm]"
        );
        let file =
            json!({"contentType": "image/png", "contentUrl": "https://x.example/a.png", "name": "a.png"});
        assert_eq!(attachment(&file), "[image: a.png]");
        assert_eq!(attachment(&json!({})), "[attachment]");
    }

    #[test]
    fn a_card_within_a_card_within_a_card_ends() {
        let mut card = json!({"type": "TextBlock", "text": "deep"});
        for _level in 0..50 {
            card = json!({"type": "Container", "items": [card]});
        }
        let attached = json!({"contentType": "application/vnd.microsoft.card.adaptive", "content": card});
        assert_eq!(attachment(&attached), "[…]");
    }
}
