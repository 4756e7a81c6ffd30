//! `projections`: looks after the server's view of the log, which can always be made again from it.

mod rebuild;
mod verify;

use super::Setting;
use crate::app::Done;

/// The commands about projections.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make the view again from the log
    Rebuild(rebuild::Arguments),
    /// Compare the view with one that is made from the log now
    Verify(verify::Arguments),
}

pub(crate) fn run(command: Command, setting: &Setting) -> Done {
    match command {
        Command::Rebuild(arguments) => rebuild::run(arguments, setting),
        Command::Verify(arguments) => verify::run(arguments, setting),
    }
}
