//! The tree that a document is.

use std::{collections::HashSet, rc::Rc};

use serde_json::{Map, Value};

use super::{Fault, Mark};

/// What the values of one document may come to once aliases are written out, in bytes.
pub(crate) const MAX_EXPANDED_BYTES: usize = 32 * 1024 * 1024;
/// What a node costs beside its text.
const NODE_BYTES: usize = 32;

/// A value and where it stands. What an alias stands for is shared, not copied.
#[derive(Debug)]
pub(crate) struct Node {
    mark: Mark,
    height: usize,
    shape: Shape,
}

#[derive(Debug)]
pub(super) enum Shape {
    Scalar(Value),
    Sequence(Vec<Rc<Node>>),
    Mapping(Vec<Entry>),
    Alias(Rc<Node>),
}

/// One entry of a mapping.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) mark: Mark,
    pub(super) node: Rc<Node>,
}

impl Node {
    pub(super) const fn new(mark: Mark, height: usize, shape: Shape) -> Self {
        Self { mark, height, shape }
    }

    pub(super) const fn scalar(mark: Mark, value: Value) -> Self {
        Self::new(mark, 0, Shape::Scalar(value))
    }

    pub(super) fn alias(mark: Mark, node: &Rc<Self>) -> Self {
        Self::new(mark, node.height, Shape::Alias(Rc::clone(node)))
    }

    /// Where it stands.
    pub(crate) const fn mark(&self) -> Mark {
        self.mark
    }

    /// How many levels of nesting it holds.
    pub(super) const fn height(&self) -> usize {
        self.height
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.shape, Shape::Scalar(Value::Null))
    }

    pub(super) const fn is_collection(&self) -> bool {
        matches!(self.shape, Shape::Sequence(_) | Shape::Mapping(_))
    }

    fn behind_aliases(&self) -> &Self {
        let mut node = self;
        while let Shape::Alias(behind) = &node.shape {
            node = behind;
        }
        node
    }

    /// Where the value that a JSON Pointer (RFC 6901) names stands; if there is none, the nearest value around it.
    pub(crate) fn locate(&self, pointer: &str) -> Mark {
        let (mut node, mut mark) = (self, self.mark);
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let found = match &node.behind_aliases().shape {
                Shape::Mapping(entries) => entries
                    .iter()
                    .find(|entry| entry.key == token)
                    .map(|entry| (&entry.node, entry.mark)),
                Shape::Sequence(items) => token
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|item| (item, item.mark)),
                Shape::Scalar(_) | Shape::Alias(_) => None,
            };
            match found {
                Some((below, at)) => (node, mark) = (below, at),
                None => break,
            }
        }
        mark
    }

    /// The value, with aliases written out.
    ///
    /// # Errors
    /// When it comes to more than [`MAX_EXPANDED_BYTES`].
    pub(crate) fn to_value(&self) -> Result<Value, Fault> {
        let mut left = MAX_EXPANDED_BYTES;
        self.expand(&mut left)
    }

    /// Recursion ends: `height` bounds it, and it was checked when aliases were resolved.
    fn expand(&self, left: &mut usize) -> Result<Value, Fault> {
        let text = match &self.shape {
            Shape::Scalar(Value::String(text)) => text.len(),
            Shape::Scalar(_) | Shape::Sequence(_) | Shape::Mapping(_) | Shape::Alias(_) => 0,
        };
        self.charge(left, NODE_BYTES + text)?;
        match &self.shape {
            Shape::Scalar(value) => Ok(value.clone()),
            Shape::Alias(node) => node.expand(left).map_err(|fault| Fault {
                mark: self.mark,
                ..fault
            }),
            Shape::Sequence(items) => items
                .iter()
                .map(|item| item.expand(left))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Shape::Mapping(entries) => {
                let mut object = Map::with_capacity(entries.len());
                for Entry { key, node, mark: _ } in entries {
                    self.charge(left, key.len())?;
                    object.insert(key.clone(), node.expand(left)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    fn charge(&self, left: &mut usize, bytes: usize) -> Result<(), Fault> {
        match left.checked_sub(bytes) {
            Some(rest) => {
                *left = rest;
                Ok(())
            }
            None => {
                let megabytes = MAX_EXPANDED_BYTES / (1024 * 1024);
                let message =
                    format!("the document is larger than {megabytes} MiB once its aliases are written out");
                Err(Fault {
                    mark: self.mark,
                    message,
                })
            }
        }
    }
}

/// Puts what `<<` names beside the mapping's own entries; these win.
pub(super) fn merged(mut entries: Vec<Entry>) -> Result<Vec<Entry>, Fault> {
    let Some(index) = entries.iter().position(|entry| entry.key == "<<") else {
        return Ok(entries);
    };
    let merge = entries.remove(index);
    let wrong = || Fault {
        mark: merge.mark,
        message: "`<<` must be a mapping or a list of mappings".to_owned(),
    };
    let source = merge.node.behind_aliases();
    let sources: Vec<&Node> = match &source.shape {
        Shape::Mapping(_) => vec![source],
        Shape::Sequence(items) => items.iter().map(|item| item.behind_aliases()).collect(),
        Shape::Scalar(_) | Shape::Alias(_) => return Err(wrong()),
    };
    let mut seen: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    for source in sources {
        let Shape::Mapping(more) = &source.shape else {
            return Err(wrong());
        };
        for entry in more {
            if seen.insert(entry.key.clone()) {
                let Entry { key, node, mark: _ } = entry;
                entries.push(Entry {
                    key: key.clone(),
                    mark: merge.mark,
                    node: Rc::clone(node),
                });
            }
        }
    }
    Ok(entries)
}
