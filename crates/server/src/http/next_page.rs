//! Where the further page of a list is: the `Link` header (RFC 8288).

use axum::body::Body;
use http::{HeaderValue, Response, Uri, header::LINK};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::query::pairs;

/// What stands in a query as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// What of a page tells where the further one begins.
#[derive(Deserialize)]
struct Cursor {
    next_cursor: Option<String>,
}

/// Adds the address of the page after the one that `answer` is, if there is one. The address is a path: clients know the host.
pub(super) fn add(response: &mut Response<Body>, asked: &Uri, answer: &[u8]) {
    let cursor = serde_json::from_slice::<Cursor>(answer).ok();
    let Some(cursor) = cursor.and_then(|page| page.next_cursor) else {
        return;
    };
    // A query that cannot be read was refused before.
    let query = pairs(asked.query().unwrap_or("")).unwrap_or_default();
    let mut address = asked.path().to_owned();
    let kept = query.iter().filter(|(key, _)| key != "cursor");
    let next = ("cursor".to_owned(), cursor);
    for (n, (key, value)) in kept.chain(std::iter::once(&next)).enumerate() {
        address.push(if n == 0 { '?' } else { '&' });
        address.extend(utf8_percent_encode(key, KEPT));
        address.push('=');
        address.extend(utf8_percent_encode(value, KEPT));
    }
    if let Ok(link) = HeaderValue::from_str(&format!("<{address}>; rel=\"next\"")) {
        response.headers_mut().insert(LINK, link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(asked: &str, answer: &str) -> Option<String> {
        let mut response = Response::new(Body::empty());
        add(&mut response, &asked.parse().unwrap(), answer.as_bytes());
        let link = response.headers().get(LINK)?;
        Some(link.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_further_page_is_asked_for_in_the_same_way() {
        let answer = r#"{"items":[{"next_cursor":"no"}],"next_cursor":"c-2"}"#;
        assert_eq!(
            link("/v1/acme/rehearse/personas", answer).unwrap(),
            "</v1/acme/rehearse/personas?cursor=c-2>; rel=\"next\""
        );
        assert_eq!(
            link(
                "/v1/acme/rehearse/personas/?tag=a%3Ab%20c&cursor=c-1&tag=d:&limit=5",
                answer
            )
            .unwrap(),
            "</v1/acme/rehearse/personas/?tag=a%3Ab%20c&tag=d%3A&limit=5&cursor=c-2>; rel=\"next\""
        );
        assert_eq!(
            link("/v1/acme/rehearse/personas", r#"{"items":[],"next_cursor":null}"#),
            None
        );
    }
}
