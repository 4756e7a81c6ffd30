//! `config`: the settings and where they come from.

mod show;

use super::Setting;
use crate::app::Done;

/// The commands about settings.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show every setting, its value and where that comes from
    Show(show::Arguments),
}

pub(crate) fn run(command: &Command, setting: &Setting) -> Done {
    match command {
        Command::Show(arguments) => show::run(arguments, setting),
    }
}
