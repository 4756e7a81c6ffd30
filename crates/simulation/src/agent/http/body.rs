//! The body of a response, read piece by piece within the limit of a reply.

use std::{fmt, pin::Pin};

use futures::{Stream, StreamExt as _};
use reqwest::header::CONTENT_TYPE;

use super::unreachable;
use crate::{Secrets, agent::AgentError};

type Chunks = Pin<Box<dyn Stream<Item = Result<Vec<u8>, reqwest::Error>> + Send>>;

/// What is still to be read of a successful response.
pub(in crate::agent) struct Body {
    chunks: Chunks,
    /// Of the form `type/subtype`, in lower case; empty if the response does not say.
    content_type: String,
    place: String,
    limit_bytes: u32,
    /// How many more bytes are accepted.
    room: usize,
    secrets: Secrets,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("place", &self.place)
            .field("content_type", &self.content_type)
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

impl Body {
    /// Refuses at once what says that it is too long.
    pub(super) fn of(
        response: reqwest::Response,
        place: String,
        limit_bytes: u32,
        secrets: Secrets,
    ) -> Result<Self, AgentError> {
        let length = response.content_length();
        if length.is_some_and(|length| length > u64::from(limit_bytes)) {
            return Err(AgentError::TooLarge { place, limit_bytes });
        }
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default();
        let chunks = response.bytes_stream().map(|chunk| chunk.map(Vec::from));
        Ok(Self {
            chunks: Box::pin(chunks),
            content_type,
            place,
            limit_bytes,
            room: usize::try_from(limit_bytes).unwrap_or(usize::MAX),
            secrets,
        })
    }

    /// What kind of body it says to be, such as `text/event-stream`; empty if it does not say.
    pub(in crate::agent) fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The next piece, as it comes; none at the end.
    pub(in crate::agent) async fn next(&mut self) -> Result<Option<Vec<u8>>, AgentError> {
        let Some(chunk) = self.chunks.next().await else {
            return Ok(None);
        };
        let chunk = chunk.map_err(|why| unreachable(self.place.clone(), &why, &self.secrets))?;
        match self.room.checked_sub(chunk.len()) {
            Some(room) => self.room = room,
            None => {
                return Err(AgentError::TooLarge {
                    place: self.place.clone(),
                    limit_bytes: self.limit_bytes,
                });
            }
        }
        Ok(Some(chunk))
    }

    /// All that is still to come.
    pub(in crate::agent) async fn rest(mut self) -> Result<Vec<u8>, AgentError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
