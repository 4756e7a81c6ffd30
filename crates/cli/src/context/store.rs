//! Contexts: named credentials of one user, one of which may be the current one.
//!
//! Each is a file `contexts/NAME.json` in the user's configuration directory, of the form of `credentials.json` and for its owner only.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use model::Token;

use crate::{
    credentials::{Credentials, write_json},
    data_dir::{exposed_mode, make_private_dir, write_private},
    failure::Failure,
    settings::user_directory,
};

/// The largest file that says which context is the current one, in bytes.
const MAX_CURRENT_BYTES: u64 = 1024;

/// The contexts of a user.
#[derive(Clone, Debug)]
pub(crate) struct Contexts {
    root: PathBuf,
}

impl Contexts {
    /// Those of the user who runs this process.
    pub(crate) fn of_user() -> Result<Self, Failure> {
        user_directory().map(Self::at).ok_or_else(|| {
            Failure::configuration("neither XDG_CONFIG_HOME nor HOME is set, so there are no contexts")
        })
    }

    /// Those in a configuration directory.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The current one of the user who runs this process, if one was chosen.
    pub(crate) fn current_name() -> Result<Option<Token>, Failure> {
        match user_directory() {
            Some(root) => Self::at(root).current(),
            None => Ok(None),
        }
    }

    fn directory(&self) -> PathBuf {
        self.root.join("contexts")
    }

    fn current_file(&self) -> PathBuf {
        self.root.join("current-context")
    }

    /// The file of a context, which need not exist.
    pub(crate) fn path(&self, name: &Token) -> PathBuf {
        self.directory().join(format!("{name}.json"))
    }

    /// The names of all, in order.
    pub(crate) fn names(&self) -> Result<Vec<Token>, Failure> {
        let directory = self.directory();
        let failed = |source: io::Error| Failure::at_path(&directory, "cannot be listed", &source);
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed(source)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let is_json = path.extension().is_some_and(|extension| extension == "json");
            let name = path.file_stem().and_then(|stem| stem.to_str()).map(str::parse);
            // Anything else in the directory is no context.
            if let Some(Ok(name)) = name.filter(|_| is_json) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// A context, which must exist and be for its owner only.
    pub(crate) fn read(&self, name: &Token) -> Result<Credentials, Failure> {
        let path = self.path(name);
        let credentials = Credentials::read(&path)?.ok_or_else(|| missing(&path))?;
        match exposed_mode(&path) {
            Ok(None) => Ok(credentials),
            Ok(Some(mode)) => Err(Failure::configuration(format!(
                "{}: others can read it (mode {mode:04o})",
                path.display()
            ))
            .help(format!("Run `chmod 600 {}`.", path.display()))),
            Err(source) => Err(Failure::at_path(&path, "cannot be looked at", &source)),
        }
    }

    /// Makes a context, which must not exist.
    pub(crate) fn add(&self, name: &Token, credentials: &Credentials) -> Result<PathBuf, Failure> {
        let path = self.path(name);
        if path.exists() {
            return Err(
                Failure::usage(format!("{}: there is such a context already", path.display()))
                    .help(format!("`rehearse context remove {name}` removes it.")),
            );
        }
        make_private_dir(&self.directory())?;
        write_json(&path, credentials)?;
        Ok(path)
    }

    /// Removes a context, which must exist. If it was the current one, none is afterwards.
    pub(crate) fn remove(&self, name: &Token) -> Result<(), Failure> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Err(missing(&path)),
            Err(source) => return Err(Failure::at_path(&path, "cannot be removed", &source)),
        }
        if self.current()?.as_ref() != Some(name) {
            return Ok(());
        }
        let current = self.current_file();
        fs::remove_file(&current).map_err(|source| Failure::at_path(&current, "cannot be removed", &source))
    }

    /// The current one, if one was chosen.
    pub(crate) fn current(&self) -> Result<Option<Token>, Failure> {
        let path = self.current_file();
        let text = match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > MAX_CURRENT_BYTES => return Err(no_name(&path)),
            Ok(_) => fs::read_to_string(&path)
                .map_err(|source| Failure::at_path(&path, "cannot be read", &source))?,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Failure::at_path(&path, "cannot be read", &source)),
        };
        text.trim().parse().map(Some).map_err(|_invalid| no_name(&path))
    }

    /// Makes a context, which must be usable, the current one.
    pub(crate) fn make_current(&self, name: &Token) -> Result<(), Failure> {
        self.read(name)?;
        write_private(&self.current_file(), format!("{name}\n").as_bytes())
    }
}

/// The name of a context.
pub(crate) fn context_name(text: &str) -> Result<Token, Failure> {
    text.parse()
        .map_err(|invalid| Failure::usage(format!("`{text}` cannot be the name of a context: {invalid}")))
}

fn missing(path: &Path) -> Failure {
    Failure::configuration(format!("{}: there is no such context", path.display()))
        .help("`rehearse context list` lists them, `rehearse context add` makes one.")
}

fn no_name(path: &Path) -> Failure {
    Failure::configuration(format!("{}: holds no name of a context", path.display()))
        .help("`rehearse context use NAME` writes it anew.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn credentials() -> Credentials {
        Credentials {
            base_url: Some("https://host".to_owned()),
            ..Credentials::of("acme".parse().expect("a token"), "ann".parse().expect("a token"))
        }
    }

    #[test]
    fn contexts_are_made_chosen_and_removed() {
        let temp = tempfile::tempdir().expect("a directory");
        let contexts = Contexts::at(temp.path().join("rehearse"));
        let (one, two) = (
            context_name("one").expect("a name"),
            context_name("two").expect("a name"),
        );
        assert_eq!(contexts.names(), Ok(vec![]));
        assert_eq!(contexts.current(), Ok(None));
        for name in [&two, &one] {
            let path = contexts.add(name, &credentials()).expect("it is new");
            assert_eq!(exposed_mode(&path).expect("it exists"), None);
        }
        assert_eq!(
            contexts.add(&one, &credentials()).expect_err("it exists").exit,
            Exit::Usage
        );
        fs::write(contexts.directory().join("notes.txt"), "mine").expect("a file");
        assert_eq!(contexts.names(), Ok(vec![one.clone(), two.clone()]));
        assert_eq!(contexts.read(&one), Ok(credentials()));
        contexts.make_current(&one).expect("it exists");
        contexts.remove(&two).expect("it exists");
        assert_eq!(contexts.current(), Ok(Some(one.clone())));
        contexts.remove(&one).expect("it exists");
        assert_eq!(contexts.current(), Ok(None));
        for failure in [
            contexts.remove(&one).expect_err("it is gone"),
            contexts.make_current(&one).expect_err("it is gone"),
            contexts.read(&one).expect_err("it is gone"),
        ] {
            assert_eq!(failure.exit, Exit::Configuration);
        }
    }

    #[test]
    fn a_context_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().expect("a directory");
        let contexts = Contexts::at(temp.path().to_owned());
        let name = context_name("one").expect("a name");
        let path = contexts.add(&name, &credentials()).expect("it is new");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it can be opened");
        let failure = contexts.read(&name).expect_err("others can read it");
        assert!(failure.message.contains("others can read it"), "{failure}");
    }

    #[test]
    fn a_current_context_that_is_no_name_is_told() {
        let temp = tempfile::tempdir().expect("a directory");
        let contexts = Contexts::at(temp.path().to_owned());
        for text in ["../x", "", &"n".repeat(2000)] {
            fs::write(contexts.current_file(), text).expect("a file");
            assert_eq!(
                contexts.current().expect_err("it is no name").exit,
                Exit::Configuration
            );
        }
    }
}
