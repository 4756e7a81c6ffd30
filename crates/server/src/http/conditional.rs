//! Requests that depend on what the caller knows: `If-Match`, `If-None-Match` and `ETag` (RFC 9110, 8.8.3 and 13).
//!
//! An `ETag` begins with the tag of the object's state, by which a change can be made to depend on it. Where the answer tells more
//! than the state, it goes on with a digest of the answer.

use api::{FieldErrors, Pointer, bus::Family, error::Problem, http::Operation};
use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH},
};
use model::{Kind, Known, StateTag};

use super::respond::{empty, json_bytes};

/// The most tags that one request names.
const MAX_TAGS: usize = 64;
/// How long the text of a state's tag is.
const STATE_CHARS: usize = 32;
/// How much of an answer's digest stands in a tag, in characters.
const ANSWER_CHARS: usize = 16;

/// Entity tags, as a request names them.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    /// Whichever there is.
    Any,
    /// These.
    These(Vec<Tag>),
}

/// One entity tag.
#[derive(Debug, PartialEq, Eq)]
struct Tag {
    is_weak: bool,
    /// What stands between the quotes.
    text: String,
}

/// What the caller knows of the object that an operation changes.
///
/// # Errors
/// A header that cannot be read, or that the operation cannot depend on: what is not looked at must not be taken for looked at.
pub(super) fn precondition(operation: &Operation, headers: &HeaderMap) -> Result<Option<Known>, FieldErrors> {
    if operation.family == Family::Command && headers.contains_key(IF_NONE_MATCH) {
        return Err(wrong(&IF_NONE_MATCH, "changes cannot depend on it"));
    }
    let Some(tags) = read(headers, &IF_MATCH)? else {
        return Ok(None);
    };
    if !operation.changes_object() {
        return Err(wrong(
            &IF_MATCH,
            "the operation changes no object that is there already",
        ));
    }
    Ok(Some(match tags {
        Tags::Any => Known::Exists,
        Tags::These(tags) => Known::OneOf(tags.iter().filter_map(Tag::state).collect()),
    }))
}

/// The answer of an operation that shows an object: nothing, if the caller has it already.
///
/// # Errors
/// A header that cannot be read.
pub(super) fn show(
    operation: &Operation,
    headers: &HeaderMap,
    status: StatusCode,
    state: Option<StateTag>,
    answer: Bytes,
) -> Result<Response<Body>, Problem> {
    let known = read(headers, &IF_NONE_MATCH)?;
    let Some(state) = state else {
        return Ok(json_bytes(status, answer));
    };
    let tag = tag_of(operation, state, &answer);
    let has_it = known.is_some_and(|known| match known {
        Tags::Any => true,
        Tags::These(tags) => tags.iter().any(|known| known.text == tag),
    });
    let mut response = if has_it {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        json_bytes(status, answer)
    };
    add(response.headers_mut(), &tag);
    Ok(response)
}

/// Adds the tag of the state that an operation has left its object in.
pub(super) fn add_state(operation: &Operation, headers: &mut HeaderMap, state: Option<StateTag>) {
    if let Some(state) = state.filter(|_| !tells_more(operation)) {
        add(headers, &state.to_string());
    }
}

fn add(headers: &mut HeaderMap, tag: &str) {
    // A tag is made of hexadecimal digits and a dash.
    if let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        headers.insert(ETAG, value);
    }
}

/// What stands between the quotes of an answer's tag.
fn tag_of(operation: &Operation, state: StateTag, answer: &[u8]) -> String {
    if !tells_more(operation) {
        return state.to_string();
    }
    let digest = blake3::hash(answer).to_hex();
    format!("{state}-{}", digest.get(..ANSWER_CHARS).unwrap_or(&digest))
}

/// Whether what is shown of an object tells more than its state: of a set its newest run, of a run what came out.
fn tells_more(operation: &Operation) -> bool {
    [Kind::UnitTestSet.as_str(), Kind::Run.as_str()].contains(&operation.kind)
}

impl Tag {
    /// The state that it names, if it is a strong tag of ours: only those can be depended on.
    fn state(&self) -> Option<StateTag> {
        let (state, rest) = self.text.split_at_checked(STATE_CHARS)?;
        let is_ours = rest.is_empty()
            || rest
                .strip_prefix('-')
                .is_some_and(|rest| rest.len() == ANSWER_CHARS);
        state.parse().ok().filter(|_| is_ours && !self.is_weak)
    }
}

/// The entity tags of a header, which may stand there several times; none if it does not.
fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, FieldErrors> {
    let mut tags = Vec::new();
    let mut n_lines = 0;
    for line in headers.get_all(name) {
        n_lines += 1;
        let line = line.to_str().map_err(|_not_ascii| wrong(name, "must be ASCII"))?;
        if line.trim() == "*" {
            return if n_lines == 1 && headers.get_all(name).iter().count() == 1 {
                Ok(Some(Tags::Any))
            } else {
                Err(wrong(name, "`*` must stand alone"))
            };
        }
        read_line(line, name, &mut tags)?;
    }
    if n_lines > 0 && tags.is_empty() {
        return Err(wrong(name, "must name at least one tag"));
    }
    Ok((n_lines > 0).then_some(Tags::These(tags)))
}

