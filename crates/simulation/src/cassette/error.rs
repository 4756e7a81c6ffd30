//! What can go wrong with a cassette.

use std::path::PathBuf;

use super::CassetteMode;

/// A cassette that cannot be used, or that does not hold what is asked of it. None of these passes by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CassetteError {
    /// The directory cannot be used.
    #[error(
        "cassettes (mode `{mode}`): directory {} cannot be used: {reason}{}",
        directory.display(),
        if *mode == CassetteMode::Replay { "; record first, or name the directory that holds the recording" } else { "" }
    )]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What was to be done in it.
        mode: CassetteMode,
        /// What happened.
        reason: String,
    },
    /// There is no recording of the unit test.
    #[error("there is no recording of unit test `{unit_test}`: {} does not exist; record it first", path.display())]
    Absent {
        /// The unit test.
        unit_test: String,
        /// The file that would hold it.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("recording {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The file holds something that is no entry, or the beginning of one only.
    #[error("recording {}, line {line}: {reason}; mend or remove this entry, or delete the file and record again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is of another format.
    #[error(
        "recording {} has format {found}, and this build of Rehearse reads format {known} only; delete the file and record again",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format that can be read.
        known: u32,
    },
    /// A limit is exceeded.
    #[error("recording {}: {what} is longer than {limit} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// What.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// An answer that cannot be written down so that it reads the same again.
    #[error("recording {}: the answer cannot be written down: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The recording does not hold the request.
    #[error("recording {} {reason}", path.display())]
    Miss {
        /// The file.
        path: PathBuf,
        /// What is asked, what comes nearest, and what to do.
        reason: String,
    },
}

impl std::fmt::Display for CassetteMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
