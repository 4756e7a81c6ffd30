//! `/openapi.json` and `/docs`: the OpenAPI document, for programs and for people.
//!
//! The page is made from the document when it is first asked for. It has no script and takes nothing from other hosts, so that it works
//! offline and under the strictest policy. Everything in it comes from the code; it is escaped all the same.

mod html;
mod operation;
mod page;
mod schema;

use std::sync::LazyLock;

use api::openapi::openapi_json;
use axum::{Router, body::Body, routing::get};
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};

/// What the page may load: its style sheet, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The documents change with the server only.
const CACHING: &str = "public, max-age=300";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi_json().to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page::page(&openapi_json()));
const STYLE: &str = include_str!("docs/style.css");

/// What stands at an address: its media type, and how its text is had.
type Served = (&'static str, fn() -> &'static str);

const SERVED: &[(&str, Served)] = &[
    ("/openapi.json", ("application/json", || &DOCUMENT)),
    ("/docs", ("text/html; charset=utf-8", || &PAGE)),
    ("/docs/style.css", ("text/css; charset=utf-8", || STYLE)),
];

/// The addresses of the documentation, in both spellings.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    SERVED
        .iter()
        .fold(Router::new(), |router, (path, (content_type, text))| {
            let answer = move || async move { document(content_type, text()) };
            router
                .route(path, get(answer))
                .route(&format!("{path}/"), get(answer))
        })
}

fn document(content_type: &'static str, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHING));
    answer
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every value of an attribute of the page.
    fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
        let start = format!(" {attribute}=\"");
        page.split(start.as_str())
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default())
            .collect()
    }

    #[test]
    fn the_page_shows_every_operation() {
        let ids: BTreeSet<&str> = values(&PAGE, "id").into_iter().collect();
        for operation in api::http::operations() {
            assert!(ids.contains(operation.id), "{}", operation.id);
        }
        assert!(ids.contains("sign-in-with-api-key") && ids.contains("schema-PersonaInstance"));
    }

    #[test]
    fn anchors_are_unique_and_every_link_leads_somewhere() {
        let ids = values(&PAGE, "id");
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
        for link in values(&PAGE, "href") {
            match link.strip_prefix('#') {
                Some(anchor) => assert!(unique.contains(anchor), "{link}"),
                None => assert!(["/docs/style.css", "/openapi.json"].contains(&link), "{link}"),
            }
        }
    }

    #[test]
    fn the_page_needs_no_script_and_no_other_host() {
        for forbidden in ["<script", "javascript:", " style=", " onclick", " src=", "<style"] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn the_document_is_the_one_that_is_committed() {
        let committed = include_str!("../../../../docs/openapi.json");
        let (served, committed): (serde_json::Value, serde_json::Value) = (
            serde_json::from_str(&DOCUMENT).unwrap(),
            serde_json::from_str(committed).unwrap(),
        );
        assert_eq!(served, committed);
    }

    #[test]
    fn answers_have_their_policy() {
        let answer = document("text/html; charset=utf-8", &PAGE);
        let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"));
    }
}
