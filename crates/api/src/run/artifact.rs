//! Reading a run's artifact: piece by piece, or from an address that is signed for a while.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use model::{Digest, Invalid, RunId, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{FieldErrors, Pointer, read::Read, request::request};

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

/// Where a run's artifact is fetched, after [`PATH_PREFIX`](crate::http::PATH_PREFIX): a `GET` or `HEAD` of a signed address, without
/// a token.
pub const ARTIFACT_PATH: &str = "rehearse/runs/{run_id}/artifact";
/// The media type of an artifact.
pub const ARTIFACT_CONTENT_TYPE: &str = "application/zip";

request! {
    /// Asks for an address from which a run's artifact can be fetched.
    ArtifactUrlQuery {
        /// The run.
        id: RunId = required(),
    }
}

request! {
    /// Fetches an artifact from a signed address.
    SignedArtifactQuery {
        /// The run.
        id: RunId = required(),
        /// When the address ends, in seconds since 1970.
        expires: u64 = count_or(0..=MAX_EXPIRES, 0),
        /// What shows that the address was made here, for this artifact and that end.
        signature: Option<Signature> = single(),
    }
}

/// The latest end of an address, in seconds since 1970: 9999-12-31T23:59:59Z.
pub const MAX_EXPIRES: u64 = 253_402_300_799;

/// What shows that an address was made here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 32]);

/// The pattern of a signature: its bytes as lower-case hexadecimal digits.
const SIGNATURE_PATTERN: &str = "^[0-9a-f]{64}$";

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever knows it can fetch the artifact.
        f.write_str("Signature")
    }
}

impl FromStr for Signature {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut bytes = [0; 32];
        let pairs = text.as_bytes().as_chunks::<2>();
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let is_whole = pairs.0.len() == bytes.len() && pairs.1.is_empty();
        let read = bytes.iter_mut().zip(pairs.0).try_for_each(|(byte, [high, low])| {
            *byte = digit(*high)? << 4 | digit(*low)?;
            Some(())
        });
        match read {
            Some(()) if is_whole => Ok(Self(bytes)),
            Some(()) | None => Err(Invalid::new("must be 64 lower-case hexadecimal digits")),
        }
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for Signature {
    fn read(value: &Value, at: &Pointer, errors: &mut FieldErrors) -> Option<Self> {
        let text = String::read(value, at, errors)?;
        text.parse()
            .map_err(|reason: Invalid| errors.push(at, reason.to_string()))
            .ok()
    }
}

impl PartialSchema for Signature {
    fn schema() -> RefOr<Schema> {
        crate::openapi::schema(json!({
            "description": "Shows that an address was made by the server.",
            "type": "string",
            "pattern": SIGNATURE_PATTERN,
        }))
    }
}

impl ToSchema for Signature {}

/// Where a run's artifact can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunArtifactUrl)]
pub struct ArtifactUrl {
    /// The address; whoever has it may fetch.
    pub presigned_url: String,
    /// After this it no longer opens anything.
    pub url_expires_at: Time,
}

/// A piece of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RunArtifactChunk)]
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
    #[schema(value_type = String)]
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
    use super::*;

    #[test]
    fn a_signature_is_written_in_one_way() {
        let bytes = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        let text = Signature(bytes).to_string();
        assert_eq!(text.parse::<Signature>().unwrap(), Signature(bytes));
        assert!(!format!("{:?}", Signature(bytes)).contains(&text));
        for wrong in [
            "",
            &text[1..],
            &format!("{text}0"),
            &format!("{text}00"),
            &text.to_uppercase(),
            &text.replace("f8", "f\u{665}"),
            &text.replace("f8", "g8"),
        ] {
            assert!(wrong.parse::<Signature>().is_err(), "{wrong}");
        }
    }

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
