//! HCL 2, the language of Terraform's sources, as its specification for native syntax has it.
//!
//! `hcl-edit` reads it, because it keeps byte ranges and the text of numbers. (`hcl-rs` drops both.) It bounds how deep
//! blocks and expressions nest, but it compares every key of an object with every other, so `size` looks at the text
//! first. Where it finds a key given twice it does not say where the first is; `twice` finds out.
//!
//! Numbers that 64-bit floats cannot come near, such as `1e400`, are refused by the library; all others are exact.
//!
//! Nothing is evaluated. The tree is the one that policies for Terraform sources are commonly written against:
//!
//! - An attribute is an entry. A literal is its value; an object and a tuple are a map and a list.
//! - A block is an entry of its type that is always a list, of one map for each block. Labels are maps in between:
//!   `resource "a" "b" {}` stands at `resource`, `a`, `b`, `0`.
//! - A template is its text, with what is interpolated as it was written: `"x-${var.y}"`.
//! - Any other expression is its own text inside `${` and `}`. The names and constructors of types (`string`,
//!   `list(string)`) stand as they are.

mod body;
mod expr;
mod size;
mod twice;

use ordain_diagnostics::TextRange;

use crate::error::{Fault, fault, given_twice};
use crate::node::Node;
use crate::parse::{byte_order_mark, range};
use crate::position::line_column;

/// Reads a file: a map.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let skipped = byte_order_mark(text);
    let source = Source { text: &text[skipped..], skipped };
    let unclosed = size::check(&source)?;
    let body = hcl_edit::parser::parse_body(source.text).map_err(|error| source.fault(&error, unclosed))?;
    if let Some(quote) = unclosed {
        return Err(source.unclosed(quote));
    }
    Ok(Node { range: range(skipped, text.len()), kind: source.body(&body, 1)? })
}

/// A text without its byte order mark.
pub(super) struct Source<'t> {
    text: &'t str,
    /// The length of the byte order mark, which the library does not see and every range counts.
    skipped: usize,
}

impl Source<'_> {
    fn range(&self, span: std::ops::Range<usize>) -> TextRange {
        range(span.start + self.skipped, span.end + self.skipped)
    }

    /// The place of something the library has read. What it reads from a text has a span.
    fn place(&self, spanned: &impl hcl_edit::Span) -> TextRange {
        self.range(spanned.span().unwrap_or_default())
    }

    /// What was written at a place.
    fn written(&self, spanned: &impl hcl_edit::Span) -> &str {
        spanned.span().and_then(|span| self.text.get(span)).unwrap_or_default()
    }

    fn unclosed(&self, quote: usize) -> Fault {
        fault(self.range(quote..quote + 1), "the quote that starts here is not closed on its line")
    }

    /// What the library found, or the quote that is not closed if that comes first.
    fn fault(&self, error: &hcl_edit::parser::Error, unclosed: Option<usize>) -> Fault {
        let at = offset(self.text, error.location());
        let message = error.message();
        // Where it has tried all that could be, it gives the start of what it tried and little else.
        let named = self.text[at..].starts_with(|c: char| c.is_alphabetic() || c == '_');
        let vague = message == "unexpected token" || (named && message.starts_with("invalid block body"));
        if let Some(quote) = unclosed
            && (vague || quote <= at || !self.text[at..quote].contains('\n'))
        {
            return self.unclosed(quote);
        }
        if message.contains("redefined")
            && let Some(twice) = twice::find(self.text, at)
        {
            let first = twice.first.map(|first| self.range(first));
            return given_twice("key", &twice.name, self.range(twice.second), first);
        }
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        let place = self.range(at..at + length);
        if message.starts_with("invalid nesting depth") {
            return fault(place, "blocks and expressions are nested more than 64 deep");
        }
        if vague {
            return fault(
                place,
                match named {
                    true => "the attribute or block that starts here is not complete",
                    false => "expected the name of an attribute or a block",
                },
            );
        }
        fault(place, message.replace(char::is_control, "\u{fffd}"))
    }
}

/// Where the library found a fault. It gives the last byte for the end of the text, and tells them apart by the column.
fn offset(text: &str, location: &hcl_edit::parser::Location) -> usize {
    let at = location.offset();
    if !text.is_char_boundary(at) {
        return text.len();
    }
    // A text of less than 4 GiB has been measured, so the offset fits.
    let (_, column) = line_column(text, at as u32);
    if location.column() > column as usize { text.len() } else { at }
}
