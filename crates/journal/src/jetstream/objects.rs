//! Objects: named by the digest of their bytes, so that one name never holds two things.
//!
//! Laid out as NATS lays out an object store (ADR-20), so that `nats object get OBJECTS NAME` reads them: chunks under a word of
//! their own, then a description that names the word. An object is there once its description is.

use async_nats::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use bytes::Bytes;
use model::Digest;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Inner,
    coalesce::publish_persistently,
    connection::{Outgoing, persist},
    failure::{Failure, code},
    streams::{OBJECTS, OBJECTS_BUCKET},
};
use crate::{JournalError, checks};

/// Bytes in one chunk.
const CHUNK: usize = 128 * 1024;

/// What the object store keeps about an object.
#[derive(Debug, Serialize, Deserialize)]
struct Description {
    name: String,
    bucket: String,
    /// The word that its chunks stand under.
    #[serde(default)]
    nuid: String,
    #[serde(default)]
    size: usize,
    #[serde(default)]
    chunks: usize,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    mtime: Option<String>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    options: Option<Options>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Options {
    #[serde(default)]
    max_chunk_size: usize,
}

#[derive(Deserialize)]
struct Purged {}

fn chunks_subject(nuid: &str) -> String {
    format!("$O.{OBJECTS_BUCKET}.C.{nuid}")
}

fn description_subject(name: &str) -> String {
    format!("$O.{OBJECTS_BUCKET}.M.{}", URL_SAFE.encode(name))
}

fn fault(name: &str, reason: impl Into<String>) -> JournalError {
    JournalError::Object {
        name: name.to_owned(),
        reason: reason.into(),
    }
}

impl Inner {
    pub(super) async fn put_object(&self, name: &str, bytes: Bytes) -> Result<(), JournalError> {
        checks::object(name, &bytes)?;
        let put = async {
            let (existing, sequence) = self.description(name).await?;
            if existing
                .as_ref()
                .is_some_and(|existing| existing.size == bytes.len() && !existing.deleted)
            {
                return Ok(());
            }
            let nuid = self.connection.unique();
            let stored = self.store(name, &bytes, &nuid, sequence).await;
            // Whichever set of chunks no description names is of no use to anyone.
            let useless = match &stored {
                Ok(()) => existing.map(|existing| existing.nuid),
                Err(_failure) => Some(nuid),
            };
            if let Some(useless) = useless.filter(|nuid| !nuid.is_empty()) {
                self.remove_chunks(&useless).await;
            }
            match stored {
                // Another put of the same bytes was quicker.
                Err(failure) if failure.is(code::WRONG_LAST_SEQUENCE) => Ok(()),
                stored => stored,
            }
        };
        put.await
            .map_err(|failure: Failure| failure.into_error("put_object"))
    }

    async fn store(&self, name: &str, bytes: &Bytes, nuid: &str, expected: u64) -> Result<(), Failure> {
        let n_chunks = bytes.len().div_ceil(CHUNK);
        for index in 0..n_chunks {
            let (start, end) = (index * CHUNK, bytes.len().min((index + 1) * CHUNK));
            let mut headers = HeaderMap::new();
            // A chunk whose answer was lost must not stand there twice.
            headers.insert(header::NATS_MESSAGE_ID, format!("{nuid}.{index}").as_str());
            let chunk = Outgoing {
                subject: chunks_subject(nuid),
                headers,
                payload: bytes.slice(start..end),
            };
            publish_persistently(&self.connection, &chunk).await?;
        }
        let description = Description {
            name: name.to_owned(),
            bucket: OBJECTS_BUCKET.to_owned(),
            nuid: nuid.to_owned(),
            size: bytes.len(),
            chunks: n_chunks,
            digest: Some(format!(
                "SHA-256={}",
                URL_SAFE.encode(Digest::of(bytes).as_bytes())
            )),
            mtime: Some(crate::MemoryOptions::default().epoch.to_string()),
            deleted: false,
            options: Some(Options {
                max_chunk_size: CHUNK,
            }),
        };
        let payload =
            serde_json::to_vec(&description).map_err(|error| Failure::Malformed(error.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_ROLLUP, "sub");
        headers.insert(header::NATS_MESSAGE_ID, nuid);
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        let message = Outgoing {
            subject: description_subject(name),
            headers,
            payload: payload.into(),
        };
        match publish_persistently(&self.connection, &message).await {
            // Refused, unless it is our own that stands there and the answer was lost.
            Err(failure) if failure.is(code::WRONG_LAST_SEQUENCE) => match self.description(name).await? {
                (Some(found), _sequence) if found.nuid == nuid => Ok(()),
                _other => Err(failure),
            },
            other => other.map(|_ack| ()),
        }
    }

    async fn description(&self, name: &str) -> Result<(Option<Description>, u64), Failure> {
        let Some(last) = self.connection.last(OBJECTS, &description_subject(name)).await? else {
            return Ok((None, 0));
        };
        let description = serde_json::from_slice(&last.entry.payload).map_err(|error| {
            Failure::Malformed(format!(
                "the description of object {name} is not understood: {error}"
            ))
        })?;
        Ok((Some(description), last.entry.sequence))
    }

    async fn remove_chunks(&self, nuid: &str) {
        let call = format!("STREAM.PURGE.{OBJECTS}");
        let request = json!({ "filter": chunks_subject(nuid) });
        if let Err(failure) = persist(|| self.connection.api::<Purged>(&call, &request)).await {
            tracing::warn!(%failure, %nuid, "chunks that no object needs stay in the object store");
        }
    }

    pub(super) async fn object(&self, name: &str) -> Result<Option<Bytes>, JournalError> {
        checks::object_digest(name)?;
        let into_error = |failure: Failure| failure.into_error("object");
        let (description, _sequence) = self.description(name).await.map_err(into_error)?;
        let Some(description) = description.filter(|description| !description.deleted) else {
            return Ok(None);
        };
        let size = description.size;
        if size > checks::MAX_OBJECT_BYTES {
            return Err(fault(
                name,
                format!("{size} bytes are more than an object may have"),
            ));
        }
        let chunks = self
            .connection
            .range(OBJECTS, chunks_subject(&description.nuid), 1)
            .await;
        let mut chunks = chunks.map_err(into_error)?;
        let mut bytes = Vec::with_capacity(size);
        while let Some(chunk) = chunks.next().await.map_err(into_error)? {
            if bytes.len() + chunk.payload.len() > size {
                return Err(fault(
                    name,
                    format!("it has more than the {size} bytes that it should have"),
                ));
            }
            bytes.extend_from_slice(&chunk.payload);
        }
        checks::object(name, &bytes)?;
        Ok(Some(bytes.into()))
    }
}
