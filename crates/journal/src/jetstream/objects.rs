//! Objects: named by the digest of their bytes, so that one name never holds two things.
//!
//! Laid out as NATS lays out an object store (ADR-20), so that `nats object get` reads them: chunks under a random word, then a
//! description that names the word. An object is there once its description is.

use async_nats::{
    HeaderMap, header,
    jetstream::{
        object_store::{ObjectInfo, ObjectOptions},
        stream::{Config, DiscardPolicy, StorageType},
    },
};
use bytes::Bytes;
use model::Digest;
use serde::Deserialize;
use serde_json::json;

use super::{
    Inner,
    coalesce::publish_persistently,
    connection::{Outgoing, persist},
    failure::{Failure, code},
    read::Start,
    streams::{OBJECTS, OBJECTS_BUCKET},
};
use crate::{JournalError, checks};

/// Bytes in one chunk.
const CHUNK: usize = 128 * 1024;
