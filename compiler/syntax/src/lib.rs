//! Text to tree: the lexer, the parser with recovery, and the formatter.
//!
//! Everything here is a pure function of one text. Parsing never fails: it gives a tree and diagnostics.

pub mod ast;
mod error;
mod format;
mod lexer;
mod parser;
mod similar;
mod structure;
mod token;

pub use error::{MAX_FINDINGS, SyntaxError};
pub use format::{FormatError, format, has_crlf};
pub use lexer::{Lexed, lex};
pub use parser::{MAX_HEIGHT, MAX_NESTING, Parsed, parse, parse_expr, parse_type};
pub use token::{CONTEXTUAL_WORDS, RESERVED_WORDS, Token, TokenFlags, TokenKind};
