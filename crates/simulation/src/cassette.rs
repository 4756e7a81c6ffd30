//! Cassettes: recordings of what language models and agents answered, so that a run replays offline and free, to identical results.
//!
//! There is one file per unit test. An entry is one request with how it ended: a question with its final answer or an agent's turn with its final
//! reply, each after everything was tried (so a cassette lies outside retries, limits and corrections), or the error that remained.
//!
//! A request is found again by what determines its answer (see [`request`]), by repetition and attempt, and by how often the same request
//! came before in its conversation. So repetitions stay independent, and the order in which conversations are held does not matter.
//! The seed of a run is not part of it: repetition and occurrence tell equal requests apart already, and a recording would otherwise fit one
//! seed only. Users that follow a script draw from the seed, though: start the run that replays with the seed of the run that was recorded, or
//! they may say something else. Whoever puts the current time into a request makes it one that is never found again.
//!
//! Whoever records gets exactly what whoever replays will get, secrets masked.

mod conversation;
mod entry;
mod error;
mod miss;
mod outcome;
mod request;
mod tape;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError, Weak},
};

pub(crate) use conversation::Conversation;
pub use error::CassetteError;
use model::{Invalid, Name};
pub(crate) use outcome::Outcome;
pub(crate) use request::Request;
use tape::{Limits, Tape};

use crate::Secrets;

/// Default of [`CassetteOptions::max_file_bytes`].
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Default of [`CassetteOptions::max_entry_bytes`].
const MAX_ENTRY_BYTES: usize = 8 * 1024 * 1024;

/// What cassettes are used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CassetteMode {
    /// Nothing.
    #[default]
    Off,
    /// Everything is asked, and what comes back is added to the recording. It stands in for what was recorded of the same request before.
    Record,
    /// Nothing is asked: what the recording does not hold is an error.
    Replay,
    /// What was recorded is replayed. What was not, or ended in an error, is asked and recorded.
    Auto,
}

impl CassetteMode {
    /// `off`, `record`, `replay` or `auto`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Record => "record",
            Self::Replay => "replay",
            Self::Auto => "auto",
        }
    }
}

impl FromStr for CassetteMode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Off, Self::Record, Self::Replay, Self::Auto]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| Invalid::new("must be `off`, `record`, `replay` or `auto`"))
    }
}

/// Where cassettes are, and what they are used for.
#[derive(Clone, Debug)]
pub struct CassetteOptions {
    /// What they are used for.
    pub mode: CassetteMode,
    /// Where the files are; of no meaning if the mode is [`CassetteMode::Off`]. All workers of a machine may share one, those of several
    /// organizations should not: the files are named after the unit tests.
    pub directory: PathBuf,
    /// The longest file that is read or written, in bytes.
    pub max_file_bytes: u64,
    /// The longest entry that is written, in bytes.
    pub max_entry_bytes: usize,
}

impl CassetteOptions {
    /// With the limits that fit most: 256 MiB per file, 8 MiB per entry.
    pub fn new(mode: CassetteMode, directory: impl Into<PathBuf>) -> Self {
        Self {
            mode,
            directory: directory.into(),
            max_file_bytes: MAX_FILE_BYTES,
            max_entry_bytes: MAX_ENTRY_BYTES,
        }
    }
}

/// The cassettes of a process.
#[derive(Clone, Debug, Default)]
pub struct Cassettes {
    /// None: the mode is [`CassetteMode::Off`].
    shelf: Option<Arc<Shelf>>,
}

#[derive(Debug)]
struct Shelf {
    options: CassetteOptions,
    secrets: Secrets,
    /// By unit test. All conversations that are held at the same time share what was read; nothing is kept beyond them.
    tapes: Mutex<BTreeMap<Name, Weak<Tape>>>,
}

impl Cassettes {
    /// Cassettes as the options say. The directory must exist for replaying and is made for recording. `secrets` are those of the agents and models:
    /// none of them is written down.
    pub fn new(options: CassetteOptions, secrets: Secrets) -> Result<Self, CassetteError> {
        let unusable = |why: String| CassetteError::Directory {
            directory: options.directory.clone(),
            mode: options.mode,
            reason: why,
        };
        match options.mode {
            CassetteMode::Off => return Ok(Self::off()),
            CassetteMode::Replay => {
                let found = std::fs::metadata(&options.directory).map_err(|why| unusable(why.to_string()))?;
                if !found.is_dir() {
                    return Err(unusable("it is not a directory".to_owned()));
                }
            }
            CassetteMode::Record | CassetteMode::Auto => {
                std::fs::create_dir_all(&options.directory).map_err(|why| unusable(why.to_string()))?;
            }
        }
        Ok(Self {
            shelf: Some(Arc::new(Shelf {
                options,
                secrets,
                tapes: Mutex::default(),
            })),
        })
    }

    /// No cassettes: nothing is recorded or replayed.
    pub const fn off() -> Self {
        Self { shelf: None }
    }

    /// What they are used for.
    pub fn mode(&self) -> CassetteMode {
        self.shelf
            .as_ref()
            .map_or(CassetteMode::Off, |shelf| shelf.options.mode)
    }

    /// The cassette of one conversation, to be shared by everyone who asks on its behalf. `repetition` counts the conversations of this unit
    /// test in its run, from 0 ([`crate::Briefing::repetition`]); `attempt` how often the conversation was begun, from 1.
    ///
    /// Ask for it once whenever a worker takes the conversation up: requests are counted anew, so that a worker that goes on after another one was
    /// lost gets the same answers again. Nothing is read yet, so this cannot fail.
    pub fn conversation(&self, unit_test: &Name, repetition: u32, attempt: u32) -> Cassette {
        let Some(shelf) = &self.shelf else {
            return Cassette::off();
        };
        let conversation = Conversation::new(
            shelf.tape(unit_test),
            shelf.options.mode,
            shelf.secrets.clone(),
            repetition,
            attempt,
        );
        Cassette {
            conversation: Some(Arc::new(conversation)),
        }
    }
}

impl Shelf {
    fn tape(&self, unit_test: &Name) -> Arc<Tape> {
        let mut tapes = self.tapes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tape) = tapes.get(unit_test).and_then(Weak::upgrade) {
            return tape;
        }
        tapes.retain(|_unit_test, tape| tape.strong_count() > 0);
        let limits = Limits {
            file_bytes: self.options.max_file_bytes,
            entry_bytes: self.options.max_entry_bytes,
        };
        let tape = Arc::new(Tape::new(&self.options.directory, unit_test, limits));
        tapes.insert(unit_test.clone(), Arc::downgrade(&tape));
        tape
    }
}

/// The cassette of one conversation. Clones are the same cassette.
#[derive(Clone, Default)]
pub struct Cassette {
    /// None: nothing is recorded or replayed.
    conversation: Option<Arc<Conversation>>,
}

impl Cassette {
    /// One that neither records nor replays.
    pub const fn off() -> Self {
        Self { conversation: None }
    }

    /// What records and replays; none: nothing does.
    pub(crate) const fn conversation(&self) -> Option<&Arc<Conversation>> {
        self.conversation.as_ref()
    }
}

impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cassette").field(&self.conversation).finish()
    }
}
