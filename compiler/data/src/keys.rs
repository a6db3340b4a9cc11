//! Finds a key that a map holds twice, in a time that no input can drive up.

use crate::node::{Key, Node};

/// Up to this many entries, comparing each with each beats sorting.
const FEW: usize = 12;

/// The first entry whose key stands earlier in the map, with the place of the earlier one: `(first, second)`.
///
/// Large maps are sorted rather than hashed, so that chosen keys cannot make it slow and no random state is needed.
pub(crate) fn duplicate(entries: &[(Key, Node)]) -> Option<(usize, usize)> {
    if entries.len() <= FEW {
        return entries.iter().enumerate().find_map(|(second, (key, _))| {
            let first = entries[..second].iter().position(|(earlier, _)| earlier.name == key.name)?;
            Some((first, second))
        });
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|&a, &b| entries[a].0.name.as_str().cmp(entries[b].0.name.as_str()));
    // The sort is stable: of equal keys, the earlier entry comes first.
    order
        .windows(2)
        .filter(|pair| entries[pair[0]].0.name == entries[pair[1]].0.name)
        .map(|pair| (pair[0], pair[1]))
        .min_by_key(|&(_, second)| second)
}
