//! The file of one unit test: read once and then only where it grew, appended to under a lock.
//!
//! Several workers, in one process or many, may write into one file. Whoever writes holds the file's lock and writes an entry at once; of several
//! entries with the same key, the last one counts.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{Digest, Name};

use super::{
    CassetteError,
    entry::{Entry, FORMAT, Header, Key, decode, documents, encode},
    miss::Miss,
    outcome::Outcome,
};

/// How much of a unit test's name its file's name repeats, in bytes.
const SLUG_BYTES: usize = 60;
/// How many digits of the digest of a unit test's name its file's name has.
const DIGEST_DIGITS: usize = 12;

/// How long a file and an entry may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) file_bytes: u64,
    pub(super) entry_bytes: usize,
}

#[derive(Debug)]
pub(super) struct Tape {
    path: PathBuf,
    unit_test: Name,
    limits: Limits,
    state: Mutex<State>,
}

/// What was read so far.
#[derive(Debug, Default)]
struct State {
    bytes: u64,
    lines: usize,
    entries: BTreeMap<Key, Arc<Entry>>,
}

impl Tape {
    /// The recording of a unit test. Nothing is read yet.
    pub(super) fn new(directory: &Path, unit_test: &Name, limits: Limits) -> Self {
        Self {
            path: directory.join(file_name(unit_test)),
            unit_test: unit_test.clone(),
            limits,
            state: Mutex::default(),
        }
    }

    /// Reads what is new.
    pub(super) fn refresh(&self) -> Result<(), CassetteError> {
        self.refreshed().map(drop)
    }

    /// How a request ended when it was recorded.
    pub(super) fn find(&self, key: Key) -> Result<Option<Outcome>, CassetteError> {
        let state = self.refreshed()?;
        Ok(state.entries.get(&key).map(|entry| entry.outcome.clone()))
    }

    /// How a request ended when it was recorded; else an error that tells what comes nearest. An attempt that was not recorded at all is a
    /// conversation that lost its worker while it was replayed: it gets what the attempt before got.
    pub(super) fn replay(&self, miss: &Miss) -> Result<Outcome, CassetteError> {
        let state = self.refreshed()?;
        if state.bytes == 0 {
            return Err(CassetteError::Absent {
                unit_test: self.unit_test.to_string(),
                path: self.path.clone(),
            });
        }
        let wanted = miss.wanted();
        let attempt = state.attempt(wanted.repetition, wanted.attempt);
        if let Some(entry) = state.entries.get(&Key { attempt, ..wanted }) {
            return Ok(entry.outcome.clone());
        }
        let recorded: Vec<Arc<Entry>> = state.entries.values().map(Arc::clone).collect();
        // Looking for what comes nearest takes time that others need not wait.
        drop(state);
        Err(CassetteError::Miss {
            path: self.path.clone(),
            reason: miss.describe(&recorded),
        })
    }

