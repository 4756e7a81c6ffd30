//! Suites in files: finds them, reads them, and says of every fault in which file, line and column it is.
//!
//! Nothing here talks to a server: what comes out is read and checked as far as that is possible offline.

mod check;
mod find;
mod report;
pub(crate) mod yaml;

use std::{collections::HashMap, rc::Rc, sync::Arc};

use api::suite::read_object;
pub(crate) use find::{MAX_FILE_BYTES, Source, find};
use model::{Kind, MAX_OBJECTS, SuiteObject};
pub(crate) use report::{Problem, Report};
use serde_json::Value;
use yaml::Node;

/// One document that was read, and where it stands.
#[derive(Debug)]
pub(crate) struct Document {
    /// As it is sent to a server.
    pub(crate) value: Value,
    /// What it says.
    pub(crate) object: SuiteObject,
    source: Arc<Source>,
    tree: Rc<Node>,
}

/// Every document of some files, free of faults that can be seen offline.
#[derive(Debug)]
pub(crate) struct Suite {
    /// In the order of the files.
    pub(crate) documents: Vec<Document>,
    /// What may be wrong, but only a server can tell.
    pub(crate) warnings: Report,
}

impl Document {
    /// What a server says is wrong with this document. What is about the document as a whole is shown at the name that it mentions.
    pub(crate) fn refusal(&self, pointer: &str, message: &str) -> Problem {
        let named = if pointer.is_empty() {
            check::named_in(&self.object.spec, message)
        } else {
            None
        };
        self.problem(named.as_deref().unwrap_or(pointer), message)
    }

    /// What is wrong at a JSON Pointer of this document.
    pub(crate) fn problem(&self, pointer: &str, message: impl Into<String>) -> Problem {
        let mark = self.tree.locate(pointer);
        Problem::new(&self.source, mark, pointer, message)
    }
}

/// Reads the documents of `sources` and checks them.
///
/// # Errors
/// Everything that is wrong with them.
pub(crate) fn read(sources: Vec<Source>) -> Result<Suite, Report> {
    let mut report = Report::default();
    let mut documents = Vec::new();
    for source in sources {
        let source = Arc::new(source);
        let (trees, faults) = yaml::parse(source.text());
        for fault in faults {
            report.push(Problem::new(&source, fault.mark, "", fault.message));
        }
        for tree in trees {
            read_document(&source, tree, &mut documents, &mut report);
        }
    }
    doubled_names(&documents, &mut report);
    if let Some(document) = documents.get(MAX_OBJECTS) {
        let n_documents = documents.len();
        let message = format!(
            "a suite has at most {MAX_OBJECTS} documents, these are {n_documents}; apply them in parts"
        );
        report.push(document.problem("", message));
    }
    check::contents(&documents, &mut report);
    if !report.is_empty() {
        report.sort();
        return Err(report);
    }
    let warnings = check::unresolved(&documents);
    Ok(Suite { documents, warnings })
}

fn read_document(source: &Arc<Source>, tree: Rc<Node>, documents: &mut Vec<Document>, report: &mut Report) {
    let value = match tree.to_value() {
        Ok(value) => value,
        Err(fault) => {
            report.push(Problem::new(source, fault.mark, "", fault.message));
            return;
        }
    };
    match read_object(&value) {
        Ok(object) => documents.push(Document {
            value,
            object,
            source: Arc::clone(source),
            tree,
        }),
        Err(errors) => {
            for error in errors.as_slice() {
                let mark = tree.locate(&error.pointer);
                report.push(Problem::new(source, mark, &error.pointer, &*error.detail));
            }
        }
    }
}

/// A kind and name stand for one object, so no two documents may share them.
fn doubled_names(documents: &[Document], report: &mut Report) {
    let mut first: HashMap<(Kind, &str), &Document> = HashMap::new();
    for document in documents {
        let kind = document.object.spec.kind();
        let name = document.object.name.as_str();
        match first.get(&(kind, name)) {
            None => {
                first.insert((kind, name), document);
            }
            Some(other) => {
                let place = other.problem("/metadata/name", "").place();
                report.push(document.problem(
                    "/metadata/name",
                    format!("{kind} `{name}` stands here a second time; {place} has it already"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
