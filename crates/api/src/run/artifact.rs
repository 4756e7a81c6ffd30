//! Reading a run's artifact piece by piece.

use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use model::{Digest, RunId, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::request::request;

/// The most bytes of an artifact that one answer holds.
pub const MAX_CHUNK_BYTES: u64 = 256 * 1024;

request! {
    /// Reads a piece of a run's artifact.
    ArtifactQuery {
        /// The run.
        id: RunId = required(),
        /// The first byte.
        offset: u64 = count_or(0..=u64::MAX, 0),
        /// How many bytes at most.
        length: u64 = count_or(1..=MAX_CHUNK_BYTES, MAX_CHUNK_BYTES),
    }
}

/// Where a run's artifact can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactUrl {
    /// The address; whoever has it may fetch.
    pub presigned_url: String,
    /// After this it no longer opens anything.
    pub url_expires_at: Time,
}

/// A piece of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactChunk {
    /// The digest of all its bytes.
    pub digest: Digest,
    /// How many bytes it has in all.
    pub size_bytes: u64,
    /// The first byte of this piece.
    pub offset: u64,
    /// The piece's bytes (base64, RFC 4648 section 4); empty beyond the end.
    #[serde(
        rename = "data_base64",
        serialize_with = "to_base64",
        deserialize_with = "from_base64"
    )]
    pub data: Vec<u8>,
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD
        .decode(String::deserialize(deserializer)?)
        .map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_byte_survives() {
        let bytes: Vec<u8> = (0..=255).collect();
        let chunk = ArtifactChunk {
            digest: Digest::of(&bytes),
            size_bytes: 256,
            offset: 0,
            data: bytes,
        };
        let json = serde_json::to_string(&chunk).unwrap();
        assert_eq!(serde_json::from_str::<ArtifactChunk>(&json).unwrap(), chunk);
    }

    #[test]
    fn bytes_are_padded_base64() {
        let chunk = ArtifactChunk {
            digest: Digest::of(b""),
            size_bytes: 4,
            offset: 0,
            data: b"foob".to_vec(),
        };
        assert_eq!(
            serde_json::to_value(&chunk).unwrap()["data_base64"],
            json!("Zm9vYg==")
        );
    }
}
