//! `completions`: what a shell needs to complete commands.

use clap_complete::{Shell, generate};

use crate::{
    app::{self, DONE, Done},
    output::Output,
};

/// What `completions` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse completions bash > ~/.local/share/bash-completion/completions/rehearse
  rehearse completions zsh > \"${fpath[1]}/_rehearse\"
  rehearse completions fish > ~/.config/fish/completions/rehearse.fish")]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Done {
    let mut script = Vec::new();
    generate(arguments.shell, &mut app::definition(), "rehearse", &mut script);
    output.bytes(&script)?;
    DONE
}
