//! YAML (1.2, core schema) as a tree in which every node knows where it stands.
//!
//! The text is hostile: nesting, anchors that hold themselves and aliases that multiply are refused with a place, and nothing
//! here recurses deeper than [`MAX_DEPTH`].

mod builder;
mod scalar;
mod tree;

use std::rc::Rc;

use builder::Builder;
use serde_saphyr::granit_parser::{self, ErrorKind, Event, Marker, Parser, ScanError};
pub(crate) use tree::Node;

/// The deepest nesting, aliases included.
pub(crate) const MAX_DEPTH: usize = 64;

/// Where something stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in characters, from 1.
    pub(crate) column: usize,
    /// The length in bytes of what is meant, within that line; at least 1.
    pub(crate) len: usize,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where.
    pub(crate) mark: Mark,
    /// What, and what would be accepted.
    pub(crate) message: String,
}

/// Reads every document of a text. Documents that are empty are left out. A document with a fault gives the fault instead, and
/// reading goes on with the next one.
pub(crate) fn parse(text: &str) -> (Vec<Rc<Node>>, Vec<Fault>) {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let (mut documents, mut faults) = (Vec::new(), Vec::new());
    let mut builder = Builder::new(text);
    loop {
        let read = match parser.next_event() {
            None => break,
            Some(Err(error)) => Err(scan_fault(text, &error)),
            Some(Ok((Event::DocumentEnd, _))) => {
                let done = std::mem::replace(&mut builder, Builder::new(text));
                documents.extend(done.finish().filter(|root| !root.is_null()));
                Ok(())
            }
            Some(Ok((event, span))) => builder.accept(event, span),
        };
        if let Err(fault) = read {
            faults.push(fault);
            builder = Builder::new(text);
            match parser.proceed_next_document() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    faults.push(scan_fault(text, &error));
                    break;
                }
            }
        }
    }
    (documents, faults)
}

fn scan_fault(text: &str, error: &ScanError) -> Fault {
    let mark = mark(text, *error.marker(), *error.marker());
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(mark);
    }
    Fault {
        mark,
        message: format!("this is not YAML: {}", error.info()),
    }
}

/// The place from `start` to `end`, but not beyond the first line.
fn mark(text: &str, start: Marker, end: Marker) -> Mark {
    let from = start.byte_offset().unwrap_or(text.len()).min(text.len());
    let to = end.byte_offset().unwrap_or(from).clamp(from, text.len());
    let line = text.get(from..to).unwrap_or_default();
    let len = line.lines().next().unwrap_or_default().trim_end().len().max(1);
    Mark {
        line: start.line(),
        column: start.col() + 1,
        len,
    }
}

fn too_deep(mark: Mark) -> Fault {
    Fault {
        mark,
        message: format!("this is nested too deeply; {MAX_DEPTH} levels are allowed"),
    }
}

#[cfg(test)]
mod tests;
