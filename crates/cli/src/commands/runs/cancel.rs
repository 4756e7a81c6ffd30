//! `runs cancel`.

use super::{super::Setting, watch};
use crate::{
    app::Done,
    client::Client,
    exit::Exit,
    runtime::{EndSignals, block_on},
};

/// What `runs cancel` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse runs cancel latest
  rehearse runs cancel 65a0c1d2e3f4a5b6c7d8e9f0 --wait

What is finished stays, and the run gets an artifact of it. Exits with 0 once the run is asked
to stop.")]
pub(crate) struct Arguments {
    /// The run's id, or `latest`
    run: String,

    /// Wait until the run's artifact is there
    #[arg(long)]
    wait: bool,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let id = client.run_id(&arguments.run).await?;
        client.cancel(id).await?;
        if arguments.wait {
            let mut signals = EndSignals::listen()?;
            watch::follow(&client, id, output, &mut signals, watch::OnSignal::Leave, None).await?;
        }
        output.value(&serde_json::json!({ "id": id, "done": "cancelled" }), || {
            format!("run {id}: cancelled")
        })?;
        Ok(Exit::Passed)
    })
}
