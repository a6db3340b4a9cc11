//! The head of a Markdown text: YAML between lines of `---`, or TOML between lines of `+++`.
//!
//! Finds the head and hands it to the reader of its format. The rest of the text is for `markdown`.

use ordain_diagnostics::TextRange;

use crate::error::{DataError, Fault, Related, fault};
use crate::lines::lines;
use crate::node::{Node, NodeKind};
use crate::parse::{byte_order_mark, range};

/// Reads the head of a text: a map, which is empty if the text has none.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    head(text).map(|(head, _)| head)
}

/// The head of a text, and where the rest starts.
pub(crate) fn head(text: &str) -> Result<(Node, usize), Fault> {
    let skipped = byte_order_mark(text);
    let mut rest = lines(text, skipped);
    let first = rest.next().map(|line| line.before(line.text.trim_end().len()));
    let yaml = match first.map(|line| line.text) {
        Some("---") => true,
        Some("+++") => false,
        _ => return Ok((Node { range: range(skipped, skipped), kind: NodeKind::Map(Vec::new()) }, skipped)),
    };
    let mut rest = rest.peekable();
    let start = rest.peek().map_or(text.len(), |line| line.start);
    let closes = |line: &str| if yaml { matches!(line, "---" | "...") } else { line == "+++" };
    let Some(last) = rest.find(|line| closes(line.text.trim_end())) else {
        let opening = range(skipped, skipped + 3);
        return Err(fault(opening, "the front matter that starts here is not closed"));
    };
    let end = rest.peek().map_or(text.len(), |line| line.start);
    let head = &text[start..last.start];
    let read = if yaml { crate::yaml::read_one(head) } else { crate::toml::read(head) };
    let by = start as u32;
    let mut node = read.map_err(|error| shifted_fault(*error, by))?;
    shift(&mut node, by);
    match node.kind {
        NodeKind::Map(_) => Ok((node, end)),
        NodeKind::Null => Ok((Node { range: range(start, start), kind: NodeKind::Map(Vec::new()) }, end)),
        _ => Err(fault(node.range, "front matter is a map of names and values")),
    }
}

/// Moves a value to where it stands in the whole text.
fn shift(node: &mut Node, by: u32) {
    node.range = node.range.shift(by);
    match &mut node.kind {
        NodeKind::List(elements) => elements.iter_mut().for_each(|element| shift(element, by)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                key.range = key.range.shift(by);
                shift(value, by);
            }
        }
        _ => {}
    }
}

fn shifted_fault(error: DataError, by: u32) -> Fault {
    let range: TextRange = error.range.shift(by);
    let related = error.related.map(|related| Related { range: related.range.shift(by), ..related });
    Box::new(DataError { range, message: error.message, related })
}
