#![allow(dead_code, unused_imports)]
mod context; mod credentials; mod data_dir; mod embedded; mod exit; mod failure; mod link; mod output; mod runtime; mod secret; mod settings;
mod suite_files;
mod app {
    use crate::*;
    use clap::Parser;
    #[derive(Clone, Debug, clap::Args)]
    pub(crate) struct Global {
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t, global = true, env = "REHEARSE_OUTPUT")]
        pub(crate) output: output::Format,
        #[arg(long, short, global = true)]
        pub(crate) quiet: bool,
        #[arg(long, value_name = "FILE", env = "REHEARSE_CONFIG", global = true)]
        pub(crate) config: Option<std::path::PathBuf>,
        #[command(flatten)]
        pub(crate) place: context::Where,
    }
    #[derive(Debug, Parser)]
    pub(crate) struct App { #[command(flatten)] pub(crate) global: Global, #[command(subcommand)] pub(crate) command: Command }
    #[derive(Debug, clap::Subcommand)]
    pub(crate) enum Command {
        Init(commands::init::Arguments), Validate(commands::validate::Arguments), Schema(commands::schema::Arguments), Completions(commands::completions::Arguments),
        #[command(subcommand)] Config(commands::config::Command),
        #[command(hide = true, name = "exec-guarded")]
        ExecGuarded { parent: u32, program: std::ffi::OsString, #[arg(trailing_var_arg = true, allow_hyphen_values = true)] arguments: Vec<std::ffi::OsString> },
    }
    pub(crate) fn definition() -> clap::Command { <App as clap::CommandFactory>::command() }
    pub(crate) type Done = Result<exit::Exit, output::WriteError>;
    pub(crate) const DONE: Done = Ok(exit::Exit::Passed);
    pub(crate) fn main() -> exit::Exit {
        let app = App::parse();
        let output = output::Output::new(app.global.output, app.global.quiet);
        let setting = commands::Setting { global: app.global, output };
        let r = match app.command {
            Command::Init(a) => commands::init::run(&a, output), Command::Validate(a) => commands::validate::run(&a, output), Command::Schema(_) => commands::schema::run(output), Command::Completions(a) => commands::completions::run(&a, output),
            Command::Config(c) => commands::config::run(&c, &setting),
            Command::ExecGuarded { parent, program, arguments } => Err(embedded::exec_guarded(parent, &program, &arguments).into()),
        };
        match r { Ok(e) => e, Err(output::WriteError::Closed) => exit::Exit::Passed, Err(output::WriteError::Failed(f)) => { output.failure(&f); f.exit } }
    }
}
mod commands {
    use crate::*;
    pub(crate) mod init; pub(crate) mod validate; pub(crate) mod schema; pub(crate) mod completions; pub(crate) mod config;
    #[derive(Clone, Debug)]
    pub(crate) struct Setting { pub(crate) global: app::Global, pub(crate) output: output::Output }
    impl Setting {
        pub(crate) fn settings(&self, flags: impl FnOnce(settings::Places) -> settings::Places) -> Result<(settings::Settings, settings::Layers), failure::Failure> {
            settings::read(&flags(settings::Places::of_process(self.global.config.clone())))
        }
    }
}
fn main() -> std::process::ExitCode { app::main().into() }
