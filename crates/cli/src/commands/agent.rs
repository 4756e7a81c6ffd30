//! `agent`: what can be found out about an agent without a run.

mod check;

use super::Setting;
use crate::app::Done;

/// The commands about agents.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Send an agent one turn and explain what came back
    Check(check::Arguments),
}

pub(crate) fn run(command: Command, setting: &Setting) -> Done {
    match command {
        Command::Check(arguments) => check::run(arguments, setting),
    }
}
