//! Builds the tree from tokens.

use std::collections::BTreeMap;

use ordain_diagnostics::TextRange;
use smol_str::SmolStr;
use xmlparser::StrSpan;

use super::Source;
use super::text::{SPACE, resolved};
use crate::error::{DataError, Fault, Related, fault, given_twice, quoted, too_deep};
use crate::node::{Key, Node, NodeKind};
use crate::parse::{MAX_DEPTH, range};

/// A value with the number of lists and maps inside each other in it, itself counted.
struct Complete {
    node: Node,
    height: usize,
}

/// What is in an element: entries by name, each with one or more values.
#[derive(Default)]
struct Parts {
    entries: Vec<(Key, Vec<Complete>)>,
    index: BTreeMap<SmolStr, usize>,
}

impl Parts {
    fn add(&mut self, key: Key, value: Complete) {
        let index = *self.index.entry(key.name.clone()).or_insert(self.entries.len());
        match self.entries.get_mut(index) {
            Some((_, values)) => values.push(value),
            None => self.entries.push((key, vec![value])),
        }
    }

    /// The map, and its height.
    fn into_map(self) -> (NodeKind, usize) {
        let mut height = 0;
        let entries = self.entries.into_iter().map(|(key, mut values)| {
            let several = values.len() > 1;
            let inner = values.iter().map(|value| value.height).max().unwrap_or(0);
            height = height.max(inner + usize::from(several));
            if !several && let Some(only) = values.pop() {
                return (key, only.node);
            }
            let ranges = values.iter().map(|value| value.node.range);
            let range = ranges.reduce(TextRange::cover).unwrap_or_default();
            (key, Node { range, kind: NodeKind::List(values.into_iter().map(|value| value.node).collect()) })
        });
        let kind = NodeKind::Map(entries.collect());
        (kind, height + 1)
    }
}

/// An element that is not closed.
struct Open<'t> {
    key: Key,
    /// The name as it was written, with its prefix.
    written: &'t str,
    start: usize,
    /// The names of its attributes as they were written.
    attributes: BTreeMap<&'t str, TextRange>,
    parts: Parts,
    text: String,
    /// Where its text stands, from the first to the last character that is no space.
    content: Option<TextRange>,
}

/// What is known of a document so far.
pub(super) struct Builder<'s, 't> {
    source: &'s Source<'t>,
    open: Vec<Open<'t>>,
    root: Parts,
}

impl<'s, 't> Builder<'s, 't> {
    pub(super) fn new(source: &'s Source<'t>) -> Self {
        Self { source, open: Vec::new(), root: Parts::default() }
    }

    /// Whether the root element is complete.
    pub(super) fn has_root(&self) -> bool {
        !self.root.entries.is_empty()
    }

    /// Starts an element whose tag starts at `start`.
    pub(super) fn start(&mut self, prefix: &str, local: StrSpan<'t>, start: usize) -> Result<(), Fault> {
        let from = if prefix.is_empty() { local.start() } else { local.start() - prefix.len() - 1 };
        let place = self.source.range(from..local.end());
        // The document is a map, and every open element is.
        if self.open.len() + 1 > MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.open.push(Open {
            key: Key { name: SmolStr::new(local.as_str()), range: place },
            written: &self.source.text[from..local.end()],
            start,
            attributes: BTreeMap::new(),
            parts: Parts::default(),
            text: String::new(),
            content: None,
        });
        Ok(())
    }

    pub(super) fn attribute(
        &mut self,
        prefix: &str,
        local: &str,
        value: StrSpan<'t>,
        span: StrSpan<'t>,
    ) -> Result<(), Fault> {
        // Attributes come only in tags.
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        let length = if prefix.is_empty() { local.len() } else { prefix.len() + 1 + local.len() };
        let written = &self.source.text[span.start()..span.start() + length];
        let place = self.source.range(span.start()..span.start() + length);
        if let Some(first) = open.attributes.insert(written, place) {
            return Err(given_twice("attribute", written, place, Some(first)));
        }
        if prefix == "xmlns" || (prefix.is_empty() && local == "xmlns") {
            return Ok(());
        }
        let text = resolved(self.source, value, true)?;
        let key = Key { name: format!("-{local}").into(), range: place };
        // The quotes around the value are one byte each.
        let range = self.source.range(value.start() - 1..value.end() + 1);
        open.parts.add(key, Complete { node: Node { range, kind: NodeKind::String(text.into()) }, height: 0 });
        Ok(())
    }

