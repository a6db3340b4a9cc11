//! YAML 1.2 with its core schema, and merge keys, which most YAML in use relies on.
//!
//! `saphyr-parser` splits the text into events; this builds the tree from them, without recursion. Keys are text: a key
//! `1` is named `1`. An alias stands for a copy of what its anchor names, and what all of them copy is bounded.

mod build;
mod marks;
mod merge;
mod scalar;

use saphyr_parser::{Event, Parser};

use crate::error::{DataError, Fault, Related, fault};
use crate::node::{Node, NodeKind};
use crate::parse::{byte_order_mark, range};
use build::Builder;
use marks::Marks;

/// How many values all anchors and aliases of one document may copy.
pub const MAX_EXPANSION: usize = 1_000_000;

/// Reads a stream of one document, or of none, which is null.
pub(crate) fn read_one(text: &str) -> Result<Node, Fault> {
    let mut documents = Documents::new(text)?;
    let Some(first) = documents.next()? else {
        return Ok(Node { range: range(text.len(), text.len()), kind: NodeKind::Null });
    };
    match documents.next_start()? {
        Some(second) => Err(Box::new(DataError {
            range: range(second, second),
            message: "expected one document, but another one starts here".into(),
            related: Some(Related { range: range(first.start, first.start), message: "the first document" }),
        })),
        None => Ok(first.node),
    }
}

/// Reads all documents of a stream.
pub(crate) fn read_all(text: &str) -> Result<Vec<Node>, Fault> {
    let mut documents = Documents::new(text)?;
    let mut nodes = Vec::new();
    while let Some(document) = documents.next()? {
        nodes.push(document.node);
    }
    Ok(nodes)
}

/// Reads all documents of a stream as one list, without those that hold nothing but comments: streams that programs put
/// together often begin or end with one.
pub(crate) fn read_stream(text: &str) -> Result<Node, Fault> {
    let mut documents = read_all(text)?;
    documents.retain(|node| node.kind != NodeKind::Null || node.range.start < node.range.end);
    Ok(Node { range: range(byte_order_mark(text), text.len()), kind: NodeKind::List(documents) })
}

struct Document {
    /// The offset where it starts.
    start: usize,
    node: Node,
}

struct Documents<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    marks: Marks<'t>,
}

impl<'t> Documents<'t> {
    fn new(text: &'t str) -> Result<Self, Fault> {
        // The library takes some of these for the end of the text.
        if let Some(at) = text.bytes().position(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) {
            let message = format!("YAML cannot hold the control character U+{:04X}", text.as_bytes()[at]);
            return Err(fault(range(at, at + 1), message));
        }
        let skipped = byte_order_mark(text);
        Ok(Self { parser: Parser::new_from_str(&text[skipped..]), marks: Marks::new(text, skipped) })
    }

    /// Reads on up to the start of the next document, and gives its place.
    fn next_start(&mut self) -> Result<Option<usize>, Fault> {
        while let Some(event) = self.parser.next_event() {
            if let (Event::DocumentStart(_), span) = event.map_err(|error| self.marks.fault(&error))? {
                return Ok(Some(self.marks.offset(span.start)));
            }
        }
        Ok(None)
    }

    fn next(&mut self) -> Result<Option<Document>, Fault> {
        let Some(start) = self.next_start()? else { return Ok(None) };
        let mut builder = Builder::new(self.marks.text());
        loop {
            let event = self.parser.next_event();
            let (event, span) = match event {
                Some(event) => event.map_err(|error| self.marks.fault(&error))?,
                None => return Err(fault(range(start, start), "the document that starts here is not complete")),
            };
            let span = self.marks.range(span);
            if let Event::DocumentEnd = event {
                // An end comes only after the one value of its document.
                let empty = || Node { range: range(start, start), kind: NodeKind::Null };
                return Ok(Some(Document { start, node: builder.finish().unwrap_or_else(empty) }));
            }
            builder.event(event, span)?;
        }
    }
}
