//! The body of a request, read within limits of size and time.

use std::time::Duration;

use api::{
    Pointer,
    error::{ErrorCode, Problem},
};
use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap,
    header::{CONTENT_TYPE, EXPECT},
};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::{HttpOptions, json::malformed};

/// Whoever sends at least that many bytes a second may take longer than the time for a body.
const LEAST_BYTES_PER_SECOND: u64 = 64 * 1024;

/// How much memory is set aside for a body before it comes, in bytes.
const MAX_RESERVED: usize = 256 * 1024;

/// How long the rest of a body is taken in and thrown away.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// The body of a request that may not have arrived yet.
pub(crate) struct RequestBody {
    body: Body,
    /// The rest is not worth waiting for: the client waits to be asked for it, sends too slowly, or not what it announced.
    is_given_up: bool,
    n_received: u64,
    max: usize,
    timeout: Duration,
    began: Instant,
}

impl RequestBody {
    pub(crate) fn new(body: Body, headers: &HeaderMap, options: &HttpOptions) -> Self {
        Self {
            body,
            is_given_up: headers.contains_key(EXPECT),
            n_received: 0,
            max: options.max_body_bytes,
            timeout: options.body_timeout,
            began: Instant::now(),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// It is too large, comes too slowly, or not as announced.
    pub(crate) async fn read(&mut self) -> Result<Vec<u8>, Problem> {
        let announced = usize::try_from(self.body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > self.max {
            return Err(self.too_large());
        }
        // From now on a client that wants to be asked has been.
        self.is_given_up = false;
        self.began = Instant::now();
        let mut bytes = Vec::with_capacity(announced.min(MAX_RESERVED));
        while let Some(part) = self.next().await? {
            if bytes.len() + part.len() > self.max {
                return Err(self.too_large());
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }

    /// Takes in what has not been read, within limits. Many clients send all of a body before they look at the answer; a connection
    /// that is closed meanwhile would hide the answer from them.
    pub(crate) async fn drain(mut self) {
        let most = u64::try_from(self.max).unwrap_or(u64::MAX).saturating_mul(2);
        if self.is_given_up || self.body.size_hint().lower() > most {
            return;
        }
        let rest = async {
            while self.n_received <= most {
                match self.body.frame().await {
                    Some(Ok(frame)) => {
                        self.n_received += frame.data_ref().map_or(0, |data| data.len() as u64)
                    }
                    Some(Err(_)) | None => return,
                }
            }
        };
        // Whoever has not sent it by then does without.
        drop(tokio::time::timeout(DRAIN_TIME, rest).await);
    }

    /// The next part.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let deadline =
                self.began + self.timeout + Duration::from_secs(self.n_received / LEAST_BYTES_PER_SECOND);
            let Ok(frame) = timeout_at(deadline, self.body.frame()).await else {
                self.is_given_up = true;
                let seconds = self.timeout.as_secs_f32();
                let detail = format!("the body did not arrive within {seconds} s");
                return Err(Problem::new(ErrorCode::TooSlow, detail));
            };
            let frame = match frame {
                None => return Ok(None),
                Some(Ok(frame)) => frame,
                Some(Err(_)) => {
                    self.is_given_up = true;
                    let detail = "does not arrive as its headers announce it";
                    return Err(malformed(&Pointer::root(), detail));
                }
            };
            // Trailers say nothing that is of interest here.
            if let Ok(data) = frame.into_data() {
                self.n_received += data.len() as u64;
                return Ok(Some(data));
            }
        }
    }

    fn too_large(&self) -> Problem {
        let detail = format!("the body is larger than {} bytes", self.max);
        Problem::new(ErrorCode::TooLarge, detail)
    }
}

/// Refuses a body that says it is something else than JSON.
pub(super) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let given = types.next().and_then(|given| given.to_str().ok()).unwrap_or("");
    if is_json(given) && types.next().is_none() {
        return Ok(());
    }
    let shown: String = given.chars().take(100).collect();
    let detail = format!("must be `application/json`, this is `{shown}`");
    Err(malformed(&Pointer::root().key("content-type"), &detail))
}

/// Whether a media type is JSON, whatever its parameters.
fn is_json(media_type: &str) -> bool {
    let bare = media_type
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    bare == "application/json" || (bare.starts_with("application/") && bare.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_many_names() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
        ] {
            assert!(is_json(json), "{json}");
        }
        for other in [
            "",
            "text/json",
            "application/jsonx",
            "text/plain",
            "application/x-www-form-urlencoded",
            "json",
        ] {
            assert!(!is_json(other), "{other}");
        }
    }
}
