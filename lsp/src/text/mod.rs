//! Texts as clients see them: lines, columns in one of two encodings, and edits.

mod lines;
mod uri;

pub(crate) use lines::{Encoding, Lines};
pub(crate) use uri::{path_of, uri_of};
