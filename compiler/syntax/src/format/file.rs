//! The whole file: its header, the imports, the declarations and the space between them.

use super::layout::{Printer, Slot};
use super::source::{CommentKind, Source};
use crate::ast::File;

/// The text of a file in the one style.
pub(super) fn print(source: &Source<'_>, file: &File) -> String {
    let mut printer = Printer::new(source);
    let header = printer.header();
    let (mut imports, mut items) = (Vec::new(), Vec::with_capacity(file.items.len()));
    let (mut uses, mut declarations) = (file.uses.iter().peekable(), file.items.iter().peekable());
    let mut next = 0;
    loop {
        let start = declarations.peek().map_or(u32::MAX, |item| item.range.start);
        if let Some(tree) = uses.next_if(|tree| tree.range.start < start) {
            let import = printer.import(next, tree);
            next = import.slot.next;
            imports.push(import);
        } else if let Some(item) = declarations.next() {
            let slot = printer.slot(next, item.range.end, |printer| printer.item(item));
            next = slot.next;
            items.push((item, slot));
        } else {
            break;
        }
    }
    let dangling = printer.take(source.len());
    let imports = printer.imports(imports);

    let mut out = String::with_capacity(source.text.len() + source.text.len() / 8);
    for comment in &source.comments[header] {
        out.push_str(if comment.blank && !out.is_empty() { "\n" } else { "" });
        out.push_str(comment.text);
        out.push('\n');
    }
    let mut separate = !out.is_empty();
    for slot in &imports {
        out.push_str(if separate { "\n" } else { "" });
        printer.docs.print(slot.leading, &mut out);
        line(&printer, slot, &mut out);
        separate = false;
    }
    separate = !out.is_empty();
    let mut before = None;
    let mut text = String::new();
    for (item, slot) in &items {
        text.clear();
        line(&printer, slot, &mut text);
        let one_line = text.bytes().filter(|byte| *byte == b'\n').count() == 1;
        let kind = one_line.then(|| std::mem::discriminant(&item.kind));
        let grouped = kind.is_some() && kind == before && !slot.blank;
        out.push_str(if separate && !grouped { "\n" } else { "" });
        printer.docs.print(slot.leading, &mut out);
        out.push_str(&text);
        separate = true;
        before = kind;
    }
    for comment in &source.comments[dangling] {
        out.push_str(if comment.blank && !out.is_empty() { "\n" } else { "" });
        out.push_str(comment.text);
        out.push('\n');
    }
    out
}

/// Appends a declaration and the comment behind it.
fn line(printer: &Printer<'_>, slot: &Slot<'_>, out: &mut String) {
    printer.docs.print(slot.doc, out);
    if let Some(comment) = slot.trailing {
        out.push(' ');
        out.push_str(comment);
    }
    out.push('\n');
}

impl Printer<'_> {
    /// The comments that stay at the top whatever follows: those that document the file, and those an empty line
    /// separates from the first declaration.
    fn header(&mut self) -> std::ops::Range<usize> {
        let comments = &self.source.comments;
        let before = comments.iter().take_while(|comment| comment.before == 0 && comment.kind != CommentKind::Doc);
        let mut end = 0;
        for (index, comment) in before.enumerate() {
            let blank_after = match comments.get(index + 1) {
                Some(next) if next.before == 0 => next.blank,
                _ => self.source.blank_before(0),
            };
            if comment.kind == CommentKind::FileDoc || blank_after {
                end = index + 1;
            }
        }
        self.skip(end)
    }
}
