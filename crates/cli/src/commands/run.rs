//! `run`: runs a unit test set and waits for its verdict.

mod options;

use std::{path::PathBuf, time::Duration};

use api::{
    error::ErrorCode,
    run::{StartExtension, Started},
};
use model::Kind;
pub(super) use options::StartArguments;
use serde_json::json;

use super::{Setting, runs::watch};
use crate::{
    app::{DONE, Done},
    artifact_file::{Part, Target},
    client::{Client, RequestError},
    exit::Exit,
    failure::Failure,
    output::printable,
    runtime::{EndSignals, block_on},
    settings::Lasting,
};

/// What `run` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse run first
  rehearse run first -o results.junit.xml -o report.html
  rehearse run nightly --timeout 2h --quiet --output json
  rehearse run first --seed 7   the same conversations as another run with this seed
  rehearse run first --simulator gpt --judges gpt --guard rules-and-model --max-cost 2.50
  rehearse run first --detach   prints the run's id and returns

Ctrl-C cancels the run and waits until its artifact is there; once more leaves at once. Exits
with 0 if every conversation passed, 100 if criteria failed, 101 if conversations errored (or
only invalid ones are left), 98 if it was cancelled or took longer than --timeout.")]
pub(crate) struct Arguments {
    /// The set's name or id
    set: String,

    #[command(flatten)]
    waiting: Waiting,

    #[command(flatten)]
    start: StartArguments,
}

/// How a run that was started is waited for, and what is written of it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Waiting {
    /// Write the run's results to a file: .zip (everything), .junit.xml, .json, .html, .csv or .jsonl; may be repeated
    #[arg(short = 'o', long = "to", value_name = "FILE")]
    to: Vec<PathBuf>,

    /// What to write, whatever the file's suffix
    #[arg(long, value_enum, value_name = "FORMAT", requires = "to")]
    format: Option<Part>,

    /// Start the run, print its id and return
    #[arg(long, conflicts_with_all = ["to", "timeout"])]
    detach: bool,

    /// Cancel the run after this time, such as 30s, 10m or 2h
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Lasting>,
}

impl Waiting {
    /// What is to be written. It is asked for before anything is started, so that a wrong name costs nothing.
    pub(super) fn targets(&self) -> Result<Vec<Target>, Failure> {
        let targets = self.to.iter().map(|path| Target::of(path, self.format));
        targets.collect()
    }
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let targets = arguments.waiting.targets()?;
    let extension = arguments.start.extension();
    block_on(async move {
        let client = Client::connect(setting).await?;
        let set_id = client.id_of(Kind::UnitTestSet, &arguments.set).await?;
        let asked = Asked {
            set: &arguments.set,
            set_id,
            extension,
        };
        start(&client, asked, &arguments.waiting, &targets, setting).await
    })
}

/// A run that is to be started.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// What people call the set.
    pub(super) set: &'a str,
    /// Its id.
    pub(super) set_id: String,
    /// What Rehearse adds to the request.
    pub(super) extension: StartExtension,
}

/// Starts a run, waits for its verdict, and shows and writes what came out.
pub(super) async fn start(
    client: &Client,
    asked: Asked<'_>,
    waiting: &Waiting,
    targets: &[Target],
    setting: &Setting,
) -> Done {
    let output = setting.output;
    let request = json!({ "simulation_unit_test_set_id": asked.set_id, "rehearse": asked.extension });
    // Signals count from here on: a run that was started is never left without a word.
    let mut signals = EndSignals::listen()?;
    let started: Started = client
        .command("run", "start", &request)
        .await
        .map_err(not_started)?;
    let id = started.simulation_unit_test_set_run_id;
    if waiting.detach {
        output.value(&json!({ "id": id }), || id.to_string())?;
        output.note(&format!("`rehearse runs watch {id}` follows it"));
        return DONE;
    }
    output.note(&format!("run {id} of {} started", printable(asked.set)));
    let timeout = waiting.timeout.map(Lasting::duration);
    let watched = watch::follow(client, id, output, &mut signals, watch::OnSignal::Cancel, timeout).await?;
    finish(client, watched, targets, setting).await
}

/// Shows and writes what came out.
pub(super) async fn finish(
    client: &Client,
    watched: watch::Watched,
    targets: &[Target],
    setting: &Setting,
) -> Done {
    let output = setting.output;
    let id = watched.run.id;
    if !watched.is_complete {
        output.say(&format!(
            "run {id} goes on; `rehearse runs watch {id}` follows it"
        ));
        return Ok(Exit::Stopped);
    }
    let run = client.run(id).await?;
    let view = client.run_view(&run).await?;
    if !targets.is_empty() {
        let artifact = client.artifact(id).await?;
        for target in targets {
            target.write(&artifact)?;
        }
    }
    output.value(&view, || view.table())?;
    output.say(&view.verdict_line(output));
    for line in view.remarks() {
        output.say(&line);
    }
    for target in targets {
        output.note(&format!("wrote {}", target.path().display()));
    }
    if let Some(test) = view.tests.iter().find(|test| test.first_problem.is_some()) {
        let index = test.first_problem.as_ref().map_or(0, |problem| problem.run_index);
        output.note(&format!(
            "look at one: rehearse transcript {}",
            quoted(&format!("{id}/{}/{index}", test.name))
        ));
    }
    if targets.is_empty() {
        output.note(&format!("keep it all:  rehearse artifacts {id} -o {id}.zip"));
    }
    Ok(watched.exit.unwrap_or_else(|| view.exit(&run)))
}

/// Something in the set cannot run: then it is the suite that must change.
fn not_started(error: RequestError) -> Failure {
    let about_suite = matches!(
        error.code(),
        Some(ErrorCode::NotRunnable | ErrorCode::NoVersion | ErrorCode::ServiceInactive)
    );
    let failure = Failure::from(error);
    if about_suite {
        Failure {
            exit: Exit::Configuration,
            ..failure
        }
    } else {
        failure
    }
}

/// A text as a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-".contains(char);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The longest that one question to the server waits.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("65a0/greets/0"), "65a0/greets/0");
        assert_eq!(quoted("65a0/it's fine/0"), r"'65a0/it'\''s fine/0'");
        assert_eq!(quoted("65a0/$(reboot)/0"), "'65a0/$(reboot)/0'");
    }
}
