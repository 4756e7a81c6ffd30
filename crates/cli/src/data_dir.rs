//! The data directory: what lies where, who may read it, and who holds it.
//!
//! Everything in it is for its owner only. One process at a time holds it, by a lock that the system releases when the process ends.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// What a directory is for its owner alone.
const DIRECTORY_MODE: u32 = 0o700;
/// What a file is for its owner alone.
const FILE_MODE: u32 = 0o600;

/// A data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataDir {
    root: PathBuf,
}

/// The directory is ours until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    _lock: File,
}

impl DataDir {
    /// The directory at `root`, which need not exist.
    pub(crate) fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// How clients find and enter this installation.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.root.join("credentials.json")
    }

    /// The key that API keys are hashed with.
    pub(crate) fn secret_key(&self) -> PathBuf {
        self.root.join("secret.key")
    }

    /// Who holds the directory.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The projections.
    pub(crate) fn projections(&self) -> PathBuf {
        self.root.join("projections")
    }

    /// The file of the projections.
    pub(crate) fn projections_file(&self) -> PathBuf {
        self.projections().join("projections.redb")
    }

    /// Everything secret that the server itself needs.
    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys.json")
    }

    /// What belongs to the nats-server child.
    pub(crate) fn nats(&self) -> PathBuf {
        self.root.join("nats")
    }

    /// Makes the directory, for its owner only, and holds it for this process.
    pub(crate) fn hold(&self) -> Result<Held, Failure> {
        make_private_dir(&self.root)?;
        let path = self.lock_file();
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(|source| Failure::at_path(&path, "cannot be opened", &source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(self.held_by_another(&mut lock)),
            Err(fs::TryLockError::Error(source)) => {
                return Err(Failure::at_path(&path, "cannot be locked", &source));
            }
        }
        let written = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| write!(lock, "{}", std::process::id()))
            .and_then(|()| lock.flush());
        written.map_err(|source| Failure::at_path(&path, "cannot be written", &source))?;
        Ok(Held { _lock: lock })
    }

    fn held_by_another(&self, lock: &mut File) -> Failure {
        let mut holder = String::new();
        let pid = match lock.read_to_string(&mut holder) {
            Ok(_n_bytes) if !holder.trim().is_empty() => format!("process {}", holder.trim()),
            Ok(_) | Err(_) => "another process".to_owned(),
        };
        Failure::configuration(format!("{} is in use by {pid}", self.root.display())).help(
            "One `rehearse up` or `rehearse server` at a time works on a data directory. Stop that process or use another directory.",
        )
    }
}

/// Makes a directory for its owner only; one that exists is made so.
pub(crate) fn make_private_dir(path: &Path) -> Result<(), Failure> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(path)
        .map_err(|source| Failure::at_path(path, "the directory cannot be made", &source))?;
    let mode = fs::metadata(path)
        .map_err(|source| Failure::at_path(path, "cannot be looked at", &source))?
        .permissions()
        .mode();
    if mode & 0o777 != DIRECTORY_MODE {
        fs::set_permissions(path, fs::Permissions::from_mode(DIRECTORY_MODE))
            .map_err(|source| Failure::at_path(path, "cannot be made private (mode 0700)", &source))?;
    }
    Ok(())
}

/// Writes a file for its owner only. It is replaced at once: a reader sees the old or the new content, whole.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let failed = |doing: &'static str| move |source: std::io::Error| Failure::at_path(path, doing, &source);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&new)
        .map_err(failed("cannot be written"))?;
    // A file that was left behind keeps its mode when it is opened again.
    file.set_permissions(fs::Permissions::from_mode(FILE_MODE))
        .and_then(|()| file.write_all(content))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&new, path))
        .map_err(failed("cannot be written"))
}

/// What others than the owner may do with a file or directory, if anything: its mode.
pub(crate) fn exposed_mode(path: &Path) -> std::io::Result<Option<u32>> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_and_files_are_for_the_owner_only() {
        let temp = tempfile::tempdir().expect("a directory");
        let dir = DataDir::at(temp.path().join("data"));
        let _held = dir.hold().expect("it is free");
        write_private(&dir.credentials(), b"{}").expect("it can be written");
        for path in [dir.root().to_owned(), dir.credentials(), dir.lock_file()] {
            assert_eq!(
                exposed_mode(&path).expect("it exists"),
                None,
                "{}",
                path.display()
            );
        }
    }

    #[test]
    fn an_open_directory_is_closed() {
        let temp = tempfile::tempdir().expect("a directory");
        let root = temp.path().join("data");
        fs::create_dir(&root).expect("a directory");
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("it can be opened");
        make_private_dir(&root).expect("it can be closed");
        assert_eq!(exposed_mode(&root).expect("it exists"), None);
    }

    #[test]
    fn a_second_holder_learns_who_holds_it() {
        let temp = tempfile::tempdir().expect("a directory");
        let dir = DataDir::at(temp.path().join("data"));
        let held = dir.hold().expect("it is free");
        let refused = dir.hold().expect_err("it is held");
        assert_eq!(refused.exit, crate::exit::Exit::Configuration);
        assert!(
            refused
                .message
                .contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        drop(held);
        dir.hold().expect("it is free again");
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("file");
        write_private(&path, b"the first content").expect("it can be written");
        write_private(&path, b"second").expect("it can be written");
        assert_eq!(fs::read(&path).expect("it exists"), b"second");
        assert_eq!(fs::read_dir(temp.path()).expect("a directory").count(), 1);
    }
}
