//! Documents that other tools write (JSON, YAML, TOML, CSV, HCL, XML and smaller ones), read into one tree in which every value and every key
//! knows its place in the text.
//!
//! The crate decides what a text says and where, never whether that is what someone declared: the compiler holds the
//! tree against types. It takes text and gives values; it opens no file and knows no path. Numbers stay exact, a key
//! given twice is an error, and no input makes it panic, overflow the stack or grow without bound.

mod csv;
mod dockerfile;
mod dotenv;
mod error;
mod file_name;
mod front_matter;
mod hcl;
mod ini;
mod json;
mod keys;
mod lines;
mod markdown;
mod node;
mod number;
mod parse;
mod pointer;
mod position;
mod properties;
mod toml;
mod xml;
mod yaml;

pub use csv::{Cell, csv_cell};
pub use error::{DataError, Related};
pub use json::{JsonCursor, JsonParts, JsonPlaces, JsonStart, json_fault};
pub use node::{Key, Node, NodeKind};
pub use ordain_diagnostics::TextRange;
pub use parse::{Format, MAX_DEPTH, parse};
pub use pointer::{Pointer, pointer_at};
pub use position::line_column;
pub use yaml::MAX_EXPANSION;
