//! What a request wants of a whole whose bytes never change: all of it, a range, or nothing because it has it already (RFC 9110,
//! sections 13 and 14).

use std::ops::RangeInclusive;

use headers::{ETag, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange};
use http::{HeaderMap, Method, header::RANGE};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};

use super::super::headers::single;

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes, which exist.
    Part(RangeInclusive<u64>),
    /// Nothing: the client has it.
    Known,
    /// Nothing: the client wants it only if it is something else.
    Other,
    /// Bytes that do not exist.
    Beyond,
}

/// What a request wants of `length` bytes that are named `etag`.
pub(super) fn wanted(method: &Method, headers: &HeaderMap, etag: &ETag, length: u64) -> Wanted {
    let if_match: Option<IfMatch> = headers.typed_get();
    if if_match.is_some_and(|condition| !condition.precondition_passes(etag)) {
        return Wanted::Other;
    }
    let if_none_match: Option<IfNoneMatch> = headers.typed_get();
    if if_none_match.is_some_and(|condition| !condition.precondition_passes(etag)) {
        return Wanted::Known;
    }
    // Ranges have a meaning for GET only.
    let range = single(headers, RANGE.as_str()).ok().flatten();
    let Some(range) = range.filter(|_| method == Method::GET) else {
        return Wanted::Whole;
    };
    let if_range: Option<IfRange> = headers.typed_get();
    if if_range.is_some_and(|condition| condition.is_modified(Some(etag), None)) {
        return Wanted::Whole;
    }
    let ranges = parse_range_header(range).and_then(|ranges| ranges.validate(length));
    match ranges.as_deref() {
        Ok([one]) => Wanted::Part(one.clone()),
        Err(RangeUnsatisfiableError::Unsatisfiable) => Wanted::Beyond,
        // What is no range, and what would take several parts, may be passed over.
        Ok(_) | Err(_) => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use http::{
        HeaderName, HeaderValue,
        header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE},
    };

    use super::*;

    fn of(method: &Method, given: &[(HeaderName, &str)]) -> Wanted {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        wanted(method, &headers, &"\"abc\"".parse().unwrap(), 10)
    }

    #[test]
    fn ranges_are_those_of_the_standard() {
        for (range, expected) in [
            ("bytes=0-0", Wanted::Part(0..=0)),
            ("bytes=0-9", Wanted::Part(0..=9)),
            ("bytes=3-5", Wanted::Part(3..=5)),
            ("Bytes=3-5", Wanted::Part(3..=5)),
            ("bytes=3-", Wanted::Part(3..=9)),
            ("bytes=9-", Wanted::Part(9..=9)),
            ("bytes=3-99999999999999999999999", Wanted::Part(3..=9)),
            ("bytes=-4", Wanted::Part(6..=9)),
            ("bytes=-10", Wanted::Part(0..=9)),
            ("bytes=-11", Wanted::Part(0..=9)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=10-20", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=18446744073709551615-", Wanted::Beyond),
            ("bytes=10-,20-", Wanted::Beyond),
            ("bytes=1-2,20-", Wanted::Part(1..=2)),
            ("bytes=1-2,4-5", Wanted::Whole),
            ("bytes=0-,0-,0-,0-", Wanted::Whole),
            ("bytes=5-3", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("chars=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(of(&Method::GET, &[(RANGE, range)]), expected, "{range}");
            assert_eq!(of(&Method::HEAD, &[(RANGE, range)]), Wanted::Whole, "{range}");
        }
        let twice = [(RANGE, "bytes=1-2"), (RANGE, "bytes=4-5")];
        assert_eq!(of(&Method::GET, &twice), Wanted::Whole);
    }

    #[test]
    fn conditions_come_before_ranges() {
        let with = |name: HeaderName, value: &str| of(&Method::GET, &[(RANGE, "bytes=1-2"), (name, value)]);
        let part = Wanted::Part(1..=2);
        for (name, value, expected) in [
            (IF_RANGE, "\"abc\"", part.clone()),
            (IF_RANGE, "\"other\"", Wanted::Whole),
            (IF_RANGE, "W/\"abc\"", Wanted::Whole),
            (IF_RANGE, "Sat, 29 Oct 1994 19:43:31 GMT", Wanted::Whole),
            (IF_NONE_MATCH, "\"abc\"", Wanted::Known),
            (IF_NONE_MATCH, "W/\"abc\"", Wanted::Known),
            (IF_NONE_MATCH, "\"x\", \"abc\"", Wanted::Known),
            (IF_NONE_MATCH, "*", Wanted::Known),
            (IF_NONE_MATCH, "\"x\"", part.clone()),
            (IF_MATCH, "\"abc\"", part.clone()),
            (IF_MATCH, "*", part),
            (IF_MATCH, "\"x\"", Wanted::Other),
            (IF_MATCH, "W/\"abc\"", Wanted::Other),
        ] {
            assert_eq!(with(name.clone(), value), expected, "{name}: {value}");
        }
    }
}
