//! `import recorded`: recorded conversations as a run that judges them.

mod criteria;

use std::path::PathBuf;

use api::{
    import::recorded::{Imported, LeftOut, Options, RecordedConversation, Summary, convert, read},
    recording::{Create, Created},
    run::StartExtension,
    suite::Changes,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use model::{Digest, Invalid, Name, Recording};
use serde::Serialize;

use super::{
    super::{
        Setting, apply,
        run::{Asked, StartArguments, Waiting, start},
    },
    delivery::{Delivered, send},
    input,
    parts::{Division, Part, divide},
};
use crate::{
    app::{DONE, Done},
    client::{Client, RequestError},
    failure::Failure,
    output::{Output, WriteError, printable},
    runtime::block_on,
    suite_files::Suite,
};

/// The largest file of recorded conversations.
const MAX_RECORDED_BYTES: u64 = 256 * 1024 * 1024;
/// How many conversations that cannot be judged are shown.
const MAX_SHOWN: usize = 100;
/// How many recordings are stored at once.
const MAX_STORING: usize = 8;

/// The kind of document that a set is.
const SET: &str = "UnitTestSet";

/// What `import recorded` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse import recorded conversations.json
  rehearse import recorded conversations.jsonl --name airline --metric polite --metric 'clarity>=0.8'
  rehearse import recorded conversations.json --suite metrics.yaml -o report.html

A file holds OpenAI message lists with tool calls: a list of conversations, one conversation, or
one per line. Each task becomes a unit test, and its conversations the test's repetitions. Nobody
is called but the judges: the conversations are judged as they were held.

The metrics that are named decide. Without any a recorded `reward` of at least 1 does, if every
conversation has one.")]
pub(crate) struct Arguments {
    /// The file of conversations, or - for standard input
    file: PathBuf,

    /// What all names begin with
    #[arg(long, value_name = "NAME", default_value = api::import::recorded::DEFAULT_NAME, value_parser = name)]
    name: Name,

    /// A metric that decides: its name if it must be true, else with a condition such as `clarity>=0.8` or `tone=kind,neutral`; may be repeated
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,

    /// A suite file of metrics to apply as well; those that --metric does not name must be true
    #[arg(long = "suite", value_name = "FILE")]
    suites: Vec<PathBuf>,

    /// Leave out conversations that cannot be judged, instead of importing none
    #[arg(long)]
    skip_faulty: bool,

    /// Show what would change, and change and start nothing
    #[arg(long, conflicts_with_all = ["to", "detach", "timeout"])]
    dry_run: bool,

    #[command(flatten)]
    waiting: Waiting,

    #[command(flatten)]
    start: StartArguments,
}

fn name(text: &str) -> Result<Name, Invalid> {
    text.try_into()
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let targets = arguments.waiting.targets()?;
    let conversations = conversations(&arguments)?;
    let suite = criteria::suite(&arguments.suites, output)?;
    let options = Options {
        criteria: criteria::choose(&arguments.metrics, suite.as_ref(), setting)?,
        name: arguments.name.clone(),
    };
    let Imported {
        documents,
        recordings,
        summary,
    } = convert(conversations, &options)
        .map_err(|reason| Failure::configuration(format!("{}: {reason}", arguments.file.display())))?;
    refuse_faulty(&arguments, &summary, output)?;
    let mut parts = divide(&documents, Division::Fewest)?;
    if let (Some(suite), Some(first)) = (suite, parts.first_mut()) {
        put_before(first, suite);
    }
    output.note(&printable(&told(&summary)));
    let Delivered::Applied { changes, dry_run } = send(&parts, None, arguments.dry_run, setting)? else {
        return Err(Failure::bug("the suite went elsewhere than to the server").into());
    };
    if dry_run {
        return show(&summary, &changes, output);
    }
    output.note(&apply::summary(&changes, "applied"));
    let set_id = set_id(&changes, &summary)?;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let digests = store(&client, recordings).await?;
        let extension = StartExtension {
            recordings: Some(digests),
            ..arguments.start.extension()
        };
        let asked = Asked {
            set: &summary.set,
            set_id,
            extension,
        };
        start(&client, asked, &arguments.waiting, &targets, setting).await
    })
}

fn conversations(arguments: &Arguments) -> Result<Vec<RecordedConversation>, Failure> {
    let text = input::text(&arguments.file, MAX_RECORDED_BYTES)?;
    read(&text).map_err(|errors| Failure::configuration(format!("{}: {errors}", arguments.file.display())))
}

/// The documents of a suite come first, because the imported ones name them.
fn put_before(part: &mut Part, suite: Suite) {
    let imported = std::mem::replace(&mut part.suite.documents, suite.documents);
    part.suite.documents.extend(imported);
}

/// Tells which conversations cannot be judged, and refuses the file unless they are to be left out.
fn refuse_faulty(arguments: &Arguments, summary: &Summary, output: Output) -> Result<(), Failure> {
    for LeftOut {
        index,
        task,
        trial,
        reason,
    } in summary.left_out.iter().take(MAX_SHOWN)
    {
        let path = arguments.file.display();
        let line = format!("{path}: conversation {index} (task {task}, trial {trial}): {reason}");
        output.say(&printable(&line));
    }
    let n_faulty = summary.left_out.len();
    if n_faulty > MAX_SHOWN {
        output.say(&format!("… and {} more", n_faulty - MAX_SHOWN));
    }
    if summary.n_imported == 0 {
        return Err(Failure::configuration(format!(
            "none of the {} conversations can be judged",
            summary.n_conversations
        )));
    }
    if n_faulty > 0 && !arguments.skip_faulty {
        return Err(Failure::configuration(format!(
            "{n_faulty} of {} conversations cannot be judged, so none was imported",
            summary.n_conversations
        ))
        .help("Mend them, or leave them out with --skip-faulty."));
    }
    Ok(())
}

/// What was found, and what decides.
fn told(summary: &Summary) -> String {
    let rewards = match summary.mean_reward {
        Some(mean) => format!("{} with a reward, {mean:.3} on average", summary.n_rewards),
        None => "none with a reward".to_owned(),
    };
    let gates = if summary.is_gated {
        ""
    } else {
        "\nNothing decides: no metric is named and not every conversation has a reward, so every conversation passes. --metric names what is to decide."
    };
    format!(
        "{} conversations about {} tasks: {rewards}{gates}",
        summary.n_imported, summary.n_tasks
    )
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(flatten)]
    changes: &'a Changes,
}

fn show(summary: &Summary, changes: &Changes, output: Output) -> Done {
    output.value(&Report { summary, changes }, || apply::lines(changes))?;
    output.note(&apply::summary(changes, "applying would leave"));
    DONE
}

/// The set that was applied.
fn set_id(changes: &Changes, summary: &Summary) -> Result<String, Failure> {
    let set = changes
        .changes
        .iter()
        .find(|change| change.kind == SET && change.name.as_str() == summary.set);
    set.and_then(|set| set.id.clone())
        .ok_or_else(|| Failure::bug("the server does not say which set it has made"))
}

/// Stores the recordings; their digests, in order.
async fn store(client: &Client, recordings: Vec<Recording>) -> Result<Vec<Digest>, WriteError> {
    let store = |recording: Recording| async move {
        let request = Create::of(recording);
        let created: Created = client.command("recording", "create", &request).await?;
        Ok::<_, RequestError>(created.recording)
    };
    let stored: Result<Vec<Digest>, RequestError> = stream::iter(recordings)
        .map(store)
        .buffered(MAX_STORING)
        .try_collect()
        .await;
    Ok(stored?)
}
