//! `runs rerun`.

use api::run::{Started, Wrong};
use serde_json::json;

use super::{
    super::{
        Setting,
        run::{StartArguments, finish},
    },
    watch,
};
use crate::{
    app::{DONE, Done},
    client::Client,
    runtime::{EndSignals, block_on},
    settings::Lasting,
};

/// What `runs rerun` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse runs rerun latest
  rehearse runs rerun 65a0c1d2e3f4a5b6c7d8e9f0 --failed
  rehearse runs rerun latest --errored --invalid --detach
  rehearse runs rerun latest --invalid --simulator gpt --max-reruns 3

Runs again what went wrong, at the latest versions: each test as often as it went wrong. Without
--failed, --errored and --invalid that is all of it. Ctrl-C cancels the new run. Exits like
`rehearse run`.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub(crate) struct Arguments {
    /// The run's id, or `latest`
    run: String,

    /// What missed a criterion
    #[arg(long)]
    failed: bool,

    /// What broke
    #[arg(long)]
    errored: bool,

    /// Where the simulated user broke
    #[arg(long)]
    invalid: bool,

    /// Start the run, print its id and return
    #[arg(long, conflicts_with = "timeout")]
    detach: bool,

    /// Cancel the new run after this time, such as 30s, 10m or 2h
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Lasting>,

    #[command(flatten)]
    start: StartArguments,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let which: Vec<Wrong> = [
        (arguments.failed, Wrong::Failed),
        (arguments.errored, Wrong::Errored),
        (arguments.invalid, Wrong::Invalid),
    ]
    .into_iter()
    .filter_map(|(is_asked, wrong)| is_asked.then_some(wrong))
    .collect();
    let extension = arguments.start.extension();
    block_on(async move {
        let client = Client::connect(setting).await?;
        let earlier = client.run_id(&arguments.run).await?;
        // Signals count from here on: a run that was started is never left without a word.
        let mut signals = EndSignals::listen()?;
        let request = json!({ "id": earlier, "which": which, "rehearse": extension });
        let started: Started = client.command("run", "rerun", &request).await?;
        let id = started.simulation_unit_test_set_run_id;
        if arguments.detach {
            output.value(&json!({ "id": id }), || id.to_string())?;
            output.note(&format!("`rehearse runs watch {id}` follows it"));
            return DONE;
        }
        output.note(&format!("run {id} started, of what went wrong in run {earlier}"));
        let timeout = arguments.timeout.map(Lasting::duration);
        let on_signal = watch::OnSignal::Cancel;
        let watched = watch::follow(&client, id, output, &mut signals, on_signal, timeout).await?;
        finish(&client, watched, &[], setting).await
    })
}
