//! Making a database again: a new file beside the old one, fed from the logs, which then takes the old one's place at once.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::{Database, OpenOptions, builder, make_tables, open_error};
use crate::{OpenError, Projector};

/// A database in the making. Feed it through [`RebuildTarget::projector`], then [`RebuildTarget::finish`]. Dropped before that, it
/// leaves the old file as it was.
#[derive(Debug)]
pub struct RebuildTarget {
    database: Database,
    path: PathBuf,
    beside: PathBuf,
    finished: bool,
    /// Keeps servers off the old file meanwhile.
    _old: Option<File>,
}

impl RebuildTarget {
    /// Begins an empty database that shall replace the one at `path`, which no one may have open. The old file may be damaged or
    /// missing.
    pub fn create(path: &Path, options: OpenOptions) -> Result<Self, OpenError> {
        let old = match File::options().read(true).write(true).open(path) {
            Ok(old) => old,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(directory) = path.parent() {
                    fs::create_dir_all(directory).map_err(file_system("create the directory", directory))?;
                }
                return Self::beside(path, options, None);
            }
            Err(source) => return Err(file_system("open", path)(source)),
        };
        match old.try_lock() {
            Ok(()) => Self::beside(path, options, Some(old)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(file_system("lock", path)(source)),
        }
    }

    /// As [`RebuildTarget::create`], for a caller that keeps the old file to itself by `old` or otherwise.
    pub(super) fn beside(path: &Path, options: OpenOptions, old: Option<File>) -> Result<Self, OpenError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".rebuild");
        let beside = path.with_file_name(name);
        remove_leftover(&beside)?;
        let store = match builder(options).create(&beside) {
            Ok(store) => store,
            Err(error) => return Err(open_error(&beside, error)),
        };
        let made = make_tables(&store).and_then(|()| Database::of(store, Some(path.to_owned())));
        let database = made.map_err(|source| OpenError::Unusable {
            path: beside.clone(),
            source,
        })?;
        Ok(Self {
            database,
            path: path.to_owned(),
            beside,
            finished: false,
            _old: old,
        })
    }

    /// The side that is fed.
    pub fn projector(&self) -> Projector {
        self.database.projector()
    }

    /// Puts the new database in the old one's place.
    pub fn finish(mut self) -> Result<Database, OpenError> {
        let unusable = |source| OpenError::Unusable {
            path: self.beside.clone(),
            source,
        };
        self.database.flush().map_err(unusable)?;
        fs::rename(&self.beside, &self.path).map_err(file_system("rename", &self.beside))?;
        self.finished = true;
        if let Some(directory) = self
            .path
            .parent()
            .filter(|directory| !directory.as_os_str().is_empty())
        {
            // Without this the rename itself may not survive a power cut.
            let synced = File::open(directory).and_then(|directory| directory.sync_all());
            synced.map_err(file_system("sync the directory", directory))?;
        }
        Ok(self.database.clone())
    }
}

impl Drop for RebuildTarget {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = fs::remove_file(&self.beside)
        {
            tracing::warn!(path = %self.beside.display(), %error, "an unfinished rebuild was left behind");
        }
    }
}

/// Removes what an interrupted rebuild left behind, unless another one is at it.
fn remove_leftover(beside: &Path) -> Result<(), OpenError> {
    let leftover = match File::options().read(true).write(true).open(beside) {
        Ok(leftover) => leftover,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(file_system("open", beside)(source)),
    };
    match leftover.try_lock() {
        Ok(()) => fs::remove_file(beside).map_err(file_system("remove", beside)),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: beside.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(file_system("lock", beside)(source)),
    }
}

fn file_system(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::FileSystem {
        operation,
        path,
        source,
    }
}
