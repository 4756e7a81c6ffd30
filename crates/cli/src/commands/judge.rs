//! `judge`: what can be found out about a judge without a run.

mod check;
mod labels;

use super::Setting;
use crate::app::Done;

/// The commands about judges.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Compare a judge with the labels that people gave
    Check(check::Arguments),
}

pub(crate) fn run(command: Command, setting: &Setting) -> Done {
    match command {
        Command::Check(arguments) => check::run(arguments, setting),
    }
}
