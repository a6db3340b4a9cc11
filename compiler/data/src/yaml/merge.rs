//! Merge keys (`<<`): the entries of other maps, where the map has none of its own of that name.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::error::{Fault, fault};
use crate::node::{Key, Node, NodeKind};

/// A merge key's value, and where among the entries the key stands.
pub(super) struct Merge {
    pub(super) place: usize,
    pub(super) value: Node,
}

/// Puts the merged entries in the place of the merge key. Of two merged maps with a key, the earlier wins.
pub(super) fn merge(entries: &mut Vec<(Key, Node)>, merge: Merge) -> Result<(), Fault> {
    let range = merge.value.range;
    let unfit = || fault(range, "a merge key takes a map or a list of maps");
    let maps = match merge.value.kind {
        NodeKind::Map(entries) => vec![entries],
        NodeKind::List(elements) => {
            let map = |element: Node| match element.kind {
                NodeKind::Map(entries) => Ok(entries),
                _ => Err(unfit()),
            };
            elements.into_iter().map(map).collect::<Result<_, _>>()?
        }
        _ => return Err(unfit()),
    };
    let mut taken: BTreeSet<SmolStr> = entries.iter().map(|(key, _)| key.name.clone()).collect();
    let merged: Vec<_> = maps.into_iter().flatten().filter(|(key, _)| taken.insert(key.name.clone())).collect();
    entries.splice(merge.place..merge.place, merged);
    Ok(())
}
