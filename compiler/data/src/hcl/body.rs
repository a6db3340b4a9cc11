//! Bodies: attributes and blocks to maps.

use std::collections::BTreeMap;

use hcl_edit::structure::{Block, BlockLabel, Body, Structure};
use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use super::Source;
use crate::error::{DataError, Fault, Related, given_twice, quoted, too_deep};
use crate::node::{Key, Node, NodeKind};
use crate::parse::MAX_DEPTH;

/// What stands under a name so far.
enum Slot {
    /// The value of an attribute.
    Value(Node),
    /// Blocks of one type with the same labels.
    Blocks(TextRange, Vec<Node>),
    /// Blocks by their next label.
    Labels(TextRange, Names),
}

/// Names in the order of the text.
#[derive(Default)]
struct Names {
    entries: Vec<(Key, Slot)>,
    index: BTreeMap<SmolStr, usize>,
}

impl Names {
    /// The slot of a name, which is `new` if the name is.
    fn slot(&mut self, key: &Key, new: impl FnOnce() -> Slot) -> (&Key, &mut Slot) {
        let index = *self.index.entry(key.name.clone()).or_insert(self.entries.len());
        if index == self.entries.len() {
            self.entries.push((key.clone(), new()));
        }
        let (first, slot) = &mut self.entries[index];
        (first, slot)
    }

    fn into_map(self) -> NodeKind {
        let node = |slot| match slot {
            Slot::Value(node) => node,
            Slot::Blocks(range, blocks) => Node { range, kind: NodeKind::List(blocks) },
            Slot::Labels(range, names) => Node { range, kind: names.into_map() },
        };
        NodeKind::Map(self.entries.into_iter().map(|(key, slot)| (key, node(slot))).collect())
    }
}

impl Source<'_> {
    /// The map of a body that is the `depth`th list or map from the outside.
    pub(super) fn body(&self, body: &Body, depth: usize) -> Result<NodeKind, Fault> {
        let mut names = Names::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let key = Key { name: SmolStr::new(attribute.key.as_str()), range: self.place(&attribute.key) };
                    if let Some(&first) = names.index.get(&key.name) {
                        let first = names.entries[first].0.range;
                        return Err(given_twice("key", &key.name, key.range, Some(first)));
                    }
                    let value = self.expression(&attribute.value, depth)?;
                    names.slot(&key, || Slot::Value(value));
                }
                Structure::Block(block) => self.block(&mut names, block, depth)?,
            }
        }
        Ok(names.into_map())
    }

    /// Puts a block where its type and labels say, below the `depth`th map from the outside.
    fn block(&self, mut names: &mut Names, block: &Block, depth: usize) -> Result<(), Fault> {
        let mut path = vec![Key { name: SmolStr::new(block.ident.as_str()), range: self.place(&block.ident) }];
        path.extend(block.labels.iter().map(|label| match label {
            BlockLabel::Ident(name) => Key { name: SmolStr::new(name.as_str()), range: self.place(name) },
            BlockLabel::String(name) => Key { name: SmolStr::new(name.as_str()), range: self.place(name) },
        }));
        let header = path[0].range.cover(path[path.len() - 1].range);
        // One map for each label, one list, and the body.
        let depth = depth + path.len() + 1;
        if depth > MAX_DEPTH {
            return Err(too_deep(header));
        }
        let range = self.place(block).cover(header);
        let node = Node { range, kind: self.body(&block.body, depth)? };
        let last = path.len() - 1;
        for key in &path[..last] {
            match names.slot(key, || Slot::Labels(header, Names::default())) {
                (_, Slot::Labels(_, inner)) => names = inner,
                (first, Slot::Value(_)) => return Err(given_twice("key", &key.name, key.range, Some(first.range))),
                (first, Slot::Blocks(..)) => return Err(uneven(key, first)),
            }
        }
        match names.slot(&path[last], || Slot::Blocks(header, Vec::new())) {
            (_, Slot::Blocks(_, blocks)) => {
                blocks.push(node);
                Ok(())
            }
            (first, Slot::Value(_)) => Err(given_twice("key", &path[last].name, path[last].range, Some(first.range))),
            (first, Slot::Labels(..)) => Err(uneven(&path[last], first)),
        }
    }
}

/// Blocks that have more labels than others of their type, so that no tree holds both.
fn uneven(key: &Key, first: &Key) -> Fault {
    Box::new(DataError {
        range: key.range,
        message: format!("the blocks {} have different numbers of labels", quoted(&key.name)),
        related: Some(Related { range: first.range, message: "another one is here" }),
    })
}