    pub(super) fn text(&mut self, text: StrSpan<'t>) -> Result<(), Fault> {
        let raw = text.as_str();
        let start = text.start() + raw.len() - raw.trim_start_matches(SPACE).len();
        let end = text.start() + raw.trim_end_matches(SPACE).len();
        let place = (start < end).then(|| self.source.range(start..end));
        // Text comes only in elements.
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        open.text.push_str(&resolved(self.source, text, false)?);
        if let Some(place) = place {
            open.content = Some(open.content.map_or(place, |content| content.cover(place)));
        }
        Ok(())
    }

    pub(super) fn cdata(&mut self, text: StrSpan<'t>, span: StrSpan<'t>) {
        let Some(open) = self.open.last_mut() else { return };
        let place = self.source.range(span.range());
        open.text.push_str(&text.as_str().replace("\r\n", "\n").replace('\r', "\n"));
        open.content = Some(open.content.map_or(place, |content| content.cover(place)));
    }

    /// Ends the innermost element with the tag at `span`.
    pub(super) fn close(&mut self, prefix: &str, local: &str, span: StrSpan<'t>) -> Result<(), Fault> {
        let matches = |open: &Open<'_>| match open.written.split_once(':') {
            Some((before, after)) => before == prefix && after == local,
            None => prefix.is_empty() && open.written == local,
        };
        let place = self.source.range(span.range());
        match self.open.last() {
            Some(open) if matches(open) => self.end(span.end()),
            Some(open) => Err(Box::new(DataError {
                range: place,
                message: format!("expected the end of {}, found {}", quoted(open.written), quoted(span.as_str())),
                related: Some(Related { range: open.key.range, message: "opened here" }),
            })),
            None => Err(fault(place, format!("{} ends nothing", quoted(span.as_str())))),
        }
    }

    /// Ends the innermost element, whose last byte is before `end`.
    pub(super) fn end(&mut self, end: usize) -> Result<(), Fault> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        let whole = self.source.range(open.start..end);
        let text = NodeKind::String(open.text.trim_matches(SPACE).into());
        let content = open.content.unwrap_or(whole);
        let value = if open.parts.entries.is_empty() {
            Complete { node: Node { range: content, kind: text }, height: 0 }
        } else {
            if text != NodeKind::String(SmolStr::default()) {
                let key = Key { name: "#content".into(), range: range(content.start as usize, content.start as usize) };
                open.parts.add(key, Complete { node: Node { range: content, kind: text }, height: 0 });
            }
            let (kind, height) = open.parts.into_map();
            Complete { node: Node { range: whole, kind }, height }
        };
        if self.open.len() + 1 + value.height > MAX_DEPTH {
            return Err(too_deep(open.key.range));
        }
        let around = self.open.last_mut().map_or(&mut self.root, |open| &mut open.parts);
        around.add(open.key, value);
        Ok(())
    }

    /// The tree, once all tokens have been taken.
    pub(super) fn finish(self) -> Result<Node, Fault> {
        if let Some(open) = self.open.last() {
            let message = format!("the element {} is not closed", quoted(open.written));
            return Err(fault(open.key.range, message));
        }
        let whole = self.source.range(0..self.source.text.len());
        if self.root.entries.is_empty() {
            return Err(fault(
                range(whole.end as usize, whole.end as usize),
                "expected an element, but the text ends here",
            ));
        }
        let (kind, _) = self.root.into_map();
        Ok(Node { range: whole, kind })
    }
}
