//! YAML 1.2 with the core schema.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use smol_str::SmolStr;

use crate::node::{DataError, Key, MAX_DEPTH, Node, NodeKind, Range, distinct, number, too_deep};

/// How many values the aliases of a document may expand to.
const MAX_NODES: usize = 1_000_000;

/// The documents of a YAML stream.
pub(crate) fn documents(text: &str) -> Result<Vec<Node>, DataError> {
    let offsets = Offsets::new(text);
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { offsets, text, anchors: HashMap::new(), nodes: 0 };
    let mut stack: Vec<Open> = Vec::new();
    let mut documents = Vec::new();
    for event in Parser::new_from_str(body) {
        let (event, span) = event.map_err(|error| reader.scan_error(&error))?;
        let range = reader.range(span);
        let done = match event {
            Event::SequenceStart(anchor, tag) => {
                reader.only_core(tag.as_deref(), range)?;
                stack.push(Open { anchor, start: range, entries: Entries::List(Vec::new()) });
                None
            }
            Event::MappingStart(anchor, tag) => {
                reader.only_core(tag.as_deref(), range)?;
                stack.push(Open { anchor, start: range, entries: Entries::Map(Vec::new(), None) });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(open) => Some(reader.close(open, range)?),
                None => None,
            },
            Event::Scalar(value, style, anchor, tag) => {
                let kind = reader.scalar(&value, style, tag.as_deref(), range)?;
                let node = Node { range, kind };
                reader.keep(anchor, &node);
                Some(node)
            }
            Event::Alias(anchor) => match reader.anchors.get(&anchor) {
                Some((node, size)) => {
                    let (mut node, size) = (node.clone(), *size);
                    node.range = range;
                    reader.spend(size, range)?;
                    Some(node)
                }
                None => return Err(DataError::new(range, "the alias names no anchor before it")),
            },
            Event::DocumentStart(_) | Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => {
                None
            }
        };
        if stack.len() > MAX_DEPTH {
            return Err(too_deep(range));
        }
        let Some(node) = done else { continue };
        reader.spend(1, range)?;
        match stack.last_mut() {
            None => documents.push(node),
            Some(Open { entries: Entries::List(elements), .. }) => elements.push(node),
            Some(Open { entries: Entries::Map(entries, key), .. }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(reader.key(node)?),
            },
        }
    }
    Ok(documents)
}

/// The one document of a stream; an empty stream is null.
pub(crate) fn parse(text: &str) -> Result<Node, DataError> {
    let mut documents = documents(text)?;
    match documents.len() {
        0 => Ok(Node { range: Range::new(0, text.len()), kind: NodeKind::Null }),
        1 => Ok(documents.remove(0)),
        count => {
            let message = format!("{count} documents, where one was expected");
            Err(DataError::new(documents[1].range, message))
        }
    }
}

struct Open {
    anchor: usize,
    start: Range,
    entries: Entries,
}

enum Entries {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

struct Reader<'a> {
    offsets: Offsets,
    text: &'a str,
    /// Anchored values, with the number of values in them.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Reader<'_> {
    fn range(&self, span: Span) -> Range {
        Range::new(self.offsets.byte(span.start.index()), self.offsets.byte(span.end.index()))
    }

    fn scan_error(&self, error: &ScanError) -> DataError {
        let at = self.offsets.byte(error.marker().index());
        match error.info() {
            "recursion limit exceeded" => too_deep(Range::new(at, at)),
            info => DataError::new(Range::new(at, at), info),
        }
    }

