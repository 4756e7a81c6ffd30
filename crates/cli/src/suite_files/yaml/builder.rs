//! Building one document from the parser's events, without recursion.

use std::{collections::HashMap, rc::Rc};

use serde_saphyr::granit_parser::{Event, Marker, Span, Tag};

use super::{
    Fault, MAX_DEPTH, Mark, mark, scalar, too_deep,
    tree::{self, Entry, Node, Shape},
};

/// A collection that is not complete yet.
struct Open {
    anchor: usize,
    mark: Mark,
    height: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Rc<Node>>),
    Mapping {
        entries: Vec<Entry>,
        seen: HashMap<String, Mark>,
        key: Option<Key>,
    },
}

/// A key whose value has not been read yet.
struct Key {
    text: String,
    mark: Mark,
    offset: Option<usize>,
}

/// Builds one document from events.
pub(super) struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
        }
    }

    /// The document; none if it was empty.
    pub(super) fn finish(self) -> Option<Rc<Node>> {
        self.root
    }

    /// Takes the next event.
    pub(super) fn accept(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
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
                let content = Content::Mapping {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                };
                self.begin(anchor, mark, tag.as_deref(), "map", content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span.end),
            Event::Alias(anchor) => self.alias(anchor, mark, span.end),
            Event::UnresolvedAlias(name) => Err(Fault {
                mark,
                message: format!("there is no anchor `&{name}` before this in the document"),
            }),
            // The parser may learn more; what it means would be unknown here.
            _ => Err(Fault {
                mark,
                message: "this part of YAML is not read here".to_owned(),
            }),
        }
    }

    fn mark(&self, span: Span) -> Mark {
        mark(self.text, span.start, span.end)
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: Content::Mapping { key: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, text: String, mark: Mark, start: Marker, tag: Option<&Tag>) -> Result<(), Fault> {
        core_tag(tag, mark)?;
        let Some(Open {
            content: Content::Mapping { seen, key: slot, .. },
            ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        if let Some(first) = seen.get(&text) {
            let message = format!("`{text}` stands here twice; line {} has it already", first.line);
            return Err(Fault { mark, message });
        }
        seen.insert(text.clone(), mark);
        *slot = Some(Key {
            text,
            mark,
            offset: start.byte_offset(),
        });
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
            return Err(Fault {
                mark,
                message: "a key must be text".to_owned(),
            });
        }
        if core_tag(tag, mark)?.is_some_and(|tag| tag != expected) {
            return Err(Fault {
                mark,
                message: format!("this is a {expected}, its tag says otherwise"),
            });
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(mark));
        }
        self.open.push(Open {
            anchor,
            mark,
            height: 0,
            content,
        });
        Ok(())
    }

    fn end(&mut self, end: Marker) -> Result<(), Fault> {
        let Some(Open {
            anchor,
            mark,
            height,
            content,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let node = match content {
            Content::Sequence(items) => Node::new(mark, height + 1, Shape::Sequence(items)),
            Content::Mapping { entries, .. } => {
                Node::new(mark, height + 1, Shape::Mapping(tree::merged(entries)?))
            }
        };
        self.complete(node, anchor, end)
    }

    fn alias(&mut self, anchor: usize, mark: Mark, end: Marker) -> Result<(), Fault> {
        if self.awaits_key() {
            return Err(Fault {
                mark,
                message: "a key must be text, not an alias".to_owned(),
            });
        }
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Fault {
                mark,
                message: "this alias stands within its own anchor".to_owned(),
            });
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
                    return Err(Fault {
                        mark: node.mark(),
                        message: "a key must be text".to_owned(),
                    });
                };
                entries.push(Entry {
                    mark: entry_mark(&key, &node, end),
                    key: key.text,
                    node,
                });
            }
        }
        Ok(())
    }
}

/// The place of a mapping's entry: its key, and its value too if that is one scalar that ends in the same line.
fn entry_mark(key: &Key, node: &Node, end: Marker) -> Mark {
    match (key.offset, end.byte_offset()) {
        (Some(from), Some(to)) if !node.is_collection() && end.line() == key.mark.line => Mark {
            len: to.saturating_sub(from).max(key.mark.len),
            ..key.mark
        },
        (_, _) => key.mark,
    }
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
