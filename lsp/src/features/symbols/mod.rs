//! Symbols: the outline of a file, and declarations of the whole workspace by a part of their names.

mod outline;
mod workspace;

use ordain_compiler::hir::Kind;
use tower_lsp::ls_types::SymbolKind;

pub(crate) use outline::of_file;
pub(crate) use workspace::of_workspace;

/// How a declaration is shown among others.
pub(crate) fn kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Type => SymbolKind::STRUCT,
        Kind::Enum => SymbolKind::ENUM,
        Kind::Fn => SymbolKind::FUNCTION,
        Kind::Const => SymbolKind::CONSTANT,
        Kind::Capability => SymbolKind::INTERFACE,
        Kind::Adapter => SymbolKind::MODULE,
        Kind::Environment => SymbolKind::NAMESPACE,
        Kind::Entity => SymbolKind::OBJECT,
        Kind::Policy | Kind::Gate => SymbolKind::EVENT,
        Kind::Test => SymbolKind::METHOD,
        Kind::Plan => SymbolKind::CLASS,
    }
}
