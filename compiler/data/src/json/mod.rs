//! JSON as RFC 8259 has it, nothing more: no comments, no trailing commas, no other quotes.
//!
//! The reader is our own. Of the crates that read JSON, `serde_json` gives no byte ranges, turns numbers into floats
//! unless a feature changes them for the whole build, and lets the last of two equal keys win; `json-spanned-value`
//! wraps it, so it shares that and counts lines and columns rather than bytes; `jiter` gives an index only between its
//! pull calls and loses the text of a fraction that 64-bit floats cannot hold. What is left of the grammar is small
//! enough to hold in one hand and has to be fast: plans of a hundred megabytes are ordinary input.

mod cursor;
mod parts;
mod reader;
mod scan;
mod text;

pub use cursor::JsonCursor;
pub use parts::{JsonParts, JsonPlaces, JsonStart};
pub use reader::json_fault;
pub(crate) use reader::read;
