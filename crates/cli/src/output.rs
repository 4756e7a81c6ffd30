//! The terminal: the only place that writes to it. Data goes to standard output, everything else to standard error.
//!
//! Text that comes from conversations is hostile: it passes [`printable()`] before it reaches a terminal.

mod json;
pub(crate) mod log;
mod printable;
pub(crate) mod progress;
pub(crate) mod table;
mod yaml;

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
pub(crate) use printable::{excerpt, printable};
use serde::Serialize;
pub(crate) use table::Table;

use crate::failure::Failure;

/// How data is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document; one per line for what comes as it happens.
    Json,
    /// One YAML document.
    Yaml,
}

/// Where and how the program writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
    color: bool,
    /// Whether data goes to a terminal that can show some of it fainter than the rest.
    faint: bool,
    people: People,
}

/// Who reads standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum People {
    /// People, on a terminal that can draw over what it has written.
    Watch,
    /// People, on a terminal that only goes on.
    Read,
    /// A file or a program.
    Absent,
}

/// Data cannot be written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// Whoever read it has gone; nothing is wrong.
    Closed,
    /// Something is wrong.
    Failed(Failure),
}

impl Output {
    /// As the flags and the terminal say.
    pub(crate) fn new(format: Format, quiet: bool) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let people = match (io::stderr().is_terminal(), dumb) {
            (true, false) => People::Watch,
            (true, true) => People::Read,
            (false, _) => People::Absent,
        };
        Self {
            format,
            quiet,
            color: people == People::Watch && !no_color,
            faint: format == Format::Table && io::stdout().is_terminal() && !dumb && !no_color,
            people,
        }
    }

    /// The same, for text that goes to standard output, which is never coloured.
    #[must_use]
    pub(crate) const fn without_color(mut self) -> Self {
        self.color = false;
        self
    }

    /// How data is written.
    pub(crate) const fn format(self) -> Format {
        self.format
    }

    /// Whether standard error is a terminal on which a line may be drawn again and again.
    pub(crate) fn live(self) -> bool {
        self.people == People::Watch && !self.quiet
    }

    /// Whether standard error may be coloured.
    pub(crate) const fn color(self) -> bool {
        self.color
    }

    /// Whether lines of files are shown beside what is wrong with them.
    pub(crate) fn snippets(self) -> bool {
        self.people != People::Absent
    }

    /// Whether people asked for results only.
    pub(crate) const fn quiet(self) -> bool {
        self.quiet
    }

    /// Writes `value` as the flags say; `table` makes the form for people.
    pub(crate) fn value<T: Serialize + ?Sized>(
        self,
        value: &T,
        table: impl FnOnce() -> String,
    ) -> Result<(), WriteError> {
        match self.format {
            Format::Table => self.data(&table()),
            Format::Json => self.data(&json::pretty(value)?),
            Format::Yaml => self.data(&yaml::document(value)?),
        }
    }

    /// Writes one of many values as it comes: a line for people, else a JSON line or a YAML document.
    pub(crate) fn item<T: Serialize + ?Sized>(
        self,
        value: &T,
        line: impl FnOnce() -> String,
    ) -> Result<(), WriteError> {
        match self.format {
            Format::Table => self.data(&line()),
            Format::Json => self.data(&json::line(value)?),
            Format::Yaml => self.data(&format!("---\n{}", yaml::document(value)?)),
        }
    }

    /// Writes text to standard output, ended by a line break.
    pub(crate) fn data(self, text: &str) -> Result<(), WriteError> {
        self.bytes(text.as_bytes())?;
        if text.ends_with('\n') {
            Ok(())
        } else {
            self.bytes(b"\n")
        }
    }

    /// Writes bytes to standard output as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), WriteError> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|source| {
                if source.kind() == io::ErrorKind::BrokenPipe {
                    WriteError::Closed
                } else {
                    WriteError::Failed(Failure::bug(format!("standard output: {source}")))
                }
            })
    }

    /// Tells people something that is no data, unless they asked for quiet.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Tells people something that they must know.
    pub(crate) fn say(self, text: &str) {
        let mut stderr = io::stderr().lock();
        // There is nowhere left to tell that standard error is gone.
        let _gone = writeln!(stderr, "{text}");
    }

    /// Tells people why the program fails.
    pub(crate) fn failure(self, failure: &Failure) {
        let error = self.paint("error", "1;31");
        self.say(&format!("{error}: {}", printable(&failure.message)));
        if let Some(help) = &failure.help {
            for line in help.lines() {
                self.say(&format!("  {}", printable(line)));
            }
        }
    }

    /// Lines of data that matter less than the rest: fainter on a terminal, as they are elsewhere.
    pub(crate) fn faint(self, text: &str) -> String {
        if self.faint {
            format!("\u{1b}[2m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// `text` in a colour of standard error (an SGR code), if colours are wanted.
    pub(crate) fn paint(self, text: &str, sgr: &str) -> String {
        if self.color {
            format!("\u{1b}[{sgr}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