    fn spend(&mut self, nodes: usize, range: Range) -> Result<(), DataError> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(DataError::new(range, format!("the document has more than {MAX_NODES} values")));
        }
        Ok(())
    }

    fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size(node)));
        }
    }

    fn close(&mut self, open: Open, end: Range) -> Result<Node, DataError> {
        let range = Range { start: open.start.start, end: end.end.max(open.start.end) };
        let kind = match open.entries {
            Entries::List(elements) => NodeKind::List(elements),
            Entries::Map(entries, _) => NodeKind::Map(merge(entries)?),
        };
        let node = Node { range, kind };
        self.keep(open.anchor, &node);
        Ok(node)
    }

    fn key(&self, node: Node) -> Result<Key, DataError> {
        let name: SmolStr = match node.kind {
            NodeKind::String(text) | NodeKind::BigNumber(text) => text,
            NodeKind::Null => "null".into(),
            NodeKind::Bool(value) => if value { "true" } else { "false" }.into(),
            NodeKind::Int(value) => value.to_string().into(),
            NodeKind::Decimal(value) => value.to_string().into(),
            NodeKind::List(_) | NodeKind::Map(_) => {
                return Err(DataError::new(node.range, "a list or mapping cannot be a key"));
            }
        };
        Ok(Key { name, range: node.range })
    }

    fn only_core(&self, tag: Option<&saphyr_parser::Tag>, range: Range) -> Result<(), DataError> {
        match tag {
            Some(tag) if !tag.is_yaml_core_schema() => {
                Err(DataError::new(range, format!("tag `{}{}` is not known", tag.handle, tag.suffix)))
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &self,
        value: &str,
        style: ScalarStyle,
        tag: Option<&saphyr_parser::Tag>,
        range: Range,
    ) -> Result<NodeKind, DataError> {
        self.only_core(tag, range)?;
        let plain = plain(value);
        let forced = match tag.map(|tag| tag.suffix.as_str()) {
            None => return Ok(if style == ScalarStyle::Plain { plain } else { NodeKind::String(value.into()) }),
            Some(suffix) => suffix,
        };
        let fits = match forced {
            "str" => return Ok(NodeKind::String(value.into())),
            "null" => plain == NodeKind::Null,
            "bool" => matches!(plain, NodeKind::Bool(_)),
            "int" => matches!(plain, NodeKind::Int(_)),
            "float" => matches!(plain, NodeKind::Int(_) | NodeKind::Decimal(_) | NodeKind::BigNumber(_)),
            _ => false,
        };
        if fits {
            return Ok(plain);
        }
        let shown = &self.text[range.start as usize..(range.end as usize).min(self.text.len())];
        Err(DataError::new(range, format!("`{shown}` is not of the type its tag says")))
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.kind {
        NodeKind::List(elements) => elements.iter().map(size).sum(),
        NodeKind::Map(entries) => entries.iter().map(|(_, value)| size(value)).sum(),
        _ => 0,
    }
}

/// A plain scalar by the core schema (YAML 1.2, section 10.3).
fn plain(value: &str) -> NodeKind {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return NodeKind::Null,
        "true" | "True" | "TRUE" => return NodeKind::Bool(true),
        "false" | "False" | "FALSE" => return NodeKind::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix: u32| i64::from_str_radix(value.strip_prefix(prefix)?, radix).ok();
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return NodeKind::Int(number);
    }
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let number_like = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            (digits(whole) || whole.is_empty()) && (digits(fraction) || fraction.is_empty()) && mantissa.len() > 1
        }
        None => digits(mantissa),
    } && exponent.is_none_or(digits);
    if !number_like {
        return NodeKind::String(value.into());
    }
    let text = value.strip_prefix('+').unwrap_or(value);
    let text = match (text.strip_prefix('-'), text.starts_with('.')) {
        (Some(rest), _) if rest.starts_with('.') => format!("-0{rest}"),
        (_, true) => format!("0{text}"),
        _ => text.to_owned(),
    };
    number(text.trim_end_matches('.'))
}

/// Merge keys (`<<`): what a mapping does not give itself, it takes from those it names.
fn merge(entries: Vec<(Key, Node)>) -> Result<Vec<(Key, Node)>, DataError> {
    if !entries.iter().any(|(key, _)| key.name == "<<") {
        distinct(&entries)?;
        return Ok(entries);
    }
    let (sources, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| key.name == "<<");
    distinct(&own)?;
    for (_, source) in sources {
        let range = source.range;
        let maps = match source.kind {
            NodeKind::List(elements) => elements,
            kind => vec![Node { range, kind }],
        };
        for map in maps {
            let NodeKind::Map(entries) = map.kind else {
                return Err(DataError::new(map.range, "`<<` takes a mapping or a list of mappings"));
            };
            for (key, value) in entries {
                if !own.iter().any(|(known, _)| known.name == key.name) {
                    own.push((key, value));
                }
            }
        }
    }
    Ok(own)
}

/// From the library's positions, which count characters, to bytes.
struct Offsets {
    /// The bytes before the text the library sees.
    skipped: usize,
    /// The byte of every character, where the text is not ASCII.
    bytes: Option<Vec<u32>>,
    length: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let body = &text[skipped..];
        let bytes = (!body.is_ascii()).then(|| body.char_indices().map(|(at, _)| at as u32).collect());
        Self { skipped, bytes, length: text.len() }
    }

    fn byte(&self, index: usize) -> usize {
        let at = match &self.bytes {
            None => index,
            Some(bytes) => bytes.get(index).map_or(self.length - self.skipped, |at| *at as usize),
        };
        (self.skipped + at).min(self.length)
    }
}
