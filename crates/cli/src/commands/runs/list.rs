//! `runs list`.

use model::Kind;
use serde_json::{Map, Value, json};

use super::super::Setting;
use crate::{
    app::{DONE, Done},
    client::{Client, Page, text_at},
    output::{Table, excerpt},
    runtime::block_on,
};

/// What `runs list` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse runs list
  rehearse runs list --set first --limit 5
  rehearse runs list --unfinished --output json")]
pub(crate) struct Arguments {
    /// Only runs of this set
    #[arg(long, value_name = "NAME")]
    set: Option<String>,

    /// Only runs that are not over
    #[arg(long)]
    unfinished: bool,

    /// The most runs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    block_on(async move {
        let client = Client::connect(setting).await?;
        let mut request = Map::new();
        if let Some(set) = &arguments.set {
            let id = client.id_of(Kind::UnitTestSet, set).await?;
            request.insert("simulation_unit_test_set_id".to_owned(), json!([id]));
        }
        if arguments.unfinished {
            request.insert("is_completed".to_owned(), json!(false));
        }
        let wanted = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
        request.insert("limit".to_owned(), json!(arguments.limit.min(50)));
        let mut runs = Vec::new();
        loop {
            let page = Page::of(client.query(Kind::Run.as_str(), "list", &request).await?);
            runs.extend(page.items);
            match page.next {
                Some(next) if runs.len() < wanted => {
                    request.insert("continuation_token".to_owned(), json!(next))
                }
                Some(_) | None => break,
            };
        }
        runs.truncate(wanted);
        setting.output.value(&runs, || table(&runs))?;
        if runs.is_empty() {
            setting.output.note("there is no such run");
        }
        DONE
    })
}

/// Runs as a table.
pub(crate) fn table(runs: &[Value]) -> String {
    let mut table = Table::new(&[
        "run", "set", "verdict", "passed", "failed", "errored", "started", "by",
    ])
    .numbers(&[3, 4, 5]);
    for run in runs {
        let verdict = text_at(run, "/rehearse/verdict");
        let state = text_at(run, "/rehearse/state");
        table.row([
            text_at(run, "/id"),
            excerpt(&text_at(run, "/rehearse/set_name"), 40),
            if verdict.is_empty() { state } else { verdict },
            format!(
                "{}/{}",
                text_at(run, "/rehearse/tally/passed"),
                text_at(run, "/rehearse/tally/planned")
            ),
            text_at(run, "/rehearse/tally/failed"),
            text_at(run, "/rehearse/tally/errored"),
            text_at(run, "/created_at"),
            text_at(run, "/creator/user_id"),
        ]);
    }
    table.render()
}
