//! `import`: makes suites and runs of what other tools keep in their files.

mod delivery;
mod input;
mod parts;
mod recorded;
mod tau2;

use super::Setting;
use crate::app::Done;

/// The kinds of files.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a suite of tasks of τ²-bench
    Tau2(tau2::Arguments),
    /// Judge recorded conversations in a run, without holding them again
    Recorded(recorded::Arguments),
}

pub(crate) fn run(command: Command, setting: &Setting) -> Done {
    match command {
        Command::Tau2(arguments) => tau2::run(arguments, setting),
        Command::Recorded(arguments) => recorded::run(arguments, setting),
    }
}
