//! The database: opening it, and handing out its two sides.
//!
//! One process owns a file. The file is never the truth: whatever is wrong with it, the log makes it again.

mod durability;
mod rebuild;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use durability::Pace;
pub use rebuild::RebuildTarget;
use redb::{
    DatabaseError, Durability, ReadableDatabase as _, StorageError, WriteTransaction,
    backends::InMemoryBackend,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::{
    Log, OpenError, Projector, QueryError, RowError, Sequences, View, WaitError,
    row::Checkpoint,
    tables::{ReadTables, SCHEMA, WriteTables},
};

/// How to open a database.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// How much memory to use for pages, in bytes.
    pub cache_bytes: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 256 * 1024 * 1024,
        }
    }
}

/// An opened database.
#[derive(Debug)]
pub struct Opened {
    /// The database.
    pub database: Database,
    /// The file was of another layout and is empty now: everything comes again from the log.
    pub rebuilt: bool,
}

/// The projections' database. Clones are handles on the same one.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    store: redb::Database,
    path: Option<PathBuf>,
    sequences: watch::Sender<Sequences>,
    pace: Mutex<Pace>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("path", &self.inner.path)
            .field("sequences", &self.sequences())
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the file at `path`, which is made if it does not exist, as is its directory. A file of another layout is replaced by
    /// an empty one.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Opened, OpenError> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|source| OpenError::FileSystem {
                operation: "create the directory",
                path: directory.to_owned(),
                source,
            })?;
        }
        let store = match builder(options).create(path) {
            Ok(store) => store,
            Err(error) => return Err(open_error(path, error)),
        };
        let unusable = |source| OpenError::Unusable {
            path: path.to_owned(),
            source,
        };
        match layout(&store).map_err(unusable)? {
            Layout::Empty => make_tables(&store).map_err(unusable)?,
            Layout::Schema(SCHEMA) => {}
            Layout::Schema(found) => {
                tracing::warn!(path = %path.display(), found, schema = SCHEMA, "projections of another layout: made again from the log");
                // The old file stays locked until the new one has taken its place.
                let database = RebuildTarget::beside(path, options, None)?.finish()?;
                drop(store);
                return Ok(Opened {
                    database,
                    rebuilt: true,
                });
            }
            Layout::Foreign => {
                return Err(OpenError::Foreign {
                    path: path.to_owned(),
                });
            }
        }
        let database = Self::of(store, Some(path.to_owned())).map_err(unusable)?;
        Ok(Opened {
            database,
            rebuilt: false,
        })
    }

    /// An empty database in memory.
    pub fn in_memory() -> Result<Self, OpenError> {
        let path = PathBuf::from("(memory)");
        let store = match builder(OpenOptions::default()).create_with_backend(InMemoryBackend::new()) {
            Ok(store) => store,
            Err(error) => return Err(open_error(&path, error)),
        };
        let made = make_tables(&store).and_then(|()| Self::of(store, None));
        made.map_err(|source| OpenError::Unusable { path, source })
    }

    fn of(store: redb::Database, path: Option<PathBuf>) -> Result<Self, RowError> {
        let tables = ReadTables::open(&store.begin_read()?)?;
        let sequences = sequences(&tables)?;
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                path,
                sequences: watch::Sender::new(sequences),
                pace: Mutex::new(Pace::begin()),
            }),
        })
    }

    /// The file; none if the database is in memory.
    pub fn path(&self) -> Option<&Path> {
        self.inner.path.as_deref()
    }

    /// The side that is fed. Several may be used at once; their batches take turns.
    pub fn projector(&self) -> Projector {
        Projector::new(self.clone())
    }

    /// Everything as it is now: what is taken in later does not show in it.
    pub fn view(&self) -> Result<View, QueryError> {
        let tables = self.tables()?;
        let sequences = sequences(&tables)?;
        Ok(View::new(tables, sequences))
    }

    /// The tables as they are now.
    pub(crate) fn tables(&self) -> Result<ReadTables, RowError> {
        ReadTables::open(&self.inner.store.begin_read()?)
    }

    /// The last sequences taken in.
    pub fn sequences(&self) -> Sequences {
        *self.inner.sequences.borrow()
    }

    /// The last sequences taken in, as they change.
    pub fn subscribe(&self) -> watch::Receiver<Sequences> {
        self.inner.sequences.subscribe()
    }

    /// Waits until `sequence` of `log` has been taken in: then every [`Database::view`] shows it.
    pub async fn wait_for(&self, log: Log, sequence: u64, deadline: Instant) -> Result<(), WaitError> {
        let mut receiver = self.subscribe();
        let arrived = timeout_at(
            deadline,
            receiver.wait_for(|sequences| sequences.of(log) >= sequence),
        )
        .await;
        match arrived {
            Ok(Ok(_sequences)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(WaitError {
                log,
                wanted: sequence,
                reached: self.sequences().of(log),
            }),
        }
    }

    /// Begins to change the database. `n_rows` is about how many rows will change.
    pub(crate) fn begin_write(&self, n_rows: usize) -> Result<WriteTransaction, RowError> {
        let mut transaction = self.inner.store.begin_write()?;
        let durability = self
            .inner
            .pace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next(n_rows);
        transaction.set_durability(durability)?;
        // Opening after a crash then need not read the whole file.
        transaction.set_quick_repair(matches!(durability, Durability::Immediate));
        Ok(transaction)
    }

    /// Puts everything taken in so far onto the disk.
    pub(crate) fn flush(&self) -> Result<(), RowError> {
        let mut transaction = self.inner.store.begin_write()?;
        transaction.set_quick_repair(true);
        transaction.commit()?;
        self.inner
            .pace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flushed();
        Ok(())
    }

    /// Tells those who wait.
    pub(crate) fn reached(&self, log: Log, sequence: u64) {
        self.inner
            .sequences
            .send_modify(|sequences| *sequences.of_mut(log) = sequence);
    }
}

