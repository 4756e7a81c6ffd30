//! `config show`.

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    output::Table,
    settings::DEFAULTS,
};

/// What `config show` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse config show
  rehearse config show --defaults > rehearse.toml    every setting, explained
  REHEARSE__WORKER__CONCURRENCY=16 rehearse config show --output json")]
pub(crate) struct Arguments {
    /// Print the documented defaults instead: a settings file to start from
    #[arg(long)]
    defaults: bool,
}

pub(crate) fn run(arguments: &Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    if arguments.defaults {
        output.data(DEFAULTS)?;
        return DONE;
    }
    let (_settings, layers) = setting.settings(|places| places)?;
    let list = layers.list();
    output.value(&list, || {
        let mut table = Table::new(&["setting", "value", "from"]);
        for setting in &list {
            let value = setting
                .value
                .as_str()
                .map_or_else(|| setting.value.to_string(), str::to_owned);
            table.row([&setting.key, &value, &setting.origin.to_string()]);
        }
        table.render()
    })?;
    DONE
}
