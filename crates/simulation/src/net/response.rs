//! Reading what HTTP servers answer: bounded, and shown without secrets.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use reqwest::{
    Response, Url,
    header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER},
};

use super::ReachError;
use crate::excerpt::excerpt;

/// At most `limit` bytes of a body, and whether there was more.
pub(crate) async fn read(response: Response, limit: usize) -> Result<(Vec<u8>, bool), reqwest::Error> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        let room = limit - body.len();
        if chunk.len() > room {
            body.extend_from_slice(&chunk[..room]);
            return Ok((body, true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, false))
}

/// A URL without user, password, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Neither can fail: the URL has a host.
    let _no_host = url.set_username("");
    let _no_host = url.set_password(None);
    url.to_string()
}

/// Where a redirect leads, as [`shown`].
pub(crate) fn shown_target(from: &Url, headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    location.map_or_else(
        || "nowhere".to_owned(),
        |location| {
            from.join(location)
                .map_or_else(|_why| excerpt(location, 200), |url| shown(&url))
        },
    )
}

/// An error and its causes, without the URL, which may hold secrets.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        texts.push(cause.to_string());
        source = cause.source();
    }
    match texts.pop() {
        // The last cause is the plainest; those above it mostly repeat it.
        Some(last) => texts
            .first()
            .filter(|first| !last.contains(first.as_str()) && !first.contains(&last))
            .map_or_else(|| last.clone(), |first| format!("{first}: {last}")),
        None => "the request failed".to_owned(),
    }
}

/// Why a request was not allowed to go where it should, if that is why it failed.
pub(crate) fn not_allowed(error: &reqwest::Error) -> Option<&ReachError> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(reach @ ReachError::NotAllowed { .. }) = cause.downcast_ref() {
            return Some(reach);
        }
        source = cause.source();
    }
    None
}

/// How long a server asks to wait, in milliseconds.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(RETRY_AFTER)
        .and_then(|value| retry_after_ms(value, SystemTime::now()))
}

/// Seconds, or a date, from now.
fn retry_after_ms(value: &HeaderValue, now: SystemTime) -> Option<u64> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?
        .as_millisecond();
    let now = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_millis();
    Some(
        u64::try_from(at)
            .unwrap_or(0)
            .saturating_sub(u64::try_from(now).unwrap_or(u64::MAX)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_470);
        let read = |text| retry_after_ms(&HeaderValue::from_static(text), now);
        assert_eq!(read("12"), Some(12_000));
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(10_000));
        assert_eq!(read("Wed, 21 Oct 2009 07:28:00 GMT"), Some(0));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1"), None);
    }
}
