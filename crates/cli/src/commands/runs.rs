//! `runs`: lists, shows, watches, cancels and repeats runs.

mod cancel;
pub(crate) mod list;
mod rerun;
mod show;
pub(crate) mod watch;

use super::Setting;
use crate::app::Done;

/// The commands about runs.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List runs, newest first
    List(list::Arguments),
    /// Show one run in numbers
    Show(show::Arguments),
    /// Follow a run until its verdict
    Watch(watch::Arguments),
    /// Ask a run to stop
    Cancel(cancel::Arguments),
    /// Run again what went wrong in a run
    Rerun(rerun::Arguments),
}

pub(crate) fn run(command: Command, setting: &Setting) -> Done {
    match command {
        Command::List(arguments) => list::run(arguments, setting),
        Command::Show(arguments) => show::run(arguments, setting),
        Command::Watch(arguments) => watch::run(arguments, setting),
        Command::Cancel(arguments) => cancel::run(arguments, setting),
        Command::Rerun(arguments) => rerun::run(arguments, setting),
    }
}
