//! What became of the tasks, for people and programs.

use api::{import::tau2::Summary, suite::Changes};
use serde::Serialize;

use super::Delivered;
use crate::{
    commands::apply,
    output::{Output, Table, WriteError, excerpt},
};

/// How many names one line shows.
const MAX_NAMES: usize = 5;

/// The report for programs.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    files: &'a [String],
    #[serde(flatten)]
    changes: Option<&'a Changes>,
}

/// Shows what became of the tasks as data.
pub(super) fn show(summary: &Summary, delivered: &Delivered, output: Output) -> Result<(), WriteError> {
    let (files, changes): (&[String], _) = match delivered {
        Delivered::Printed => (&[], None),
        Delivered::Written { files, .. } => (files, None),
        Delivered::Applied { changes, .. } => (&[], Some(changes)),
    };
    let report = Report {
        summary,
        files,
        changes,
    };
    output.value(&report, || {
        let files = files.iter().map(|file| excerpt(file, 400));
        let lines: Vec<String> = std::iter::once(table(summary)).chain(files).collect();
        lines.join("\n")
    })?;
    if let Delivered::Applied { changes, dry_run } = delivered {
        let done = if *dry_run {
            "applying would leave"
        } else {
            "applied"
        };
        output.note(&apply::summary(changes, done));
    }
    Ok(())
}

/// The summary as a table.
pub(super) fn table(summary: &Summary) -> String {
    let mut table = Table::new(&["what", "count", "note"]).numbers(&[1]);
    let mut row = |what: &str, count: usize, note: &str| {
        table.row([what, &count.to_string(), note]);
    };
    let set = format!(
        "set `{}`, {} metrics, service `{}`",
        excerpt(&summary.domain, 60),
        summary.n_metrics,
        excerpt(&summary.service, 60)
    );
    row("tasks imported", summary.n_imported, &set);
    if !summary.left_out.is_empty() {
        row("tasks left out", summary.left_out.len(), "faulty; see above");
    }
    for line in &summary.rows {
        row(&line.what, line.count, line.note);
    }
    if !summary.ungated.is_empty() {
        let mut names: Vec<String> = summary
            .ungated
            .iter()
            .take(MAX_NAMES)
            .map(|name| excerpt(name, 40))
            .collect();
        if summary.ungated.len() > MAX_NAMES {
            names.push("…".to_owned());
        }
        let note = format!("pass if the conversation ends: {}", names.join(", "));
        row("tests that nothing gates", summary.ungated.len(), &note);
    }
    table.render()
}
