//! The commands, one module each.

pub(crate) mod agent;
pub(crate) mod aggregator;
pub(crate) mod apply;
pub(crate) mod artifacts;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod judge;
mod one_object;
pub(crate) mod projections;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod server;
pub(crate) mod transcript;
pub(crate) mod up;
pub(crate) mod validate;
pub(crate) mod worker;

use crate::{
    app::{App, Command, Done, Global},
    failure::Failure,
    output::Output,
    settings::{self, Layers, Places, Settings},
};

/// What every command is given.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// What was said beside the command itself.
    pub(crate) global: Global,
    /// Where to write.
    pub(crate) output: Output,
}

impl Setting {
    /// The settings, with what the command's own flags set.
    pub(crate) fn settings(
        &self,
        flags: impl FnOnce(Places) -> Places,
    ) -> Result<(Settings, Layers), Failure> {
        settings::read(&flags(Places::of_process(self.global.config.clone())))
    }
}

/// Runs a command.
pub(crate) fn run(app: App, output: Output) -> Done {
    let setting = Setting {
        global: app.global,
        output,
    };
    match app.command {
        Command::Up(arguments) => up::run(arguments, &setting),
        Command::Server(arguments) => server::run(arguments, &setting),
        Command::Worker(arguments) => worker::run(arguments, &setting),
        Command::Aggregator(arguments) => aggregator::run(arguments, &setting),
        Command::Init(arguments) => init::run(&arguments, output),
        Command::Validate(arguments) => validate::run(&arguments, output),
        Command::Schema(_) => schema::run(output),
        Command::Diff(arguments) => diff::run(arguments, &setting),
        Command::Apply(arguments) => apply::run(arguments, &setting),
        Command::Get(arguments) => get::run(arguments, &setting),
        Command::Describe(arguments) => describe::run(arguments, &setting),
        Command::Delete(arguments) => delete::run(arguments, &setting),
        Command::Export(arguments) => export::run(arguments, &setting),
        Command::Import(command) => import::run(command, &setting),
        Command::Agent(command) => agent::run(command, &setting),
        Command::Judge(command) => judge::run(command, &setting),
        Command::Run(arguments) => run::run(arguments, &setting),
        Command::Runs(command) => runs::run(command, &setting),
        Command::Transcript(arguments) => transcript::run(arguments, &setting),
        Command::Artifacts(arguments) => artifacts::run(arguments, &setting),
        Command::Events(arguments) => events::run(arguments, &setting),
        Command::History(arguments) => history::run(arguments, &setting),
        Command::Projections(command) => projections::run(command, &setting),
        Command::Doctor(arguments) => doctor::run(arguments, &setting),
        Command::Completions(arguments) => completions::run(&arguments, output),
        Command::Context(command) => context::run(command, &setting),
        Command::Config(command) => config::run(&command, &setting),
    }
}
