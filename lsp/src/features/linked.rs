//! Linked editing: a local name and its uses are typed at once, since nothing outside of its declaration can name it.

use ordain_compiler::Part;
use ordain_compiler::editor::Meaning;
use tower_lsp::ls_types::LinkedEditingRanges;

use super::names;
use super::references::{environment, references};
use crate::world::{File, Snapshot};

/// The places that are edited together with the local name at an offset. None for parameters, which calls and tests name elsewhere, and where
/// one of the places stands for a field, too.
pub(crate) fn ranges(snapshot: &Snapshot, file: &File, offset: u32) -> Option<LinkedEditingRanges> {
    let at = names::at(snapshot, file, offset)?;
    let item = at.item?;
    let Meaning::Local(binding, _) = &at.meaning else { return None };
    // Tests give the environment by the name that its policy has for it.
    let environment = environment(snapshot, item).is_some_and(|name| name.loc == binding.loc);
    if at.second.is_some() || binding.part == Part::Signature || environment {
        return None;
    }
    let places = references(snapshot, Some(item), &at.meaning, true);
    let spelled = file.slice(at.range);
    // What is bound without being written, such as the subject of a policy, has no name of its own to be edited.
    let declared = ordain_compiler::editor::range(&snapshot.db, item, binding.part, binding.loc);
    if file.slice(declared) != spelled || !is_written(file, declared.start) {
        return None;
    }
    let taken = names::of_item(snapshot, item).any(|(_, range, mark)| {
        matches!(mark.meaning, Meaning::Field(..)) && places.iter().any(|(_, place)| *place == range)
    });
    if taken || places.iter().any(|(_, place)| file.slice(*place) != spelled) {
        return None;
    }
    let ranges = places.into_iter().map(|(_, place)| file.range(place)).collect();
    Some(LinkedEditingRanges { ranges, word_pattern: Some(r"[\p{L}_][\p{L}\p{N}_]*".into()) })
}

/// Whether what binds the name at a place does so by a name of one's own choice.
fn is_written(file: &File, start: u32) -> bool {
    use super::nodes::{Node, Role, walk};
    let parsed = ordain_syntax::parse(&file.text).file;
    let mut found = false;
    walk(&parsed, &mut |range, node| {
        found |= range.start == start && matches!(node, Node::Name(Role::Bound | Role::Step | Role::Stage));
    });
    found
}
