//! What a scalar means, by YAML's core schema.

use serde_json::{Number, Value};
use serde_saphyr::granit_parser::ScalarStyle;

/// The value of a scalar. `tag` is a tag of the core schema.
pub(super) fn resolve(text: &str, style: ScalarStyle, tag: Option<&str>) -> Result<Value, String> {
    let untagged = if matches!(style, ScalarStyle::Plain) {
        None
    } else {
        Some("str")
    };
    match tag.or(untagged) {
        None => plain(text),
        Some("str") => Ok(Value::String(text.to_owned())),
        Some(tag @ ("null" | "bool" | "int" | "float")) => {
            let value = plain(text)?;
            let fits = match tag {
                "null" => value.is_null(),
                "bool" => value.is_boolean(),
                "int" => value.is_i64() || value.is_u64(),
                _ => value.is_number(),
            };
            if fits {
                Ok(value)
            } else {
                Err(format!("`{text}` is not a `!!{tag}`"))
            }
        }
        Some(tag) => Err(format!("this is a scalar, its tag says `!!{tag}`")),
    }
}

fn plain(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if let Some(digits) = text
        .strip_prefix("0o")
        .filter(|digits| is_all(digits, |b| matches!(b, b'0'..=b'7')))
    {
        return integer(text, u64::from_str_radix(digits, 8).ok());
    }
    if let Some(digits) = text
        .strip_prefix("0x")
        .filter(|digits| is_all(digits, |b| b.is_ascii_hexdigit()))
    {
        return integer(text, u64::from_str_radix(digits, 16).ok());
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if is_all(unsigned, |b| b.is_ascii_digit()) {
        return match (negative, unsigned.parse::<u64>()) {
            (false, parsed) => integer(text, parsed.ok()),
            (true, _) => match format!("-{unsigned}").parse::<i64>() {
                Ok(number) => Ok(Value::Number(number.into())),
                Err(_too_large) => Err(too_large(text)),
            },
        };
    }
    if is_decimal(unsigned) {
        let number = text.parse::<f64>().ok().and_then(Number::from_f64);
        return number.map(Value::Number).ok_or_else(|| too_large(text));
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is no number here; quote it if it is text"));
    }
    Ok(Value::String(text.to_owned()))
}

fn integer(text: &str, parsed: Option<u64>) -> Result<Value, String> {
    parsed
        .map(|number| Value::Number(number.into()))
        .ok_or_else(|| too_large(text))
}

fn too_large(text: &str) -> String {
    format!("the number {text} is too large; quote it if it is text")
}

fn is_all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| is_all(text, |b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_is_one =
        exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    let mantissa_is_one = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa_is_one && exponent_is_one
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_core_schema_holds() {
        let cases = [
            ("", json!(null)),
            ("~", json!(null)),
            ("True", json!(true)),
            ("no", json!("no")),
            ("on", json!("on")),
            ("-12", json!(-12)),
            ("+12", json!(12)),
            ("012", json!(12)),
            ("0o17", json!(15)),
            ("0xfF", json!(255)),
            ("1.", json!(1.0)),
            (".5e-3", json!(0.0005)),
            ("1e3", json!(1000.0)),
            ("1.2.3", json!("1.2.3")),
            ("2026-01-31", json!("2026-01-31")),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("--", json!("--")),
            ("0o8", json!("0o8")),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text, ScalarStyle::Plain, None), Ok(expected), "{text}");
        }
    }

    #[test]
    fn quoted_text_stays_text() {
        assert_eq!(resolve("12", ScalarStyle::SingleQuoted, None), Ok(json!("12")));
        assert_eq!(resolve("12", ScalarStyle::Plain, Some("str")), Ok(json!("12")));
        assert_eq!(
            resolve("12", ScalarStyle::DoubleQuoted, Some("int")),
            Ok(json!(12))
        );
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for text in [
            ".inf",
            "-.INF",
            ".nan",
            "1e999",
            "18446744073709551616",
            "-9223372036854775809",
        ] {
            assert!(resolve(text, ScalarStyle::Plain, None).is_err(), "{text}");
        }
        assert!(resolve("x", ScalarStyle::Plain, Some("int")).is_err());
    }
}
