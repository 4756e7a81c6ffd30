//! JSON read strictly: what two readers could read differently is refused.

use std::fmt;

use api::{
    FieldErrors, Pointer,
    error::{ErrorCode, Problem},
};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep lists and objects may stand in each other.
const MAX_DEPTH: usize = 64;

/// The longest part of a key that is repeated in a refusal, in characters: a hostile body must not come back many times its size.
const MAX_KEY_CHARS: usize = 100;

/// The one JSON value that `bytes` are, in UTF-8. Refused are: the same key twice in one object, more than 64 levels, numbers that a
/// 64-bit float cannot hold, and anything after the value.
///
/// # Errors
/// A problem that names the place.
pub(crate) fn read_json(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|invalid| {
        let detail = format!("is not UTF-8 from byte {} on", invalid.valid_up_to());
        malformed(&Pointer::root(), &detail)
    })?;
    let mut trail = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Strict {
        depth: 0,
        trail: &mut trail,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let place = trail.iter().rev().fold(Pointer::root(), |at, step| at.key(step));
        malformed(&place, &format!("is not acceptable JSON: {error}"))
    })
}

/// A body that cannot be read.
pub(crate) fn malformed(at: &Pointer, detail: &str) -> Problem {
    let mut problem = Problem::from(FieldErrors::one(at, detail));
    let named = Problem::new(ErrorCode::MalformedBody, std::mem::take(&mut problem.detail));
    Problem {
        errors: problem.errors,
        ..named
    }
}

/// Reads a value; `trail` gets, from the inside out, where reading failed.
struct Strict<'t> {
    depth: usize,
    trail: &'t mut Vec<String>,
}

impl Strict<'_> {
    /// One level further in.
    fn inner(&mut self) -> Strict<'_> {
        Strict {
            depth: self.depth + 1,
            trail: self.trail,
        }
    }

    fn check_depth<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth < MAX_DEPTH {
            return Ok(());
        }
        Err(E::custom(format_args!("more than {MAX_DEPTH} levels")))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        let number = Number::from_f64(number);
        number
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut values = Vec::new();
        loop {
            match access.next_element_seed(self.inner()) {
                Ok(Some(value)) => values.push(value),
                Ok(None) => return Ok(Value::Array(values)),
                Err(error) => {
                    self.trail.push(values.len().to_string());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut fields = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if fields.contains_key(&key) {
                let twice =
                    A::Error::custom(format_args!("the key `{}` stands there twice", shortened(&key)));
                self.trail.push(shortened(&key));
                return Err(twice);
            }
            match access.next_value_seed(self.inner()) {
                Ok(value) => {
                    fields.insert(key, value);
                }
                Err(error) => {
                    self.trail.push(shortened(&key));
                    return Err(error);
                }
            }
        }
        Ok(Value::Object(fields))
    }
}

fn shortened(key: &str) -> String {
    key.chars().take(MAX_KEY_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(read_json(deep(MAX_DEPTH).as_bytes()).is_ok());
        let table: &[(&[u8], &str, &str)] = &[
            (b"", "", "EOF"),
            (b"{", "", "EOF"),
            (b"{} {}", "", "trailing"),
            (b"{}x", "", "trailing"),
            (b"\xEF\xBB\xBF{}", "", "expected value"),
            (b"{\"a\":\"\xFF\"}", "", "UTF-8 from byte 6"),
            (b"{\"a\":1,\"a\":1}", "/a", "twice"),
            (b"{\"a\":1,\"\\u0061\":1}", "/a", "twice"),
            (
                b"{\"b\":[{},{\"a\":{\"x/y\":1,\"x/y\":2}}]}",
                "/b/1/a/x~1y",
                "twice",
            ),
            (b"{\"a\":NaN}", "/a", "expected value"),
            (b"{\"a\":[Infinity]}", "/a/0", "expected value"),
            (b"{\"a\":-Infinity}", "/a", "invalid number"),
            (b"{\"a\":1e400}", "/a", "out of range"),
            (b"{\"a\":01}", "/a", "invalid number"),
            (b"{\"a\":\"\\ud800\"}", "/a", "hex escape"),
            (b"{\"a\":\"\x01\"}", "/a", "control character"),
            (b"{'a':1}", "", "key must be a string"),
            (b"{\"a\":1,}", "", "trailing comma"),
            (b"// x\n{}", "", "expected value"),
        ];
        for (body, pointer, reason) in table {
            let shown = String::from_utf8_lossy(body);
            let problem = read_json(body).unwrap_err();
            assert_eq!(
                (problem.status, problem.code),
                (422, ErrorCode::MalformedBody),
                "{shown}"
            );
            assert_eq!(problem.errors[0].pointer, *pointer, "{shown}: {}", problem.detail);
            assert!(
                problem.errors[0].detail.contains(reason),
                "{shown}: {}",
                problem.errors[0].detail
            );
        }
        for depth in [MAX_DEPTH + 1, 100_000] {
            assert_eq!(
                read_json(deep(depth).as_bytes()).unwrap_err().code,
                ErrorCode::MalformedBody
            );
        }
        let long = format!("{{\"{0}\":1,\"{0}\":1}}", "k".repeat(100_000));
        assert!(read_json(long.as_bytes()).unwrap_err().detail.len() < 1000);
    }

    #[test]
    fn order_and_kinds_of_numbers_are_kept() {
        let text = r#"{"z":18446744073709551615,"a":-9223372036854775808,"m":[1.5,null,true,"é\n"],"e":{}}"#;
        assert_eq!(read_json(text.as_bytes()).unwrap().to_string(), text);
        assert_eq!(read_json(b" [1] ").unwrap(), json!([1]));
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_writes(text in any::<String>(), number in any::<i64>(), float in -1e300..1e300f64) {
            let value = json!({"text": text, "list": [number, {"float": float}], text.as_str(): null});
            let bytes = serde_json::to_vec(&value).unwrap();
            prop_assert_eq!(read_json(&bytes).unwrap(), value);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let ours = read_json(&bytes);
            if ours.is_ok() {
                prop_assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
            }
        }
    }
}
