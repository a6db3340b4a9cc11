//! Text to tree: the lexer, the parser with recovery, and the formatter.
//!
//! Everything here is a pure function of one text. Parsing never fails: it gives a tree and diagnostics.

pub mod ast;
