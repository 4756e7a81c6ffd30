//! Settings: what can be configured, read from the built-in defaults, a file, the environment and flags.
//!
//! The documented defaults are `config/rehearse.toml`, which is part of the program. Every key of it can be set, no other key can,
//! and of every value it is known where it comes from.

mod duration;
mod http;
mod layers;
mod models;
mod sections;
mod simulation;
mod texts;

use std::path::PathBuf;

pub(crate) use duration::Lasting;
pub(crate) use http::Http;
pub(crate) use layers::Layers;
pub(crate) use models::read_models;
pub(crate) use sections::{Log, LogFormat, Settings};
pub(crate) use simulation::{Cassettes, Simulation};
pub(crate) use texts::Texts;

use crate::failure::Failure;

/// The defaults, commented for people.
pub(crate) const DEFAULTS: &str = include_str!("../../../config/rehearse.toml");

/// Where settings may be found, beside the defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// A file that must exist.
    pub(crate) named_file: Option<PathBuf>,
    /// A file that need not exist.
    pub(crate) usual_file: Option<PathBuf>,
    /// Variables of the environment.
    pub(crate) environment: Vec<(String, String)>,
    /// What flags say: the flag, the key it sets, and the value.
    pub(crate) flags: Vec<(&'static str, &'static str, String)>,
}

impl Places {
    /// The process's own: `named_file` if there is one, else `~/.config/rehearse/rehearse.toml`, and the environment.
    pub(crate) fn of_process(named_file: Option<PathBuf>) -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            usual_file: if named_file.is_none() { usual_file() } else { None },
            named_file,
            environment: std::env::vars_os().filter_map(unicode).collect(),
            flags: Vec::new(),
        }
    }

    /// A flag that sets `key`, if it was given.
    #[must_use]
    pub(crate) fn flag(
        mut self,
        flag: &'static str,
        key: &'static str,
        value: Option<impl ToString>,
    ) -> Self {
        self.flags
            .extend(value.map(|value| (flag, key, value.to_string())));
        self
    }
}

/// The directory for a user's own configuration: `$XDG_CONFIG_HOME/rehearse` or `~/.config/rehearse`.
pub(crate) fn user_directory() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".config")))
        .map(|directory| directory.join("rehearse"))
}

fn usual_file() -> Option<PathBuf> {
    user_directory().map(|directory| directory.join("rehearse.toml"))
}

/// Reads the settings.
///
/// # Errors
/// Everything that is no setting or has a value that it cannot have, with where it comes from.
pub(crate) fn read(places: &Places) -> Result<(Settings, Layers), Failure> {
    let layers = Layers::read(places)?;
    let settings = layers.settings()?;
    Ok((settings, layers))
}

#[cfg(test)]
mod tests;
