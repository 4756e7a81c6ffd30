//! Rows of projections. They can be rebuilt from the log at any time, so they carry no versions of their own.

use serde::{Serialize, de::DeserializeOwned};

use super::{DecodeError, EncodeError, record};

/// The bytes of a row.
pub fn to_row<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    postcard::to_allocvec(value).map_err(|source| EncodeError { what: "row", source })
}

/// Reads a row; every byte must be used.
pub fn from_row<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    record::body("row", bytes)
}
