//! `rehearse`: every role of Rehearse, and the command line to talk to it.

mod app;
mod artifact_file;
mod client;
mod commands;
mod context;
mod credentials;
mod data_dir;
mod embedded;
mod exit;
mod failure;
mod link;
mod money;
mod output;
mod roles;
mod run_view;
mod runtime;
mod secret;
mod settings;
mod suite_files;

fn main() -> std::process::ExitCode {
    app::main().into()
}
