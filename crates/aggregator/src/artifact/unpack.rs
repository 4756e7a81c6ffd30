//! Reading an artifact: one entry of the zip.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

/// An entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The bytes are not a zip, or it has no such entry, or the entry is damaged.
    #[error("{entry} cannot be read from the artifact: {reason}")]
    Unreadable {
        /// The entry's name.
        entry: String,
        /// What is wrong.
        reason: String,
    },
    /// The entry is larger than the caller wants.
    #[error("{entry} has more than {limit} bytes")]
    TooLarge {
        /// The entry's name.
        entry: String,
        /// The most bytes that were wanted.
        limit: u64,
    },
}

/// The bytes of one entry of an artifact, such as `report.html`; at most `limit`, however small the zip is.
pub fn unpack(artifact: &[u8], entry: &str, limit: u64) -> Result<Vec<u8>, UnpackError> {
    let unreadable = |source: &dyn std::fmt::Display| UnpackError::Unreadable {
        entry: entry.to_owned(),
        reason: source.to_string(),
    };
    let mut archive = ZipArchive::new(Cursor::new(artifact)).map_err(|source| unreadable(&source))?;
    let file = archive.by_name(entry).map_err(|source| unreadable(&source))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(&source))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(UnpackError::TooLarge {
            entry: entry.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::archive::{Entry, pack};

    #[test]
    fn entries_come_out_as_they_went_in() {
        let zip = pack(vec![Entry::of("a.txt", b"hello").expect("an entry")]).expect("a zip");
        assert_eq!(unpack(&zip, "a.txt", 5).expect("it is there"), b"hello");
        assert!(matches!(
            unpack(&zip, "a.txt", 4),
            Err(UnpackError::TooLarge { limit: 4, .. })
        ));
        assert!(matches!(
            unpack(&zip, "b.txt", 5),
            Err(UnpackError::Unreadable { .. })
        ));
        assert!(matches!(
            unpack(b"no zip", "a.txt", 5),
            Err(UnpackError::Unreadable { .. })
        ));
    }
}
