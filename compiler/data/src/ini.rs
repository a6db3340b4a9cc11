//! INI files: lines of `name = value` below headers in brackets.
//!
//! The reader is our own. Of the crates that read such files, `rust-ini` and `configparser` give no places and let the
//! last of two equal names win. There is no standard; what is read here is what most programs agree on: `;` and `#`
//! start a comment at the start of a line or after space, `:` is as good as `=`, quotes around a whole value go away,
//! and a line that is indented further than the name above it goes on with its value. Backslashes are text, since
//! most values with one are paths of Windows. A section may come back and goes on then; a name may not.

use std::collections::BTreeMap;

use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use crate::error::{Fault, fault, given_twice, quoted};
use crate::keys::duplicate;
use crate::lines::{Line, lines};
use crate::node::{Key, Node, NodeKind};
use crate::parse::{byte_order_mark, range};

/// Reads a file: a map of the sections, which are maps of texts, and of the texts before the first section.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let start = byte_order_mark(text);
    let mut reader = Reader::default();
    for line in lines(text, start) {
        reader.line(line)?;
    }
    reader.close();
    let mut entries = reader.top;
    for section in reader.sections {
        unique(&section.entries)?;
        entries.push((section.key, Node { range: section.range, kind: NodeKind::Map(section.entries) }));
    }
    // A text that has the name of a section can only stand before it.
    unique(&entries)?;
    Ok(Node { range: range(start, text.len()), kind: NodeKind::Map(entries) })
}

fn unique(entries: &[(Key, Node)]) -> Result<(), Fault> {
    match duplicate(entries) {
        Some((first, second)) => {
            let (first, second) = (&entries[first].0, &entries[second].0);
            Err(given_twice("name", &second.name, second.range, Some(first.range)))
        }
        None => Ok(()),
    }
}

struct Section {
    key: Key,
    /// The header.
    range: TextRange,
    entries: Vec<(Key, Node)>,
}

/// An entry whose value may go on.
struct Pending {
    key: Key,
    /// How far the name is indented.
    indent: usize,
    range: TextRange,
    value: String,
}

#[derive(Default)]
struct Reader {
    top: Vec<(Key, Node)>,
    sections: Vec<Section>,
    /// The sections by name.
    index: BTreeMap<SmolStr, usize>,
    /// The section that lines belong to; none before the first header.
    current: Option<usize>,
    pending: Option<Pending>,
}

impl Reader {
    fn line(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let line = without_comment(line);
        let content = line.trim();
        if content.text.is_empty() {
            return Ok(());
        }
        let indent = content.start - line.start;
        if let Some(pending) = &mut self.pending
            && indent > pending.indent
        {
            let more = range(content.start, content.end());
            if pending.value.is_empty() {
                pending.range = more;
            } else {
                pending.value.push('\n');
                pending.range = pending.range.cover(more);
            }
            pending.value.push_str(content.text);
            return Ok(());
        }
        self.close();
        match content.text.strip_prefix('[') {
            Some(inner) => self.header(content, inner),
            None => {
                self.pending = Some(entry(content, indent)?);
                Ok(())
            }
        }
    }

    fn header(&mut self, line: Line<'_>, inner: &str) -> Result<(), Fault> {
        let Some(length) = inner.find(']') else {
            return Err(fault(range(line.start, line.start + 1), "the bracket that starts here is not closed"));
        };
        let name = line.before(length + 1).from(1).trim();
        if name.text.is_empty() {
            return Err(fault(range(line.start, line.start + length + 2), "a section needs a name"));
        }
        let after = line.from(length + 2).trim();
        if !after.text.is_empty() {
            let message = format!("expected the end of the line after `]`, found {}", quoted(after.text));
            return Err(fault(range(after.start, after.end()), message));
        }
        let key = Key { name: SmolStr::new(name.text), range: range(name.start, name.end()) };
        let index = *self.index.entry(key.name.clone()).or_insert(self.sections.len());
        if index == self.sections.len() {
            self.sections.push(Section { key, range: range(line.start, line.end()), entries: Vec::new() });
        }
        self.current = Some(index);
        Ok(())
    }

    /// Puts the entry that may have gone on where it belongs.
    fn close(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        let entries = match self.current {
            Some(index) => &mut self.sections[index].entries,
            None => &mut self.top,
        };
        let kind = NodeKind::String(pending.value.into());
        entries.push((pending.key, Node { range: pending.range, kind }));
    }
}

fn entry(line: Line<'_>, indent: usize) -> Result<Pending, Fault> {
    let Some(sign) = line.text.find(['=', ':']) else {
        let message = format!("expected `=` after the name {}", quoted(line.text));
        return Err(fault(range(line.end(), line.end()), message));
    };
    let name = line.before(sign).trim();
    if name.text.is_empty() {
        return Err(fault(range(line.start, line.start), format!("expected a name before `{}`", &line.text[..1])));
    }
    let value = line.from(sign + 1).trim();
    let content = ['"', '\''].into_iter().find_map(|quote| {
        let inner = value.text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    });
    Ok(Pending {
        key: Key { name: SmolStr::new(name.text), range: range(name.start, name.end()) },
        indent,
        range: range(value.start, value.end()),
        value: content.unwrap_or(value.text).to_owned(),
    })
}

/// The line without its comment: from a `;` or `#` on that stands first or after space, and not in quotes.
fn without_comment(line: Line<'_>) -> Line<'_> {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in line.text.char_indices() {
        match quote {
            None if matches!(c, ';' | '#') && before.is_whitespace() => return line.before(at),
            // Quotes count only where a value may start: elsewhere they are apostrophes.
            None if matches!(c, '"' | '\'') && line.text[..at].trim_end().ends_with(['=', ':']) => {
                quote = line.text[at + 1..].contains(c).then_some(c);
            }
            Some(open) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}
