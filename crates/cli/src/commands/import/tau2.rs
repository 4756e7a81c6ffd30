//! `import tau2`: tasks of τ²-bench as a suite.

mod agent;
mod report;

use std::path::{Path, PathBuf};

use api::import::tau2::{
    AgentChoice, DEFAULT_DOMAIN, DEFAULT_MAX_INTERACTIONS, Imported, LeftOut, Options, Summary, convert,
};
use model::{Invalid, MAX_CONVERSATIONS, Name, Text, Time};

use super::{
    super::Setting,
    delivery::{Delivered, Destination},
    input,
};
use crate::{
    app::{DONE, Done},
    failure::Failure,
    output::{Output, printable},
};

/// The largest file of tasks.
const MAX_TASKS_BYTES: u64 = 64 * 1024 * 1024;
/// The largest policy: what a text may have.
const MAX_POLICY_BYTES: u64 = 256 * 1024;
/// How many faults are shown.
const MAX_SHOWN: usize = 100;

/// What `import tau2` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse import tau2 tasks.json > suite.yaml
  rehearse import tau2 tasks.json --policy policy.md --agent agent.yaml --to suite
  rehearse import tau2 tasks.json --agent my-agent --repeat 4 --apply

Each task becomes a persona, a scenario, metrics and a unit test; all tests stand in one set, which
is called as the domain. Assertions in prose and texts to communicate decide; tool calls of the
reference path are measured and reported, but decide nothing. The benchmark's environment is not
here: where a task's reward_basis asks for it, the assertions in prose stand in.

The policy becomes a context graph. An agent of protocol openaiChat sees it if its `system` is
\"{{ context_graph.policy }}\".")]
pub(crate) struct Arguments {
    /// The file of tasks, or - for standard input
    tasks: PathBuf,

    /// The agent's policy: a file of text
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The agent under test: a suite file (.yaml or .yml) with one agent, or the name of an agent that exists
    #[arg(long, value_name = "FILE|NAME")]
    agent: Option<String>,

    /// An existing service instead of an agent; without either, one that is called as the domain
    #[arg(long, value_name = "NAME", conflicts_with = "agent", value_parser = name)]
    service: Option<Name>,

    /// What all names begin with; default: the domain that the tasks name
    #[arg(long, value_name = "NAME", value_parser = name)]
    domain: Option<Name>,

    /// How often each test is repeated
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CONVERSATIONS)))]
    repeat: u32,

    /// After this many interactions without an end a test fails
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_INTERACTIONS, value_parser = clap::value_parser!(u32).range(1..=100))]
    max_interactions: u32,

    /// When conversations are deemed to start, such as 2024-05-15T15:00:00-05:00; default: when they really do
    #[arg(long, value_name = "TIME")]
    starts_at: Option<Time>,

    /// Leave out tasks that cannot be imported, instead of importing none
    #[arg(long)]
    skip_faulty: bool,

    #[command(flatten)]
    destination: Destination,
}

fn name(text: &str) -> Result<Name, Invalid> {
    text.try_into()
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let options = options(&arguments, output)?;
    let tasks = input::json(&arguments.tasks, MAX_TASKS_BYTES)?;
    let Imported { documents, summary } = convert(&tasks, &options)
        .map_err(|errors| Failure::configuration(format!("{}: {errors}", arguments.tasks.display())))?;
    refuse_faulty(&arguments, &summary, output)?;
    let service = matches!(options.agent, AgentChoice::Service(_)).then_some(summary.service.as_str());
    let delivered = arguments.destination.deliver(&documents, service, setting)?;
    if arguments.destination.is_stdout() {
        output.note(&report::table(&summary));
    } else {
        report::show(&summary, &delivered, output)?;
    }
    hints(&summary, &delivered, service, &options, output);
    DONE
}

fn options(arguments: &Arguments, output: Output) -> Result<Options, Failure> {
    let agent = match &arguments.agent {
        Some(named) => agent::choose(named, output)?,
        None => AgentChoice::Service(arguments.service.clone()),
    };
    let policy = match &arguments.policy {
        Some(path) => Some(policy(path)?),
        None => None,
    };
    if policy.is_some() && agent::overlooks_policy(&agent) {
        output.note(&format!(
            "{} the agent's `system` does not name `context_graph.policy`, so the agent will not see the policy",
            output.paint("warning:", "33")
        ));
    }
    Ok(Options {
        domain: arguments.domain.clone(),
        agent,
        policy,
        repeat: arguments.repeat,
        max_interactions: arguments.max_interactions,
        starts_at: arguments.starts_at,
    })
}

fn policy(path: &Path) -> Result<Text, Failure> {
    let text = input::text(path, MAX_POLICY_BYTES)?;
    Text::try_from(text)
        .map_err(|reason| Failure::configuration(format!("{}: the policy {reason}", path.display())))
}

/// Tells what is wrong with tasks, and refuses the file unless they are to be left out.
fn refuse_faulty(arguments: &Arguments, summary: &Summary, output: Output) -> Result<(), Failure> {
    let mut n_shown = 0;
    for LeftOut { index, task, errors } in &summary.left_out {
        let task = task.as_ref().map_or_else(
            || format!("task at position {index}"),
            |task| format!("task {task}"),
        );
        for error in errors {
            n_shown += 1;
            if n_shown <= MAX_SHOWN {
                let path = arguments.tasks.display();
                let line = format!("{path}: {task}: {}: {}", error.pointer, error.detail);
                output.say(&printable(&line));
            }
        }
    }
    if n_shown > MAX_SHOWN {
        output.say(&format!("… and {} more", n_shown - MAX_SHOWN));
    }
    let n_faulty = summary.left_out.len();
    if summary.n_imported == 0 {
        return Err(Failure::configuration(format!(
            "none of the {} tasks can be imported",
            summary.n_tasks
        )));
    }
    if n_faulty > 0 && !arguments.skip_faulty {
        return Err(Failure::configuration(format!(
            "{n_faulty} of {} tasks cannot be imported, so none was",
            summary.n_tasks
        ))
        .help("Mend them, or leave them out with --skip-faulty."));
    }
    Ok(())
}

/// What is to be done next.
fn hints(summary: &Summary, delivered: &Delivered, service: Option<&str>, options: &Options, output: Output) {
    if options.domain.is_none() && summary.domain == DEFAULT_DOMAIN {
        output.note("The tasks name no domain; --domain names one, so that suites of several domains can stand side by side.");
    }
    let is_applied = matches!(delivered, Delivered::Applied { .. });
    if let Some(service) = service.filter(|_| !is_applied) {
        let policy = match &options.policy {
            Some(_) => format!(" and name context graph `{} policy`", summary.domain),
            None => String::new(),
        };
        output.note(&printable(&format!(
            "The tests are for service `{service}`, which the suite does not hold. It must exist{policy}; --agent makes one."
        )));
    }
    // The domain is quoted for a shell.
    let set = summary.domain.replace('\'', r"'\''");
    match delivered {
        Delivered::Written { to, together, .. } if *together => {
            output.note(&printable(&format!("Next: rehearse apply -f {}", to.display())));
        }
        Delivered::Written { .. } => {
            output.note("The suite has more documents than a server takes at once: apply the files one after the other, in this order.");
        }
        Delivered::Applied { dry_run: false, .. } => {
            output.note(&printable(&format!("Next: rehearse run '{set}'")));
        }
        Delivered::Applied { dry_run: true, .. } | Delivered::Printed => {}
    }
}
