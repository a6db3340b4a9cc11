//! The entrance: which reader takes a text, and what holds for all of them.

use ordain_diagnostics::TextRange;

use crate::error::{DataError, fault};
use crate::node::Node;

/// How many lists and maps may stand inside each other, the outermost counted.
pub const MAX_DEPTH: usize = 128;

/// The forms of data that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// JSON, strictly as RFC 8259 has it.
    Json,
    /// YAML 1.2 with its core schema: `yes` and `no` are text.
    Yaml,
    /// A stream of YAML documents: a list of them, without those that hold nothing but comments.
    YamlDocuments,
    /// TOML 1.1.
    Toml,
    /// Values in rows, strictly as RFC 4180 has it, with the names of the columns in the first row. The result is a
    /// list of maps, and every cell is text.
    Csv,
    /// HCL 2, as in the sources of Terraform. Blocks are lists below their type and labels; what would have to be
    /// evaluated is its own text, such as `${var.region}`.
    Hcl,
    /// Lines of `NAME=value`, as `.env` files have them. Every value is text, and nothing is substituted.
    Dotenv,
    /// Lines of `name = value` below `[section]` headers. Every value is text; names before the first header stand
    /// beside the sections.
    Ini,
    /// The line-oriented form of `java.util.Properties`. Names stay whole, dots and all, and every value is text.
    Properties,
    /// XML 1.0 without a document type. Attributes have a `-` before their name, text beside them is `#content`, and
    /// what is repeated is a list.
    Xml,
    /// The YAML or TOML at the head of a Markdown text. Without it, the result is an empty map.
    FrontMatter,
    /// Markdown: a map of its `front_matter`, its `title`, the `text` and `links` below it, and its `sections`.
    Markdown,
    /// The instructions of a Dockerfile: a list of maps with `Cmd`, `SubCmd`, `Flags`, `JSON`, `Value`, `Heredocs`,
    /// `Stage` and `Original`.
    Dockerfile,
}

/// Reads a text of one document. A byte order mark at its start is skipped.
///
/// YAML without any document gives null.
///
/// # Errors
/// The first fault of the text: where it breaks its format's rules, gives a key twice, nests deeper than
/// [`MAX_DEPTH`], holds several YAML documents, or is longer than 4 GiB.
pub fn parse(format: Format, text: &str) -> Result<Node, DataError> {
    let read = match format {
        Format::Json => crate::json::read,
        Format::Yaml => crate::yaml::read_one,
        Format::YamlDocuments => crate::yaml::read_stream,
        Format::Toml => crate::toml::read,
        Format::Csv => crate::csv::read,
        Format::Hcl => crate::hcl::read,
        Format::Dotenv => crate::dotenv::read,
        Format::Ini => crate::ini::read,
        Format::Properties => crate::properties::read,
        Format::Xml => crate::xml::read,
        Format::FrontMatter => crate::front_matter::read,
        Format::Markdown => crate::markdown::read,
        Format::Dockerfile => crate::dockerfile::read,
    };
    if u32::try_from(text.len()).is_err() {
        return Err(*fault(TextRange::default(), "the text is longer than 4 GiB"));
    }
    read(text).map_err(|fault| *fault)
}

/// The range of two byte offsets.
pub(crate) fn range(start: usize, end: usize) -> TextRange {
    // Both are offsets into a text that `parse` has measured, so they fit.
    TextRange::new(start as u32, end as u32)
}

/// The length of the byte order mark at the start of a text; zero without one.
pub(crate) fn byte_order_mark(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}
