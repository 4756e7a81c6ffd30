//! The command line: what can be typed, and what is called for it.

use std::{ffi::OsStr, path::PathBuf};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, parser::ValueSource};

use crate::{
    commands,
    context::{NAMING, Where},
    embedded,
    exit::{Exit, TABLE},
    output::{Format, Output, WriteError},
};

/// Rehearse tests conversational agents: simulated users talk to them, metrics judge, criteria decide.
#[derive(Debug, Parser)]
#[command(name = "rehearse", version, max_term_width = 100, after_help = TABLE, after_long_help = FIRST_STEPS,
    subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = false)]
pub(crate) struct App {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  rehearse up --data-dir data             start everything, in a terminal of its own
  rehearse init suite                     write an example suite
  rehearse apply -f suite --data-dir data
  rehearse run first --data-dir data

Exit codes:
    0  done; for a run: every conversation passed
    1  a bug, or a fault that no other code names
    2  wrong usage, or a request that cannot be (no such object, object in use)
   96  bad configuration, data directory or suite
   97  no server answers
   98  the run was cancelled, or the time was up
  100  the run finished and criteria failed
  101  the run came to no verdict: errored, or nothing but invalid conversations

Data goes to standard output, everything else to standard error. NO_COLOR is respected.";

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// How data is written
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        global = true,
        env = "REHEARSE_OUTPUT"
    )]
    pub(crate) output: Format,

    /// Write results only: no progress, no hints
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// A file of settings; `rehearse config show` explains
    #[arg(long, value_name = "FILE", env = "REHEARSE_CONFIG", global = true)]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) place: Where,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything in one process: nats-server, server, workers, aggregator
    Up(commands::up::Arguments),
    /// Start a server alone: it executes commands, answers queries and admits conversations
    Server(commands::server::Arguments),
    /// Start a worker alone: it holds conversations
    Worker(commands::worker::Arguments),
    /// Start an aggregator alone: it makes the artifacts of finished runs
    Aggregator(commands::aggregator::Arguments),
    /// Write a small commented suite to start from
    Init(commands::init::Arguments),
    /// Check suite files without a server
    Validate(commands::validate::Arguments),
    /// Print the JSON Schema of suite files
    Schema(commands::schema::Arguments),
    /// Show what applying suite files would change
    Diff(commands::diff::Arguments),
    /// Make the server hold what suite files say, in one atomic change
    Apply(commands::apply::Arguments),
    /// List objects of a kind, or show one
    Get(commands::get::Arguments),
    /// Show one object and everything that happened to it
    Describe(commands::describe::Arguments),
    /// Delete an object
    Delete(commands::delete::Arguments),
    /// Write the server's objects as suite files
    Export(commands::export::Arguments),
    /// Make suites of what other tools keep in their files
    #[command(subcommand)]
    Import(commands::import::Command),
    /// Find out whether an agent can be talked to
    #[command(subcommand)]
    Agent(commands::agent::Command),
    /// Find out whether a judge can be trusted
    #[command(subcommand)]
    Judge(commands::judge::Command),
    /// Run a unit test set and wait for its verdict
    Run(commands::run::Arguments),
    /// List, show, watch, cancel and rerun runs
    #[command(subcommand)]
    Runs(commands::runs::Command),
    /// Show what was said in one conversation, and how it was judged
    Transcript(commands::transcript::Arguments),
    /// Download the artifact of a finished run
    Artifacts(commands::artifacts::Arguments),
    /// Show what was changed, by whom and when
    Events(commands::events::Arguments),
    /// Show the history of one object, or the object as it was
    History(commands::history::Arguments),
    /// Look after the server's view of the log
    #[command(subcommand)]
    Projections(commands::projections::Command),
    /// Find out what is wrong
    Doctor(commands::doctor::Arguments),
    /// Print completions for a shell
    Completions(commands::completions::Arguments),
    /// Name servers, and choose the one to talk to
    #[command(subcommand, after_help = commands::context::ORDER)]
    Context(commands::context::Command),
    /// Show settings and where they come from
    #[command(subcommand)]
    Config(commands::config::Command),
}

/// Runs the command line of this process.
pub(crate) fn main() -> Exit {
    if let Some(failure) = embedded::guarded(std::env::args_os()) {
        Output::new(Format::Table, false).failure(&failure);
        return failure.exit;
    }
    let app = match parse() {
        Ok(app) => app,
        Err(error) => return usage(&error),
    };
    let output = Output::new(app.global.output, app.global.quiet);
    let exposed = app.global.place.refuse_exposed();
    match exposed
        .map_err(WriteError::from)
        .and_then(|()| commands::run(app, output))
    {
        Ok(exit) => exit,
        // Whoever read our output has seen enough.
        Err(WriteError::Closed) => Exit::Passed,
        Err(WriteError::Failed(failure)) => {
            output.failure(&failure);
            failure.exit
        }
    }
}

/// Reads the command line of this process. A variable that is empty counts as unset: some launchers cannot take one away.
fn parse() -> Result<App, clap::Error> {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let mut definition = definition().mut_args(|argument| match argument.get_env() {
        Some(name) if is_empty(name) => argument.env(None::<&'static str>),
        Some(_) | None => argument,
    });
    let matches = definition.try_get_matches_from_mut(std::env::args_os())?;
    let mut app = App::from_arg_matches(&matches).map_err(|error| error.format(&mut definition))?;
    let is_typed = |name: &&'static str| matches.value_source(name) == Some(ValueSource::CommandLine);
    app.global.place.typed = NAMING.into_iter().filter(is_typed).collect();
    Ok(app)
}

/// The definition of the command line, for completions.
pub(crate) fn definition() -> clap::Command {
    App::command()
}

/// Help is data; anything else that the parser says is a failure.
fn usage(error: &clap::Error) -> Exit {
    let printed = error.print();
    match (error.use_stderr(), printed) {
        (false, Ok(())) => Exit::Passed,
        (false, Err(source)) if source.kind() == std::io::ErrorKind::BrokenPipe => Exit::Passed,
        (false, Err(_)) => Exit::Bug,
        (true, _) => Exit::Usage,
    }
}

/// What a command comes to.
pub(crate) type Done = Result<Exit, WriteError>;

/// Everything went well.
pub(crate) const DONE: Done = Ok(Exit::Passed);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command, path: &str) {
            for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
                let path = format!("{path} {}", below.get_name());
                if below.has_subcommands() {
                    check(below, &path);
                } else {
                    let help = below
                        .get_after_help()
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    assert!(
                        help.contains("Examples:") && help.contains(&path),
                        "`{path}` has no example"
                    );
                }
            }
        }
        check(&definition(), "rehearse");
    }

    #[test]
    fn the_codes_in_the_long_help_are_the_codes() {
        assert!(FIRST_STEPS.contains(TABLE));
    }
}
