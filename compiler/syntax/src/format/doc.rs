//! A layout document and its printer: text, possible line breaks and the groups that decide them together.
//!
//! The algorithm is Wadler's with forced breaks worked out while the document is built. It owns widths and indentation
//! and knows nothing about the language. Nodes live in one arena, so that printing needs no recursion.

/// The widest line that a group may fill before it breaks.
const WIDTH: usize = 110;

/// The columns one level of nesting adds.
const INDENT: usize = 2;

/// A node of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doc(u32);

#[derive(Clone, Copy)]
enum Node<'a> {
    /// Text as it is; line breaks in it (strings over several lines) are printed without indentation.
    Text(&'a str),
    /// A comment at the end of a line. It takes no width, so that a comment never changes how code is broken.
    Trailing(&'a str),
    /// The first text where the enclosing group is on one line, the second where it is broken.
    Choice(&'static str, &'static str),
    /// The text where the enclosing group is on one line, else a line break.
    Line { flat: &'static str, hard: bool, blank: bool },
    /// A run of `children`.
    Concat { start: u32, len: u32 },
    /// The content one level deeper.
    Indent(Doc),
    /// Content whose breaks are all taken or none.
    Group(Doc),
}

/// The arena and the place where documents are made.
pub(super) struct Docs<'a> {
    nodes: Vec<Node<'a>>,
    /// For each node: it holds a break that must be taken, so no group around it can be on one line.
    forced: Vec<bool>,
    children: Vec<Doc>,
}

impl<'a> Docs<'a> {
    /// The document without content.
    pub(super) const NIL: Doc = Doc(0);

    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::Text("")], forced: vec![false], children: Vec::new() }
    }

    fn add(&mut self, node: Node<'a>, forced: bool) -> Doc {
        // INVARIANT: sources are under 4 GiB and each byte gives a few nodes at most long before memory ends.
        let index = u32::try_from(self.nodes.len()).expect("a source gives fewer than 2^32 nodes");
        self.nodes.push(node);
        self.forced.push(forced);
        Doc(index)
    }

    pub(super) fn text(&mut self, text: &'a str) -> Doc {
        if text.is_empty() { Self::NIL } else { self.add(Node::Text(text), false) }
    }

    /// A comment that ends its line.
    pub(super) fn trailing(&mut self, text: &'a str) -> Doc {
        self.add(Node::Trailing(text), true)
    }

    pub(super) fn choice(&mut self, flat: &'static str, broken: &'static str) -> Doc {
        self.add(Node::Choice(flat, broken), false)
    }

    /// `flat`, or a line break. With `blank` the break leaves an empty line.
    pub(super) fn line(&mut self, flat: &'static str, blank: bool) -> Doc {
        self.add(Node::Line { flat, hard: false, blank }, false)
    }

    /// A line break in any case.
    pub(super) fn hard_line(&mut self, blank: bool) -> Doc {
        self.add(Node::Line { flat: "", hard: true, blank }, true)
    }

    pub(super) fn concat(&mut self, parts: &[Doc]) -> Doc {
        let start = self.children.len();
        self.children.extend(parts.iter().copied().filter(|part| *part != Self::NIL));
        match self.children[start..] {
            [] => Self::NIL,
            [only] => {
                self.children.truncate(start);
                only
            }
            _ => {
                let forced = parts.iter().any(|part| self.is_forced(*part));
                let len = (self.children.len() - start) as u32;
                self.add(Node::Concat { start: start as u32, len }, forced)
            }
        }
    }

    pub(super) fn indent(&mut self, content: Doc) -> Doc {
        self.add(Node::Indent(content), self.is_forced(content))
    }

    pub(super) fn group(&mut self, content: Doc) -> Doc {
        self.add(Node::Group(content), self.is_forced(content))
    }

    /// Whether the document cannot be on one line.
    pub(super) fn is_forced(&self, doc: Doc) -> bool {
        self.forced[doc.0 as usize]
    }

    /// Appends the layout of `doc` to `out`, which stands at the start of a line.
    pub(super) fn print(&self, doc: Doc, out: &mut String) {
        let mut stack = vec![Command { indent: 0, flat: false, doc }];
        let mut lookahead = Vec::new();
        let mut column = 0;
        let mut margin = 0;
        while let Some(Command { indent, flat, doc }) = stack.pop() {
            match self.nodes[doc.0 as usize] {
                Node::Text(text) => write(text, &mut margin, &mut column, out),
                Node::Trailing(text) => write(text, &mut margin, &mut column, out),
                Node::Choice(on_line, broken) => {
                    write(if flat { on_line } else { broken }, &mut margin, &mut column, out);
                }
                Node::Line { flat: text, hard: false, .. } if flat => write(text, &mut margin, &mut column, out),
                Node::Line { blank, .. } => {
                    out.push_str(if blank { "\n\n" } else { "\n" });
                    margin = indent;
                    column = indent;
                }
                Node::Concat { start, len } => {
                    let children = self.children(start, len).iter().rev();
                    stack.extend(children.map(|child| Command { indent, flat, doc: *child }));
                }
                Node::Indent(content) => stack.push(Command { indent: indent + INDENT, flat, doc: content }),
                Node::Group(content) => {
                    let flat = flat
                        || (!self.is_forced(content)
                            && self.fits(content, WIDTH.saturating_sub(column), &stack, &mut lookahead));
                    stack.push(Command { indent, flat, doc: content });
                }
            }
        }
    }

    /// Whether `doc` on one line, and what follows it up to the next possible break, takes at most `width` columns.
    /// Looks at no more of the document than fills the line. The `stack` is scratch space.
    fn fits<'s>(&'s self, doc: Doc, width: usize, rest: &[Command], stack: &mut Vec<(&'s [Doc], bool)>) -> bool {
        let mut left = width;
        let mut rest = rest.iter().rev();
        let mut next = Some((doc, true));
        stack.clear();
        loop {
            let (doc, flat) = match (next.take(), stack.last_mut()) {
                (Some(next), _) => next,
                (None, Some((children, flat))) => match children.split_first() {
                    Some((first, others)) => {
                        *children = others;
                        (*first, *flat)
                    }
                    None => {
                        stack.pop();
                        continue;
                    }
                },
                (None, None) => match rest.next() {
                    Some(command) => (command.doc, command.flat),
                    None => return true,
                },
            };
            let text = match self.nodes[doc.0 as usize] {
                Node::Text(text) => text,
                Node::Choice(on_line, _) if flat => on_line,
                Node::Choice(_, broken) => broken,
                Node::Line { flat: text, hard: false, .. } if flat => text,
                Node::Line { .. } | Node::Trailing(_) => return true,
                Node::Concat { start, len } => {
                    stack.push((self.children(start, len), flat));
                    continue;
                }
                Node::Indent(content) | Node::Group(content) => {
                    next = Some((content, flat));
                    continue;
                }
            };
            let first = text.split('\n').next().unwrap_or_default();
            let taken = columns(first);
            if taken > left {
                return false;
            }
            if first.len() < text.len() {
                return true;
            }
            left -= taken;
        }
    }

    fn children(&self, start: u32, len: u32) -> &[Doc] {
        &self.children[start as usize..(start + len) as usize]
    }
}

