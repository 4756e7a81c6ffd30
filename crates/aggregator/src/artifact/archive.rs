//! The zip: entries that are compressed while they are written, packed without anything that could differ between two makings.

use std::io::{Cursor, Write};

use bytes::Bytes;
use zip::{
    CompressionMethod, DateTime, PreparedZipFile, System, ZipWriter,
    write::{SimpleFileOptions, ZipFileBuilder},
};

use super::ArtifactError;

/// Of zlib's 1 to 9.
const COMPRESSION_LEVEL: i64 = 6;
const UNIX_MODE: u32 = 0o644;

/// An entry under way. What is written is compressed at once.
#[derive(Debug)]
pub(super) struct Entry {
    name: &'static str,
    file: ZipFileBuilder,
}

impl Entry {
    /// Begins an entry.
    pub(super) fn new(name: &'static str) -> Result<Self, ArtifactError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(COMPRESSION_LEVEL))
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(UNIX_MODE)
            .system(System::Unix);
        let file = ZipFileBuilder::new(name, options).map_err(|source| ArtifactError::entry(name, source))?;
        Ok(Self { name, file })
    }

    /// A whole entry.
    pub(super) fn of(name: &'static str, bytes: &[u8]) -> Result<PreparedZipFile, ArtifactError> {
        let mut entry = Self::new(name)?;
        entry.write(bytes)?;
        entry.finish()
    }

    /// Appends to the entry.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.file
            .write_all(bytes)
            .map_err(|source| ArtifactError::entry(self.name, source))
    }

    /// Ends the entry.
    pub(super) fn finish(self) -> Result<PreparedZipFile, ArtifactError> {
        self.file
            .finish()
            .map_err(|source| ArtifactError::entry(self.name, source))
    }
}

/// The zip of some entries, sorted by name.
pub(super) fn pack(mut entries: Vec<PreparedZipFile>) -> Result<Bytes, ArtifactError> {
    const NAME: &str = "the zip";
    entries.sort_by(|a, b| a.file_name_raw().cmp(b.file_name_raw()));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_prepared_files(entries)
        .map_err(|source| ArtifactError::entry(NAME, source))?;
    let written = zip
        .finish()
        .map_err(|source| ArtifactError::entry(NAME, source))?;
    Ok(written.into_inner().into())
}
