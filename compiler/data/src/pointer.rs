//! Names for places in the tree: JSON pointers (RFC 6901).

use std::fmt;

use ordain_diagnostics::TextRange;

use crate::node::{Node, NodeKind};

/// A JSON pointer under construction: push on the way into the tree, pop on the way out.
///
/// `Display` and [`Pointer::as_str`] give RFC 6901's form, such as `/jobs/0/name`; the whole document is empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    text: String,
}

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Goes to the entry `name` of a map.
    pub fn push_key(&mut self, name: &str) {
        self.text.push('/');
        for c in name.chars() {
            match c {
                '~' => self.text.push_str("~0"),
                '/' => self.text.push_str("~1"),
                c => self.text.push(c),
            }
        }
    }

    /// Goes to the element `index` of a list, counted from 0.
    pub fn push_index(&mut self, index: usize) {
        self.text.push('/');
        self.text.push_str(&index.to_string());
    }

    /// Goes back to the list or map around; nowhere from the whole document.
    pub fn pop(&mut self) {
        // A slash inside a name is written `~1`, so the last one starts the last step.
        self.text.truncate(self.text.rfind('/').unwrap_or(0));
    }

    /// The pointer as RFC 6901 writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first step, as it is without escapes, and the way on from there; nothing for the whole document.
    pub fn split_first(&self) -> Option<(String, Self)> {
        let text = self.text.strip_prefix('/')?;
        let (step, rest) = text.find('/').map_or((text, ""), |at| text.split_at(at));
        Some((unescaped(step), Self { text: rest.to_owned() }))
    }

    /// The names and numbers on the way, from the outermost, as they are without escapes.
    pub fn steps(&self) -> impl Iterator<Item = String> {
        self.text.split('/').skip(1).map(unescaped)
    }

    /// This way, and then another.
    pub fn join(mut self, rest: &Self) -> Self {
        self.text.push_str(&rest.text);
        self
    }

    /// Reads a pointer as RFC 6901 writes it; nothing where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        ((text.is_empty() || text.starts_with('/')) && escapes).then(|| Self { text: text.to_owned() })
    }

    /// The value it points to below `root`, if it is there.
    pub fn find<'n>(&self, root: &'n Node) -> Option<&'n Node> {
        self.text.split('/').skip(1).try_fold(root, |node, step| match &node.kind {
            NodeKind::Map(_) => node.get(&unescaped(step)),
            NodeKind::List(elements) => elements.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

/// The name that a step of a pointer stands for.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The innermost value whose own bytes, or whose key's, hold the byte at `offset`; the whole document if none does.
pub fn pointer_at(root: &Node, offset: u32) -> Pointer {
    let mut search = Search { offset, path: Pointer::root(), best: (u32::MAX, Pointer::root()) };
    search.visit(root);
    search.best.1
}

struct Search {
    offset: u32,
    path: Pointer,
    /// The narrowest range so far, and the value it belongs to.
    best: (u32, Pointer),
}

impl Search {
    /// Looks at every value: a TOML table's parts need not stand inside its range.
    fn visit(&mut self, node: &Node) {
        self.consider(node.range);
        match &node.kind {
            NodeKind::List(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.path.push_index(index);
                    self.visit(element);
                    self.path.pop();
                }
            }
            NodeKind::Map(entries) => {
                for (key, value) in entries {
                    self.path.push_key(&key.name);
                    self.consider(key.range);
                    self.visit(value);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn consider(&mut self, range: TextRange) {
        let length = range.end - range.start;
        if range.start <= self.offset && self.offset < range.end && length < self.best.0 {
            self.best = (length, self.path.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, parse};

    #[test]
    fn writes_rfc_6901() {
        let mut pointer = Pointer::root();
        assert_eq!(pointer.as_str(), "");
        pointer.push_key("a/b");
        pointer.push_index(3);
        pointer.push_key("m~n");
        pointer.push_key("");
        assert_eq!(pointer.to_string(), "/a~1b/3/m~0n/");
        pointer.pop();
        pointer.pop();
        assert_eq!(pointer.as_str(), "/a~1b/3");
        let (step, rest) = pointer.split_first().expect("there is a step");
        assert_eq!((step.as_str(), rest.as_str()), ("a/b", "/3"));
        assert_eq!(rest.clone().join(&rest).as_str(), "/3/3");
        assert_eq!(Pointer::root().split_first(), None);
        for _ in 0..3 {
            pointer.pop();
        }
        assert_eq!(pointer, Pointer::root());
    }

    #[test]
    fn finds_values_and_is_found_by_offset() {
        let text = r#"{"a/b": [1, {"~": "x"}], "": 2}"#;
        let root = parse(Format::Json, text).expect("the text is sound");
        for (needle, expected) in [("\"x\"", "/a~1b/1/~0"), ("1,", "/a~1b/0"), ("2}", "/"), ("\"\":", "/"), ("{", "")] {
            let offset = text.find(needle).expect("the text holds it") as u32;
            let pointer = pointer_at(&root, offset);
            assert_eq!(pointer.as_str(), expected);
            assert!(pointer.find(&root).is_some());
        }
        assert_eq!(pointer_at(&root, 9999), Pointer::root());
    }

    #[test]
    fn finds_values_of_toml_tables() {
        let text = "[a.b]\nc = 1\n[d]\n[a.e]\nf = [2, 3]\n";
        let root = parse(Format::Toml, text).expect("the text is sound");
        assert_eq!(pointer_at(&root, text.find('3').expect("the text holds it") as u32).as_str(), "/a/e/f/1");
        assert_eq!(pointer_at(&root, text.find('c').expect("the text holds it") as u32).as_str(), "/a/b/c");
    }
}
