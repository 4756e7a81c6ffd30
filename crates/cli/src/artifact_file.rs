//! What of a run's artifact is written to which file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use crate::failure::Failure;

/// The largest entry that is unpacked, in bytes.
const MAX_ENTRY_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// A part of the artifact, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The whole artifact
    Zip,
    /// `JUnit` XML, for build servers
    Junit,
    /// Verdict, counts, rates and latencies
    Json,
    /// The report for people
    Html,
    /// One row per criterion of each conversation
    Csv,
    /// One conversation per line
    Jsonl,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    path: PathBuf,
    part: Part,
}

impl Part {
    /// The entry of the artifact; none: all of it.
    const fn entry(self) -> Option<&'static str> {
        match self {
            Self::Zip => None,
            Self::Junit => Some("junit.xml"),
            Self::Json => Some("run.json"),
            Self::Html => Some("report.html"),
            Self::Csv => Some("metrics.csv"),
            Self::Jsonl => Some("conversations.jsonl"),
        }
    }

    /// The part that a file's name asks for.
    fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "zip" => Some(Self::Zip),
            "xml" => Some(Self::Junit),
            "json" => Some(Self::Json),
            "html" | "htm" => Some(Self::Html),
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

impl Target {
    /// A file, and which part goes into it: as said, else by its suffix. Checked now, before any work is done.
    pub(crate) fn of(path: &Path, part: Option<Part>) -> Result<Self, Failure> {
        let Some(part) = part.or_else(|| Part::of_name(path)) else {
            return Err(Failure::usage(format!(
                "{}: the suffix does not say what to write",
                path.display()
            ))
            .help("Use .zip, .junit.xml, .json, .html, .csv or .jsonl, or say it with --format."));
        };
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new("."));
        if !directory.is_dir() {
            return Err(Failure::usage(format!(
                "{}: there is no such directory",
                directory.display()
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            part,
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the part of `artifact`.
    pub(crate) fn write(&self, artifact: &[u8]) -> Result<(), Failure> {
        let content = match self.part.entry() {
            None => artifact.to_vec(),
            Some(entry) => aggregator::unpack(artifact, entry, MAX_ENTRY_BYTES)
                .map_err(|error| Failure::bug(error.to_string()))?,
        };
        fs::write(&self.path, content)
            .map_err(|source| Failure::at_path(&self.path, "cannot be written", &source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_say_what_to_write() {
        for (name, part) in [
            ("run.zip", Part::Zip),
            ("results.junit.xml", Part::Junit),
            ("results.xml", Part::Junit),
            ("RUN.JSON", Part::Json),
            ("report.html", Part::Html),
        ] {
            assert_eq!(
                Target::of(Path::new(name), None).expect("it is known").part,
                part,
                "{name}"
            );
        }
        let target = Target::of(Path::new("out.txt"), Some(Part::Json)).expect("it is said");
        assert_eq!(target.part, Part::Json);
    }

    #[test]
    fn what_cannot_be_written_is_refused_early() {
        for name in ["out.txt", "out", "/nowhere/at/all/run.zip"] {
            let failure = Target::of(Path::new(name), None).expect_err("it cannot be");
            assert_eq!(failure.exit, crate::exit::Exit::Usage, "{name}");
        }
    }
}
