//! Long lists in parts, and the places of values, without reading what is in them.

use ordain_diagnostics::TextRange;
use rustc_hash::FxHashMap;

use super::cursor::JsonCursor;
use super::scan::plain_end;
use crate::parse::range;
use crate::pointer::Pointer;

/// Where the elements of a list stand, some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonParts {
    /// Elements that are at least so many bytes apart, the first one among them.
    pub starts: Vec<JsonStart>,
    /// The bracket at the end.
    pub end: usize,
}

/// Where an element of a list starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonStart {
    /// The offset of its first byte.
    pub at: usize,
    /// Its position in the list.
    pub index: usize,
}

impl JsonParts {
    /// The parts of the list, each with the offset where the next one starts or the list ends.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = (JsonStart, usize)> + '_ {
        let end = |next: usize| self.starts.get(next).map_or(self.end, |start| start.at);
        self.starts.iter().enumerate().map(move |(at, start)| (*start, end(at + 1)))
    }
}

impl JsonCursor<'_> {
    /// Looks for the elements of the list whose bracket is next, at least `size` bytes apart. Nothing where the list is
    /// empty or does not end.
    ///
    /// What is in the elements is not looked at: in a list that is no JSON, they may stand anywhere.
    pub fn parts(&self, size: usize) -> Option<JsonParts> {
        let bytes = self.bytes;
        let mut at = self.at + 1;
        at += bytes[at.min(bytes.len())..].iter().take_while(|byte| is_space(**byte)).count();
        let mut starts = vec![JsonStart { at, index: 0 }];
        let (mut depth, mut index) = (0usize, 0);
        if bytes.get(at) == Some(&b']') {
            return None;
        }
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'"' => at = after_string(bytes, at)?,
                b'[' | b'{' => depth += 1,
                b']' if depth == 0 => return Some(JsonParts { starts, end: at - 1 }),
                b']' | b'}' => depth = depth.checked_sub(1)?,
                b',' if depth == 0 => {
                    index += 1;
                    if at - starts.last()?.at >= size {
                        at += bytes[at..].iter().take_while(|byte| is_space(**byte)).count();
                        starts.push(JsonStart { at, index });
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// The offset after the string whose content starts at a place.
fn after_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Finds places in a text of JSON that is known to be sound, by pointer, without a tree: what lies on the way to a place is
/// looked at once for all pointers, and nothing else is.
#[derive(Debug)]
pub struct JsonPlaces<'t> {
    text: &'t str,
    /// By the start of a list or an object: where what is in it starts, by position, for some, or name.
    known: FxHashMap<usize, Children>,
    /// By the start of a value: where it ends. Findings are often at one place, and that the whole text.
    ends: FxHashMap<usize, usize>,
}

/// How far elements of a list are apart at least whose starts are known; those between them are looked for.
const APART: usize = 256;

#[derive(Debug)]
enum Children {
    List(JsonParts),
    Object(FxHashMap<String, usize>),
    Neither,
}

impl<'t> JsonPlaces<'t> {
    /// The places in a text.
    pub fn new(text: &'t str) -> Self {
        Self { text, known: FxHashMap::default(), ends: FxHashMap::default() }
    }

    /// The range of what a pointer leads to; nothing where it leads nowhere.
    pub fn find(&mut self, pointer: &Pointer) -> Option<TextRange> {
        let text = self.text.as_bytes();
        let mut at = JsonCursor::new(self.text).at;
        for step in pointer.as_str().split('/').skip(1) {
            at = match self.children(at) {
                Children::List(parts) => element(text, parts, step.parse().ok()?)?,
                Children::Object(starts) => *starts.get(&step.replace("~1", "/").replace("~0", "~"))?,
                Children::Neither => return None,
            };
        }
        // The whole is known without being looked at.
        if pointer.as_str().is_empty() {
            return Some(range(at, self.text.trim_end_matches([' ', '\n', '\r', '\t']).len()));
        }
        Some(range(at, *self.ends.entry(at).or_insert_with(|| end(text, at))))
    }

    fn children(&mut self, at: usize) -> &Children {
        let text = self.text;
        self.known.entry(at).or_insert_with(|| children(text, at))
    }
}

/// The start of an element of a list.
fn element(bytes: &[u8], parts: &JsonParts, index: usize) -> Option<usize> {
    let next = parts.starts.partition_point(|start| start.index <= index);
    let JsonStart { mut at, index: first } = parts.starts[next.checked_sub(1)?];
    let space = |at: usize| at + bytes[at.min(bytes.len())..].iter().take_while(|byte| is_space(**byte)).count();
    for _ in first..index {
        at = space(end(bytes, at));
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = space(at + 1);
    }
    Some(at)
}

fn children(text: &str, at: usize) -> Children {
    let bytes = text.as_bytes();
    let mut cursor = JsonCursor::within(text, at, 0);
    match cursor.peek() {
        b'[' => return cursor.parts(APART).map_or(Children::Neither, Children::List),
        b'{' => {}
        _ => return Children::Neither,
    }
    cursor.at += 1;
    let mut names = FxHashMap::default();
    loop {
        cursor.space();
        match cursor.peek() {
            b',' => cursor.at += 1,
            b']' | b'}' | 0 => break,
            _ => {
                let Ok(name) = cursor.string() else { break };
                cursor.space();
                cursor.eat(b':');
                cursor.space();
                names.insert(name.into_owned(), cursor.at);
                cursor.at = end(bytes, cursor.at);
            }
        }
    }
    Children::Object(names)
}

/// The offset after the value at a place.
fn end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => match after_string(bytes, at + 1) {
                Some(after) => at = after,
                None => return bytes.len(),
            },
            b'[' | b'{' => {
                depth += 1;
                at += 1;
            }
            b']' | b'}' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            b',' | b']' | b'}' if depth == 0 => return at,
            byte if depth == 0 && is_space(byte) => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Format, Node, NodeKind, parse};

    fn all(node: &Node, path: &mut Pointer, check: &mut dyn FnMut(&Pointer, &Node)) {
        check(path, node);
        match &node.kind {
            NodeKind::List(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    path.push_index(at);
                    all(element, path, check);
                    path.pop();
                }
            }
            NodeKind::Map(entries) => {
                for (key, value) in entries {
                    path.push_key(&key.name);
                    all(value, path, check);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn places_agree(text: &str) {
        let root = parse(Format::Json, text).expect("it is sound");
        let mut places = JsonPlaces::new(text);
        all(&root, &mut Pointer::root(), &mut |pointer, node| {
            assert_eq!(places.find(pointer), Some(node.range), "{pointer} in {text}");
        });
        if let NodeKind::List(elements) = &root.kind
            && !elements.is_empty()
        {
            for size in [1, 5, 40] {
                let parts = JsonCursor::new(text).parts(size).expect("it is sound");
                assert_eq!(parts.end + 1, root.range.end as usize);
                assert!(parts.starts.iter().all(|start| elements[start.index].range.start as usize == start.at));
                assert_eq!(parts.starts[0].index, 0);
                assert_eq!(parts.ranges().last().map(|(_, end)| end), Some(parts.end));
                assert!(size > 1 || parts.starts.len() == elements.len(), "{text}");
            }
        }
    }

    fn value() -> impl Strategy<Value = String> {
        let space = "[ \n\t]{0,2}";
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("-1.5e3".to_owned()),
            Just("true".to_owned()),
            r#""([a-z,{\[\]}:]|\\"|\\\\|\\u00e9){0,6}""#,
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            let list = prop::collection::vec((space, inner.clone(), space), 0..40).prop_map(|elements| {
                let elements: Vec<String> = elements.into_iter().map(|(a, each, b)| format!("{a}{each}{b}")).collect();
                format!("[{}]", elements.join(","))
            });
            let object =
                prop::collection::btree_map(r#"([a-z~/\]}]|\\"|\\\\){0,4}"#, inner, 0..5).prop_map(|members| {
                    let members: Vec<String> =
                        members.into_iter().map(|(name, each)| format!("\"{name}\" : {each}")).collect();
                    format!("{{ {} }}", members.join(" , "))
                });
            prop_oneof![list, object]
        })
    }

    proptest! {
        #[test]
        fn places_are_those_of_the_tree(text in value(), before in "[ \n]{0,2}", after in "[ \n]{0,2}") {
            places_agree(&format!("{before}{text}{after}"));
        }
    }

    #[test]
    fn a_list_that_does_not_end_has_no_parts() {
        for text in ["[", "[1, 2", "[\"a]", "[{]", "[1, \"\\"] {
            assert_eq!(JsonCursor::new(text).parts(1), None, "{text}");
        }
        assert_eq!(JsonPlaces::new("{\"a\": [1, 2]}").find(&Pointer::root()), Some(range(0, 13)));
    }
}
