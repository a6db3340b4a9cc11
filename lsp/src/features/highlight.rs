//! Every place in a file that means the same as the name under the cursor.

use ordain_compiler::editor::Meaning;
use tower_lsp::ls_types::{DocumentHighlight, DocumentHighlightKind};

use super::labels;
use super::names;
use super::references::references_in;
use crate::world::{File, Snapshot};

/// The places in the file that mean what stands at an offset.
pub(crate) fn highlight(snapshot: &Snapshot, file: &File, offset: u32) -> Option<Vec<DocumentHighlight>> {
    let Some(at) = names::at(snapshot, file, offset) else {
        let (_, label) = labels::at(file, offset)?;
        let places = labels::references(snapshot, file, &label, true).into_iter();
        let places = places.filter(|(source, _)| *source == file.source);
        let kind = Some(DocumentHighlightKind::TEXT);
        return Some(places.map(|(_, range)| DocumentHighlight { range: file.range(range), kind }).collect());
    };
    let declared = names::declaration(snapshot, at.item, &at.meaning).map(|(source, range, _)| (source, range));
    let places = references_in(snapshot, Some(file.source), at.item, &at.meaning, true);
    let places = places.into_iter().filter(|(source, _)| *source == file.source);
    let kind = |place| match (&at.meaning, declared == Some(place)) {
        (Meaning::Local(..), true) => DocumentHighlightKind::WRITE,
        (_, true) => DocumentHighlightKind::TEXT,
        _ => DocumentHighlightKind::READ,
    };
    Some(places.map(|place| DocumentHighlight { range: file.range(place.1), kind: Some(kind(place)) }).collect())
}
