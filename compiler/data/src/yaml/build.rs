//! Builds the tree of one document from its events.

use std::collections::BTreeMap;

use ordain_diagnostics::TextRange;
use saphyr_parser::{Event, ScalarStyle};
use smol_str::SmolStr;

use super::MAX_EXPANSION;
use super::merge::{Merge, merge};
use super::scalar::{self, Core};
use crate::error::{Fault, fault, given_twice, quoted, too_deep};
use crate::keys::duplicate;
use crate::node::{Key, Node, NodeKind};
use crate::parse::{MAX_DEPTH, range};

/// A value that is complete, with what its surroundings need to know of it.
#[derive(Clone)]
struct Complete {
    node: Node,
    /// What it is called as a key; none for lists and maps.
    name: Option<SmolStr>,
    /// Whether it is a merge key, if it is a key.
    merges: bool,
    /// The values in it, itself counted.
    size: usize,
    /// The lists and maps inside each other in it, itself counted.
    height: usize,
}

/// A list or map that is not complete.
struct Open {
    start: TextRange,
    /// Where its last part ended.
    end: u32,
    anchor: usize,
    size: usize,
    height: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        /// The key whose value comes next.
        key: Option<Key>,
        /// Whether that key is a merge key.
        merging: bool,
        merge: Option<(Key, Merge)>,
    },
}

