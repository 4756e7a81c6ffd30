//! Documents as YAML, in parts that a server takes at once.
//!
//! Every part is read again as a suite, so what is written or applied is known to be valid and to say what was meant.

use api::suite::{Document, read_object};
use model::MAX_OBJECTS;

use crate::{
    failure::Failure,
    suite_files::{MAX_FILE_BYTES, Source, Suite, read},
};

/// A part of a suite that can be applied once the parts before it have been.
#[derive(Debug)]
pub(super) struct Part {
    /// What it is about, such as `metrics`.
    pub(super) topic: &'static str,
    /// The documents as YAML.
    pub(super) text: String,
    /// The same, read.
    pub(super) suite: Suite,
}

/// How documents are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Division {
    /// As few parts as a server allows.
    Fewest,
    /// A part holds documents of one topic only.
    ByTopic,
}

/// Divides `documents`, each of which stands after those that it names, without changing their order.
///
/// # Errors
/// A document that is no valid part of a suite, which would be a bug of the import.
pub(super) fn divide(documents: &[Document], division: Division) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let mut start = 0;
    let mut n_bytes = 0;
    for (index, document) in documents.iter().enumerate() {
        let text = yaml(document)?;
        let topic = topic(document);
        let begins = documents.get(start).is_some_and(|first| {
            let is_full = texts.len() >= MAX_OBJECTS || n_bytes + text.len() > max_bytes();
            is_full || (division == Division::ByTopic && self::topic(first) != topic)
        });
        if begins && !texts.is_empty() {
            parts.push(part(documents.get(start..index).unwrap_or_default(), &texts)?);
            texts.clear();
            start = index;
            n_bytes = 0;
        }
        n_bytes += text.len();
        texts.push(text);
    }
    if !texts.is_empty() {
        parts.push(part(documents.get(start..).unwrap_or_default(), &texts)?);
    }
    Ok(parts)
}

/// What a suite file may hold, and with room to spare what a server takes as one message.
fn max_bytes() -> usize {
    usize::try_from(MAX_FILE_BYTES).unwrap_or(usize::MAX)
}

fn yaml(document: &Document) -> Result<String, Failure> {
    let yaml = serde_saphyr::to_string(document)
        .map_err(|source| Failure::bug(format!("a document cannot be written: {source}")))?;
    Ok(format!("---\n{}\n", yaml.trim_end()))
}

fn part(documents: &[Document], texts: &[String]) -> Result<Part, Failure> {
    let text = texts.concat();
    let suite = read(vec![Source::new("the imported suite", text.as_str())]).map_err(|report| {
        let lines = report.lines(false);
        let first = lines.first().map_or("", String::as_str);
        Failure::bug(format!("what was imported is no valid suite: {first}"))
    })?;
    let is_same = suite.documents.len() == documents.len()
        && suite.documents.iter().zip(documents).all(|(read, meant)| {
            let meant = meant.to_value().ok().and_then(|value| read_object(&value).ok());
            meant.as_ref() == Some(&read.object)
        });
    if !is_same {
        return Err(Failure::bug("the imported suite does not read as what was meant"));
    }
    Ok(Part {
        topic: documents.first().map_or("", topic),
        text,
        suite,
    })
}

/// What a document is about: the name of the file that holds it.
fn topic(document: &Document) -> &'static str {
    match document.kind {
        "Metric" => "metrics",
        "Persona" => "personas",
        "Scenario" => "scenarios",
        "UnitTest" | "UnitTestSet" => "tests",
        _ => "agent",
    }
}

#[cfg(test)]
mod tests {
    use api::import::tau2::{Options, convert};
    use serde_json::json;

    use super::*;

    fn documents(n_tasks: usize, reason: &str) -> Vec<Document> {
        let tasks: Vec<_> = (0..n_tasks)
            .map(|id| {
                json!({
                    "id": id,
                    "user_scenario": {"instructions": {"reason_for_call": reason, "domain": "shop"}},
                    "evaluation_criteria": {"nl_assertions": [format!("Agent does {id}.")]},
                })
            })
            .collect();
        convert(&json!(tasks), &Options::default())
            .expect("they are tasks")
            .documents
    }

    fn shape(parts: &[Part]) -> Vec<(&'static str, usize)> {
        parts
            .iter()
            .map(|part| (part.topic, part.suite.documents.len()))
            .collect()
    }

    #[test]
    fn what_fits_is_one_part() {
        let documents = documents(3, "Hello");
        let parts = divide(&documents, Division::Fewest).expect("they are valid");
        assert_eq!(shape(&parts), [("metrics", 13)]);
        let parts = divide(&documents, Division::ByTopic).expect("they are valid");
        assert_eq!(
            shape(&parts),
            [("metrics", 3), ("personas", 3), ("scenarios", 3), ("tests", 4)]
        );
    }

    #[test]
    fn no_part_is_more_than_a_server_takes() {
        let documents = documents(901, "Hello");
        let parts = divide(&documents, Division::Fewest).expect("they are valid");
        let sizes: Vec<usize> = shape(&parts).into_iter().map(|(_, size)| size).collect();
        assert_eq!(sizes, [900, 900, 900, 900, 5]);
        let parts = divide(&documents, Division::ByTopic).expect("they are valid");
        assert_eq!(parts.len(), 8);
        assert_eq!(
            parts.iter().map(|part| part.suite.documents.len()).sum::<usize>(),
            3605
        );
    }

    #[test]
    fn no_part_is_larger_than_a_file_may_be() {
        let documents = documents(30, &"x".repeat(250_000));
        let parts = divide(&documents, Division::Fewest).expect("they are valid");
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|part| part.text.len() <= max_bytes()));
    }

    #[test]
    fn odd_text_survives_yaml() {
        for odd in [
            "{{ x }}\n--- \u{1b}[31m",
            "a: b # c",
            "- x\n\n  - y",
            "'\"\\ \u{85}\u{feff}é",
            "no",
            "\t| >",
        ] {
            divide(&documents(1, odd), Division::Fewest).expect("it says what was meant");
        }
    }
}
