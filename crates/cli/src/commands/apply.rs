//! `apply`: the server holds what suite files say, all or nothing.

use api::{
    error::ErrorCode,
    suite::{ChangeView, Changes, DifferenceWord},
};
use journal::JournalError;
use serde_json::json;

use super::{Setting, validate::Files};
use crate::{
    app::{DONE, Done},
    client::{Client, RequestError, of_problem},
    exit::Exit,
    failure::Failure,
    output::{Output, excerpt, printable},
    runtime::block_on,
    suite_files::{Report, Suite},
};

/// The most field names that one line shows.
const MAX_FIELDS: usize = 6;

/// What `apply` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  rehearse apply -f suite
  rehearse apply -f personas.yaml -f tests.yaml --data-dir data
  rehearse export persona | sed s/eng/deu/ | rehearse apply -f -

All files are one change: either everything is as they say afterwards, or nothing has changed.
Content that did not change makes no new version, so applying again does nothing. What the files
do not name stays as it is.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    files: Files,
}

pub(crate) fn run(arguments: Arguments, setting: &Setting) -> Done {
    let output = setting.output;
    let suite = arguments.files.read(output)?;
    block_on(async move {
        let client = Client::connect(setting).await?;
        let changes = send(&client, &suite, true, output).await?;
        show(&changes, output)?;
        output.note(&summary(&changes, "applied"));
        DONE
    })
}

/// Sends a suite, to be applied or compared only.
pub(super) async fn send(
    client: &Client,
    suite: &Suite,
    apply: bool,
    output: Output,
) -> Result<Changes, Failure> {
    let documents: Vec<_> = suite.documents.iter().map(|document| &document.value).collect();
    let request = json!({ "documents": documents });
    let answered = if apply {
        client.command("suite", "apply", &request).await
    } else {
        client.query("suite", "diff", &request).await
    };
    answered.map_err(|error| refusal(error, suite, output))
}

/// A refusal that is about the documents is told at their places in the files.
fn refusal(error: RequestError, suite: &Suite, output: Output) -> Failure {
    if let RequestError::Bus(JournalError::TooLarge { size, limit, .. }) = &error {
        return Failure::configuration(format!(
            "the suite has {size} bytes as one request, and the server takes {limit}; nothing was changed"
        ))
        .help("Apply the files in parts, or raise the setting `nats.max_payload_bytes` of the server.");
    }
    let RequestError::Refused(problem) = &error else {
        return error.into();
    };
    let mut report = Report::default();
    for fault in &problem.errors {
        let Some((index, pointer)) = in_document(&fault.pointer) else {
            continue;
        };
        if let Some(document) = suite.documents.get(index) {
            report.push(document.refusal(pointer, &fault.detail));
        }
    }
    if !report.is_empty() {
        for line in report.lines(output.snippets()) {
            output.say(&line);
        }
        return report.failure();
    }
    let mut failure = of_problem(problem);
    let about_caller = matches!(
        problem.code,
        ErrorCode::Unauthenticated | ErrorCode::Forbidden | ErrorCode::UnknownEndpoint
    );
    // Whatever else the rules say about a suite, the suite is what must change.
    if failure.exit == Exit::Usage && !about_caller {
        failure.exit = Exit::Configuration;
    }
    failure
}

/// The index of the document and the pointer within it.
fn in_document(pointer: &str) -> Option<(usize, &str)> {
    let rest = pointer.strip_prefix("/documents/")?;
    let (index, _) = rest.split_once('/').unwrap_or((rest, ""));
    Some((index.parse().ok()?, rest.get(index.len()..)?))
}

/// Shows what is done to each object.
pub(super) fn show(changes: &Changes, output: Output) -> Result<(), crate::output::WriteError> {
    output.value(changes, || lines(changes))
}

/// The changes for people, a line each.
pub(super) fn lines(changes: &Changes) -> String {
    changes.changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(change: &ChangeView) -> String {
    let (sign, what) = match change.difference {
        DifferenceWord::Created => ('+', "created".to_owned()),
        DifferenceWord::NewVersion => {
            let version = change
                .version
                .map_or_else(String::new, |version| format!(" {version}"));
            ('~', format!("new version{version}{}", fields(&change.fields)))
        }
        DifferenceWord::Updated => ('~', format!("updated{}", fields(&change.fields))),
        DifferenceWord::Unchanged => ('=', "unchanged".to_owned()),
    };
    format!(
        "{sign} {} {}: {what}",
        change.kind,
        excerpt(change.name.as_str(), 120)
    )
}

fn fields(fields: &[String]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let mut shown = fields
        .iter()
        .take(MAX_FIELDS)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if fields.len() > MAX_FIELDS {
        shown.extend([" and ", &(fields.len() - MAX_FIELDS).to_string(), " more"]);
    }
    format!(" ({})", printable(&shown))
}

/// The changes in one line.
pub(super) fn summary(changes: &Changes, done: &str) -> String {
    let count = |wanted: &[DifferenceWord]| {
        changes
            .changes
            .iter()
            .filter(|change| wanted.contains(&change.difference))
            .count()
    };
    format!(
        "{done}: {} created, {} changed, {} unchanged",
        count(&[DifferenceWord::Created]),
        count(&[DifferenceWord::NewVersion, DifferenceWord::Updated]),
        count(&[DifferenceWord::Unchanged])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, difference: DifferenceWord, fields: &[&str]) -> ChangeView {
        ChangeView {
            kind: "Persona".to_owned(),
            name: name.try_into().expect("a name"),
            id: None,
            difference,
            version: (difference == DifferenceWord::NewVersion).then_some(3),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        }
    }

    #[test]
    fn changes_are_lines_with_signs() {
        let changes = Changes {
            changes: vec![
                change("Maria", DifferenceWord::Created, &[]),
                change("Karl", DifferenceWord::NewVersion, &["content.background"]),
                change(
                    "Eva",
                    DifferenceWord::Updated,
                    &["a", "b", "c", "d", "e", "f", "g"],
                ),
                change("Ada", DifferenceWord::Unchanged, &[]),
            ],
        };
        let lines: Vec<String> = changes.changes.iter().map(line).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        + Persona Maria: created
        ~ Persona Karl: new version 3 (content.background)
        ~ Persona Eva: updated (a, b, c, d, e, f and 1 more)
        = Persona Ada: unchanged
        ");
        assert_eq!(
            summary(&changes, "applied"),
            "applied: 1 created, 2 changed, 1 unchanged"
        );
    }

    #[test]
    fn pointers_lead_to_documents() {
        assert_eq!(
            in_document("/documents/12/spec/script/0"),
            Some((12, "/spec/script/0"))
        );
        assert_eq!(in_document("/documents/3"), Some((3, "")));
        assert_eq!(in_document("/name"), None);
    }
}