fn builder(options: OpenOptions) -> redb::Builder {
    let mut builder = redb::Builder::new();
    builder.set_cache_size(options.cache_bytes);
    builder
}

fn open_error(path: &Path, error: DatabaseError) -> OpenError {
    let path = path.to_owned();
    if matches!(error, DatabaseError::DatabaseAlreadyOpen) {
        return OpenError::Locked { path };
    }
    let DatabaseError::Storage(StorageError::Io(source)) = error else {
        return OpenError::Unusable {
            path,
            source: error.into(),
        };
    };
    if source.kind() == std::io::ErrorKind::InvalidData {
        return OpenError::Foreign { path };
    }
    OpenError::FileSystem {
        operation: "open",
        path,
        source,
    }
}

/// What is in a file.
enum Layout {
    /// Nothing yet.
    Empty,
    /// Projections of this schema.
    Schema(u32),
    /// Something else.
    Foreign,
}

fn layout(store: &redb::Database) -> Result<Layout, RowError> {
    let transaction = store.begin_read()?;
    if transaction.list_tables()?.next().is_none() && transaction.list_multimap_tables()?.next().is_none() {
        return Ok(Layout::Empty);
    }
    let definition = redb::TableDefinition::<&[u8], &[u8]>::new("meta");
    let Ok(meta) = transaction.open_table(definition) else {
        return Ok(Layout::Foreign);
    };
    let schema = meta.get(SCHEMA_KEY)?;
    let number = schema.and_then(|bytes| bytes.value().try_into().ok().map(u32::from_be_bytes));
    Ok(number.map_or(Layout::Foreign, Layout::Schema))
}

const SCHEMA_KEY: &[u8] = b"schema";

fn make_tables(store: &redb::Database) -> Result<(), RowError> {
    let transaction = store.begin_write()?;
    WriteTables::open(&transaction)?
        .meta
        .put(SCHEMA_KEY, &SCHEMA.to_be_bytes())?;
    transaction.commit()?;
    Ok(())
}

fn checkpoint_key(log: Log) -> Vec<u8> {
    [b"checkpoint/", log.as_str().as_bytes()].concat()
}

/// Where the projection stands in `log`; none if it was never bound to it.
pub(crate) fn checkpoint(tables: &WriteTables<'_>, log: Log) -> Result<Option<Checkpoint>, RowError> {
    tables.meta.row(&checkpoint_key(log))
}

/// Moves the checkpoint.
pub(crate) fn put_checkpoint(
    tables: &mut WriteTables<'_>,
    log: Log,
    checkpoint: Checkpoint,
) -> Result<(), RowError> {
    tables.meta.put_row(&checkpoint_key(log), &checkpoint)
}

/// As [`checkpoint`], for reading.
pub(crate) fn read_checkpoint(tables: &ReadTables, log: Log) -> Result<Option<Checkpoint>, RowError> {
    tables.meta.row(&checkpoint_key(log))
}

fn sequences(tables: &ReadTables) -> Result<Sequences, RowError> {
    let mut sequences = Sequences::default();
    for log in Log::ALL {
        *sequences.of_mut(log) = read_checkpoint(tables, log)?.map_or(0, |checkpoint| checkpoint.sequence);
    }
    Ok(sequences)
}

#[cfg(test)]
mod tests;