struct Command {
    indent: usize,
    flat: bool,
    doc: Doc,
}

/// Appends `text`, before it the margin the line still lacks.
fn write(text: &str, margin: &mut usize, column: &mut usize, out: &mut String) {
    if text.is_empty() {
        return;
    }
    out.extend(std::iter::repeat_n(' ', std::mem::take(margin)));
    out.push_str(text);
    *column = match text.rfind('\n') {
        Some(newline) => columns(&text[newline + 1..]),
        None => *column + columns(text),
    };
}

/// The columns `text` takes: one for each character.
fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(docs: &mut Docs<'static>, words: &[&'static str]) -> Doc {
        let mut parts = Vec::new();
        for word in words {
            parts.push(docs.line("", false));
            parts.push(docs.text(word));
        }
        let inner = docs.concat(&parts);
        let inner = docs.indent(inner);
        let (open, end, close) = (docs.text("["), docs.line("", false), docs.text("]"));
        let whole = docs.concat(&[open, inner, end, close]);
        docs.group(whole)
    }

    fn print(docs: &Docs<'_>, doc: Doc) -> String {
        let mut out = String::new();
        docs.print(doc, &mut out);
        out
    }

    #[test]
    fn a_group_breaks_only_where_it_does_not_fit() {
        let mut docs = Docs::new();
        let long = "x".repeat(100).leak();
        let short = list(&mut docs, &["a", "b"]);
        assert_eq!(print(&docs, short), "[ab]");
        let full = list(&mut docs, &[long, "12345678"]);
        assert_eq!(print(&docs, full).len(), 110);
        let over = list(&mut docs, &[long, "123456789"]);
        assert_eq!(print(&docs, over), format!("[\n  {long}\n  123456789\n]"));
    }

    #[test]
    fn what_follows_a_group_counts_up_to_the_next_possible_break() {
        let mut docs = Docs::new();
        let first = list(&mut docs, &["a"]);
        let tail = docs.text("y".repeat(108).leak());
        let whole = docs.concat(&[first, tail]);
        assert!(print(&docs, whole).starts_with("[\n  a\n]y"));
        let second = list(&mut docs, &["y".repeat(108).leak()]);
        let whole = docs.concat(&[first, second]);
        assert!(print(&docs, whole).starts_with("[a][\n"));
    }

    #[test]
    fn a_comment_breaks_its_groups_and_takes_no_width() {
        let mut docs = Docs::new();
        let comment = docs.trailing("// c");
        let word = docs.text("a");
        let line = docs.line(" ", false);
        let whole = docs.concat(&[word, comment, line, word]);
        let whole = docs.group(whole);
        assert_eq!(print(&docs, whole), "a// c\na");
    }

    #[test]
    fn empty_lines_carry_no_spaces() {
        let mut docs = Docs::new();
        let (line, word) = (docs.hard_line(true), docs.text("a"));
        let inner = docs.concat(&[line, word]);
        let inner = docs.indent(inner);
        assert_eq!(print(&docs, inner), "\n\n  a");
    }

    #[test]
    fn deep_and_long_documents_are_printed_without_recursion() {
        let mut docs = Docs::new();
        let mut doc = docs.text("a");
        for _ in 0..200_000 {
            doc = docs.concat(&[doc, doc][..1]);
            doc = docs.group(doc);
        }
        assert_eq!(print(&docs, doc), "a");
    }
}
