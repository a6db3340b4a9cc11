//! The files that sources name.

use ordain_diagnostics::TextRange;
use ordain_syntax::TokenKind;

use crate::world::{File, Snapshot};

/// The file that a text at an offset names: a path of the package, of a file that is there.
pub(crate) fn file_at(snapshot: &Snapshot, file: &File, offset: u32) -> Option<(TextRange, String)> {
    let lexed = ordain_syntax::lex(&file.text);
    let token = lexed
        .tokens
        .iter()
        .find(|token| token.range.start <= offset && offset <= token.range.end && is_text(token.kind))?;
    let written = file.slice(token.range).trim_matches('"').to_owned();
    let package = file.source.package(&snapshot.db);
    let (_, folder) = snapshot.folders.iter().find(|(known, _)| *known == package)?;
    let path = format!("{folder}/{written}");
    (!written.is_empty() && std::path::Path::new(&path).is_file()).then_some((token.range, path))
}

fn is_text(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Str | TokenKind::RawStr)
}
