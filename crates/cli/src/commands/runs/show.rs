//! `runs show`.

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    client::Client,
    runtime::block_on,
};

/// What `runs show` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse runs show latest
  rehearse runs show 65a0c1d2e3f4a5b6c7d8e9f0 --output json | jq '.passed, .planned'")]
pub(crate) struct Arguments {
    /// The run's id, or `latest`
    run: String,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let id = client.run_id(&arguments.run).await?;
        let run = client.run(id).await?;
        let view = client.run_view(&run).await?;
        output.value(&view, || {
            let mut lines = vec![view.verdict_line(output.without_color())];
            lines.extend(view.remarks());
            format!(
                "run {id} of {}, started {} by {}, seed {}\n{}\n\n{}",
                crate::output::printable(&view.set),
                view.started_at,
                view.started_by,
                view.seed,
                lines.join("\n"),
                view.table()
            )
        })?;
        DONE
    })
}