/// The entity tags of one line: `"a", W/"b"`.
fn read_line(line: &str, name: &HeaderName, tags: &mut Vec<Tag>) -> Result<(), FieldErrors> {
    let malformed = || {
        wrong(
            name,
            "must be `*`, or entity tags in quotes with commas between them",
        )
    };
    let mut rest = line.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let inner = quoted.strip_prefix('"').ok_or_else(malformed)?;
        let (text, after) = inner.split_once('"').ok_or_else(malformed)?;
        if text.bytes().any(|b| !b.is_ascii_graphic()) {
            return Err(malformed());
        }
        if tags.len() == MAX_TAGS {
            return Err(wrong(name, &format!("must name at most {MAX_TAGS} tags")));
        }
        tags.push(Tag {
            is_weak,
            text: text.to_owned(),
        });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return Err(malformed());
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    Ok(())
}

fn wrong(name: &HeaderName, detail: &str) -> FieldErrors {
    let shown = if *name == IF_MATCH {
        "If-Match"
    } else {
        "If-None-Match"
    };
    FieldErrors::one(&Pointer::root().key(shown), detail)
}

#[cfg(test)]
mod tests {
    use api::http::operation;

    use super::*;

    const STATE: &str = "00112233445566778899aabbccddeeff";

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let values = values
            .iter()
            .map(|value| (name.clone(), HeaderValue::from_str(value).unwrap()));
        values.collect()
    }

    fn known(values: &[&str]) -> Result<Option<Known>, FieldErrors> {
        let update = operation("update-simulation-persona").unwrap();
        precondition(update, &headers(IF_MATCH, values))
    }

    #[test]
    fn tags_of_ours_are_states() {
        let state: StateTag = STATE.parse().unwrap();
        assert_eq!(known(&[]).unwrap(), None);
        assert_eq!(known(&["*"]).unwrap(), Some(Known::Exists));
        let one = Some(Known::OneOf(vec![state]));
        for values in [
            &[&*format!("\"{STATE}\"")][..],
            &[&format!("\"{STATE}-0123456789abcdef\"")],
            &[&format!(" , \"x,y\" ,\"{STATE}\"")],
            &["\"other\"", &format!("W/\"{STATE}\",\"{STATE}\"")],
        ] {
            assert_eq!(known(values).unwrap(), one, "{values:?}");
        }
        let none = Some(Known::OneOf(Vec::new()));
        for value in [
            "\"\"".to_owned(),
            format!("W/\"{STATE}\""),
            format!("\"{STATE}-0\""),
            format!("\"{STATE}0\""),
            format!("\"{}\"", STATE.to_uppercase()),
        ] {
            assert_eq!(
                known(&[&value]).unwrap(),
                none,
                "{value}: nothing can be in such a state"
            );
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        let too_many = "\"a\",".repeat(MAX_TAGS + 1);
        for values in [
            &["x"][..],
            &["\"a"],
            &["\"a\" \"b\""],
            &["*, \"a\""],
            &["*", "\"a\""],
            &["\"a\"", "*"],
            &["w/\"a\""],
            &["\"a b\""],
            &[""],
            &[","],
            &[&too_many],
        ] {
            let errors = known(values).unwrap_err();
            assert_eq!(errors.as_slice()[0].pointer, "/If-Match", "{values:?}");
        }
    }

    #[test]
    fn only_what_looks_at_it_takes_it() {
        let tag = format!("\"{STATE}\"");
        for id in [
            "create-simulation-persona",
            "get-simulation-personas",
            "get-persona",
            "apply-suite",
            "start-run",
        ] {
            let operation = operation(id).unwrap();
            assert!(
                precondition(operation, &headers(IF_MATCH, &[&tag])).is_err(),
                "{id}"
            );
        }
        let update = operation("update-simulation-persona").unwrap();
        assert!(precondition(update, &headers(IF_NONE_MATCH, &["*"])).is_err());
    }

    #[test]
    fn who_has_it_already_gets_nothing() {
        let (get, state) = (operation("get-persona").unwrap(), STATE.parse().unwrap());
        let answer = |values: &[&str]| {
            let headers = headers(IF_NONE_MATCH, values);
            show(
                get,
                &headers,
                StatusCode::OK,
                Some(state),
                Bytes::from_static(b"{}"),
            )
            .unwrap()
        };
        let (strong, weak) = (format!("\"{STATE}\""), format!("W/\"{STATE}\""));
        for (values, status) in [
            (&[][..], StatusCode::OK),
            (&["\"x\""], StatusCode::OK),
            (&["*"], StatusCode::NOT_MODIFIED),
            (&[&*strong], StatusCode::NOT_MODIFIED),
            (&["\"x\"", &weak], StatusCode::NOT_MODIFIED),
        ] {
            let answer = answer(values);
            assert_eq!(answer.status(), status, "{values:?}");
            assert_eq!(answer.headers()[ETAG], strong);
        }
    }

    #[test]
    fn a_tag_names_everything_that_is_shown() {
        let state = STATE.parse().unwrap();
        let tag = |id: &str, answer: &str| tag_of(operation(id).unwrap(), state, answer.as_bytes());
        assert_eq!(tag("get-persona", "a"), STATE);
        assert_ne!(tag("get-run", "a"), tag("get-run", "b"));
        assert_ne!(tag("get-unit-test-set", "a"), tag("get-unit-test-set", "b"));
    }
}