/// What is known of a document so far.
pub(super) struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Complete>,
    /// How many values anchors and aliases have copied.
    copied: usize,
    root: Option<Node>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, open: Vec::new(), anchors: BTreeMap::new(), copied: 0, root: None }
    }

    /// The document's value, once all its events have been taken.
    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }

    /// Takes the next event of the document, with its range in bytes.
    pub(super) fn event(&mut self, event: Event<'_>, span: TextRange) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let core = scalar::core(tag.as_ref(), span)?;
                let left_out = text.is_empty() && style == ScalarStyle::Plain && core.is_none() && anchor == 0;
                let range = if left_out { self.left_out(span) } else { self.without_space(span) };
                let value = Complete {
                    node: Node { range, kind: scalar::value(&text, style, core, span)? },
                    name: Some(SmolStr::new(&text)),
                    merges: text == "<<" && style == ScalarStyle::Plain && core.is_none(),
                    size: 1,
                    height: 0,
                };
                self.anchor(anchor, &value)?;
                self.complete(value)
            }
            Event::SequenceStart(anchor, tag) => match scalar::core(tag.as_ref(), span)? {
                None | Some(Core::List | Core::Plain) => self.start(span, anchor, Parts::List(Vec::new())),
                Some(_) => Err(fault(span, "a list has the tag of another kind of value")),
            },
            Event::MappingStart(anchor, tag) => {
                let parts = Parts::Map { entries: Vec::new(), key: None, merging: false, merge: None };
                match scalar::core(tag.as_ref(), span)? {
                    None | Some(Core::Map | Core::Plain) => self.start(span, anchor, parts),
                    Some(_) => Err(fault(span, "a map has the tag of another kind of value")),
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    /// Where a value stands that the text leaves out: after the mark that asks for it.
    fn left_out(&self, span: TextRange) -> TextRange {
        let key = match self.open.last().map(|open| &open.parts) {
            Some(Parts::Map { key: Some(key), .. }) => Some(key.range.end as usize),
            _ => None,
        };
        let at = match key {
            Some(end) => end + usize::from(self.text[end..].starts_with(':')),
            None => span.start as usize + usize::from(self.text[span.start as usize..].starts_with('-')),
        };
        range(at, at)
    }

    /// The range without the line breaks and indentation after a block's last line, which its span counts in.
    fn without_space(&self, span: TextRange) -> TextRange {
        let (start, end) = (span.start as usize, span.end as usize);
        range(start, start + self.text[start..end].trim_end().len())
    }

    fn start(&mut self, start: TextRange, anchor: usize, parts: Parts) -> Result<(), Fault> {
        if let Some(Open { parts: Parts::Map { key: None, .. }, .. }) = self.open.last() {
            return Err(fault(start, "a key is text: a list or a map cannot be one"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(start));
        }
        self.open.push(Open { start, end: start.end, anchor, size: 1, height: 0, parts });
        Ok(())
    }

    fn end(&mut self, span: TextRange) -> Result<(), Fault> {
        // The library gives as many ends as starts.
        let Some(open) = self.open.pop() else { return Ok(()) };
        // The end of a block is an empty place, often far behind; that of `[]` and `{}` is the bracket.
        let bracket = matches!(self.text.get(span.start as usize..span.end as usize), Some("]" | "}"));
        let bracket =
            bracket && !self.text[open.start.start as usize..].starts_with(|c| !matches!(c, '[' | '{' | '&' | '!'));
        let end = if bracket { span.end } else { open.end };
        let mut size = open.size;
        let kind = match open.parts {
            Parts::List(elements) => NodeKind::List(elements),
            Parts::Map { mut entries, merge: merged, .. } => {
                if let Some((first, second)) = duplicate(&entries) {
                    let (first, second) = (&entries[first].0, &entries[second].0);
                    return Err(given_twice("key", &second.name, second.range, Some(first.range)));
                }
                if let Some((_, merged)) = merged {
                    merge(&mut entries, merged)?;
                    // Most of what was merged may have been left out again.
                    size = 1 + entries.iter().map(|(_, value)| count(value)).sum::<usize>();
                }
                NodeKind::Map(entries)
            }
        };
        let node = Node { range: range(open.start.start as usize, end as usize), kind };
        let value = Complete { node, name: None, merges: false, size, height: open.height + 1 };
        self.anchor(open.anchor, &value)?;
        self.complete(value)
    }

    /// Puts a value where it belongs.
    fn complete(&mut self, value: Complete) -> Result<(), Fault> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(value.node);
            return Ok(());
        };
        open.end = open.end.max(value.node.range.end);
        open.size += value.size;
        open.height = open.height.max(value.height);
        match &mut open.parts {
            Parts::List(elements) => elements.push(value.node),
            Parts::Map { entries, key, merging, merge } => match key.take() {
                Some(name) if *merging => {
                    if let Some((first, _)) = merge {
                        return Err(given_twice("key", &name.name, name.range, Some(first.range)));
                    }
                    *merge = Some((name, Merge { place: entries.len(), value: value.node }));
                }
                Some(name) => entries.push((name, value.node)),
                None => {
                    let range = value.node.range;
                    let Some(name) = value.name else {
                        return Err(fault(range, "a key is text: a list or a map cannot be one"));
                    };
                    *merging = value.merges;
                    *key = Some(Key { name, range });
                }
            },
        }
        Ok(())
    }

    /// Remembers what an anchor names; zero is no anchor.
    fn anchor(&mut self, anchor: usize, value: &Complete) -> Result<(), Fault> {
        if anchor != 0 {
            self.count(value.size, value.node.range)?;
            self.anchors.insert(anchor, value.clone());
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: TextRange) -> Result<(), Fault> {
        let written = || quoted(self.text.get(span.start as usize..span.end as usize).unwrap_or_default());
        let Some(value) = self.anchors.get(&anchor) else {
            return Err(match self.open.iter().any(|open| open.anchor == anchor) {
                true => fault(span, format!("the alias {} stands inside what it names", written())),
                false => fault(span, format!("the alias {} names nothing in this document", written())),
            });
        };
        let (size, height) = (value.size, value.height);
        if self.open.len() + height > MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.count(size, span)?;
        let mut value = self.anchors[&anchor].clone();
        value.node.range = span;
        value.merges = false;
        self.complete(value)
    }

    /// Counts copied values, so that a few aliases of aliases cannot fill the memory.
    fn count(&mut self, size: usize, span: TextRange) -> Result<(), Fault> {
        self.copied += size;
        if self.copied > MAX_EXPANSION {
            return Err(fault(span, format!("anchors and aliases copy more than {MAX_EXPANSION} values")));
        }
        Ok(())
    }
}

/// The values in a value, itself counted.
fn count(node: &Node) -> usize {
    1 + match &node.kind {
        NodeKind::List(elements) => elements.iter().map(count).sum(),
        NodeKind::Map(entries) => entries.iter().map(|(_, value)| count(value)).sum(),
        _ => 0,
    }
}
