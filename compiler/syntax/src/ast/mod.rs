//! The syntax tree of one file, with the place of every node.
//!
//! A tree is plain data: it knows no names beyond their spelling and no types. It holds exactly what the author wrote,
//! also where that has no meaning (a clause given twice); later phases judge. Comments are not in the tree, the
//! formatter finds them in the token stream.
#![expect(missing_docs, reason = "the fields of a variant are named after the form its comment shows")]

mod decl;
mod expr;
mod plan;
mod policy;

pub use decl::*;
pub use expr::*;
pub use plan::*;
pub use policy::*;

use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

/// One parsed file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The `///!`-free file documentation: doc comments `//!` at the top, joined by newlines, markers removed.
    pub docs: Option<Docs>,
    /// The imports, in source order. They may stand anywhere at the top level; the formatter moves them to the top.
    pub uses: Vec<Use>,
    /// The declarations, in source order.
    pub items: Vec<Item>,
}

/// A name as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// Its spelling.
    pub name: SmolStr,
    /// Its place.
    pub range: TextRange,
}

/// Names joined by dots, at least one: `database.ensure`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The parts.
    pub parts: Vec<Ident>,
    /// From the first part to the last.
    pub range: TextRange,
}

/// Doc comment lines (`///`), markers and one leading space removed, joined by newlines.
#[derive(Clone, Debug, PartialEq)]
pub struct Docs {
    /// Markdown.
    pub text: SmolStr,
    /// From the first line's marker to the end of the last line.
    pub range: TextRange,
}

/// `use a.b`, `use a.b as c`, `use a.b.{x, y.z as w}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The warnings allowed in it.
    pub allows: Vec<Allow>,
    /// The module, or the module and the declaration's name where no braces follow.
    pub path: Path,
    /// The name it gets here, where it is not the last part of the path.
    pub alias: Option<Ident>,
    /// The declarations named in braces; `None` without braces.
    pub names: Option<Vec<UseName>>,
    /// The declaration from its word on, without the annotations before it.
    pub range: TextRange,
}

/// One name in the braces of a `use`.
#[derive(Clone, Debug, PartialEq)]
pub struct UseName {
    /// The declaration's name in its module; may be dotted (`database.ensure`).
    pub path: Path,
    /// The name it gets here.
    pub alias: Option<Ident>,
}

/// `@allow ORD0207 because "…"` before a declaration or a `use`.
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// The code as written.
    pub code: Ident,
    /// Why it is allowed; the parser demands it.
    pub reason: StringLit,
    /// The whole annotation.
    pub range: TextRange,
}

/// One declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its documentation.
    pub docs: Option<Docs>,
    /// The warnings allowed in it.
    pub allows: Vec<Allow>,
    /// Its name. Capabilities and adapters may have dotted names; a test's is its string, as one part.
    pub name: Path,
    /// What it declares.
    pub kind: ItemKind,
    /// Whether its syntax is wrong in a way that may leave parts of it out of the tree: more than a literal that is none.
    /// What is wrong has been reported; that something is missing is no finding of its own.
    pub broken: bool,
    /// From the first doc comment or annotation to the end of the declaration.
    pub range: TextRange,
}

/// What a declaration declares.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `type Name = …`
    Type(TypeDecl),
    /// `enum Name { … }`
    Enum(EnumDecl),
    /// `fn name(…) -> T = …`
    Fn(FnDecl),
    /// `const name: T = …`
    Const(ConstDecl),
    /// `capability a.b { … }`
    Capability(CapabilityDecl),
    /// `adapter a.b { … }`
    Adapter(AdapterDecl),
    /// `environment name: T { … }`
    Environment(EnvironmentDecl),
    /// `entity name: T { … }`
    Entity(EntityDecl),
    /// `policy name { … }`
    Policy(PolicyDecl),
    /// `gate name { … }`
    Gate(GateDecl),
    /// `test "…" { … }`
    Test(TestDecl),
    /// `plan name(…) { … }`
    Plan(PlanDecl),
}
