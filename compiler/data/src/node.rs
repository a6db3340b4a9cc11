//! The tree: values with their places. It says nothing about which format they came from.

use ordain_diagnostics::TextRange;
use rust_decimal::Decimal;
use smol_str::SmolStr;

/// A value and the bytes of the text that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where the value stands, with its quotes or brackets and, in YAML, its anchor and tag.
    ///
    /// A TOML table stands at its header. A value that YAML leaves out is an empty range where it would have stood.
    /// What a YAML alias names stands at the alias, and the parts of it at the anchor.
    pub range: TextRange,
    /// The value.
    pub kind: NodeKind,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`; YAML also writes `~` or nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number written without fraction and exponent that fits 64 bits.
    Int(i64),
    /// Any other number that a decimal holds exactly, without trailing zeros: `1.50` and `1.5` are equal here.
    Decimal(Decimal),
    /// A number that neither holds exactly, as it was written: too large, too fine, or one of the words `inf`,
    /// `-inf` and `nan`, which YAML and TOML can write.
    BigNumber(SmolStr),
    /// Text. Dates and times of TOML are text too, in the form of RFC 3339.
    String(SmolStr),
    /// Values in order.
    List(Vec<Node>),
    /// Values by key, in the order of the text. No two keys are equal.
    Map(Vec<(Key, Node)>),
}

/// The name of a map's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name itself, without quotes and with its escapes resolved.
    pub name: SmolStr,
    /// Where it stands, with its quotes. A column of CSV has its place in the first row.
    pub range: TextRange,
}

impl Node {
    /// The value of the entry `name`, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            NodeKind::Map(entries) => entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
            _ => None,
        }
    }
}
