//! YAML (1.2, core schema) as a tree in which every node knows where it stands.
//!
//! The text is hostile: nesting, anchors that hold themselves and aliases that multiply are refused with a place, and nothing
//! here recurses deeper than [`MAX_DEPTH`].

mod scalar;
mod tree;

use std::{collections::HashMap, rc::Rc};

use serde_saphyr::granit_parser::{self, ErrorKind, Event, Marker, Parser, ScanError, Span, Tag};

pub(crate) use tree::Node;

use tree::{Entry, Shape};

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
                documents.extend(done.root.filter(|root| !root.is_null()));
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
    Fault { mark, message: format!("this is not YAML: {}", error.info()) }
}

/// The place from `start` to `end`, but not beyond the first line.
fn mark(text: &str, start: Marker, end: Marker) -> Mark {
    let from = start.byte_offset().unwrap_or(text.len()).min(text.len());
    let to = end.byte_offset().unwrap_or(from).clamp(from, text.len());
    let line = text.get(from..to).unwrap_or_default();
    let len = line.lines().next().unwrap_or_default().trim_end().len().max(1);
    Mark { line: start.line(), column: start.col() + 1, len }
}

/// A collection that is not complete yet.
struct Open {
    anchor: usize,
    mark: Mark,
    height: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Rc<Node>>),
    Mapping { entries: Vec<Entry>, seen: HashMap<String, Mark>, key: Option<Key> },
}

/// A key whose value has not been read yet.
struct Key {
    text: String,
    mark: Mark,
    offset: Option<usize>,
}

/// Builds one document from events.
struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, open: Vec::new(), anchors: HashMap::new(), root: None }
    }

    fn accept(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let mark = self.mark(span);
        match event {
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_, _)
            | Event::DocumentEnd
            | Event::Anchor(_, _)
            | Event::Comment(_, _) => Ok(()),
            Event::Scalar(value, style, anchor, tag) => {
                if self.awaits_key() {
                    return self.key(value.into_owned(), mark, span.start, tag.as_deref());
                }
                let tag = core_tag(tag.as_deref(), mark)?;
                let value = scalar::resolve(&value, style, tag).map_err(|message| Fault { mark, message })?;
                self.complete(Node::scalar(mark, value), anchor, span.end)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(anchor, mark, tag.as_deref(), "seq", Content::Sequence(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                let content = Content::Mapping { entries: Vec::new(), seen: HashMap::new(), key: None };
                self.begin(anchor, mark, tag.as_deref(), "map", content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span.end),
            Event::Alias(anchor) => self.alias(anchor, mark, span.end),
            Event::UnresolvedAlias(name) => {
                Err(Fault { mark, message: format!("there is no anchor `&{name}` before this in the document") })
            }
            // The parser may learn more; what it means would be unknown here.
            _ => Err(Fault { mark, message: "this part of YAML is not read here".to_owned() }),
        }
    }

    fn mark(&self, span: Span) -> Mark {
        mark(self.text, span.start, span.end)
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Mapping { key: None, .. }, .. }))
    }

    fn key(&mut self, text: String, mark: Mark, start: Marker, tag: Option<&Tag>) -> Result<(), Fault> {
        core_tag(tag, mark)?;
        let Some(Open { content: Content::Mapping { seen, key: slot, .. }, .. }) = self.open.last_mut() else {
            return Ok(());
        };
        if let Some(first) = seen.get(&text) {
            let message = format!("`{text}` stands here twice; line {} has it already", first.line);
            return Err(Fault { mark, message });
        }
        seen.insert(text.clone(), mark);
        *slot = Some(Key { text, mark, offset: start.byte_offset() });
        Ok(())
    }

    fn begin(
        &mut self,
        anchor: usize,
        mark: Mark,
        tag: Option<&Tag>,
        expected: &str,
        content: Content,
    ) -> Result<(), Fault> {
        if self.awaits_key() {
            return Err(Fault { mark, message: "a key must be text".to_owned() });
        }
        if core_tag(tag, mark)?.is_some_and(|tag| tag != expected) {
            return Err(Fault { mark, message: format!("this is a {expected}, its tag says otherwise") });
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(mark));
        }
        self.open.push(Open { anchor, mark, height: 0, content });
        Ok(())
    }

    fn end(&mut self, end: Marker) -> Result<(), Fault> {
        let Some(Open { anchor, mark, height, content }) = self.open.pop() else { return Ok(()) };
        let node = match content {
            Content::Sequence(items) => Node::new(mark, height + 1, Shape::Sequence(items)),
            Content::Mapping { entries, .. } => Node::new(mark, height + 1, Shape::Mapping(tree::merged(entries)?)),
        };
        self.complete(node, anchor, end)
    }

    fn alias(&mut self, anchor: usize, mark: Mark, end: Marker) -> Result<(), Fault> {
        if self.awaits_key() {
            return Err(Fault { mark, message: "a key must be text, not an alias".to_owned() });
        }
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Fault { mark, message: "this alias stands within its own anchor".to_owned() });
        };
        if self.open.len() + node.height() > MAX_DEPTH {
            return Err(too_deep(mark));
        }
        let node = Node::alias(mark, node);
        self.complete(node, 0, end)
    }

    /// Puts a complete node where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, end: Marker) -> Result<(), Fault> {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.height = parent.height.max(node.height());
        match &mut parent.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key, .. } => {
                let Some(key) = key.take() else {
                    return Err(Fault { mark: node.mark(), message: "a key must be text".to_owned() });
                };
                entries.push(Entry { mark: entry_mark(&key, &node, end), key: key.text, node });
            }
        }
        Ok(())
    }
}

/// The place of a mapping's entry: its key, and its value too if that is one scalar that ends in the same line.
fn entry_mark(key: &Key, node: &Node, end: Marker) -> Mark {
    match (key.offset, end.byte_offset()) {
        (Some(from), Some(to)) if !node.is_collection() && end.line() == key.mark.line => {
            Mark { len: to.saturating_sub(from).max(key.mark.len), ..key.mark }
        }
        (_, _) => key.mark,
    }
}

fn too_deep(mark: Mark) -> Fault {
    Fault { mark, message: format!("this is nested too deeply; {MAX_DEPTH} levels are allowed") }
}

/// The core schema's tag on a node, such as `str`.
fn core_tag(tag: Option<&Tag>, mark: Mark) -> Result<Option<&str>, Fault> {
    match tag {
        None => Ok(None),
        Some(tag) => match tag.core_suffix() {
            Some(core) => Ok(Some(core)),
            None => {
                let message = format!("the tag `{}` has no meaning here; leave it out", tag.original());
                Err(Fault { mark, message })
            }
        },
    }
}

#[cfg(test)]
mod tests;