    /// Adds an entry.
    pub(super) fn append(&self, entry: Entry) -> Result<(), CassetteError> {
        let document = encode(&entry).map_err(|reason| self.unwritable(reason))?;
        if document.len() > self.limits.entry_bytes {
            return Err(self.too_long("an entry", self.limits.entry_bytes as u64));
        }
        let mut state = self.lock();
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(|why| self.unusable(format!("cannot be written: {why}")))?;
        file.lock()
            .map_err(|why| self.unusable(format!("cannot be locked: {why}")))?;
        self.read_on(&mut state, &mut file)?;
        let mut text = String::new();
        if state.bytes == 0 {
            let header = Header {
                format: FORMAT,
                unit_test: self.unit_test.to_string(),
            };
            text = encode(&header).map_err(|reason| self.unwritable(reason))?;
        }
        text.push_str(&document);
        let length = state.bytes.saturating_add(text.len() as u64);
        if length > self.limits.file_bytes {
            return Err(self.too_long("the file", self.limits.file_bytes));
        }
        let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
        if let Err(why) = written {
            // Half an entry would spoil the file for everyone.
            let mended = file.set_len(state.bytes);
            let left = mended.map_or_else(
                |why| format!("; what was written of the entry could not be taken back: {why}"),
                |()| String::new(),
            );
            return Err(self.unusable(format!("cannot be written: {why}{left}")));
        }
        state.bytes = length;
        state.lines += text.matches('\n').count();
        state.entries.insert(entry.key, Arc::new(entry));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refreshed(&self) -> Result<MutexGuard<'_, State>, CassetteError> {
        let mut state = self.lock();
        let unreadable = |why: std::io::Error| self.unusable(format!("cannot be read: {why}"));
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(why) if why.kind() == ErrorKind::NotFound => {
                *state = State::default();
                return Ok(state);
            }
            Err(why) => return Err(unreadable(why)),
        };
        if file.metadata().map_err(unreadable)?.len() != state.bytes {
            // Otherwise half an entry might be seen.
            file.lock_shared()
                .map_err(|why| self.unusable(format!("cannot be locked: {why}")))?;
            self.read_on(&mut state, &mut file)?;
        }
        Ok(state)
    }

    /// Reads from where reading ended before; a file that became shorter is another one. The file is locked.
    fn read_on(&self, state: &mut State, file: &mut File) -> Result<(), CassetteError> {
        let unreadable = |why: std::io::Error| self.unusable(format!("cannot be read: {why}"));
        let length = file.metadata().map_err(unreadable)?.len();
        if length > self.limits.file_bytes {
            return Err(self.too_long("the file", self.limits.file_bytes));
        }
        if length < state.bytes {
            *state = State::default();
        }
        file.seek(SeekFrom::Start(state.bytes)).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let room = length.saturating_sub(state.bytes);
        let read = file.take(room).read_to_end(&mut bytes).map_err(unreadable)?;
        let first = state.lines + 1;
        let text = std::str::from_utf8(&bytes).map_err(|why| {
            let before = bytes.get(..why.valid_up_to()).unwrap_or_default();
            let lines = before.iter().filter(|byte| **byte == b'\n').count();
            self.damaged(first + lines, "this is not UTF-8".to_owned())
        })?;
        let found = documents(text, first).map_err(|(line, reason)| self.damaged(line, reason))?;
        let mut rest = found.as_slice();
        if state.bytes == 0
            && let Some(((line, body), entries)) = rest.split_first()
        {
            self.check_header(*line, body)?;
            rest = entries;
        }
        let mut entries = Vec::new();
        for (line, body) in rest {
            let entry: Entry = decode(*line, body).map_err(|(line, why)| self.damaged(line, why))?;
            entries.push((entry.key, Arc::new(entry)));
        }
        state.entries.extend(entries);
        state.bytes += read as u64;
        state.lines += text.matches('\n').count();
        Ok(())
    }

    fn check_header(&self, line: usize, body: &str) -> Result<(), CassetteError> {
        let header: Header = decode(line, body).map_err(|(line, why)| {
            self.damaged(
                line,
                format!("a recording begins with `format` and `unit_test` ({why})"),
            )
        })?;
        if header.format != FORMAT {
            return Err(CassetteError::Format {
                path: self.path.clone(),
                found: header.format,
                known: FORMAT,
            });
        }
        if header.unit_test != self.unit_test.as_str() {
            let reason = format!(
                "this is the recording of unit test `{}`, not of `{}`",
                header.unit_test, self.unit_test
            );
            return Err(self.damaged(line, reason));
        }
        Ok(())
    }

    pub(super) fn unusable(&self, reason: String) -> CassetteError {
        CassetteError::File {
            path: self.path.clone(),
            reason,
        }
    }

    pub(super) fn unwritable(&self, reason: String) -> CassetteError {
        CassetteError::Unwritable {
            path: self.path.clone(),
            reason,
        }
    }

    fn damaged(&self, line: usize, reason: String) -> CassetteError {
        CassetteError::Damaged {
            path: self.path.clone(),
            line,
            reason,
        }
    }

    fn too_long(&self, what: &'static str, limit: u64) -> CassetteError {
        CassetteError::TooLong {
            path: self.path.clone(),
            what,
            limit,
        }
    }
}

impl State {
    /// The attempt whose entries stand for attempt `attempt`: the last that was recorded up to it.
    fn attempt(&self, repetition: u32, attempt: u32) -> u32 {
        // No entry has these occurrences, so it does not matter which digests stand here.
        let last = Key {
            repetition,
            attempt,
            occurrence: u32::MAX,
            digest: Digest::of(b""),
        };
        let first = Key { attempt: 0, ..last };
        self.entries
            .range(first..=last)
            .next_back()
            .map_or(attempt, |(key, _)| key.attempt)
    }
}

/// The file of a unit test. It follows from the name alone, so that it is the same in every installation.
pub(super) fn file_name(unit_test: &Name) -> String {
    let mut slug = String::new();
    for char in unit_test.as_str().chars() {
        if char.is_ascii_alphanumeric() {
            slug.push(char.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_BYTES {
            break;
        }
    }
    let slug = match slug.trim_end_matches('-') {
        "" => "unit-test",
        slug => slug,
    };
    let mut digits = Digest::of(unit_test.as_str().as_bytes()).to_string();
    digits.truncate(DIGEST_DIGITS);
    format!("{slug}-{digits}.yaml")
}
