//! What the document says of texts is what their constructors accept.

use jsonschema::Validator;
use model::{Digest, Keyterm, Language, Name, Oid, Text, Time, Timezone, Token, VersionSetName, WebhookUrl};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use utoipa::PartialSchema;

use crate::{
    MetricVersionFilter, TagFilter, UserFilter, VersionFilter,
    api_key::Duration,
    read::{Read, read},
    temporary_grant::{CreatorFilter, Justification},
};

fn validator<T: PartialSchema>() -> Validator {
    let schema: Value = serde_json::to_value(T::schema()).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// Whether the schema and the reader say the same of every text.
fn agree<T: Read + PartialSchema>(texts: &[&str]) {
    let validator = validator::<T>();
    for text in texts {
        let value = json!(text);
        assert_eq!(validator.is_valid(&value), read::<T>(&value).is_ok(), "{text:?}");
    }
}

/// The same for texts made by chance, of characters on which the patterns turn.
fn agree_by_chance<T: Read + PartialSchema>(pattern: &str) {
    let validator = validator::<T>();
    let strategy = proptest::string::string_regex(pattern).unwrap();
    TestRunner::default()
        .run(&strategy, |text| {
            let value = json!(text);
            prop_assert_eq!(
                validator.is_valid(&value),
                read::<T>(&value).is_ok(),
                "{:?}",
                text
            );
            Ok(())
        })
        .unwrap();
}

#[test]
fn names_and_texts_are_described_exactly() {
    let edge = [
        "",
        " ",
        "\t\n",
        "a",
        " a ",
        "\na\n",
        "a\nb",
        "a\u{0}b",
        "a\u{85}b",
        "\u{85}a\u{3000}",
        "\u{200b}",
        "\u{feff}",
        "\u{1f}a",
        "é",
        "a\u{2028}b",
    ];
    agree::<Name>(&edge);
    agree::<Text>(&edge);
    agree_by_chance::<Name>("[a \\t\\n\\x00\\x1f\\x7f\\u{85}\\u{a0}\\u{2028}\\u{3000}\\u{200b}é]{0,8}");
    agree_by_chance::<Text>("[a \\t\\n\\x00\\u{85}\\u{a0}\\u{3000}\\u{200b}]{0,5}");
    agree::<Name>(&[&"x".repeat(512), &"x".repeat(513)]);
    agree::<Text>(&[&"x".repeat(256 * 1024), &"x".repeat(256 * 1024 + 1)]);
}

#[test]
fn identifiers_are_described_exactly() {
    agree_by_chance::<Token>("[aZ0_. -]{0,3}");
    agree::<Token>(&[&"x".repeat(64), &"x".repeat(65), "a\n"]);
    agree::<VersionSetName>(&["", "edge", "a b", "é", &"x".repeat(40), &"x".repeat(41)]);
    agree::<Oid>(&[
        "6618791275130b73714e8d2a",
        "6618791275130B73714e8d2a",
        "6618791275130b73714e8d2",
        "g618791275130b73714e8d2a",
    ]);
    agree::<Digest>(&[&"0".repeat(64), &"0".repeat(63), &"g".repeat(64)]);
    agree_by_chance::<Keyterm>("[a1 -]{0,6}");
    agree::<Keyterm>(&["blood sugar", "a b c", "a b c d", "a  b", " a", "A"]);
}

#[test]
fn closed_lists_are_described_exactly() {
    agree::<Language>(&["eng", "deu", "ajp", "zzz", "en", "ENG", ""]);
    agree::<Timezone>(&["Europe/Berlin", "UTC", "localtime", "Zulu", "Europe/Nowhere", ""]);
    agree::<Time>(&[
        "2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00.123+02:00",
        "2026-01-31T09:30:00",
        "2026-02-31T09:30:00Z",
        "now",
    ]);
}

#[test]
fn parameters_are_described_exactly() {
    agree::<VersionFilter>(&[
        "3", "latest", "2-5", "1-latest", "0", "a", "-3", "1-", "latest-3", "007",
    ]);
    agree::<TagFilter>(&["a:b", "a:", "a:*", "a", ":a", "", "a:b:c"]);
    agree::<UserFilter>(&["acme,u1", "acme, u1", "acme", "acme,", ",u1", "a,b,c"]);
    agree::<MetricVersionFilter>(&[
        "6618791275130b73714e8d4c-2",
        "6618791275130b73714e8d4c-",
        "6618791275130b73714e8d4c",
        "x-1",
    ]);
    agree::<WebhookUrl>(&[
        "https://example.com",
        "https://user:pass@[::1]:8443/a#b",
        "https://a@b@example.com?x=1",
        "https://example.com\\a",
        "https://é.example/é",
        "ftp://example.com",
        "https:///hook",
        "https://:443/",
        "https://user@/",
        "https://user@:443/",
        "https://@",
        "1http://example.com",
        "https://exa mple.com",
        "https://example.com/\u{85}",
        "",
    ]);
    agree_by_chance::<WebhookUrl>("[ha1+]{0,2}(://)?[a@:/?# \\x00]{0,6}");
    agree::<Justification>(&[
        "123456789",
        "1234567890",
        " 123456789 ",
        "12345\n7890",
        "éééééééééé",
        "          ",
    ]);
    agree_by_chance::<Justification>("[a \\n\u{a0}é]{7,13}");
    agree::<CreatorFilter>(&["u1", "acme,u1", " acme , u1 ", "", ",", "a,b,c", "a b"]);
    agree::<Duration>(&["P30D", "P", "", "30", "P1M", "P1Y", "P-1D", "PT24H", "P1DT12H"]);
}
